"""Every op, by family. Each is declared once, in its family's file, and is from there a function and a Tensor method.

A family's ``METHODS`` are the functions that a tensor has too, with itself as the first argument.
"""

import inspect

from ..primitive import Primitive
from ..tensor import Tensor
from . import (
    activation,
    arithmetic,
    comparison,
    convolution,
    exponential,
    indexing,
    linalg,
    loss,
    pooling,
    reduction,
    rounding,
    shape,
)

FAMILIES = (
    arithmetic,
    exponential,
    rounding,
    comparison,
    activation,
    reduction,
    linalg,
    shape,
    indexing,
    convolution,
    pooling,
    loss,
)

OPERATORS = {
    "add": arithmetic.add,
    "sub": arithmetic.sub,
    "mul": arithmetic.mul,
    "truediv": arithmetic.div,
    "pow": arithmetic.pow,
    "matmul": linalg.matmul,
    "and": comparison.bitwise_and,
    "or": comparison.bitwise_or,
}
ONE_SIDED = {
    "neg": arithmetic.neg,
    "abs": rounding.abs,
    "invert": comparison.bitwise_not,
    "getitem": indexing.getitem,
    **{op.name: op for op in (comparison.eq, comparison.ne, comparison.lt, comparison.le, comparison.gt, comparison.ge)},
}


def _public(family) -> dict:
    """The ops and functions that ``family`` itself defines."""
    return {
        name: value
        for name, value in vars(family).items()
        if not name.startswith("_")
        and (isinstance(value, Primitive) or inspect.isfunction(value))
        and value.__module__ == family.__name__
    }


def _method(op):
    def method(self, *args, **kwargs):
        return op(self, *args, **kwargs)

    method.__name__, method.__doc__ = op.__name__, op.__doc__
    return method


def _attach() -> None:
    for family in FAMILIES:
        for op in getattr(family, "METHODS", ()):
            setattr(Tensor, op.__name__, _method(op))
    for name, op in OPERATORS.items():
        setattr(Tensor, f"__{name}__", lambda a, b, op=op: op(a, b))
        setattr(Tensor, f"__r{name}__", lambda a, b, op=op: op(b, a))
    for name, op in ONE_SIDED.items():
        setattr(Tensor, f"__{name}__", _method(op))


_attach()
_names = {name: value for family in FAMILIES for name, value in _public(family).items()}
globals().update(_names)
__all__ = list(_names)
