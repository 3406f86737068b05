"""gradcheck passes right gradients, and says where a wrong one is wrong."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.autograd import Function, GradcheckError, gradcheck, gradgradcheck


class WrongSquare(Function):
    """x² with a gradient that is wrong in its second element only."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x * mg.tensor([1.0, 1.5], dtype=mg.float64)


def test_a_wrong_gradient_is_caught_with_op_element_and_both_numbers():
    x = mg.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    with pytest.raises(GradcheckError, match=r"WrongSquare.*input 0, element \(1,\).*gives 6.*differences 4"):
        gradcheck(WrongSquare.apply, x)
    assert gradcheck(WrongSquare.apply, x, raise_exception=False) is False


def test_a_wrong_second_derivative_is_caught():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            return grad_output * 3 * (x * x.detach())  # right in value, wrong when differentiated

    x = mg.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    assert gradcheck(Wrong.apply, x)
    with pytest.raises(GradcheckError):
        gradgradcheck(Wrong.apply, x)


def test_float32_is_refused():
    with pytest.raises(TypeError, match="float64"):
        gradcheck(mg.exp, mg.tensor([1.0], requires_grad=True))


def test_inputs_without_grad_are_refused():
    with pytest.raises(ValueError, match="requires grad"):
        gradcheck(mg.exp, mg.tensor([1.0], dtype=mg.float64))
