"""Derivatives where they are easily lost: under ``no_grad``, through what was saved, after writes, through hooks."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.autograd import AnomalyError, checkpoint, detect_anomaly
from microgradnet.autograd import functional as A
from tests.oracle import oracle


def cube(x):
    return (x * x * x).sum()


DERIVATIVES = {
    "jacobian": lambda x: A.jacobian(lambda v: v * v * v, x),
    "hessian": lambda x: A.hessian(cube, x),
    "vjp": lambda x: A.vjp(cube, x)[1],
    "jvp": lambda x: A.jvp(cube, x, mg.ones(2))[1],
    "hvp": lambda x: A.hvp(cube, x, mg.ones(2))[1],
    "vhp": lambda x: A.vhp(cube, x, mg.ones(2))[1],
    "func.grad": lambda x: mg.func.grad(cube)(x),
    "func.jacrev": lambda x: mg.func.jacrev(lambda v: v * v)(x),
    "func.jacfwd": lambda x: mg.func.jacfwd(lambda v: v * v)(x),
    "func.hessian": lambda x: mg.func.hessian(cube)(x),
    "func.grad_and_value": lambda x: mg.func.grad_and_value(cube)(x)[0],
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_no_grad_around_a_derivative_does_not_make_it_zero(name):
    x = mg.tensor([1.0, 2.0])
    expected = DERIVATIVES[name](x).detach().numpy()
    assert expected.any()
    with mg.no_grad():
        result = DERIVATIVES[name](x)
    np.testing.assert_array_equal(result.numpy(), expected)
    assert not result.requires_grad


class Exp(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out


class ExpAndSquare(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        first, second = x.exp(), x * x
        ctx.save_for_backward(x, first)
        return first, second

    @staticmethod
    def backward(ctx, g, h):
        x, first = ctx.saved_tensors
        return g * first + 2 * h * x


@pytest.mark.parametrize("function", [Exp.apply, lambda x: ExpAndSquare.apply(x)[0]])
def test_the_second_derivative_goes_through_a_saved_output(function):
    x = mg.tensor([0.5, 1.5], dtype=mg.float64, requires_grad=True)
    for _ in range(2):
        (first,) = mg.autograd.grad((function(x) ** 2).sum(), x, create_graph=True)
        (second,) = mg.autograd.grad(first.sum(), x)
        np.testing.assert_allclose(first.detach().numpy(), 2 * np.exp(2 * x.array))
        np.testing.assert_allclose(second.numpy(), 4 * np.exp(2 * x.array))
    assert mg.autograd.gradgradcheck(function, x)


@pytest.mark.parametrize("number", [-1, -2, 0, 1])
def test_argnums_may_count_from_the_end(number):
    args = mg.tensor(2.0), mg.tensor(3.0)
    value = (12.0, 4.0)[number]  # of x²·y: 2xy and x²
    assert mg.func.grad(lambda x, y: x * x * y, number)(*args).item() == value
    assert mg.func.jacrev(lambda x, y: x * x * y, number)(*args).item() == value
    assert mg.func.jacfwd(lambda x, y: x * x * y, number)(*args).item() == value
    with pytest.raises(ValueError, match="argnums 2"):
        mg.func.grad(lambda x, y: x * y, 2)(*args)


@pytest.mark.parametrize("dim", [0, 1, 2, 3, -1, -2])
def test_vmap_leaves_the_other_dimensions_in_order(dim):
    torch = oracle()
    values = np.arange(120.0).reshape(2, 3, 4, 5)
    ours = mg.func.vmap(lambda a: a * 1, in_dims=dim)(mg.tensor(values))
    theirs = torch.func.vmap(lambda a: a * 1, in_dims=dim)(torch.tensor(values))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_grad_calls_the_hooks_of_a_leaf():
    results = []
    for library in (mg, oracle()):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        x.register_hook(lambda g: g * 10)
        (g,) = library.autograd.grad((x * x).sum(), x)
        results.append(g.tolist())
    assert results[0] == results[1] == [20.0, 40.0]


def test_retain_grad_follows_a_write_in_place():
    results = []
    for library in (mg, oracle()):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        y = x * 3
        y.retain_grad()
        y.mul_(5)
        (y * y).sum().backward()
        results.append((y.grad.tolist(), x.grad.tolist()))
    assert results[0] == results[1]


def test_checkpoint_reaches_what_the_function_holds():
    layer, scale = mg.nn.Linear(3, 2), mg.tensor(2.0, requires_grad=True)
    x = mg.randn(4, 3)

    def run(v):
        return (layer(v) * scale).tanh()

    gradients = []
    for call in (run, lambda v: checkpoint(run, v), lambda v: checkpoint(run, v.requires_grad_())):
        layer.zero_grad()
        scale.grad = None
        call(x).sum().backward()
        gradients.append([layer.weight.grad.numpy(), layer.bias.grad.numpy(), scale.grad.numpy()])
    for others in gradients[1:]:
        for a, b in zip(gradients[0], others, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    checkpoint(layer, x).sum().backward()
    with pytest.raises(ValueError, match="checkpoint: "):
        checkpoint(lambda v: v * 2, mg.ones(2))


def test_anomaly_mode_lets_given_infinities_pass_and_no_others():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with detect_anomaly():
        masked = x.masked_fill(mg.tensor([True, False]), -math.inf)
        masked.softmax(0).sum().backward()
        with pytest.raises(AnomalyError, match="forward of log"):
            (x * 0).log()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool_"])
def test_integers_require_no_grad(dtype):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(getattr(mg, dtype) if hasattr(mg, dtype) else "bool")
    assert not y.requires_grad and not x.long().requires_grad


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "pow", "maximum", "minimum"])
def test_a_numpy_number_is_a_number(op):
    x = mg.ones(3)
    call = getattr(x, f"__{ {'div': 'truediv'}.get(op, op) }__", None)
    for number in (np.float64(1.5), np.float32(1.5), np.int64(2)):
        out = call(number) if call else getattr(mg, op)(x, mg.tensor(number))
        assert out.dtype == mg.float32, (op, type(number))
