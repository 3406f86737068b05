"""Activations that PyTorch lacks, beside the same formula written with PyTorch's functions."""

import numpy as np

from microgradnet.ops.elementwise import beyond as smooth_activation
from microgradnet.ops.elementwise.activation import gelu_sigmoid
from microgradnet.ops.nn import dropout
from microgradnet.ops.reduce import sparse_probability
from tests.ops.case import A, Case

SHAPES = [(A(3, 4),), (A(),), (A(0, 2),), (A(2, 1, 3, low=-6, high=6),)]
PAIRS = [(A(3, 4), A(low=0.3, high=0.9)), (A(2, 3), A(3, low=0.3, high=0.9)), (A(2, 1), A(2, 3, low=0.3, high=0.9))]


def case(name, formula, arguments=SHAPES, **options) -> Case:
    return Case(name, arguments, torch=formula, ours=getattr(smooth_activation, name, None), **options)


def torch():
    import torch

    return torch


def clipped(x):
    return ((x + 1) / 2).clamp(0, 1)


KEY = np.array([1, 2], np.uint64)


def masked(x):
    """The library's mask, as a constant of PyTorch's."""
    ones = dropout.drop(np.ones(tuple(x.shape), str(x.dtype).removeprefix("torch.")), KEY, 0.5, 2.0)
    return x * torch().tensor(ones)


CASES = [
    case("step", lambda x: (x > 0) * 1.0 + 0 * x),
    case("bent_identity", lambda x: ((x**2 + 1).sqrt() - 1) / 2 + x),
    case("squareplus", lambda x, b=4.0: (x + (x**2 + b).sqrt()) / 2, [*SHAPES, (A(3, 4), 0.5)]),
    case("relu_squared", lambda x: torch().relu(x) ** 2),
    case("lisht", lambda x: x * torch().tanh(x)),
    case("gaussian", lambda x: torch().exp(-(x**2))),
    case("hard_mish", lambda x: x / 2 * (x + 2).clamp(0, 2)),
    case("sparse_plus", lambda x: torch().where(x < 1, torch().relu(x + 1) ** 2 / 4, x)),
    case("sparse_sigmoid", clipped),
    case("isru", lambda x, alpha=1.0: x / (1 + alpha * x**2).sqrt(), [*SHAPES, (A(3, 4), 0.5)]),
    case("isrlu", lambda x, alpha=1.0: torch().where(x >= 0, x, x / (1 + alpha * x**2).sqrt()), [*SHAPES, (A(3), 0.5)]),
    case("swish", lambda x, beta: x * torch().sigmoid(beta * x), PAIRS),
    case("snake", lambda x, a: x + torch().sin(a * x) ** 2 / a, PAIRS),
    case("softexponential", lambda x, a: (torch().exp(a * x) - 1) / a + a, PAIRS),
    case(
        "softexponential",
        lambda x, a: -torch().log(1 - a * (x + a)) / a,
        [(A(3, 4, low=-0.5, high=2), A(4, low=-0.9, high=-0.3))],
    ),
    Case("gelu_sigmoid", SHAPES, torch=lambda x: x * torch().sigmoid(1.702 * x), ours=gelu_sigmoid),
    Case("drop", SHAPES, torch=masked, ours=lambda x: dropout.drop(x, KEY, 0.5, 2.0)),
    # With two classes sparsemax is a clipped line; entmax of two equal scores is ½ and ½.
    Case(
        "sparsemax",
        [(A(5, 2),)],
        torch=lambda x: torch().stack([clipped(x[:, 0] - x[:, 1]), clipped(x[:, 1] - x[:, 0])], 1),
        ours=sparse_probability.sparsemax,
    ),
    Case(
        "entmax15",
        [(A(3, 4),), (A(4, 3), 0)],
        torch=lambda x, dim=-1: _entmax15(x, dim),
        ours=sparse_probability.entmax15,
    ),
]


def _entmax15(x, dim):
    """By bisection for the threshold, and one Newton step that carries the gradient."""
    z, t = x / 2, torch()
    low, high = (z.max(dim, keepdim=True).values - 1).detach(), z.max(dim, keepdim=True).values.detach()
    for _ in range(60):
        middle = (low + high) / 2
        above = (t.relu(z.detach() - middle) ** 2).sum(dim, keepdim=True) > 1
        low, high = t.where(above, middle, low), t.where(above, high, middle)
    tau = low
    root = t.relu(z - tau)
    tau = tau + ((root**2).sum(dim, keepdim=True) - 1) / (2 * root.sum(dim, keepdim=True)).detach()
    return t.relu(z - tau) ** 2
