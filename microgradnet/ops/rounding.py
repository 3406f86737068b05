"""Absolute value, sign and rounding."""

import numpy as np

from ..elementwise import elementwise
from .comparison import where


@elementwise(formula="sign x", derivative_formula="0")
def sign(x):
    """−1, 0 or 1; 0 for NaN, as in PyTorch."""
    return where(x > 0, 1, where(x < 0, -1, 0))


@sign.derivative
def _(x):
    return 0


@elementwise(formula="|x|", derivative_formula="sign x", numpy=np.abs, intrinsic=True)
def abs(x):
    """Absolute value; derivative 0 at 0."""


@abs.derivative
def _(x):
    return sign(x)


METHODS = (sign, abs)
