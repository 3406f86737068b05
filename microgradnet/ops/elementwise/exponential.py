"""Exponentials, logarithms and roots."""

from ...backends.device import np
from ...choice import where
from ...elementwise import elementwise


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


@elementwise(formula="erf x", derivative_formula="2·e^(−x²)/√π", integers="float", intrinsic=True)
def erf(x):
    """The error function ``2/√π ∫₀ˣ exp(-t²) dt``."""


@erf.derivative
def _(x):
    return 1.1283791670955126 * exp(-x * x)


@elementwise(formula="2ˣ", derivative_formula="2ˣ·ln 2", integers="float", intrinsic=True)
def exp2(x):
    """``2 ** x``."""


@exp2.derivative
def _(x, y):
    return y * 0.6931471805599453


@elementwise(formula="log₂ x", derivative_formula="1/(x·ln 2)", integers="float", intrinsic=True)
def log2(x):
    """Logarithm to base 2."""


@log2.derivative
def _(x):
    return 1 / (x * 0.6931471805599453)


@elementwise(formula="log₁₀ x", derivative_formula="1/(x·ln 10)", integers="float", intrinsic=True)
def log10(x):
    """Logarithm to base 10."""


@log10.derivative
def _(x):
    return 1 / (x * 2.302585092994046)


@elementwise(formula="1/√x", derivative_formula="−1/(2x√x)", integers="float", intrinsic=True)
def rsqrt(x):
    """``1 / sqrt(x)``."""


@rsqrt.derivative
def _(x, y):
    return -0.5 * y * y * y


@elementwise(
    formula="ln(eˣ + eʸ)", derivative_formula="1/(1 + eʸ⁻ˣ), 1/(1 + eˣ⁻ʸ)", integers="float", numpy=np.logaddexp
)
def logaddexp(x, y):
    """``log(exp(x) + exp(y))``, shifted by the larger so that nothing overflows."""
    return where(x > y, x + log1p(exp(y - x)), y + log1p(exp(x - y)))


@logaddexp.derivative
def _(x, y):
    return 1 / (1 + exp(y - x)), 1 / (1 + exp(x - y))


@elementwise(
    formula="log₂(2ˣ + 2ʸ)", derivative_formula="1/(1 + 2ʸ⁻ˣ), 1/(1 + 2ˣ⁻ʸ)", integers="float", numpy=np.logaddexp2
)
def logaddexp2(x, y):
    """``log2(2**x + 2**y)``, shifted by the larger so that nothing overflows."""
    return where(x > y, x + log2(1 + exp2(y - x)), y + log2(1 + exp2(x - y)))


@logaddexp2.derivative
def _(x, y):
    return 1 / (1 + exp2(y - x)), 1 / (1 + exp2(x - y))


METHODS = (exp, log, sqrt, expm1, log1p, erf, exp2, log2, log10, rsqrt, logaddexp, logaddexp2)
