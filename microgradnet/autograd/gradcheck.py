"""Gradient checking: backward compared with finite differences, for first and second derivatives."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from .gradient import grad


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of ``func(*inputs)`` agree with central finite differences.

    Every element of the Jacobian is compared: ``|analytic − numeric| ≤ atol + rtol·|numeric|``, with
    ``numeric = (f(x + eps) − f(x − eps)) / (2·eps)``. The inputs that require grad must be float64.

    Raises:
        GradcheckError: on a difference (unless ``raise_exception`` is False), with the op whose result was compared,
            the input, the element and both numbers.
        TypeError: an input that requires grad and is not float64. ValueError: no input that requires grad.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: none of the inputs requires grad")
    for i, x in checked:
        if x.dtype != np.float64:
            raise TypeError(f"gradcheck: input {i} is {x.dtype.name}: finite differences need float64")
    try:
        outputs = _differentiable(func(*inputs))
        analytic = [_analytic_jacobians(output, [x for _, x in checked]) for output in outputs]
        for k, (i, x) in enumerate(checked):
            numeric = _numeric_jacobians(func, inputs, x, outputs, eps)
            for number, output in enumerate(outputs):
                ours, theirs = analytic[number][k], numeric[number]
                wrong = ~(np.abs(ours - theirs) <= atol + rtol * np.abs(theirs))
                if wrong.any():
                    raise GradcheckError(_report(output, number, i, x, wrong, ours, theirs))
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """``gradcheck`` of the gradients themselves: whether the second derivatives are right.

    The checked function maps the inputs and the cotangents of the outputs (drawn with a fixed seed) to the gradients.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    random = np.random.default_rng(0)
    outputs = _differentiable(func(*inputs))
    cotangents = tuple(Tensor(random.standard_normal(o.shape), requires_grad=True) for o in outputs)

    def gradients(*arguments):
        xs, gs = arguments[: len(inputs)], arguments[len(inputs) :]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        results = grad(_differentiable(func(*xs)), wanted, gs, create_graph=True, allow_unused=True)
        return tuple(r for r in results if r is not None and r.requires_grad)

    return gradcheck(gradients, (*inputs, *cotangents), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


class GradcheckError(RuntimeError):
    """A gradient differs from finite differences."""


def _differentiable(outputs) -> tuple[Tensor, ...]:
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    return tuple(o for o in outputs if isinstance(o, Tensor) and o.requires_grad)


def _numeric_jacobians(func, inputs, x: Tensor, outputs: tuple[Tensor, ...], eps: float) -> list[np.ndarray]:
    """d output / d x of each output, (x.numel(), output.numel()); elements of ``x`` are changed and restored."""
    jacobians = [np.empty((x.numel(), output.numel())) for output in outputs]

    def evaluate() -> list[np.ndarray]:
        return [np.array(output.array).ravel() for output in _differentiable(func(*inputs))]

    for row, index in enumerate(np.ndindex(x.shape)):
        before = x.array[index]
        x.array[index] = before + eps
        above = evaluate()
        x.array[index] = before - eps
        below = evaluate()
        x.array[index] = before
        for jacobian, a, b in zip(jacobians, above, below, strict=True):
            jacobian[row] = (a - b) / (2 * eps)
    return jacobians


def _analytic_jacobians(output: Tensor, xs: list[Tensor]) -> list[np.ndarray]:
    """d output / d x for each of ``xs``, (x.numel(), output.numel()): one backward for each element of ``output``."""
    jacobians = [np.zeros((x.numel(), output.numel())) for x in xs]
    for column, index in enumerate(np.ndindex(output.shape)):
        one = np.zeros(output.shape)
        one[index] = 1.0
        gradients = grad(output, xs, Tensor(one), retain_graph=True, allow_unused=True)
        for jacobian, g in zip(jacobians, gradients, strict=True):
            if g is not None:
                jacobian[:, column] = np.array(g.array).ravel()
    return jacobians


def _report(output, number, i, x, wrong, analytic, numeric) -> str:
    row, column = (int(k) for k in np.argwhere(wrong)[0])
    op = output.grad_fn.op.name if output.grad_fn else "leaf"
    at = tuple(int(k) for k in np.unravel_index(row, x.shape)) if x.shape else ()
    to = tuple(int(k) for k in np.unravel_index(column, output.shape)) if output.shape else ()
    return (
        f"gradcheck: output {number} (made by {op}), element {to}, differs with respect to input {i}, element {at}: "
        f"backward gives {analytic[row, column]:.8g}, finite differences {numeric[row, column]:.8g} "
        f"({int(wrong.sum())} of {wrong.size} elements differ)"
    )
