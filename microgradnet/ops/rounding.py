"""Absolute value, sign and rounding."""

import numpy as np

from ..elementwise import elementwise


@elementwise(formula="sign x", derivative_formula="0", numpy=np.sign, intrinsic=True)
def sign(x):
    """−1, 0 or 1; NaN stays NaN."""


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
