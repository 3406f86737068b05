"""Ops of one's own, checkpointing and anomaly mode."""

import numba
import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.autograd import AnomalyError, Function, checkpoint, detect_anomaly, gradcheck, gradgradcheck


@numba.njit
def horner(x, out):
    for i in range(x.size):
        out[i] = (x[i] * x[i] - 2) * x[i] + 1


class Cubic(Function):
    """x³ − 2x + 1, by a numba kernel of the user's."""

    @staticmethod
    def forward(ctx, x):
        out = np.empty_like(x.array)
        horner(x.array, out)
        ctx.save_for_backward(x)
        return mg.Tensor(out)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (3 * x * x - 2)


class Polar(Function):
    """Two inputs, two outputs, one of them a constant."""

    @staticmethod
    def forward(ctx, x, y, label):
        r = mg.sqrt(x * x + y * y)
        ctx.save_for_backward(x, y, r)
        positive = x > 0
        ctx.mark_non_differentiable(positive)
        assert label == "static"
        return r, positive

    @staticmethod
    def backward(ctx, grad_r, grad_positive):
        x, y, r = ctx.saved_tensors
        return grad_r * x / r, grad_r * y / r, None


def test_a_function_around_a_numba_kernel_is_differentiable_twice():
    x = mg.Tensor(np.array([0.5, -1.0, 2.0]), requires_grad=True)
    assert gradcheck(Cubic.apply, x)
    assert gradgradcheck(Cubic.apply, x)


def test_several_inputs_and_outputs():
    x, y = (mg.Tensor(np.array(v), requires_grad=True) for v in ([3.0, -3.0], [4.0, 4.0]))
    r, positive = Polar.apply(x, y, "static")
    assert positive.tolist() == [True, False]
    assert not positive.requires_grad
    r.sum().backward()
    np.testing.assert_allclose(x.grad, [0.6, -0.6])


def test_a_gradient_of_the_wrong_shape_is_an_error_that_names_the_function():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad_output):
            return mg.tensor([1.0])

    with pytest.raises(RuntimeError, match=r"Wrong.*input 0 has shape \(1,\), the input \(2,\)"):
        Wrong.apply(mg.tensor([1.0, 2.0], requires_grad=True)).sum().backward()


def test_a_gradient_that_the_function_keeps_is_not_written_into():
    kept = mg.tensor([1.0, 1.0])

    class Keeps(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad_output):
            return kept

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        (Keeps.apply(x) + x).sum().backward()
    assert kept.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [4.0, 4.0]


def test_checkpoint_gives_the_same_gradients_and_keeps_less():
    layer = nn.Linear(4, 4)
    x = mg.Tensor(np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32), requires_grad=True)

    def block(x, weight, bias):
        return mg.tanh(nn.functional.linear(mg.tanh(nn.functional.linear(x, weight, bias)), weight, bias))

    block(x, layer.weight, layer.bias).sum().backward()
    expected = [x.grad.array, layer.weight.grad.array]
    x.grad = layer.weight.grad = None
    out = checkpoint(block, x, layer.weight, layer.bias)
    assert out.grad_fn.name() == "_Checkpoint"
    out.sum().backward()
    assert np.array_equal(x.grad, expected[0])
    assert np.array_equal(layer.weight.grad, expected[1])


def test_checkpoint_without_an_input_that_requires_grad_is_refused():
    with pytest.raises(ValueError, match="must require grad"):
        checkpoint(mg.exp, mg.tensor([1.0]))


def test_anomaly_mode_names_op_module_and_line_of_a_bad_value():
    class Broken(nn.Module):
        def forward(self, x):
            return mg.log(x)

    model = nn.Sequential(nn.Identity(), Broken())
    with (
        detect_anomaly(),
        pytest.raises(
            AnomalyError, match=r"forward of log in module Sequential > 1: Broken.*1 NaN.*test_function.py:\d+"
        ),
    ):
        model(mg.tensor([1.0, -1.0], requires_grad=True))


def test_anomaly_mode_names_the_op_of_a_bad_gradient():
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    with detect_anomaly():
        y = mg.sqrt(x).sum()
        with pytest.raises(AnomalyError, match=r"backward of sqrt.*gradient of 'x'.*1 Inf"):
            y.backward()


def test_outside_of_anomaly_mode_nothing_is_checked():
    x = mg.tensor([0.0], requires_grad=True)
    mg.sqrt(x).sum().backward()
    assert np.isinf(x.grad.item())
