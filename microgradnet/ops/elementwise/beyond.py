"""Activation functions that PyTorch does not have: each its maths and its derivative."""

from ...choice import where
from ...elementwise import elementwise
from .activation import sigmoid, tanh
from .exponential import exp, expm1, log, log1p, sqrt
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
    near = where(abs(x) >= 1e9, 0, x)  # beyond, adding 1 has no effect, and the square overflows
    return where(abs(x) >= 1e9, where(x > 0, 1.5, 0.5) * x, (sqrt(near * near + 1) - 1) / 2 + near)


@bent_identity.derivative
def _(x):
    near = where(abs(x) >= 1e9, 0, x)
    return where(abs(x) >= 1e9, where(x > 0, 1.5, 0.5), near / (2 * sqrt(near * near + 1)) + 1)


@elementwise(formula="½(x + √(x² + b))", derivative_formula="½(1 + x/√(x² + b))", integers="float")
def squareplus(x, b=4.0):
    """``½(x + √(x² + b))``: softplus without exp. Barron 2021."""
    size = where(x < 0, -x, x)
    near = where(size >= 1e18, 0, size)  # beyond, the square overflows
    root = where((size >= 1e18) | (b == 0), size, sqrt(near * near + where(b == 0, 1, b)))
    return where(x < 0, 0.5 * b / (root + size), 0.5 * (x + root))  # the same, without cancellation


@squareplus.derivative
def _(x, b):
    size = where(x < 0, -x, x)
    near = where(size >= 1e18, 0, size)
    root = where((size >= 1e18) | (b == 0), where(size == 0, 1, size), sqrt(near * near + where(b == 0, 1, b)))
    rest = 0.5 * b / (root + size) / root  # of the derivative at −|x|; for b = 0 ReLU's, 0 at 0
    return where((x < 0) | ((b == 0) & (x == 0)), rest, 1 - rest)


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
    return t + where(abs(x) > 50, 0, x) * (1 - t * t)  # at infinity too, where the product's limit is 0


@elementwise(formula="e^(−x²)", derivative_formula="−2x·e^(−x²)", integers="float")
def gaussian(x):
    """``e^(−x²)``: a bump, the unit of radial basis networks."""
    return exp(-x * x)


@gaussian.derivative
def _(x, out):
    return -2 * where(abs(x) > 50, 0, x) * out  # where out is 0, at infinity too


@elementwise(
    formula="½x·min(2, max(0, x + 2))", derivative_formula="0 if x ≤ −2 else x + 1 if x < 0 else 1", integers="float"
)
def hard_mish(x):
    """Mish approximated by two lines and a parabola: ``½x·min(2, max(0, x + 2))``."""
    return where(x <= -2, 0, where(x >= 0, x, x * (x + 2) / 2))


@hard_mish.derivative
def _(x):
    return where(x <= -2, 0, where(x >= 0, 1, x + 1))


@elementwise(
    formula="0 if x ≤ −1 else ¼(x + 1)² if x < 1 else x",
    derivative_formula="0 if x ≤ −1 else ½(x + 1) if x < 1 else 1",
    integers="float",
)
def sparse_plus(x):
    """Softplus that is exactly 0 below −1 and exactly x above 1: ``¼(x + 1)²`` between. Its slope is sparse_sigmoid."""
    return where(x <= -1, 0, where(x >= 1, x, (x + 1) * (x + 1) / 4))


@sparse_plus.derivative
def _(x):
    return where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))


@elementwise(
    formula="0 if x ≤ −1 else ½(x + 1) if x < 1 else 1", derivative_formula="½ if −1 < x < 1 else 0", integers="float"
)
def sparse_sigmoid(x):
    """``min(1, max(0, ½(x + 1)))``: the two-class sparsemax. Martins and Astudillo 2016, section 2."""
    return where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))


@sparse_sigmoid.derivative
def _(x):
    return where((x > -1) & (x < 1), 0.5, 0)


@elementwise(formula="x/√(1 + αx²)", derivative_formula="(1/√(1 + αx²))³", integers="float")
def isru(x, alpha=1.0):
    """``x/√(1 + αx²)``: sigmoidal, within ±1/√α, without exp. Carlile et al. 2017, eq. 3."""
    near, far = where(abs(x) > 1, 1, x), where(abs(x) > 1, 1 / x, 1)  # squares that do not overflow
    small = near / sqrt(1 + alpha * near * near)
    return where(
        (abs(x) > 1) & (alpha != 0), where(x > 0, 1, -1) / sqrt(far * far + alpha), where(alpha == 0, x, small)
    )


@isru.derivative
def _(x, alpha):
    r = 1 / sqrt(1 + where(alpha == 0, 0, alpha * x * x))
    return r * r * r


@elementwise(
    formula="x if x ≥ 0 else x/√(1 + αx²)", derivative_formula="1 if x ≥ 0 else (1/√(1 + αx²))³", integers="float"
)
def isrlu(x, alpha=1.0):
    """``x`` from 0 on, ``x/√(1 + αx²)`` below: ELU's shape without exp. Carlile et al. 2017, eq. 1."""
    return where((x >= 0) | (alpha == 0), x, isru(x, alpha))


@isrlu.derivative
def _(x, alpha):
    left = where((x >= 0) | (alpha == 0), 0, x)
    r = 1 / sqrt(1 + alpha * left * left)
    return where(x >= 0, 1, r * r * r)


@elementwise(formula="x·σ(βx)", derivative_formula="s + βx·s·(1 − s), x²·s·(1 − s) with s = σ(βx)", integers="float")
def swish(x, beta):
    """``x·σ(βx)``: x/2 at β = 0, SiLU at 1, towards ReLU for large β. Ramachandran et al. 2017, section 4."""
    s = sigmoid(where(beta == 0, 0, beta * x))
    return where(s == 0, 0, x) * s  # at infinity too, where the product's limit is 0


@swish.derivative
def _(x, beta):
    t = where(beta == 0, 0, beta * x)
    s = sigmoid(t)
    slope = s * (1 - s)
    return s + where(slope == 0, 0, t) * slope, where(slope == 0, 0, x * x) * slope


@elementwise(
    formula="x + sin²(a·x)/a",
    derivative_formula="1 + sin(2a·x), x·sin(2a·x)/a − sin²(a·x)/a²",
    integers="float",
)
def snake(x, a):
    """``x + sin²(ax)/a``: for periodic functions; a ≠ 0. Ziyin et al. 2020, eq. 3."""
    s = sin(a * where(x - x == 0, x, 0))  # infinity has no sine, but the sum a limit
    return x + s * s / a


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
    up = expm1(where(a > 0, a * x, 0)) / b + a
    down = -log1p(where(a < 0, -a * (x + a), 0)) / b
    linear = (a == 0) | ((abs(a) < 1e-17) & (abs(a * x) < 1e-17))  # where a·x loses digits or is 0
    return where(linear, x + a, where(a < 0, down, up))


@softexponential.derivative
def _(x, a):
    t, w = where(a > 0, a * x, 0), where(a < 0, a * (x + a), 0)
    e, u = exp(t), 1 - w
    # ∂/∂a is x²·(t·eᵗ − eᵗ + 1)/t² + 1 for a > 0, (x + a)²·(ln u + w/u)/w² + 1/u for a < 0. Where t or w is small the
    # differences cancel: there their Taylor series, for w that in r = w/(2 − w), with ln u = −2·artanh r.
    few, little = abs(t) < 0.3, abs(w) < 0.3
    b = where(few & little, 1, a)
    n = where(few, t, 0)
    upper = 1 / 45360 + n * (1 / 403200 + n * (1 / 3991680 + n * (1 / 43545600 + n * (1 / 518918400 + n / 6706022400))))
    series = 0.5 + n * (1 / 3 + n * (1 / 8 + n * (1 / 30 + n * (1 / 144 + n * (1 / 840 + n * (1 / 5760 + n * upper))))))
    up = where(few, x * x * series, (x * e - (e - 1) / b) / b) + 1
    r = where(little, w, 0) / (2 - where(little, w, 0))
    s = r * r
    lower = 1 / 13 + s * (1 / 15 + s * (1 / 17 + s * (1 / 19 + s / 21)))
    artanh = 1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s * (1 / 11 + s * lower))))
    near = (x + a) * (x + a) * (1 + r) * (1 + r) / 2 * (1 / (1 - r) - r * artanh)
    down = where(little, near, (log(where(little, 1, u)) / b + (x + a) / where(little, 1, u)) / b) + 1 / u
    return where(a < 0, 1 / u, e), where(a < 0, down, up)
