"""Derivatives of a function at a point, as in ``torch.autograd.functional``: vjp, jvp, jacobian, hessian, hvp, vhp."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends import device
from ..events import state
from ..grad_mode import enable_grad
from ..ops.arrays.creation import zeros_like
from ..ops.arrays.joining import stack
from ..ops.reduce.reduction import sum
from ..tensor import Tensor
from .gradient import grad

Tensors = Tensor | tuple[Tensor, ...]


def _recording(function):
    """Derivatives are recorded under ``no_grad`` too; what comes out then requires no grad."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        if state.grad_enabled:
            return function(*args, **kwargs)
        with enable_grad():
            return _constants(function(*args, **kwargs))

    return wrapped


def _constants(values):
    return tuple(map(_constants, values)) if isinstance(values, tuple) else values.detach()


def _leaves(inputs, create_graph: bool) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether a single tensor was given, and the inputs as tensors to differentiate."""
    single = isinstance(inputs, Tensor)
    inputs = (inputs,) if single else tuple(inputs)
    return single, tuple(x if create_graph and x.requires_grad else x.detach().requires_grad_() for x in inputs)


def _unwrapped(single: bool, values):
    return values[0] if single else tuple(values)


def _called(func, leaves) -> tuple[bool, tuple[Tensor, ...]]:
    outputs = func(*leaves)
    single = isinstance(outputs, Tensor)
    return single, (outputs,) if single else tuple(outputs)


def _gradients(outputs, inputs, cotangents, create_graph: bool, strict: bool, name: str) -> list[Tensor]:
    """``grad`` with zeros (or, if ``strict``, an error) for an input that the outputs do not depend on."""
    pairs = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad]
    results = (None,) * len(inputs)
    if pairs:
        results = grad(
            [o for o, _ in pairs],
            inputs,
            [c for _, c in pairs],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    if strict and any(r is None for r in results):
        raise RuntimeError(f"{name}: the output does not depend on input {results.index(None)} (strict=True)")
    return [zeros_like(x) if r is None else r for x, r in zip(inputs, results, strict=True)]


@_recording
def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(x), vᵀJ)``: the outputs, and the gradient of ``v · func(x)`` with respect to each input. One backward
    pass.
    """
    single_in, leaves = _leaves(inputs, create_graph)
    single_out, outputs = _called(func, leaves)
    cotangents = (None,) * len(outputs) if v is None else (v,) if isinstance(v, Tensor) else tuple(v)
    results = _gradients(outputs, leaves, cotangents, create_graph, strict, "vjp")
    outputs = outputs if create_graph else tuple(o.detach() for o in outputs)
    return _unwrapped(single_out, outputs), _unwrapped(single_in, results)


@_recording
def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(x), J·v)``: the directional derivative of the outputs along ``v``.

    Reverse mode twice: ``uᵀJ`` is linear in ``u``, and the gradient of ``uᵀJ·v`` with respect to ``u`` is ``J·v``.
    Raises ValueError where ``v`` and the inputs differ in shape.
    """
    _, leaves = _leaves(inputs, create_graph)
    single_out, outputs = _called(func, leaves)
    tangents = (v,) if isinstance(v, Tensor) else tuple(v) if v is not None else tuple(_one(x, "jvp") for x in leaves)
    for x, t in zip(leaves, tangents, strict=True):
        if x.shape != t.shape:
            raise ValueError(f"jvp: v has shape {t.shape}, its input {x.shape}: they must be the same")
    dummies = tuple(zeros_like(o).requires_grad_() for o in outputs)
    pulled = _gradients(outputs, leaves, dummies, True, strict, "jvp")
    total = [(p, t) for p, t in zip(pulled, tangents, strict=True) if p.requires_grad]
    results = _gradients([p for p, _ in total], dummies, [t for _, t in total], create_graph, False, "jvp")
    outputs = outputs if create_graph else tuple(o.detach() for o in outputs)
    return _unwrapped(single_out, outputs), _unwrapped(single_out, results)


def _one(x: Tensor, name: str) -> Tensor:
    if x.numel() != 1:
        raise ValueError(f"{name}: v may be left out only for an input of one element, this one has shape {x.shape}")
    return Tensor(np.ones_like(x._array))


@_recording
def jacobian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """J[i][j] of shape (*output i, *input j): one backward pass for each output element.

    With one output the result is a tuple over the inputs, with one input too a single tensor, as in PyTorch.
    """
    single_in, leaves = _leaves(inputs, create_graph)
    single_out, outputs = _called(func, leaves)
    rows = []
    for output in outputs:
        columns: list[list[Tensor]] = [[] for _ in leaves]
        for index in np.ndindex(output.shape):
            one = np.zeros_like(output._array)
            one[index] = 1
            results = _gradients([output], leaves, [Tensor(one)], create_graph, strict, "jacobian")
            for column, result in zip(columns, results, strict=True):
                column.append(result)
        rows.append(_unwrapped(single_in, [_stacked(c, output, x) for c, x in zip(columns, leaves, strict=True)]))
    return _unwrapped(single_out, rows)


def _stacked(results: list[Tensor], output: Tensor, x: Tensor) -> Tensor:
    if not results:
        return Tensor(device.filled((*output.shape, *x.shape), 0, x))
    return stack(results).reshape((*output.shape, *x.shape))


@_recording
def hessian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """H[i][j] = ∂²func/∂xᵢ∂xⱼ of shape (*input i, *input j), for a func with one element: its gradient's Jacobian."""
    single_in, leaves = _leaves(inputs, create_graph)

    def gradient(*xs):
        value = _scalar(func, xs, "hessian")
        return tuple(_gradients([value], xs, [None], True, strict, "hessian"))

    rows = jacobian(gradient, leaves, create_graph=create_graph, strict=strict)
    return rows[0][0] if single_in else rows


def _scalar(func, xs, name: str) -> Tensor:
    value = func(*xs)
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise RuntimeError(
            f"{name}: a function with one number as result expected, got {getattr(value, 'shape', value)}"
        )
    return value.reshape(())


@_recording
def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(x), H·v)`` without building the Hessian: the gradient of ``∇func · v``."""
    single_in, leaves = _leaves(inputs, create_graph)
    value = _scalar(func, leaves, "hvp")
    vectors = (v,) if isinstance(v, Tensor) else tuple(v) if v is not None else tuple(_one(x, "hvp") for x in leaves)
    first = _gradients([value], leaves, [None], True, strict, "hvp")
    along = [sum(f * w) for f, w in zip(first, vectors, strict=True) if f.requires_grad]
    results = _gradients(along, leaves, [None] * len(along), create_graph, strict, "hvp")
    return value if create_graph else value.detach(), _unwrapped(single_in, results)


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(x), vᵀ·H)``; the Hessian is symmetric, so this is ``hvp``."""
    return hvp(func, inputs, v, create_graph, strict)
