"""PyTorch's activations beside PyTorch's, over their options; random ones by their statistics."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import functional as F
from tests.covered import covers
from tests.nn.agreement import LayerCase, assert_agrees, assert_gradients
from tests.oracle import oracle

X = (3, 4)
EDGES = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e-30, 3.0, -3.0, 6.0, 0.5, -0.5, 1.0, -1.0])


def case(name, *args, inputs=X, **options) -> LayerCase:
    return LayerCase(name, (inputs,), args, options, steps=1)


CASES = [
    case("Threshold", 0.1, 20.0),
    case("Threshold", 0.1, 20.0, inplace=True),
    *(case(name) for name in ("ReLU", "ReLU6", "Sigmoid", "Hardsigmoid", "Tanh", "SiLU", "Mish", "Hardswish", "SELU")),
    *(case(name) for name in ("LogSigmoid", "Softsign", "Tanhshrink")),
    *(case(name, inputs=()) for name in ("ReLU", "Sigmoid", "GELU", "Softplus")),
    *(case(name, inputs=(0, 3)) for name in ("ReLU", "Tanh", "SiLU")),
    case("Hardtanh"),
    case("Hardtanh", -0.3, 0.6),
    case("ELU"),
    case("ELU", 2.0),
    case("CELU", 0.5),
    case("GLU"),
    case("GLU", 0, inputs=(4, 3)),
    case("GELU"),
    case("GELU", "tanh"),
    case("Hardshrink"),
    case("Hardshrink", 0.2),
    case("LeakyReLU"),
    case("LeakyReLU", 0.3),
    case("Softplus"),
    case("Softplus", 2.0, 1.0),
    case("Softshrink", 0.3),
    case("PReLU"),
    case("PReLU", 4, 0.4),
    case("PReLU", 3, inputs=(2, 3, 2)),
    *(case(name, 1, inputs=(2, 3, 4)) for name in ("Softmin", "Softmax", "LogSoftmax")),
    case("Softmax2d", inputs=(2, 3, 2, 2)),
    case("Softmax2d", inputs=(3, 2, 2)),
]
IN_PLACE = ("ReLU", "ReLU6", "Hardtanh", "Hardsigmoid", "SiLU", "Mish", "Hardswish", "SELU", "ELU", "CELU", "LeakyReLU")
covers(*(f"nn.{c.name}" for c in CASES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_activation_agrees_with_pytorchs(case, dtype):
    if case.options.get("inplace"):
        torch = oracle()
        x = np.linspace(-2, 2, 12).astype(dtype)
        ours, theirs = mg.Tensor(x.copy()), torch.tensor(x)
        assert getattr(nn, case.name)(*case.args, inplace=True)(ours) is ours
        getattr(torch.nn, case.name)(*case.args, inplace=True)(theirs)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    elif case.name == "Hardsigmoid" and dtype == "float64":  # PyTorch's slope is then 1/6 rounded to float32
        x = np.linspace(-4, 4, 30)
        theirs = oracle().nn.Hardsigmoid()(oracle().tensor(x)).numpy()
        np.testing.assert_allclose(nn.Hardsigmoid()(mg.Tensor(x)), theirs, rtol=1e-7)
    else:
        assert_agrees(case, dtype)


@pytest.mark.parametrize("case", [c for c in CASES if not c.options.get("inplace")], ids=str)
def test_gradients_are_right(case):
    assert_gradients(case)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_writes_over_the_input_and_differentiates(name):
    torch = oracle()
    values = np.linspace(-4, 8, 25).astype(np.float64)
    leaf, their_leaf = mg.Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    x, y = leaf * 1.0, their_leaf * 1.0
    a, b = getattr(nn, name)(inplace=True), getattr(torch.nn, name)(inplace=True)
    assert repr(a) == repr(b)
    assert a(x) is x
    b(y)
    np.testing.assert_allclose(x.detach(), y.detach().numpy(), rtol=1e-12, atol=1e-15)
    x.sum().backward(), y.sum().backward()
    np.testing.assert_allclose(leaf.grad, their_leaf.grad.numpy(), rtol=1e-7)  # Hardsigmoid's 1/6 is float32's there


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted({c.name for c in CASES} - {"Softmax2d", "PReLU", "Threshold", "GLU"}))
def test_nan_infinities_and_kinks_are_pytorchs(name, dtype):
    torch = oracle()
    args = (0,) if name in ("Softmin", "Softmax", "LogSoftmax") else ()
    x = EDGES[3:].astype(dtype) if args else EDGES.astype(dtype)
    # PyTorch's float32 GELU is NaN at infinity, and off by 1e-4 at −3: its float64 is the reference.
    reference = x.astype(np.float64) if name == "GELU" else x
    ours, theirs = mg.Tensor(x, requires_grad=True), torch.tensor(reference, requires_grad=True)
    a, b = getattr(nn, name)(*args)(ours), getattr(torch.nn, name)(*args)(theirs)
    np.testing.assert_allclose(a.detach(), b.detach().numpy(), rtol=1e-5, atol=1e-6)
    a.sum().backward(), b.sum().backward()
    finite = np.isfinite(x)  # what PyTorch's formulas happen to give at infinity is no rule to follow
    np.testing.assert_allclose(ours.grad.numpy()[finite], theirs.grad.numpy()[finite], rtol=1e-4, atol=1e-5)


@covers("nn.RReLU", "F.rrelu")
def test_rrelu_draws_slopes_in_training_and_takes_their_mean_in_eval():
    mg.manual_seed(0)
    n, layer = 40_000, nn.RReLU(0.1, 0.5)
    x = mg.Tensor(-np.ones(n), requires_grad=True)
    slopes = -layer(x).detach().numpy()
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.5
    std = 0.4 / math.sqrt(12)
    assert abs(slopes.mean() - 0.3) < 5 * std / math.sqrt(n)
    out = layer(x)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, -out.detach().numpy())
    assert layer(mg.tensor([2.0])).tolist() == [2.0]
    assert layer.eval()(mg.tensor([-2.0, 2.0])).tolist() == pytest.approx([-0.6, 2.0])
    assert repr(layer) == "RReLU(lower=0.1, upper=0.5)"
    torch = oracle()
    values = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(
        nn.RReLU().eval()(mg.Tensor(values)).numpy(), torch.nn.RReLU().eval()(torch.tensor(values)).numpy()
    )
    y = mg.tensor([-1.0, 1.0])
    assert F.rrelu(y, 0.5, 0.5, inplace=True) is y
    assert y.tolist() == [-0.5, 1.0]


@covers("F.gumbel_softmax")
def test_gumbel_softmax_samples_classes_by_their_probabilities():
    mg.manual_seed(0)
    n, p = 20_000, np.array([0.2, 0.5, 0.3])
    logits = mg.Tensor(np.tile(np.log(p), (n, 1)), requires_grad=True)
    sample = F.gumbel_softmax(logits, tau=0.5, hard=True)
    assert set(np.unique(sample.detach().numpy().round(12))) == {0.0, 1.0}
    frequencies = sample.detach().numpy().mean(0)
    assert (abs(frequencies - p) < 5 * np.sqrt(p * (1 - p) / n)).all()
    soft = F.gumbel_softmax(logits, tau=2.0)
    np.testing.assert_allclose(soft.detach().numpy().sum(1), 1)
    (sample * mg.tensor([1.0, 2.0, 3.0], dtype=mg.float64)).sum().backward()
    assert np.isfinite(logits.grad.numpy()).all()
    assert abs(logits.grad.numpy()).max() > 0
    with pytest.raises(ValueError, match="tau must be positive"):
        F.gumbel_softmax(logits, 0)


def test_gelu_by_its_sigmoid():
    x = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(nn.GELU("sigmoid")(mg.Tensor(x)).numpy(), x / (1 + np.exp(-1.702 * x)))
    assert_gradients(case("GELU", "sigmoid"))
    assert abs(nn.GELU("sigmoid")(mg.Tensor(x)).numpy() - nn.GELU()(mg.Tensor(x)).numpy()).max() < 0.0204


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Hardtanh(1.0, 1.0), "max_val must be above min_val, got 1.0 and 1.0"),
        (lambda: nn.GELU("erf"), "'none', 'tanh' or 'sigmoid', got 'erf'"),
        (lambda: nn.Softshrink(-1.0), "must not be negative, got -1.0"),
        (lambda: nn.Softmax2d()(mg.zeros(2, 2)), "3 or 4 dimensions"),
        (lambda: nn.GLU()(mg.zeros(2, 3)), "must be even"),
        (lambda: nn.PReLU(3)(mg.zeros(2, 4)), "3 weights for an input with 4 channels"),
        (lambda: nn.RReLU(0.5, 0.1)(mg.zeros(2)), None),
        (lambda: nn.RReLU(0.5, 0.1).train()(mg.zeros(2)), "lower must not be above upper"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "silu", "softsign", "logsigmoid", "tanhshrink"])
def test_the_functions_take_their_input_by_name(name):
    assert getattr(F, name)(input=mg.tensor([0.0])).shape == (1,)
