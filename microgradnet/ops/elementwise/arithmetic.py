"""Arithmetic, elementwise with broadcasting. NumPy computes most of these: they are one pass over memory."""

from ... import dtypes
from ...backends.device import is_array, np
from ...choice import where
from ...elementwise import elementwise
from ...primitive import cast
from ...tensor import Tensor
from ...typing import Operand
from .comparison import isnan
from .exponential import POLYNOMIAL, log, sqrt
from .rounding import PASS, abs, trunc


@elementwise(formula="x + y", derivative_formula="1, 1", numpy=np.add, because=PASS)
def _add(x, y):
    return x + y


@_add.derivative
def _(x, y):
    return 1, 1


def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``; two booleans give their disjunction."""
    return _add(input, other if alpha == 1 else alpha * other)


@elementwise(formula="x − y", derivative_formula="1, −1", numpy=np.subtract, because=PASS, kinds="fiu")
def _sub(x, y):
    return x - y


@_sub.derivative
def _(x, y):
    return 1, -1


def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""
    return _sub(input, other if alpha == 1 else alpha * other)


def rsub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """``other - alpha * input``: ``sub`` the other way round."""
    return sub(other, input, alpha=alpha)


@elementwise(formula="x·y", derivative_formula="y, x", numpy=np.multiply, because=PASS)
def mul(x, y):
    """``x * y``."""
    return x * y


@mul.derivative
def _(x, y):
    return y, x


@elementwise(formula="x/y", derivative_formula="1/y, −x/y²", numpy=np.true_divide, because=PASS, integers="float")
def _div(x, y):
    return x / y


@_div.derivative
def _(x, y, out):
    return 1 / y, -out / y


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``; integers give the default floating dtype, unless the quotient is rounded.

    ``rounding_mode="floor"`` rounds down and ``"trunc"`` towards 0; both have derivative 0. Raises ValueError for any
    other.
    """
    rounded = {None: _div, "floor": floor_divide, "trunc": _trunc_divide}
    if rounding_mode not in rounded:
        raise ValueError(f"div: rounding_mode is None, 'floor' or 'trunc', got {rounding_mode!r}")
    return rounded[rounding_mode](input, other)


def true_divide(input: Operand, other: Operand) -> Tensor:
    """``input / other``: another name for ``div``."""
    return _div(input, other)


def _dividing(divide):
    """``divide``, refusing booleans and integers divided by 0."""

    def checked(x, y):
        if np.result_type(x, y).kind == "b":
            raise TypeError("numbers expected, got booleans: convert with .long()")
        if not np.all(y):
            raise ZeroDivisionError("integer division by zero")
        return divide(x, y)

    return checked


@elementwise(formula="⌊x/y⌋", derivative_formula="0, 0", integers=_dividing(np.floor_divide))
def floor_divide(x, y):
    """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""
    return x // y


@floor_divide.derivative
def _(x, y):
    return 0, 0


def _truncated(x, y):
    return np.floor_divide(x, y) + ((np.remainder(x, y) != 0) & (np.less(x, 0) != np.less(y, 0)))


@elementwise(formula="trunc(x/y)", derivative_formula="0, 0", integers=_dividing(_truncated))
def _trunc_divide(x, y):
    return trunc(x / y)


@_trunc_divide.derivative
def _(x, y):
    return 0, 0


@elementwise(
    formula="x − y·trunc(x/y)",
    derivative_formula="1, −trunc(x/y)",
    intrinsic=True,
    because="the quotient of a huge x and a small y has more digits than there are",
    integers=_dividing(np.fmod),
)
def fmod(x, y):
    """The remainder of division rounded towards 0: it has the sign of ``x``, like C's ``fmod``."""
    return x - y * trunc(x / y)


@fmod.derivative
def _(x, y):
    return 1, -_trunc_divide(x, y)


@elementwise(formula="x − y·⌊x/y⌋", derivative_formula="1, −⌊x/y⌋", integers=_dividing(np.remainder))
def remainder(x, y):
    """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""
    return x % y


@remainder.derivative
def _(x, y):
    return 1, -floor_divide(x, y)


@elementwise(formula="−x", derivative_formula="−1", numpy=np.negative, because=PASS, kinds="fiu")
def neg(x):
    """``-x``. Raises TypeError for booleans: their complement is ``~x``."""
    return -x


@neg.derivative
def _(x):
    return -1


def _raised(x, y):
    """``x ** y`` of integers as PyTorch has it: 0 or ±1 for a negative power of a tensor."""
    if np.result_type(x, y).kind == "b":
        raise TypeError("numbers expected, got booleans: convert with .long()")
    if not is_array(y) or not np.any(y < 0):
        return x**y
    inverse = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), 1 - 2 * (y % 2), 0))
    return np.where(y < 0, inverse, x ** np.maximum(y, 0))


@elementwise(
    formula="xʸ",
    derivative_formula="0 if y = 0 else y·xʸ⁻¹, 0 if x = 0 and y ≥ 0 else xʸ·ln x",
    integers=_raised,
    intrinsic=True,
    because=POLYNOMIAL,
)
def _pow(x, y):
    """``x ** y``. At ``y = 0`` the derivative to x is 0; at ``x = 0`` that to y is 0 where ``y >= 0``."""
    return x**y


@_pow.derivative
def _(x, y, out):
    return where(y == 0, 0, y * x ** (y - 1)), where((x == 0) & (y >= 0), 0, out * log(x))


def _raised_to(x, n):
    usual = {2: np.square, 1: np.copy, 3: lambda x: x * x * x, 0.5: np.sqrt, -0.5: lambda x: 1 / np.sqrt(x)}
    return usual[n](x) if n in usual else 1 / x if n == -1 else _pow(x, n)


@elementwise(
    formula="xⁿ",
    derivative_formula="0 if n = 0 else n·xⁿ⁻¹",
    numpy=_raised_to,
    because="a compiled loop that looks at n for each element takes 2.6 times as long for x²",
    kinds="f",
)
def power(x, n=2):
    """``x ** n`` for a number ``n``; the derivative for ``n = 0`` is 0."""
    if n == 2:  # n is the same for all elements, so that a loop chooses once
        return x * x
    if n == 1:
        return x
    if n == 3:
        return x * x * x
    if n == 0.5:
        return sqrt(x)
    if n == -0.5:
        return 1 / sqrt(x)
    if n == -1:
        return 1 / x
    return x**n


@power.derivative
def _(x, n):
    return n * power(x, n - 1) if n != 0 else 0


def pow(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent``, elementwise; a number or a tensor on either side.

    Raises ValueError for a tensor of integers to a negative whole number.
    """
    if not isinstance(exponent, int | float):
        if isinstance(input, int | float):  # in the dtype of the result, so that its logarithm is as exact
            input = np.asarray(input, dtypes.result_type(input, exponent))
        return _pow(input, exponent)
    return power(input, exponent) if input.dtype.kind == "f" else _pow(input, exponent)


def float_power(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent`` computed in float64, for any dtypes."""
    return pow(*(x if isinstance(x, int | float) else cast(x, dtypes.float64) for x in (input, exponent)))


@elementwise(formula="x²", derivative_formula="2x")
def _square(x):
    return x * x


@_square.derivative
def _(x):
    return 2 * x


def square(input: Operand) -> Tensor:
    """``input * input``; booleans give int64."""
    return _square(input if input.dtype.kind != "b" else cast(input, dtypes.int64))


@elementwise(formula="1/x", derivative_formula="−1/x²", integers="float")
def reciprocal(x):
    """``1 / x``; integers give the default floating dtype."""
    return 1 / x


@reciprocal.derivative
def _(x, out):
    return -out * out


@elementwise(formula="max(x, y)", derivative_formula="½ if x = y else [x > y], ½ if x = y else [x < y]")
def maximum(x, y):
    """The larger; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""
    return where((x >= y) | isnan(x), x, y)


@maximum.derivative
def _(x, y):
    return where(x == y, 0.5, where(x < y, 0.0, 1.0)), where(x == y, 0.5, where(y < x, 0.0, 1.0))


@elementwise(formula="min(x, y)", derivative_formula="½ if x = y else [x < y], ½ if x = y else [x > y]")
def minimum(x, y):
    """The smaller; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""
    return where((x <= y) | isnan(x), x, y)


@minimum.derivative
def _(x, y):
    return where(x == y, 0.5, where(x > y, 0.0, 1.0)), where(x == y, 0.5, where(y > x, 0.0, 1.0))


@elementwise(
    formula="x if x ≥ y or y is NaN else y", derivative_formula="[x ≥ y or y is NaN], 0 if x ≥ y or y is NaN else 1"
)
def fmax(x, y):
    """The larger; where one is NaN, the other. A tie gives the gradient to ``x``."""
    return where((x >= y) | isnan(y), x, y)


@fmax.derivative
def _(x, y):
    return (x >= y) | isnan(y), ~((x >= y) | isnan(y))


@elementwise(
    formula="x if x ≤ y or y is NaN else y", derivative_formula="[x ≤ y or y is NaN], 0 if x ≤ y or y is NaN else 1"
)
def fmin(x, y):
    """The smaller; where one is NaN, the other. A tie gives the gradient to ``x``."""
    return where((x <= y) | isnan(y), x, y)


@fmin.derivative
def _(x, y):
    return (x <= y) | isnan(y), ~((x <= y) | isnan(y))


@elementwise(formula="x + weight·(end − x)", derivative_formula="1 − weight, weight, end − x", kinds="f")
def lerp(x, end, weight):
    """``x + weight * (end - x)``: the straight line from ``x`` to ``end``; the weight is a number or a tensor."""
    return where(abs(weight) < 0.5, x + weight * (end - x), end - (end - x) * (1 - weight))


@lerp.derivative
def _(x, end, weight):
    return 1 - weight, weight, end - x


@elementwise(formula="x + value·tensor1·tensor2", derivative_formula="1, value·tensor2, value·tensor1")
def addcmul(x, tensor1, tensor2, value=1):
    """``x + value * tensor1 * tensor2``."""
    return x + value * tensor1 * tensor2


@addcmul.derivative
def _(x, tensor1, tensor2, value):
    return 1, value * tensor2, value * tensor1


@elementwise(
    formula="x + value·tensor1/tensor2",
    derivative_formula="1, value/tensor2, −value·tensor1/tensor2²",
    integers="float",
)
def addcdiv(x, tensor1, tensor2, value=1):
    """``x + value * tensor1 / tensor2``."""
    return x + value * (tensor1 / tensor2)


@addcdiv.derivative
def _(x, tensor1, tensor2, value):
    return 1, value / tensor2, -value * tensor1 / (tensor2 * tensor2)


METHODS = (
    *(add, sub, mul, div, true_divide, floor_divide, fmod, remainder, neg, pow, float_power, square, reciprocal),
    *(maximum, minimum, fmax, fmin, lerp, addcmul, addcdiv),
)
