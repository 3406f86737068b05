"""Exponentials, logarithms and roots."""

import math

from ...backends.device import np
from ...choice import where
from ...elementwise import elementwise
from .rounding import abs

# Why the functions of scalar_math are used in place of the definitions here.
POLYNOMIAL = "a loop over a polynomial without branches is SIMD code; and the definition may overflow or cancel"
LIBM = "in float32 it is computed in float64 and rounded; and the definition may overflow or cancel"


@elementwise(formula="eˣ", derivative_formula="eˣ", integers="float", intrinsic=True, because=POLYNOMIAL)
def exp(x):
    """``e ** x``."""
    return math.exp(x)


@exp.derivative
def _(x, out):
    return out


@elementwise(formula="ln x", derivative_formula="1/x", integers="float", intrinsic=True, because=POLYNOMIAL)
def log(x):
    """Natural logarithm; −inf at 0, NaN below."""
    return math.log(x)


@log.derivative
def _(x):
    return 1 / x


@elementwise(formula="√x", derivative_formula="1/(2√x)", integers="float")
def sqrt(x):
    """Square root; its derivative at 0 is inf."""
    return np.sqrt(x)


@sqrt.derivative
def _(x, out):
    return 0.5 / out


@elementwise(formula="eˣ − 1", derivative_formula="eˣ", integers="float", intrinsic=True, because=POLYNOMIAL)
def expm1(x):
    """``exp(x) - 1`` without cancellation near 0."""
    return exp(x) - 1


@expm1.derivative
def _(x, out):
    return out + 1


@elementwise(formula="ln(1 + x)", derivative_formula="1/(1 + x)", integers="float", intrinsic=True, because=POLYNOMIAL)
def log1p(x):
    """``log(1 + x)`` without cancellation near 0."""
    return log(1 + x)


@log1p.derivative
def _(x):
    return 1 / (1 + x)


@elementwise(formula="erf x", derivative_formula="2·e^(−x²)/√π", integers="float", intrinsic=True, because=POLYNOMIAL)
def erf(x):
    """The error function ``2/√π ∫₀ˣ exp(-t²) dt``."""
    return math.erf(x)


@erf.derivative
def _(x):
    return 1.1283791670955126 * exp(-x * x)


@elementwise(formula="2ˣ", derivative_formula="2ˣ·ln 2", integers="float", intrinsic=True, because=POLYNOMIAL)
def exp2(x):
    """``2 ** x``."""
    return 2**x


@exp2.derivative
def _(x, out):
    return out * 0.6931471805599453


@elementwise(formula="log₂ x", derivative_formula="1/(x·ln 2)", integers="float", intrinsic=True, because=POLYNOMIAL)
def log2(x):
    """Logarithm to base 2."""
    return math.log2(x)


@log2.derivative
def _(x):
    return 1 / (x * 0.6931471805599453)


@elementwise(formula="log₁₀ x", derivative_formula="1/(x·ln 10)", integers="float", intrinsic=True, because=POLYNOMIAL)
def log10(x):
    """Logarithm to base 10."""
    return math.log10(x)


@log10.derivative
def _(x):
    return 1 / (x * 2.302585092994046)


@elementwise(formula="1/√x", derivative_formula="−1/(2x√x)", integers="float", intrinsic=True, because=POLYNOMIAL)
def rsqrt(x):
    """``1 / sqrt(x)``."""
    return 1 / sqrt(x)


@rsqrt.derivative
def _(x, out):
    return -0.5 * out * out * out


@elementwise(formula="ln(eˣ + eʸ)", derivative_formula="1/(1 + eʸ⁻ˣ), 1/(1 + eˣ⁻ʸ)", integers="float")
def logaddexp(x, y):
    """``log(exp(x) + exp(y))``, shifted by the larger so that nothing overflows."""
    return where(x == y, x + 0.6931471805599453, where(x > y, x, y) + log1p(exp(-abs(x - y))))


@logaddexp.derivative
def _(x, y):
    return 1 / (1 + exp(y - x)), 1 / (1 + exp(x - y))


@elementwise(formula="log₂(2ˣ + 2ʸ)", derivative_formula="1/(1 + 2ʸ⁻ˣ), 1/(1 + 2ˣ⁻ʸ)", integers="float")
def logaddexp2(x, y):
    """``log2(2**x + 2**y)``, shifted by the larger so that nothing overflows."""
    more = log1p(exp2(-abs(x - y))) * 1.4426950408889634  # in units of ln 2: log₂(1 + …)
    return where(x == y, x + 1, where(x > y, x, y) + more)


@logaddexp2.derivative
def _(x, y):
    return 1 / (1 + exp2(y - x)), 1 / (1 + exp2(x - y))


METHODS = (exp, log, sqrt, expm1, log1p, erf, exp2, log2, log10, rsqrt, logaddexp, logaddexp2)
