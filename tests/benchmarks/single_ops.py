"""Single ops and optimizer passes over large arrays."""

import numpy as np

import microgradnet as mg
from microgradnet import optim
from tests.benchmarks.floors import copying, updating
from tests.benchmarks.race import Result, race_row

# Forward reads x and writes y; backward reads the gradient of y, reads x or y, and writes that of x.
BOTH_WAYS, ARRAYS = 5, 4
ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "elu", "silu", "softplus")


def activations(torch, size: int = 1_000_000) -> list[Result]:
    """Forward and backward of each activation over ``size`` float32."""
    x = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    g = np.ones_like(x)
    results = []
    for name in ACTIVATIONS:
        runners = {"ours": _forward_backward(getattr(mg, name), mg.Tensor(x), mg.Tensor(g))}
        if torch is not None:
            function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
            runners["torch"] = _forward_backward(function, torch.tensor(x), torch.tensor(g))
        row = f"{name} forward + backward, 1 million float32"
        results.append(race_row(row, runners, 0.8, copying(BOTH_WAYS, ARRAYS, size), seconds=1.0))
    return results


def _forward_backward(function, x, g):
    x.requires_grad_()

    def run() -> None:
        x.grad = None
        function(x).backward(g)

    return run


# name -> how to build the layer in ``nn`` of either library, for inputs (4096, 1024), and the fewest passes. A row, and
# a few columns, fit a core's caches: statistics need no pass of their own. Dropout can draw its mask again from the
# seed, so that backward reads the gradient alone.
ROWS = {
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(1024), BOTH_WAYS),
    "LayerNorm": (lambda nn: nn.LayerNorm(1024), BOTH_WAYS),
    "softmax": (lambda nn: nn.Softmax(1), BOTH_WAYS),
    "RMSNorm": (lambda nn: nn.RMSNorm(1024), BOTH_WAYS),
    "Dropout": (lambda nn: nn.Dropout(0.5), 4),
}


def rows(torch) -> list[Result]:
    """Forward and backward of normalizations, softmax and dropout over 4096 × 1024 float32."""
    x = np.random.default_rng(0).standard_normal((4096, 1024)).astype(np.float32)
    g = np.ones_like(x)
    results = []
    for name, (build, passes) in ROWS.items():
        runners = {"ours": _forward_backward(build(mg.nn), mg.Tensor(x), mg.Tensor(g))}
        if torch is not None:
            runners["torch"] = _forward_backward(build(torch.nn), torch.tensor(x), torch.tensor(g))
        row = f"{name} forward + backward, 4096 × 1024"
        results.append(race_row(row, runners, 0.8, copying(passes, ARRAYS, x.size)))
    return results


def adam(torch, size: int = 10_000_000) -> list[Result]:
    """One Adam step over ``size`` parameters, against PyTorch's fused one; the floor has 7 passes: it reads the
    parameters, their gradients and two averages, and writes all but the gradients.
    """
    random = np.random.default_rng(0)
    p, g = (random.standard_normal(size).astype(np.float32) for _ in range(2))
    ours = mg.nn.Parameter(p.copy())
    ours.grad = mg.Tensor(g)
    runners = {"ours": optim.Adam([ours]).step}
    if torch is not None:
        theirs = torch.nn.Parameter(torch.tensor(p))
        theirs.grad = torch.tensor(g)
        runners["torch"] = torch.optim.Adam([theirs], fused=True).step
    return [race_row("Adam step, 10 million parameters (torch: fused=True)", runners, 1.0, updating(3, size))]
