"""Exponentials, logarithms and roots."""

import numpy as np

from ..elementwise import elementwise


@elementwise(formula="eˣ", derivative_formula="eˣ", integers="float", intrinsic=True)
def exp(x):
    """``e ** x``."""


@exp.derivative
def _(x, y):
    return y


@elementwise(formula="ln x", derivative_formula="1/x", integers="float", intrinsic=True)
def log(x):
    """Natural logarithm; −inf at 0, NaN below."""


@log.derivative
def _(x):
    return 1 / x


@elementwise(formula="√x", derivative_formula="1/(2√x)", integers="float", numpy=np.sqrt, intrinsic=True)
def sqrt(x):
    """Square root; its derivative at 0 is inf."""


@sqrt.derivative
def _(x, y):
    return 0.5 / y


@elementwise(formula="eˣ − 1", derivative_formula="eˣ", integers="float", intrinsic=True)
def expm1(x):
    """``exp(x) - 1`` without cancellation near 0."""


@expm1.derivative
def _(x, y):
    return y + 1


@elementwise(formula="ln(1 + x)", derivative_formula="1/(1 + x)", integers="float", intrinsic=True)
def log1p(x):
    """``log(1 + x)`` without cancellation near 0."""


@log1p.derivative
def _(x):
    return 1 / (1 + x)


@elementwise(formula="erf x", derivative_formula="2/√π·e^(−x²)", integers="float", intrinsic=True)
def erf(x):
    """The error function ``2/√π ∫₀ˣ exp(-t²) dt``."""


@erf.derivative
def _(x):
    return 1.1283791670955126 * exp(-x * x)


METHODS = (exp, log, sqrt, expm1, log1p, erf)
