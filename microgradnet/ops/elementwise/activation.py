"""Activation functions, each its maths and its derivative.

At a kink the derivative is PyTorch's: that of the flat side.
"""

from ...choice import where
from ...elementwise import elementwise
from ...tensor import Tensor
from ..arrays.dims import one_dim
from .exponential import POLYNOMIAL, erf, exp, expm1, log1p
from .rounding import abs


@elementwise(formula="max(0, x)", derivative_formula="[x > 0]", kinds="fiu")
def relu(x):
    """``max(0, x)``; derivative 0 at 0. Nair and Hinton 2010."""
    return where(x <= 0, 0, x)


@relu.derivative
def _(x, out):
    return where(out <= 0, 0, 1)


@elementwise(
    formula="1/(1 + e⁻ˣ)",
    derivative_formula="σ(x)·(1 − σ(x))",
    integers="float",
    intrinsic=True,
    because=POLYNOMIAL,
)
def sigmoid(x):
    """``1 / (1 + exp(-x))``, computed so that neither tail overflows."""
    return 1 / (1 + exp(-x))


@sigmoid.derivative
def _(x, out):
    return out * (1 - out)


@elementwise(formula="tanh x", derivative_formula="1 − y²", integers="float", intrinsic=True, because=POLYNOMIAL)
def tanh(x):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""
    return (exp(x) - exp(-x)) / (exp(x) + exp(-x))


@tanh.derivative
def _(x, out):
    return 1 - out * out


@elementwise(
    formula="x if x > 0 else negative_slope·x", derivative_formula="1 if x > 0 else negative_slope", integers="float"
)
def leaky_relu(x, negative_slope=0.01):
    """``x`` above 0, ``negative_slope * x`` below. Maas et al. 2013."""
    return where(x > 0, x, negative_slope * x)


@leaky_relu.derivative
def _(x, negative_slope):
    return where(x > 0, 1, negative_slope)


@elementwise(formula="x if x > 0 else α·(eˣ − 1)", derivative_formula="1 if x > 0 else α·eˣ", integers="float")
def elu(x, alpha=1.0):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below. Clevert et al. 2015, eq. 15."""
    return where(x > 0, x, alpha * expm1(x))


@elu.derivative
def _(x, alpha):
    return where(x <= 0, alpha * exp(where(x < 0, x, 0)), 1)  # second derivative at 0: PyTorch's, 0


@elementwise(formula="x·σ(x)", derivative_formula="σ(x)·(1 + x·(1 − σ(x)))", integers="float")
def silu(x):
    """``x * sigmoid(x)``. Elfwing et al. 2017; Ramachandran et al. 2017."""
    return x * sigmoid(x)


@silu.derivative
def _(x):
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


@elementwise(formula="x·Φ(x)", derivative_formula="Φ(x) + x·φ(x)", integers="float")
def _gelu(x):
    return x * 0.5 * (1 + erf(x * 0.7071067811865476))


@_gelu.derivative
def _(x):
    return 0.5 * (1 + erf(x * 0.7071067811865476)) + x * 0.3989422804014327 * exp(-0.5 * x * x)


@elementwise(
    formula="½x·(1 + tanh u) with u = √(2/π)·(x + 0.044715x³)",
    derivative_formula="½(1 + tanh u) + ½x·(1 − tanh²u)·√(2/π)·(1 + 0.134145x²) with u = √(2/π)·(x + 0.044715x³)",
    integers="float",
)
def gelu_tanh(x):
    """``gelu`` by tanh: ``x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))``. Hendrycks and Gimpel 2016, section 2."""
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


@gelu_tanh.derivative
def _(x):
    t = tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * x * x)


@elementwise(formula="x·σ(1.702x)", derivative_formula="s + 1.702x·s·(1 − s) with s = σ(1.702x)", integers="float")
def gelu_sigmoid(x):
    """``x·σ(1.702x)``: GELU to about 0.02. Hendrycks and Gimpel 2016, section 2."""
    return x * sigmoid(1.702 * x)


@gelu_sigmoid.derivative
def _(x):
    s = sigmoid(1.702 * x)
    return s + 1.702 * x * s * (1 - s)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x·Φ(x)`` with Φ the standard normal distribution function. Hendrycks and Gimpel 2016.

    ``approximate``: "none", "tanh" (``gelu_tanh``) or "sigmoid" (``gelu_sigmoid``); any other raises ValueError.
    """
    forms = {"none": _gelu, "tanh": gelu_tanh, "sigmoid": gelu_sigmoid}
    if approximate not in forms:
        raise ValueError(f"gelu: approximate is 'none', 'tanh' or 'sigmoid', got {approximate!r}")
    return forms[approximate](input)


@elementwise(
    formula="x if βx > threshold else ln(1 + e^(βx))/β",
    derivative_formula="1 if βx > threshold else σ(βx)",
    integers="float",
)
def softplus(x, beta=1.0, threshold=20.0):
    """``log(1 + exp(beta * x)) / beta``, and ``x`` where ``beta * x > threshold``. Dugas et al. 2001."""
    return where(beta * x > threshold, x, (where(x * beta > 0, beta * x, 0) + log1p(exp(-abs(beta * x)))) / beta)


@softplus.derivative
def _(x, beta, threshold):
    return where(beta * x > threshold, 1, sigmoid(beta * x))


@elementwise(formula="x if x > 0 else α·(e^(x/α) − 1)", derivative_formula="1 if x > 0 else e^(x/α)", integers="float")
def celu(x, alpha=1.0):
    """``x`` above 0, ``alpha * (exp(x / alpha) - 1)`` below: its slope at 0 is 1 for every alpha. Barron 2017."""
    return where(x > 0, x, alpha * expm1(x / alpha))


@celu.derivative
def _(x, alpha):
    return where(x <= 0, exp(where(x < 0, x, 0) / alpha), 1)


@elementwise(
    formula="λx if x > 0 else λα·(eˣ − 1) with λ = 1.0507009873554805, α = 1.6732632423543772",
    derivative_formula="λ if x > 0 else λα·eˣ with λ = 1.0507009873554805, α = 1.6732632423543772",
    integers="float",
)
def selu(x):
    """``elu`` with the α and λ that keep mean 0 and variance 1 through layers. Klambauer et al. 2017, eq. 2."""
    return 1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))


@selu.derivative
def _(x):
    return 1.0507009873554805 * where(x <= 0, 1.6732632423543772 * exp(where(x < 0, x, 0)), 1)


@elementwise(
    formula="x·tanh ln(1 + eˣ)", derivative_formula="t + x·(1 − t²)·σ(x) with t = tanh ln(1 + eˣ)", integers="float"
)
def mish(x):
    """``x * tanh(softplus(x))``. Misra 2019."""
    return x * tanh(where(x > 0, x, 0) + log1p(exp(-abs(x))))


@mish.derivative
def _(x):
    t = tanh(-logsigmoid(-x))  # ln(1 + eˣ), whose derivative is smooth also where its parts have a kink
    return t + x * (1 - t * t) * sigmoid(x)


@elementwise(formula="ln σ(x)", derivative_formula="σ(−x)", integers="float")
def logsigmoid(x):
    """``log(sigmoid(x))``, computed so that it neither overflows nor cancels."""
    return where(x < 0, x, 0) - log1p(exp(-abs(x)))


@logsigmoid.derivative
def _(x):
    return sigmoid(-x)


@elementwise(formula="x/(1 + |x|)", derivative_formula="1/(1 + |x|)²", integers="float")
def softsign(x):
    """``x / (1 + abs(x))``: like tanh, with tails that are polynomial. Turian et al. 2009."""
    return x / (1 + abs(x))


@softsign.derivative
def _(x):
    return 1 / ((1 + abs(x)) * (1 + abs(x)))


@elementwise(formula="x − tanh x", derivative_formula="tanh²x", integers="float")
def tanhshrink(x):
    """``x - tanh(x)``."""
    return x - tanh(x)


@tanhshrink.derivative
def _(x):
    return tanh(x) * tanh(x)


@elementwise(formula="0 if −λ ≤ x ≤ λ else x", derivative_formula="0 if −λ ≤ x ≤ λ else 1")
def hardshrink(x, lambd=0.5):
    """``x``, and 0 where ``-lambd <= x <= lambd``."""
    return where((x >= -lambd) & (x <= lambd), 0, x)


@hardshrink.derivative
def _(x, lambd):
    return where((x < -lambd) | (x > lambd), 1, 0)


@elementwise(
    formula="x − λ if x > λ else x + λ if x < −λ else 0", derivative_formula="0 if −λ ≤ x ≤ λ else 1", integers="float"
)
def softshrink(x, lambd=0.5):
    """``x`` moved towards 0 by ``lambd``, and 0 where that would cross it: the proximal map of ``lambd·|x|``."""
    return where(x > lambd, x - lambd, where(x < -lambd, x + lambd, x * 0))


@softshrink.derivative
def _(x, lambd):
    return where((x < -lambd) | (x > lambd), 1, 0)


@elementwise(formula="min(max(x, min_val), max_val)", derivative_formula="[min_val < x < max_val]")
def hardtanh(x, min_val=-1.0, max_val=1.0):
    """``x`` held between ``min_val`` and ``max_val``; derivative 0 at both."""
    return where(x < min_val, min_val, where(x > max_val, max_val, x))


@hardtanh.derivative
def _(x, min_val, max_val):
    return where((x > min_val) & (x < max_val), 1, 0)


def relu6(x: Tensor) -> Tensor:
    """``min(max(x, 0), 6)``. Krizhevsky 2010."""
    return hardtanh(x, 0.0, 6.0)


@elementwise(formula="min(max(x + 3, 0), 6)/6", derivative_formula="1/6 if −3 < x < 3 else 0", integers="float")
def hardsigmoid(x):
    """``relu6(x + 3) / 6``: sigmoid in three straight pieces. Courbariaux et al. 2015."""
    return where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6))


@hardsigmoid.derivative
def _(x):
    return where((x > -3) & (x < 3), (x * 0 + 1) / 6, 0)


@elementwise(
    formula="x·min(max(x + 3, 0), 6)/6", derivative_formula="0 if x ≤ −3 else x/3 + ½ if x < 3 else 1", integers="float"
)
def hardswish(x):
    """``x * relu6(x + 3) / 6``. Howard et al. 2019, section 5.2."""
    return where(x <= -3, x * 0, where(x >= 3, x, x * (x + 3) / 6))


@hardswish.derivative
def _(x):
    return where(x <= -3, 0, where(x < 3, x / 3 + 0.5, 1))


@elementwise(formula="x if x > threshold else value", derivative_formula="[x > threshold]")
def threshold(x, threshold=0.0, value=0.0):
    """``x`` above ``threshold``, ``value`` at it and below."""
    return where(x <= threshold, value, x)


@threshold.derivative
def _(x, threshold):
    return where(x <= threshold, 0, 1)


@elementwise(formula="x if x > 0 else weight·x", derivative_formula="1 if x > 0 else weight, 0 if x > 0 else x")
def _prelu(x, weight):
    return where(x > 0, x, weight * x)


@_prelu.derivative
def _(x, weight):
    return where(x > 0, 1, weight), where(x > 0, 0, x)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``leaky_relu`` with a learned slope: one weight, or one for each channel (dimension 1). He et al. 2015.

    Raises ValueError for a weight of another size.
    """
    if weight.ndim > 1:
        raise ValueError(f"prelu: a weight of at most 1 dimension expected, got shape {tuple(weight.shape)}")
    channels = input.shape[1] if input.ndim > 1 else 1
    count = weight.shape[0] if weight.ndim else 1
    if count not in (1, channels):
        raise ValueError(f"prelu: {count} weights for an input with {channels} channels, shape {tuple(input.shape)}")
    return _prelu(input, weight.reshape((count, *(1,) * (input.ndim - 2))) if input.ndim > 1 else weight.reshape(()))


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a * sigmoid(b)`` where a and b are the halves of ``input`` along ``dim``. Dauphin et al. 2017, eq. 1.

    Raises ValueError if that size is odd.
    """
    dim = one_dim(dim, input.ndim, "glu")
    size = input.shape[dim] if input.ndim else 1
    if size % 2:
        raise ValueError(f"glu: dimension {dim} must be even to be halved, got shape {tuple(input.shape)}")
    before = (slice(None),) * dim
    return input[(*before, slice(0, size // 2))] * sigmoid(input[(*before, slice(size // 2, size))])


METHODS = (relu, sigmoid, tanh, celu, selu, hardshrink, prelu)
