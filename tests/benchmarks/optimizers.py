"""One step of every elementwise optimizer: over ten million parameters, and over twenty short ones."""

import numpy as np

import microgradnet as mg
from microgradnet import optim
from tests.benchmarks.floors import updating
from tests.benchmarks.race import Result, race_row

# (name, options, arrays written): the parameters and each running value are read and written, the gradients read.
ROWS = [
    ("SGD", {}, 1),
    ("SGD", {"momentum": 0.9}, 2),
    ("Adam", {}, 3),
    ("AdamW", {}, 3),
    ("Adamax", {}, 3),
    ("NAdam", {}, 3),
    ("RAdam", {}, 3),
    ("Adagrad", {}, 2),
    ("Adadelta", {}, 3),
    ("RMSprop", {}, 2),
    ("RMSprop", {"centered": True, "momentum": 0.9}, 4),
    ("Rprop", {}, 3),
    ("ASGD", {}, 2),
]  # fmt: skip
VARIANTS = ({"foreach": True}, {"fused": True})


def measure(torch, large: int = 10_000_000) -> list[Result]:
    """All rows; PyTorch's time is that of its fastest variant, which the row names."""
    rows = [(f"{large / 1e6:g} million parameters", [large], 1.0), ("20 tensors of 100", [100] * 20, 0.5)]
    return [_row(torch, *optimizer, *row) for row in rows for optimizer in ROWS]


def _row(torch, name: str, options: dict, written: int, what: str, sizes: list[int], goal: float) -> Result:
    random = np.random.default_rng(0)
    arrays = [tuple(random.standard_normal(size).astype(np.float32) for _ in range(2)) for size in sizes]
    runners = {"ours": _step(optim, mg.nn.Parameter, mg.Tensor, arrays, name, options)}
    if torch is not None:
        for variant in VARIANTS if len(sizes) == 1 else ({}, *VARIANTS):
            try:
                step = _step(torch.optim, torch.nn.Parameter, torch.tensor, arrays, name, {**options, **variant})
            except TypeError:  # not every optimizer of PyTorch's is fused
                continue
            runners[next(iter(variant), "default")] = step
    label = f"{name}{''.join(f', {k}={v}' for k, v in options.items())}: {what}"
    # Twenty short tensors stay in the caches: what they cost is calls.
    floor = updating(written, sizes[0]) if len(sizes) == 1 else None
    result = race_row(label, runners, goal, floor, seconds=1.0)
    if not result.peers:
        return result
    fastest = min(result.peers, key=result.peers.get)
    return result._replace(row=f"{label} (torch: {fastest})", peers={"torch": result.peers[fastest]})


def _step(library, parameter, tensor, arrays: list, name: str, options: dict):
    """The step of an optimizer over copies of the arrays, with gradients that stay."""
    params = []
    for p, g in arrays:
        params.append(parameter(tensor(p.copy())))
        params[-1].grad = tensor(g)
    return getattr(library, name)(params, **options).step
