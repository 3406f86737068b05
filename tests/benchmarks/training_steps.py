"""Whole training steps: forward, backward, update; the same model, batch and optimizer on both sides."""

from itertools import cycle, pairwise

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from tests.benchmarks.floors import cnn_shapes, mlp_shapes, products
from tests.benchmarks.race import Floor, Result, race_row

# (row, layers, activation, batch, optimizer, goal)
MLPS = [
    ("MLP 784-500-500-500-10, tanh, batch 256, SGD", [784, 500, 500, 500, 10], "Tanh", 256, "SGD", 0.5),
    ("the same with Adam", [784, 500, 500, 500, 10], "Tanh", 256, "Adam", 0.3),
    ("MLP 2-16-16-1, batch 100, SGD (overhead)", [2, 16, 16, 1], "ReLU", 100, "SGD", 0.5),
]
NORMALIZED = [784, 100, *[50] * 6, 10]

CAPTURED = [
    ("MLP 2-16-16-1, batch 100, SGD, captured", [2, 16, 16, 1], "ReLU", 100, "SGD", 0.2),
    ("MLP 784-500-500-500-10, SGD, captured", [784, 500, 500, 500, 10], "Tanh", 256, "SGD", 0.5),
    ("the same with Adam, captured", [784, 500, 500, 500, 10], "Tanh", 256, "Adam", 0.3),
]


def mlp(library, sizes: list[int], activation: str):
    """The same layers in ``nn`` of either library."""
    layers = []
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        layers.append(library.Linear(fan_in, fan_out))
        if i < len(sizes) - 2:
            layers.append(getattr(library, activation)())
    return library.Sequential(*layers)


def normalized(library):
    """7 hidden layers, 100 and six of 50 sigmoid units, each behind a BatchNorm."""
    layers = []
    for fan_in, fan_out in pairwise(NORMALIZED[:-1]):
        layers += [library.Linear(fan_in, fan_out), library.BatchNorm1d(fan_out), library.Sigmoid()]
    return library.Sequential(*layers, library.Linear(*NORMALIZED[-2:]))


def cnn(library):
    """conv 32, conv 64, pool, 128, 10 on 28×28 images."""
    return library.Sequential(
        library.Conv2d(1, 32, 3), library.ReLU(), library.Conv2d(32, 64, 3), library.ReLU(), library.MaxPool2d(2),
        library.Flatten(), library.Linear(64 * 12 * 12, 128), library.ReLU(), library.Linear(128, 10),
    )  # fmt: skip


def stepper(model, loss_function, optimizer, x, y):
    """One training step as a function without arguments."""

    def step() -> None:
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def measure(torch) -> list[Result]:
    """All rows; ``torch`` is the module, or None to time ours alone."""
    random = np.random.default_rng(0)
    results = []
    for row, sizes, activation, batch, optimizer, goal in MLPS:
        x = random.standard_normal((batch, sizes[0])).astype(np.float32)
        labels = random.integers(0, sizes[-1], batch) if sizes[-1] > 1 else None
        y = random.standard_normal((batch, 1)).astype(np.float32) if labels is None else labels
        floor = products(mlp_shapes(sizes, batch))
        results.append(_row(row, torch, lambda nn_: mlp(nn_, sizes, activation), optimizer, x, y, goal, floor))  # noqa: B023
    x = random.standard_normal((256, 784)).astype(np.float32)
    y = random.integers(0, 10, 256)
    row = "7 hidden layers (100, 50×6), sigmoid + BatchNorm, batch 256, SGD"
    results.append(_row(row, torch, normalized, "SGD", x, y, 0.6, products(mlp_shapes(NORMALIZED, 256))))
    x = random.standard_normal((64, 1, 28, 28)).astype(np.float32)
    y = random.integers(0, 10, 64)
    row = "MNIST CNN (conv 32, conv 64, pool, 128, 10), batch 64, SGD"
    results.append(_row(row, torch, cnn, "SGD", x, y, 0.8, products(cnn_shapes(64))))
    return results


def captured(torch) -> list[Result]:
    """The fully connected nets with our step captured and replayed, PyTorch's eager, on batches that change."""
    random = np.random.default_rng(0)
    results = []
    for row, sizes, activation, batch, optimizer, goal in CAPTURED:
        batches = []
        for _ in range(2):
            x = random.standard_normal((batch, sizes[0])).astype(np.float32)
            y = (
                random.integers(0, 10, batch)
                if sizes[-1] > 1
                else random.standard_normal((batch, 1)).astype(np.float32)
            )
            batches.append((x, y))
        runners = {"ours": _alternating(mg, nn, optim, mg.Tensor, mlp(nn, sizes, activation), optimizer, batches)}
        if torch is not None:
            model = mlp(torch.nn, sizes, activation)
            runners["torch"] = _alternating(None, torch.nn, torch.optim, torch.tensor, model, optimizer, batches)
        results.append(race_row(row, runners, goal, products(mlp_shapes(sizes, batch))))
    return results


def _alternating(capturing, nn_, optim_, tensor, model, optimizer: str, batches: list):
    """A step over two batches in turn, captured where the library can."""
    loss_function = nn_.CrossEntropyLoss() if batches[0][1].dtype.kind == "i" else nn_.MSELoss()
    updater = getattr(optim_, optimizer)(model.parameters(), lr=1e-3)

    def step(x, y):
        loss = loss_function(model(x), y)
        updater.zero_grad()
        loss.backward()
        updater.step()
        return loss

    step = capturing.capture(step, fallback=False) if capturing else step
    turns = cycle([(tensor(x), tensor(y)) for x, y in batches])
    return lambda: step(*next(turns))


def _row(row, torch, build, optimizer, x, y, goal, floor: Floor) -> Result:
    loss = "CrossEntropyLoss" if y.dtype.kind == "i" else "MSELoss"
    model = build(nn)
    runners = {
        "ours": stepper(
            model,
            getattr(nn, loss)(),
            getattr(optim, optimizer)(model.parameters(), lr=1e-3),
            mg.Tensor(x),
            mg.Tensor(y),
        )
    }
    if torch is not None:
        theirs = build(torch.nn)
        runners["torch"] = stepper(
            theirs,
            getattr(torch.nn, loss)(),
            getattr(torch.optim, optimizer)(theirs.parameters(), lr=1e-3),
            torch.from_numpy(x),
            torch.from_numpy(y),
        )
    return race_row(row, runners, goal, floor)
