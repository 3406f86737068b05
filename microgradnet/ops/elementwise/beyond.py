"""Activation functions that PyTorch does not have: each its maths and its derivative."""

from ...choice import where
from ...elementwise import elementwise
from .activation import sigmoid, tanh
from .exponential import exp, log, sqrt
from .rounding import abs
from .trigonometric import cos, sin


@elementwise(formula="1 if x > 0 else 0", derivative_formula="0")
def step(x):
    """The hard threshold of McCulloch and Pitts 1943. Its derivative is 0 wherever it exists: nothing is learned."""
    return where(x > 0, 1, 0)


@step.derivative
def _(x):
    return where(x > 0, 0, 0)


@elementwise(formula="(√(x² + 1) − 1)/2 + x", derivative_formula="x/(2√(x² + 1)) + 1", integers="float")
def bent_identity(x):
    """``(√(x² + 1) − 1)/2 + x``: slopes from ½ to 1½."""
    root = where(abs(x) < 1e9, sqrt(x * x + 1), abs(x))  # beyond, adding 1 has no effect, and the square overflows
    return (root - 1) / 2 + x


@bent_identity.derivative
def _(x):
    return x / (2 * where(abs(x) < 1e9, sqrt(x * x + 1), abs(x))) + 1


@elementwise(formula="½(x + √(x² + b))", derivative_formula="½(1 + x/√(x² + b))", integers="float")
def squareplus(x, b=4.0):
    """``½(x + √(x² + b))``: softplus without exp. Barron 2021."""
    root = where(abs(x) < 1e9, sqrt(x * x + b), abs(x))
    return where(x < 0, 0.5 * b / (root - x), 0.5 * (x + root))  # the same, without cancellation


@squareplus.derivative
def _(x, b):
    return 0.5 * (1 + x / where(abs(x) < 1e9, sqrt(x * x + b), abs(x)))


@elementwise(formula="max(0, x)²", derivative_formula="2·max(0, x)")
def relu_squared(x):
    """``max(0, x)²``. So et al. 2021 (Primer)."""
    return where(x <= 0, 0, x * x)


@relu_squared.derivative
def _(x):
    return where(x <= 0, 0, 2 * x)


@elementwise(formula="x·tanh x", derivative_formula="tanh x + x·(1 − tanh²x)", integers="float")
def lisht(x):
    """``x·tanh x``: even, never negative. Roy et al. 2019."""
    return x * tanh(x)


@lisht.derivative
def _(x):
    t = tanh(x)
    return t + x * (1 - t * t)


@elementwise(formula="e^(−x²)", derivative_formula="−2x·e^(−x²)", integers="float")
def gaussian(x):
    """``e^(−x²)``: a bump, the unit of radial basis networks."""
    return exp(-x * x)


@gaussian.derivative
def _(x, out):
    return -2 * x * out


@elementwise(formula="½x·min(2, max(0, x + 2))", derivative_formula="0 if x ≤ −2 else x + 1 if x < 0 else 1")
def hard_mish(x):
    """Mish approximated by two lines and a parabola: ``½x·min(2, max(0, x + 2))``."""
    return where(x <= -2, 0, where(x >= 0, x, x * (x + 2) / 2))


@hard_mish.derivative
def _(x):
    return where(x <= -2, 0, where(x >= 0, 1, x + 1))


@elementwise(
    formula="0 if x ≤ −1 else ¼(x + 1)² if x < 1 else x", derivative_formula="0 if x ≤ −1 else ½(x + 1) if x < 1 else 1"
)
def sparse_plus(x):
    """Softplus that is exactly 0 below −1 and exactly x above 1: ``¼(x + 1)²`` between. Its slope is sparse_sigmoid."""
    return where(x <= -1, 0, where(x >= 1, x, (x + 1) * (x + 1) / 4))


@sparse_plus.derivative
def _(x):
    return where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))


@elementwise(formula="0 if x ≤ −1 else ½(x + 1) if x < 1 else 1", derivative_formula="½ if −1 < x < 1 else 0")
def sparse_sigmoid(x):
    """``min(1, max(0, ½(x + 1)))``: the two-class sparsemax. Martins and Astudillo 2016, section 2."""
    return where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))


@sparse_sigmoid.derivative
def _(x):
    return where((x > -1) & (x < 1), 0.5, 0)


@elementwise(formula="x/√(1 + αx²)", derivative_formula="(1/√(1 + αx²))³", integers="float")
def isru(x, alpha=1.0):
    """``x/√(1 + αx²)``: sigmoidal, within ±1/√α, without exp. Carlile et al. 2017, eq. 3."""
    near = x / sqrt(1 + alpha * x * x)
    return where((abs(x) < 1e9) | (alpha == 0), near, where(x > 0, 1, -1) / sqrt(alpha))


@isru.derivative
def _(x, alpha):
    r = 1 / sqrt(1 + alpha * x * x)
    return r * r * r


@elementwise(formula="x if x ≥ 0 else x/√(1 + αx²)", derivative_formula="1 if x ≥ 0 else (1/√(1 + αx²))³")
def isrlu(x, alpha=1.0):
    """``x`` from 0 on, ``x/√(1 + αx²)`` below: ELU's shape without exp. Carlile et al. 2017, eq. 1."""
    return where(x >= 0, x, where((x > -1e9) | (alpha == 0), x / sqrt(1 + alpha * x * x), -1 / sqrt(alpha)))


@isrlu.derivative
def _(x, alpha):
    r = 1 / sqrt(1 + alpha * x * x)
    return where(x >= 0, 1, r * r * r)


@elementwise(formula="x·σ(βx)", derivative_formula="s + βx·s·(1 − s), x²·s·(1 − s) with s = σ(βx)", integers="float")
def swish(x, beta):
    """``x·σ(βx)``: x/2 at β = 0, SiLU at 1, towards ReLU for large β. Ramachandran et al. 2017, section 4."""
    return x * sigmoid(beta * x)


@swish.derivative
def _(x, beta):
    s = sigmoid(beta * x)
    return s + beta * x * s * (1 - s), x * x * s * (1 - s)


@elementwise(
    formula="x + sin²(a·x)/a",
    derivative_formula="1 + sin(2a·x), x·sin(2a·x)/a − sin²(a·x)/a²",
    integers="float",
)
def snake(x, a):
    """``x + sin²(ax)/a``: for periodic functions; a ≠ 0. Ziyin et al. 2020, eq. 3."""
    return x + sin(a * x) * sin(a * x) / a


@snake.derivative
def _(x, a):
    s = sin(a * x)
    twice = 2 * s * cos(a * x)
    return 1 + twice, (x * twice - s * s / a) / a


@elementwise(
    formula="−ln(1 − a·(x + a))/a if a < 0 else x if a = 0 else (e^(a·x) − 1)/a + a",
    derivative_formula="1/u if a < 0 else e^(a·x), ½x² + 1 if a = 0 else "
    "ln(u)/a² + (x + 2a)/(a·u) if a < 0 else (x·e^(a·x) − (e^(a·x) − 1)/a)/a + 1 with u = 1 − a·(x + a)",
    integers="float",
)
def softexponential(x, a):
    """Logarithm at a = −1, identity at 0, exponential at 1, and all between. Godfrey and Gashler 2015, eq. 1."""
    b = where(a == 0, 1, a)
    inside = where(a < 0, 1 - a * (x + a), 1)
    up = (exp(where(a > 0, a, 0) * x) - 1) / b + a
    return where(a == 0, x, where(a < 0, -log(inside) / b, up))


@softexponential.derivative
def _(x, a):
    b = where(a == 0, 1, a)
    inside = where(a < 0, 1 - a * (x + a), 1)
    e = exp(where(a > 0, a, 0) * x)
    to_x = where(a < 0, 1 / inside, e)
    down = log(inside) / (b * b) + (x + 2 * a) / (b * inside)
    up = (x * e - (e - 1) / b) / b + 1
    return to_x, where(a == 0, x * x / 2 + 1, where(a < 0, down, up))
