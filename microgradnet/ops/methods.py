"""The ops that are also methods and operators of Tensor, and in which form.

A file's ``METHODS`` are the functions that a tensor has too, with itself as the first argument; an elementwise one also
has a form that writes in place. ``tensor_methods.pyi`` says the same to type checkers and editors; ``signatures``
writes it from what is attached here.
"""

import inspect
from collections.abc import Callable
from typing import Any

from .. import choice
from ..primitive import operator
from ..tensor import Tensor
from ..typing import Operand
from .arrays import (
    conversion,
    creation,
    diagonals,
    indexing,
    joining,
    rearranging,
    scatter,
    shape,
    sorting,
    splitting,
    writing,
)
from .arrays import sampling as stochastic
from .elementwise import activation, arithmetic, comparison, exponential, rounding, special, trigonometric
from .linalg import decompositions, products, svd
from .linalg import matmul as linalg
from .reduce import cumulative, norms, reduction, statistics

FAMILIES = (
    arithmetic,
    exponential,
    trigonometric,
    special,
    rounding,
    comparison,
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
    creation,
    products,
    decompositions,
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


def method(op: Callable[..., Any]) -> Callable[..., Any]:
    """``op`` as a method of Tensor. A function is one already; a Primitive is wrapped in one."""
    if inspect.isfunction(op):
        return op
    return as_signed(lambda self, *args, **kwargs: op(self, *args, **kwargs), op)


def as_signed(method: Callable[..., Any], op: Any) -> Callable[..., Any]:
    """``method``, showing name, text and parameters of ``op`` to ``help`` and ``inspect``."""
    method.__name__, method.__doc__ = method.__name__.replace("<lambda>", op.__name__), op.__doc__ or method.__doc__
    setattr(method, "__wrapped__", op)  # noqa: B010 (what functools.wraps sets)
    return method


def _where(self: Tensor, condition: Operand, other: Operand) -> Tensor:
    """This tensor's elements where ``condition`` is true, else those of ``other``."""
    return choice.where(condition, self, other)


def in_place_forms() -> dict[str, Callable[..., Any]]:
    """``name_`` -> method, for every elementwise method and for the writes by index."""
    ops = [op for family in ELEMENTWISE for op in getattr(family, "METHODS", ())]
    ops += [op for family in FAMILIES for op in getattr(family, "METHODS", ()) if op.__name__ in WRITES]
    return {f"{op.__name__}_": as_signed(writing.in_place(op), op) for op in ops}


def attached() -> dict[str, Callable[..., Any]]:
    """Every method and operator that ops give Tensor, by its name."""
    methods = {op.__name__: method(op) for family in FAMILIES for op in getattr(family, "METHODS", ())}
    for name, op in OPERATORS.items():
        methods[f"__{name}__"] = operator(op, f"__{name}__")
        methods[f"__r{name}__"] = operator(op, f"__r{name}__", reflected=True)
        methods[f"__i{name}__"] = as_signed(writing.in_place(op), op)
    methods["__rdiv__"] = methods["__rtruediv__"]  # the name that PyTorch keeps from Python 2
    methods |= in_place_forms() | conversion.ATTACHED
    methods |= {f"__{op.name}__": operator(op, f"__{op.name}__") for op in COMPARISONS}
    methods |= {f"__{name}__": method(op) for name, op in ONE_SIDED.items()}
    return methods | {
        "__setitem__": indexing.setitem,
        "copy_": writing.copy_,
        "zero_": writing.zero_,
        "where": _where,
    }


METHODS = attached()
for _name, _value in METHODS.items():
    setattr(Tensor, _name, _value)
