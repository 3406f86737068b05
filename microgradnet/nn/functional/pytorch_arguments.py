"""Activations with PyTorch's extra arguments: ``inplace``, ``dtype`` and an optional ``dim``."""

import functools
import inspect

from ...ops.arrays import writing
from ...ops.elementwise import activation as ops
from ...ops.reduce import reduction


def _with_inplace(op):
    """``op`` with a last argument ``inplace``: if true, the result overwrites the input."""
    count = len(op.parameters) if hasattr(op, "parameters") else op.__code__.co_argcount
    write = writing.in_place(op)

    @functools.wraps(op, updated=())
    def activation(input, *args, inplace=False, **kwargs):
        if len(args) == count:
            *args, inplace = args
        return (write if inplace else op)(input, *args, **kwargs)

    signature = inspect.signature(op)
    inplace = inspect.Parameter("inplace", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=bool)
    activation.__signature__ = signature.replace(parameters=[*signature.parameters.values(), inplace])
    return activation


relu = _with_inplace(ops.relu)
relu6 = _with_inplace(ops.relu6)
leaky_relu = _with_inplace(ops.leaky_relu)
elu = _with_inplace(ops.elu)
celu = _with_inplace(ops.celu)
selu = _with_inplace(ops.selu)
silu = _with_inplace(ops.silu)
mish = _with_inplace(ops.mish)
hardtanh = _with_inplace(ops.hardtanh)
hardsigmoid = _with_inplace(ops.hardsigmoid)
hardswish = _with_inplace(ops.hardswish)
_threshold = _with_inplace(ops.threshold)


def threshold(input, threshold, value, inplace=False):
    """``input`` above ``threshold``, ``value`` at it and below."""
    return _threshold(input, threshold, value, inplace=inplace)


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``exp(x) / sum(exp(x))`` along ``dim``, by default 0 for a 0-, 1- or 3-d input, else 1."""
    return reduction.softmax(input if dtype is None else input.to(dtype), _dim(input, dim))


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``log(softmax(input))`` without its overflow; ``dim`` as in ``softmax``."""
    return reduction.log_softmax(input if dtype is None else input.to(dtype), _dim(input, dim))


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """``softmax(-input)``; ``dim`` as in ``softmax``."""
    return softmax(-input, dim, dtype=dtype)


def _dim(input, dim) -> int:
    return dim if dim is not None else 0 if input.ndim in (0, 1, 3) else 1
