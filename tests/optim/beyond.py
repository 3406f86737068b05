"""What the tests of the optimizers beyond PyTorch's share: a case, and a run over given gradients."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim

STEPS = 6
SHAPES = [(3, 4), (5,), (), (2, 3, 2), (70, 70)]
JOINT = ("DAdaptAdam", "Prodigy")  # one estimate for all parameters: their reference takes and yields lists of arrays


@dataclass
class Case:
    """An optimizer under some options, and its paper's update in plain NumPy.

    ``reference(p, gradients, **options)`` yields p after each step; it works on one whole float64 array, or for those
    of JOINT on the list of all.
    """

    name: str
    reference: Callable
    options: dict = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in self.options.items())})"

    def expected(self, params, given) -> list[list[np.ndarray]]:
        """The paper's parameters after each step, worked in float64."""
        params = [np.array(p.array, "float64") for p in params]
        given = [[np.asarray(g, "float64") for g in step] for step in given]
        if self.name in JOINT:
            return list(self.reference(params, given, **self.options))
        alone = [self.reference(p, [step[i] for step in given], **self.options) for i, p in enumerate(params)]
        return [list(step) for step in zip(*alone, strict=True)]

    def make(self, params, **options):
        return getattr(optim, self.name)(params, **{**self.options, **options})


def cases(name: str, reference: Callable, *options: dict) -> list[Case]:
    return [Case(name, reference, given) for given in options]


def start(dtype="float64", seed=0, shapes=SHAPES) -> list:
    random = np.random.default_rng(seed)
    return [nn.Parameter(np.asarray(random.standard_normal(shape), dtype)) for shape in shapes]


def gradients(dtype="float64", steps=STEPS, seed=1, shapes=SHAPES) -> list[list[np.ndarray]]:
    """For each step, one gradient per parameter."""
    random = np.random.default_rng(seed)
    return [[np.asarray(random.standard_normal(shape), dtype) for shape in shapes] for _ in range(steps)]


def run(optimizer, params, given, sign=1) -> list[list[np.ndarray]]:
    """The parameters after each step, under the given gradients times ``sign``."""
    trajectory = []
    for step in given:
        for p, g in zip(params, step, strict=True):
            p.grad = mg.Tensor(np.asarray(sign * g, p.dtype))
        optimizer.step()
        trajectory.append([p.array.copy() for p in params])
    return trajectory
