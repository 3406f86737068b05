"""Activation functions, each its maths and its derivative.

At a kink the derivative is PyTorch's: that of the flat side.
"""

from ..elementwise import elementwise
from .comparison import where
from .exponential import erf, exp, expm1, log1p
from .rounding import abs


@elementwise(formula="max(0, x)", derivative_formula="[x > 0]")
def relu(x):
    """``max(0, x)``; derivative 0 at 0. Nair and Hinton 2010."""
    return where(x <= 0, 0, x)


@relu.derivative
def _(x, y):
    return where(y <= 0, 0, 1)


@elementwise(formula="σ(x) = 1/(1 + e⁻ˣ)", derivative_formula="σ(x)·(1 − σ(x))", integers="float", intrinsic=True)
def sigmoid(x):
    """``1 / (1 + exp(-x))``, computed so that neither tail overflows."""


@sigmoid.derivative
def _(x, y):
    return y * (1 - y)


@elementwise(formula="tanh x", derivative_formula="1 − tanh²x", integers="float", intrinsic=True)
def tanh(x):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""


@tanh.derivative
def _(x, y):
    return 1 - y * y


@elementwise(formula="x if x > 0 else a·x", derivative_formula="1 if x > 0 else a")
def leaky_relu(x, negative_slope=0.01):
    """``x`` above 0, ``negative_slope * x`` below. Maas et al. 2013."""
    return where(x > 0, x, negative_slope * x)


@leaky_relu.derivative
def _(x, negative_slope):
    return where(x > 0, 1, negative_slope)


@elementwise(formula="x if x > 0 else α(eˣ − 1)", derivative_formula="1 if x > 0 else y + α")
def elu(x, alpha=1.0):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below. Clevert et al. 2015, eq. 15."""
    return where(x > 0, x, alpha * expm1(x))


@elu.derivative
def _(x, alpha):
    return where(x > 0, 1, alpha * exp(x))


@elementwise(formula="x·σ(x)", derivative_formula="σ(x)·(1 + x·(1 − σ(x)))", integers="float")
def silu(x):
    """``x * sigmoid(x)``. Elfwing et al. 2017; Ramachandran et al. 2017."""
    return x * sigmoid(x)


@silu.derivative
def _(x):
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


@elementwise(formula="x·Φ(x)", derivative_formula="Φ(x) + x·φ(x)", integers="float")
def gelu(x):
    """``x * Φ(x)`` with Φ the standard normal distribution function. Hendrycks and Gimpel 2016."""
    return x * 0.5 * (1 + erf(x * 0.7071067811865476))


@gelu.derivative
def _(x):
    return 0.5 * (1 + erf(x * 0.7071067811865476)) + x * 0.3989422804014327 * exp(-0.5 * x * x)


@elementwise(formula="ln(1 + eˣ)", derivative_formula="σ(x)", integers="float")
def softplus(x, beta=1.0, threshold=20.0):
    """``log(1 + exp(beta * x)) / beta``, and ``x`` where ``beta * x > threshold``. Dugas et al. 2001."""
    return where(beta * x > threshold, x, (where(x * beta > 0, beta * x, 0) + log1p(exp(-abs(beta * x)))) / beta)


@softplus.derivative
def _(x, beta, threshold):
    return where(beta * x > threshold, 1, sigmoid(beta * x))


METHODS = (relu, sigmoid, tanh)
