"""Arithmetic, elementwise with broadcasting. NumPy computes these: they are one pass over memory."""

import operator

import numpy as np

from ..elementwise import elementwise
from .comparison import where
from .exponential import log


@elementwise(formula="x + y", derivative_formula="1, 1", numpy=np.add)
def add(x, y):
    """``x + y``."""
    return x + y


@add.derivative
def _(x, y):
    return 1, 1


@elementwise(formula="x − y", derivative_formula="1, −1", numpy=np.subtract)
def sub(x, y):
    """``x - y``."""
    return x - y


@sub.derivative
def _(x, y):
    return 1, -1


@elementwise(formula="x·y", derivative_formula="y, x", numpy=np.multiply)
def mul(x, y):
    """``x * y``."""
    return x * y


@mul.derivative
def _(x, y):
    return y, x


@elementwise(formula="x / y", derivative_formula="1/y, −x/y²", numpy=np.true_divide, integers="float")
def div(x, y):
    """``x / y``; integers give the default floating dtype."""
    return x / y


@div.derivative
def _(x, y, out):
    return 1 / y, -out / y


@elementwise(formula="xʸ", derivative_formula="y·xʸ⁻¹, xʸ·ln x", numpy=operator.pow)
def _pow(x, y):
    """``x ** y``. At ``y = 0`` the derivative to x is 0; at ``x = 0`` that to y is 0 where ``y >= 0``."""
    return x**y


@_pow.derivative
def _(x, y, out):
    return where(y == 0, 0, y * x ** (y - 1)), where((x == 0) & (y >= 0), 0, out * log(x))


@elementwise(formula="xⁿ", derivative_formula="n·xⁿ⁻¹", numpy=operator.pow)
def power(x, n=2):
    """``x ** n`` for a number ``n``; the derivative for ``n = 0`` is 0."""
    return x**n


@power.derivative
def _(x, n):
    return n * x ** (n - 1) if n != 0 else 0


def pow(x, exponent):
    """``x ** exponent``, elementwise; a number or a tensor on either side."""
    return power(x, exponent) if isinstance(exponent, int | float) else _pow(x, exponent)


@elementwise(formula="−x", derivative_formula="−1", numpy=np.negative)
def neg(x):
    """``-x``."""
    return -x


@neg.derivative
def _(x):
    return -1


@elementwise(formula="max(x, y)", derivative_formula="[x > y], [y > x], ½ at a tie", numpy=np.maximum)
def maximum(x, y):
    """The larger; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""
    return where(x >= y, x, y)


@maximum.derivative
def _(x, y):
    return where(x > y, 1, where(x == y, 0.5, 0)), where(y > x, 1, where(x == y, 0.5, 0))


@elementwise(formula="min(x, y)", derivative_formula="[x < y], [y < x], ½ at a tie", numpy=np.minimum)
def minimum(x, y):
    """The smaller; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""
    return where(x <= y, x, y)


@minimum.derivative
def _(x, y):
    return where(x < y, 1, where(x == y, 0.5, 0)), where(y < x, 1, where(x == y, 0.5, 0))


METHODS = (add, sub, mul, div, neg, pow, maximum, minimum)
