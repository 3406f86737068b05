"""Trigonometric and hyperbolic functions, and their inverses. Angles are in radians."""

import math

from ...choice import where
from ...elementwise import elementwise
from .exponential import LIBM, POLYNOMIAL, exp, log, sqrt


@elementwise(formula="sin x", derivative_formula="cos x", integers="float", intrinsic=True, because=POLYNOMIAL)
def sin(x):
    """Sine; NaN at ±inf."""
    return math.sin(x)


@sin.derivative
def _(x):
    return cos(x)


@elementwise(formula="cos x", derivative_formula="−sin x", integers="float", intrinsic=True, because=POLYNOMIAL)
def cos(x):
    """Cosine; NaN at ±inf."""
    return math.cos(x)


@cos.derivative
def _(x):
    return -sin(x)


@elementwise(formula="tan x", derivative_formula="1 + y²", integers="float", intrinsic=True, because=POLYNOMIAL)
def tan(x):
    """Tangent."""
    return sin(x) / cos(x)


@tan.derivative
def _(x, out):
    return 1 + out * out


@elementwise(formula="arcsin x", derivative_formula="1/√(1 − x²)", integers="float", intrinsic=True, because=LIBM)
def asin(x):
    """The angle in [−π/2, π/2] whose sine is ``x``; NaN outside [−1, 1]."""
    return math.asin(x)


@asin.derivative
def _(x):
    return 1 / sqrt(1 - x * x)


@elementwise(formula="arccos x", derivative_formula="−1/√(1 − x²)", integers="float", intrinsic=True, because=LIBM)
def acos(x):
    """The angle in [0, π] whose cosine is ``x``; NaN outside [−1, 1]."""
    return math.acos(x)


@acos.derivative
def _(x):
    return -1 / sqrt(1 - x * x)


@elementwise(formula="arctan x", derivative_formula="1/(1 + x²)", integers="float", intrinsic=True, because=LIBM)
def atan(x):
    """The angle in (−π/2, π/2) whose tangent is ``x``."""
    return math.atan(x)


@atan.derivative
def _(x):
    return 1 / (1 + x * x)


@elementwise(formula="sinh x", derivative_formula="cosh x", integers="float", intrinsic=True, because=POLYNOMIAL)
def sinh(x):
    """``(exp(x) - exp(-x)) / 2``."""
    return (exp(x) - exp(-x)) / 2


@sinh.derivative
def _(x):
    return cosh(x)


@elementwise(formula="cosh x", derivative_formula="sinh x", integers="float", intrinsic=True, because=POLYNOMIAL)
def cosh(x):
    """``(exp(x) + exp(-x)) / 2``."""
    return (exp(x) + exp(-x)) / 2


@cosh.derivative
def _(x):
    return sinh(x)


@elementwise(formula="arsinh x", derivative_formula="1/√(x² + 1)", integers="float", intrinsic=True, because=LIBM)
def asinh(x):
    """The inverse of ``sinh``."""
    return log(x + sqrt(x * x + 1))


@asinh.derivative
def _(x):
    return 1 / sqrt(x * x + 1)


@elementwise(formula="arcosh x", derivative_formula="1/√(x² − 1)", integers="float", intrinsic=True, because=LIBM)
def acosh(x):
    """The inverse of ``cosh`` that is not negative; NaN below 1."""
    return log(x + sqrt(x * x - 1))


@acosh.derivative
def _(x):
    return 1 / sqrt(x * x - 1)


@elementwise(formula="artanh x", derivative_formula="1/(1 − x²)", integers="float", intrinsic=True, because=LIBM)
def atanh(x):
    """The inverse of ``tanh``; ±inf at ±1, NaN outside [−1, 1]."""
    return 0.5 * log((1 + x) / (1 - x))


@atanh.derivative
def _(x):
    return 1 / (1 - x * x)


@elementwise(formula="x·π/180", derivative_formula="π/180", integers="float")
def deg2rad(x):
    """Degrees as radians."""
    return x * 0.017453292519943295


@deg2rad.derivative
def _(x):
    return 0.017453292519943295


@elementwise(formula="x·180/π", derivative_formula="180/π", integers="float")
def rad2deg(x):
    """Radians as degrees."""
    return x * 57.29577951308232


@rad2deg.derivative
def _(x):
    return 57.29577951308232


@elementwise(
    formula="atan2(y, x)",
    derivative_formula="0 if x = y = 0 else x/(x² + y²), 0 if x = y = 0 else −y/(x² + y²)",
    integers="float",
    intrinsic=True,
    because=LIBM,
)
def atan2(y, x):
    """The angle of the point (x, y) in (−π, π]; its derivative at the origin is 0, as in PyTorch."""
    return math.atan2(y, x)


@atan2.derivative
def _(y, x):
    r = x * x + y * y
    return where(r == 0, 0, x / r), where(r == 0, 0, -y / r)


@elementwise(formula="√(x² + y²)", derivative_formula="x/out, y/out", integers="float", intrinsic=True, because=LIBM)
def hypot(x, y):
    """``sqrt(x² + y²)`` without overflow; NaN as derivative at the origin, as in PyTorch."""
    return sqrt(x * x + y * y)


@hypot.derivative
def _(x, y, out):
    return x / out, y / out


METHODS = (sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, deg2rad, rad2deg, atan2, hypot)
