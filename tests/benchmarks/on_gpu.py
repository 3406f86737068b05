"""The GPU's rows: ``python -m tests.benchmarks cuda``. Needs a GPU and the ``[cuda]`` extra; PyTorch for comparison.

Launches are queued and nobody waits, so a runner is timed over many calls with one wait at their end. What only moves
memory is set against the bandwidth of a copy on the same device in the same run (goal: 85 % of it).
"""

from collections.abc import Callable

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.backends import device
from microgradnet.backends.cuda import launcher as cuda
from tests.benchmarks.race import Result, race
from tests.benchmarks.training_steps import cnn, mlp, stepper

CALLS = 20  # between two waits
BANDWIDTH = 1 / 0.85  # goal for ours ÷ copying as many bytes
STEP = 1.2  # goal for ours ÷ PyTorch's eager step
ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu")
OPTIMIZERS = {"SGD": 3, "Adam": 7, "AdamW": 7}  # passes over memory


def measure(torch, size: int = 1 << 26, steps: bool = True) -> list[Result]:
    """All rows; an empty list, and the reason printed, where there is no GPU. ``size`` is in numbers."""
    reason = cuda.missing()
    if reason:
        print(f"cuda: left out: {reason}")
        return []
    torch = torch if torch is not None and torch.cuda.is_available() else None
    results = [*activations(torch, size), *optimizers(torch, size // 4), *rows(torch, size // 16)]
    return [*results, *training(torch)] if steps else results


def activations(torch, size: int) -> list[Result]:
    """Forward and backward apart: each reads and writes every number once (backward reads two)."""
    results = []
    for name in ACTIVATIONS:
        x = mg.randn(size, device="cuda").requires_grad_()
        y = getattr(mg, name)(x)
        g = mg.ones_like(x)
        runners = {"ours": lambda x=x, name=name: getattr(mg, name)(x.detach())}
        backward = {"ours": lambda x=x, y=y, g=g: mg.autograd.grad(y, x, g, retain_graph=True)}
        runners["cupy"] = _cupy_activation(name, x.array)
        if torch is not None:
            a = torch.randn(size, device="cuda", requires_grad=True)
            function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
            b, h = function(a), torch.ones(size, device="cuda")
            runners["torch"] = lambda a=a, function=function: function(a.detach())
            backward["torch"] = lambda a=a, b=b, h=h: torch.autograd.grad(b, a, h, retain_graph=True)
        results.append(_row(f"{name} forward, {size:,} float32", runners, BANDWIDTH, 2 * 4 * size))
        results.append(_row(f"{name} backward, {size:,} float32", backward, BANDWIDTH, 3 * 4 * size))
    return results


def _cupy_activation(name: str, x) -> Callable:
    """The same by CuPy's own arithmetic, an array for each operation; relu and tanh are one."""
    return {
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "tanh": lambda: np.tanh(x),
        "relu": lambda: np.maximum(x, 0),
        "gelu": lambda: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x))),
    }[name]


def optimizers(torch, size: int) -> list[Result]:
    """One step over one parameter."""
    results = []
    for name, passes in OPTIMIZERS.items():
        p = mg.nn.Parameter(mg.randn(size, device="cuda"))
        p.grad = mg.randn(size, device="cuda")
        runners = {"ours": getattr(optim, name)([p], lr=1e-3).step}
        if torch is not None:
            q = torch.nn.Parameter(torch.randn(size, device="cuda"))
            q.grad = torch.randn(size, device="cuda")
            runners["torch"] = getattr(torch.optim, name)([q], lr=1e-3, fused=True).step
        results.append(_row(f"{name} step, {size:,} parameters", runners, BANDWIDTH, passes * 4 * size))
    return results


def rows(torch, size: int) -> list[Result]:
    """Softmax and the normalizations forward and backward, over rows of up to 1024."""
    width = min(1024, size // 4)
    results = []
    for name, build in (
        ("softmax", lambda library: library.Softmax(1)),
        ("LayerNorm", lambda library: library.LayerNorm(width)),
        ("BatchNorm1d", lambda library: library.BatchNorm1d(width)),
        ("Dropout", lambda library: library.Dropout(0.5)),
    ):
        x, g = (
            mg.randn(size // width, width, device="cuda").requires_grad_(),
            mg.ones(size // width, width, device="cuda"),
        )
        runners = {"ours": _both_ways(build(nn).to("cuda"), x, g)}
        if torch is not None:
            a = torch.randn(size // width, width, device="cuda", requires_grad=True)
            runners["torch"] = _both_ways(build(torch.nn).to("cuda"), a, torch.ones_like(a))
        row = f"{name} forward + backward, {size // width:,} × {width}"
        results.append(_row(row, runners, BANDWIDTH, (4 if name == "Dropout" else 5) * 4 * size))
    return results


def _both_ways(layer, x, g) -> Callable:
    def run() -> None:
        x.grad = None
        layer(x).backward(g)

    return run


def training(torch) -> list[Result]:
    """The MLP's and the CNN's steps, against PyTorch's eager ones."""
    random = np.random.default_rng(0)
    results = []
    for row, build, shape in (
        ("MLP 784-500-500-500-10, batch 256, SGD", lambda nn_: mlp(nn_, [784, 500, 500, 500, 10], "Tanh"), (256, 784)),
        ("MNIST CNN, batch 64, SGD", cnn, (64, 1, 28, 28)),
    ):
        x, y = random.standard_normal(shape).astype(np.float32), random.integers(0, 10, shape[0])
        model = build(nn).to("cuda")
        step = optim.SGD(model.parameters(), lr=1e-3)
        data = mg.tensor(x, device="cuda"), mg.tensor(y, device="cuda")
        runners = {"ours": stepper(model, nn.CrossEntropyLoss(), step, *data)}
        if torch is not None:
            theirs = build(torch.nn).to("cuda")
            step = torch.optim.SGD(theirs.parameters(), lr=1e-3)
            data = torch.tensor(x, device="cuda"), torch.tensor(y, device="cuda")
            runners["torch"] = stepper(theirs, torch.nn.CrossEntropyLoss(), step, *data)
        results.append(_row(row, runners, STEP, None))
    return results


def _row(row: str, runners: dict[str, Callable], goal: float, traffic: int | None) -> Result:
    """A race over many calls a turn. With ``traffic``, bytes moved, the goal is ours ÷ a copy that moves as many."""
    there = device.library()
    if traffic is not None:
        source = there.empty(traffic // 8, np.float32)
        target = there.empty(traffic // 8, np.float32)
        runners = {**runners, "copy": lambda: target.__setitem__(slice(None), source)}
    times = race({name: _many(run) for name, run in runners.items()})
    times = {name: value / CALLS for name, value in times.items()}
    copy = times.pop("copy", None)
    ours = times.pop("ours")
    says = "" if copy is None else f"copying, {traffic / copy / 1e6:.4g} GB/s; goal ours ÷ floor ≤ {goal:.2f}"
    return Result(row, ours, times, goal if copy is None else None, copy, says)


def _many(run: Callable) -> Callable:
    """``CALLS`` calls and then a wait for the device."""
    there = device.library()
    wait = there.cuda.get_current_stream().synchronize if hasattr(there, "cuda") else (lambda: None)

    def calls() -> None:
        for _ in range(CALLS):
            run()
        wait()

    return calls
