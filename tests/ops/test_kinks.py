"""At kinks and at infinity, activations and their first two derivatives are PyTorch's."""

import numpy as np
import pytest

import microgradnet as mg
from tests.oracle import oracle

POINTS = [-np.inf, -6, -3, -1, -0.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1, 3, 6, 30, np.inf]
PLAIN = ["relu", "leaky_relu", "elu", "celu", "selu", "mish", "silu", "relu6", "hardswish", "hardtanh", "hardshrink"]
FUNCTIONS = {**dict.fromkeys([*PLAIN, "softshrink"], ()), "threshold": (1.0, 0.5)}


def derivatives(library, name, dtype):
    """The function's values and its first and second derivative, on the same points."""
    x = library.tensor(POINTS, dtype=getattr(library, dtype), requires_grad=True)
    y = getattr(library.nn.functional, name)(x, *FUNCTIONS[name])
    (first,) = library.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = library.autograd.grad(first.sum(), x)
    return [t.detach().numpy() for t in (y, first, second)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_derivatives_at_kinks_are_those_of_pytorch(name, dtype):
    torch = oracle()
    for ours, theirs in zip(derivatives(mg, name, dtype), derivatives(torch, name, dtype), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-7)


def test_a_learned_slope_has_second_derivatives():
    def mixed(library):
        x = library.tensor([-2.0, -0.5, 3.0], requires_grad=True)
        weight = library.tensor([0.25], requires_grad=True)
        first = library.autograd.grad(library.nn.functional.prelu(x, weight).sum(), (x, weight), create_graph=True)
        return [t.numpy() for t in library.autograd.grad(first[0].sum() + (first[1] ** 2).sum(), (x, weight))]

    for ours, theirs in zip(mixed(mg), mixed(oracle()), strict=True):
        np.testing.assert_allclose(ours, theirs)
