"""Special functions: of the error function's family, the gamma function's, and forms that keep their precision."""

import math
from math import nan

from ...choice import where
from ...elementwise import elementwise
from ...tensor import Tensor
from .exponential import LIBM, POLYNOMIAL, erf, exp, log
from .rounding import clamp
from .trigonometric import cos, sin, tan


@elementwise(
    formula="1 − erf x", derivative_formula="−2·e^(−x²)/√π", integers="float", intrinsic=True, because=POLYNOMIAL
)
def erfc(x):
    """``1 - erf(x)`` without cancellation for large ``x``."""
    return 1 - erf(x)


@erfc.derivative
def _(x):
    return -1.1283791670955126 * exp(-x * x)


@elementwise(formula="erf⁻¹ x", derivative_formula="√π·e^(y²)/2", integers="float", intrinsic=True, because=POLYNOMIAL)
def erfinv(x):
    """The inverse of ``erf``; ±inf at ±1, NaN outside [−1, 1]."""
    y = 0 * x
    for _ in range(60):  # Newton's method on erf y = x, from below; as many steps as the last float64 before 1 takes
        y = y - (erf(y) - x) * (0.886226925452758 * exp(y * y))
    return y


@erfinv.derivative
def _(x, out):
    return 0.886226925452758 * exp(out * out)


@elementwise(formula="ln |Γ(x)|", derivative_formula="ψ(x)", integers="float", intrinsic=True, because=LIBM)
def lgamma(x):
    """The logarithm of the absolute value of the gamma function; inf at 0, −1, −2, …"""
    return math.lgamma(x)


@lgamma.derivative
def _(x):
    return digamma(x)


@elementwise(formula="ψ(x)", derivative_formula="ψ′(x)", integers="float", intrinsic=True, because=LIBM)
def digamma(x):
    """The derivative of ``lgamma``."""
    z = where(x < 0.5, 1 - x, x)
    s = 1 / z + 1 / (z + 1) + 1 / (z + 2) + 1 / (z + 3) + 1 / (z + 4) + 1 / (z + 5) + 1 / (z + 6) + 1 / (z + 7)
    r = 1 / ((z + 8) * (z + 8))
    tail = 1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12)))))
    up = log(z + 8) - 0.5 / (z + 8) - tail * r - s
    return where(x < 0.5, up - 3.141592653589793 / tan(3.141592653589793 * x), up)


@digamma.derivative
def _(x):
    return trigamma(x)


@elementwise(formula="ψ′(x)", integers="float")
def trigamma(x):
    """The derivative of ``digamma``: the recurrence ψ′(x) = ψ′(x + 1) + 1/x² up to x ≥ 8, then the asymptotic series.

    Negative ``x`` by reflection: ψ′(1 − x) + ψ′(x) = π²/sin²(πx). Abramowitz and Stegun, 6.4.7 and 6.4.12.
    """
    z = where(x < 0.5, 1 - x, x)
    s = 1 / (z * z) + 1 / ((z + 1) * (z + 1)) + 1 / ((z + 2) * (z + 2)) + 1 / ((z + 3) * (z + 3))
    s = s + 1 / ((z + 4) * (z + 4)) + 1 / ((z + 5) * (z + 5)) + 1 / ((z + 6) * (z + 6)) + 1 / ((z + 7) * (z + 7))
    r = 1 / ((z + 8) * (z + 8))
    tail = 1 / 6 - r * (1 / 30 - r * (1 / 42 - r * (1 / 30 - r * (5 / 66 - r * (691 / 2730)))))
    s = s + 1 / (z + 8) + r / 2 + tail * r / (z + 8)
    q = 3.141592653589793 / sin(3.141592653589793 * x)
    return where(x < 0.5, q * q - s, s)


@elementwise(formula="ln(x/(1 − x))", derivative_formula="1/(x·(1 − x)) if 0 ≤ x ≤ 1 else NaN", integers="float")
def _logit(x):
    return log(x / (1 - x))


@_logit.derivative
def _(x):
    return where((x < 0) | (x > 1), nan, 1 / (x * (1 - x)))


@elementwise(
    formula="1 if x = 0 else sin(πx)/(πx)", derivative_formula="0 if x = 0 else (cos(πx) − y)/x", integers="float"
)
def sinc(x):
    """``sin(πx)/(πx)``; 1 at 0, where its derivative is 0."""
    return where(x == 0, 1, sin(3.141592653589793 * x) / (3.141592653589793 * x))


@sinc.derivative
def _(x, out):
    return where(x == 0, 0, (cos(3.141592653589793 * x) - out) / x)


def logit(x: Tensor, eps: float | None = None) -> Tensor:
    """``log(x / (1 - x))``; with ``eps``, x is first clamped to [eps, 1 − eps]."""
    return _logit(x if eps is None else clamp(x, eps, 1 - eps))


@elementwise(
    formula="0 if x = 0 else x·ln y", derivative_formula="0 if x = 0 and y ≤ 0 else ln y, x/y", integers="float"
)
def xlogy(x, y):
    """``x * log(y)``, and 0 where ``x`` is 0 (unless ``y`` is NaN)."""
    return where((x == 0) & (y == y), 0, x * log(y))


@xlogy.derivative
def _(x, y):
    return where((x == 0) & (y <= 0), 0, log(y)), x / y


METHODS = (erfc, erfinv, lgamma, digamma, logit, sinc, xlogy)
