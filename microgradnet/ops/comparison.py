"""Comparisons and choice. A comparison's result is a constant; ``where`` passes the gradient to what it chose."""

import numpy as np

from .. import dtypes
from ..elementwise import elementwise
from ..primitive import primitive


@elementwise(formula="[x = y]", numpy=np.equal, differentiable=False)
def eq(x, y):
    """Where ``x == y``, as booleans."""
    return x == y


@elementwise(formula="[x ≠ y]", numpy=np.not_equal, differentiable=False)
def ne(x, y):
    """Where ``x != y``, as booleans."""
    return x != y


@elementwise(formula="[x < y]", numpy=np.less, differentiable=False)
def lt(x, y):
    """Where ``x < y``, as booleans."""
    return x < y


@elementwise(formula="[x ≤ y]", numpy=np.less_equal, differentiable=False)
def le(x, y):
    """Where ``x <= y``, as booleans."""
    return x <= y


@elementwise(formula="[x > y]", numpy=np.greater, differentiable=False)
def gt(x, y):
    """Where ``x > y``, as booleans."""
    return x > y


@elementwise(formula="[x ≥ y]", numpy=np.greater_equal, differentiable=False)
def ge(x, y):
    """Where ``x >= y``, as booleans."""
    return x >= y


@elementwise(formula="x ∧ y", numpy=np.bitwise_and, differentiable=False)
def bitwise_and(x, y):
    """``x & y`` of booleans or integers."""
    return x & y


@elementwise(formula="x ∨ y", numpy=np.bitwise_or, differentiable=False)
def bitwise_or(x, y):
    """``x | y`` of booleans or integers."""
    return x | y


@elementwise(formula="¬x", numpy=np.invert, differentiable=False)
def bitwise_not(x):
    """``~x`` of booleans or integers."""
    return ~x


@primitive(formula="x if c else y")
def where(condition, x, y):
    """``x`` where ``condition`` is true, else ``y``; all three broadcast. In a scalar function: a select."""
    dtype = dtypes.result_type(x, y)
    return np.where(condition, np.asarray(x, dtype), np.asarray(y, dtype))


where.vjp(
    x=lambda g, condition: where(condition, g, 0),
    y=lambda g, condition: where(condition, 0, g),
)

METHODS = (eq, ne, lt, le, gt, ge, bitwise_and, bitwise_or, bitwise_not)
