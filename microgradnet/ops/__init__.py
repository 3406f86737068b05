"""Every op, by family. Each is declared once, in its family's file, and is from there a function and a Tensor method.

A family's ``METHODS`` are the functions that a tensor has too, with itself as the first argument.
"""

import inspect

from .. import choice
from ..backends.device import is_array, np
from ..primitive import Primitive, broadcast_to
from ..tensor import Tensor
from .arrays import (
    conversion,
    creation,
    diagonals,
    indexing,
    joining,
    padding,
    rearranging,
    scatter,
    shape,
    shuffling,
    sorting,
    splitting,
    unfolding,
    writing,
)
from .arrays import sampling as stochastic
from .elementwise import activation, arithmetic, comparison, exponential, rounding, special, trigonometric
from .linalg import bilinear, decompositions, distance, einsum, products, svd
from .linalg import matmul as linalg
from .nn import attention, convolution, embedding, interpolation, normalization, pooling
from .nn.losses import binary as binary_loss
from .nn.losses import classification as loss
from .nn.losses import ctc
from .nn.losses import margin as margin_loss
from .nn.losses import regression as regression_loss
from .reduce import cumulative, norms, reduction, statistics

FAMILIES = (
    arithmetic,
    exponential,
    trigonometric,
    special,
    rounding,
    comparison,
    choice,
    activation,
    reduction,
    cumulative,
    sorting,
    statistics,
    norms,
    svd,
    linalg,
    shape,
    stochastic,
    joining,
    splitting,
    rearranging,
    diagonals,
    indexing,
    scatter,
    convolution,
    creation,
    pooling,
    loss,
    products,
    einsum,
    decompositions,
    unfolding,
    padding,
    shuffling,
    regression_loss,
    binary_loss,
    distance,
    margin_loss,
    normalization,
    embedding,
    attention,
    bilinear,
    interpolation,
    ctc,
)

OPERATORS = {
    "add": arithmetic._add,
    "sub": arithmetic.sub,
    "mul": arithmetic.mul,
    "truediv": arithmetic._div,
    "floordiv": arithmetic.floor_divide,
    "mod": arithmetic.remainder,
    "pow": arithmetic.pow,
    "matmul": linalg.matmul,
    "and": comparison.bitwise_and,
    "or": comparison.bitwise_or,
    "xor": comparison.bitwise_xor,
}
ELEMENTWISE = (arithmetic, exponential, trigonometric, special, rounding, activation)
WRITES = (
    "fill",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "masked_fill",
    "masked_scatter",
    "scatter",
    "scatter_add",
    "scatter_reduce",
)
ONE_SIDED = {
    "neg": arithmetic.neg,
    "pos": rounding.positive,
    "abs": rounding.abs,
    "invert": comparison.bitwise_not,
    "getitem": indexing.getitem,
}
COMPARISONS = (comparison.eq, comparison.ne, comparison.lt, comparison.le, comparison.gt, comparison.ge)
_OPERANDS = (Tensor, int, float, np.ndarray, np.generic)


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


def _operator(op):
    """``op`` as an operator: an operand that is no tensor, array or number is left to that operand's own class."""

    def operator(a, b):
        return op(a, b) if isinstance(b, _OPERANDS) or is_array(b) else NotImplemented

    return operator


def _in_place_forms() -> dict:
    """``name_`` -> method, for every elementwise method and for the writes by index."""
    ops = [op for family in ELEMENTWISE for op in getattr(family, "METHODS", ())]
    ops += [op for family in FAMILIES for op in getattr(family, "METHODS", ()) if op.__name__ in WRITES]
    return {f"{op.__name__}_": writing.in_place(op) for op in ops}


def _attach() -> None:
    for family in FAMILIES:
        for op in getattr(family, "METHODS", ()):
            setattr(Tensor, op.__name__, _method(op))
    for name, op in OPERATORS.items():
        setattr(Tensor, f"__{name}__", _operator(op))
        setattr(Tensor, f"__r{name}__", _operator(lambda a, b, op=op: op(b, a)))
        setattr(Tensor, f"__i{name}__", writing.in_place(op))
    Tensor.__rdiv__ = Tensor.__rtruediv__  # the name that PyTorch keeps from Python 2
    for name, method in (_in_place_forms() | conversion.ATTACHED | shape.ATTACHED).items():
        setattr(Tensor, name, method)
    Tensor.__setitem__ = indexing.setitem
    Tensor.copy_, Tensor.zero_ = writing.copy_, writing.zero_
    for op in COMPARISONS:
        setattr(Tensor, f"__{op.name}__", _operator(op))
    for name, op in ONE_SIDED.items():
        setattr(Tensor, f"__{name}__", _method(op))
    Tensor.where = lambda self, condition, other: choice.where(condition, self, other)


_attach()
_names = {name: value for family in FAMILIES for name, value in _public(family).items()}
globals().update(_names)
__all__ = [*_names, "broadcast_to"]
