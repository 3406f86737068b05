"""Initializers: mean, variance and bounds, with tolerances from the sample size."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.nn import init
from tests.oracle import oracle

SHAPES = [(300, 200), (64, 32, 3, 3)]

# name, options, variance as a function of (fan_in, fan_out), bound as a multiple of the standard deviation or None
FAMILIES = [
    ("xavier_uniform_", {}, lambda i, o: 2 / (i + o), math.sqrt(3)),
    ("xavier_normal_", {"gain": 5 / 3}, lambda i, o: 25 / 9 * 2 / (i + o), None),
    ("kaiming_uniform_", {"nonlinearity": "relu"}, lambda i, o: 2 / i, math.sqrt(3)),
    ("kaiming_normal_", {"nonlinearity": "relu"}, lambda i, o: 2 / i, None),
    ("kaiming_normal_", {"mode": "fan_out", "a": 0.2}, lambda i, o: 2 / (1 + 0.04) / o, None),
    ("uniform_", {"a": -2.0, "b": 2.0}, lambda i, o: 16 / 12, math.sqrt(3)),
    ("normal_", {"std": 0.01}, lambda i, o: 1e-4, None),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "options", "variance", "bound"), FAMILIES, ids=lambda v: v if isinstance(v, str) else None
)
def test_mean_variance_and_bounds(name, options, variance, bound, shape):
    mg.manual_seed(0)
    w = mg.Tensor(np.zeros(shape, np.float32))
    assert getattr(init, name)(w, **options) is w
    receptive = math.prod(shape[2:])
    expected = variance(shape[1] * receptive, shape[0] * receptive)
    n, std = w.numel(), math.sqrt(expected)
    # Five standard errors: of the mean, std/√n; of the variance, at most that of a normal, σ²·√(2/n).
    assert abs(w.array.mean()) < 5 * std / math.sqrt(n)
    assert abs(w.array.var() - expected) < 5 * expected * math.sqrt(2 / n)
    if bound is not None:
        assert np.abs(w.array).max() <= bound * std * (1 + 1e-6)


@pytest.mark.parametrize(
    ("nonlinearity", "param"),
    [("linear", None), ("conv2d", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", None),
     ("leaky_relu", 0.3), ("selu", None)],
)  # fmt: skip
def test_gains_are_pytorchs(nonlinearity, param):
    torch = oracle()
    assert init.calculate_gain(nonlinearity, param) == pytest.approx(torch.nn.init.calculate_gain(nonlinearity, param))


def test_the_same_seed_gives_the_same_weights_and_a_generator_its_own():
    def draw(generator=None):
        return init.normal_(mg.Tensor(np.zeros(5)), generator=generator).tolist()

    mg.manual_seed(7)
    first = draw()
    mg.manual_seed(7)
    assert draw(mg.Generator(3)) == draw(mg.Generator(3)) != first
    assert draw() == first


def test_errors():
    with pytest.raises(ValueError, match=r"at least 2 dimensions.*\(3,\)"):
        init.xavier_uniform_(mg.tensor([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="'swish'"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="fan_in"):
        init.kaiming_normal_(mg.tensor([[1.0]]), mode="fan")
