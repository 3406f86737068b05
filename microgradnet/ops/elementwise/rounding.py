"""Absolute value, sign, rounding and bounds."""

import builtins
import math
from math import inf

from ... import dtypes
from ...backends.device import np
from ...choice import where
from ...elementwise import elementwise
from ...tensor import Tensor
from ...typing import Operand
from .comparison import BOOLEAN, isfinite, isnan

# Why some ops are NumPy's where they run alone (2 cores: for 1,000 numbers 1.9 µs instead of 4.2).
PASS = "one pass over memory, of which NumPy starts in half of the time and broadcasts without a copy"


@elementwise(formula="sign x", derivative_formula="0")
def sign(x):
    """−1, 0 or 1; 0 for NaN, as in PyTorch."""
    return where(x > 0, 1, where(x < 0, -1, 0))


@sign.derivative
def _(x):
    return 0


@elementwise(formula="|x|", derivative_formula="sign x", numpy=np.abs, because=PASS, kinds="fiu")
def abs(x):
    """Absolute value; derivative 0 at 0."""
    return np.abs(x)


@abs.derivative
def _(x):
    return sign(x)


@elementwise(formula="⌊x⌋", derivative_formula="0", kinds="fiu")
def floor(x):
    """The largest integer not above ``x``."""
    return np.floor(x)


@floor.derivative
def _(x):
    return 0


@elementwise(formula="⌈x⌉", derivative_formula="0", kinds="fiu")
def ceil(x):
    """The smallest integer not below ``x``."""
    return np.ceil(x)


@ceil.derivative
def _(x):
    return 0


@elementwise(formula="trunc x", derivative_formula="0", kinds="fiu")
def trunc(x):
    """``x`` without its fraction."""
    return np.trunc(x)


@trunc.derivative
def _(x):
    return 0


@elementwise(formula="round x", derivative_formula="0")
def _round(x):
    """The nearest integer; halves go to the even one."""
    return np.rint(x)


@_round.derivative
def _(x):
    return 0


def round(x: Tensor, decimals: int = 0) -> Tensor:
    """``x`` to ``decimals`` places (negative: tens, hundreds …); halves go to the even neighbour.

    Raises TypeError for booleans, or integers with ``decimals``.
    """
    if x.dtype.kind != "f":
        if decimals or x.dtype.kind == "b":
            raise TypeError(f"round: a floating dtype expected, got {x.dtype.name}: convert with .float()")
        return x.clone()
    scale = 10.0 ** builtins.abs(decimals)
    return _round(x) if decimals == 0 else _round(x * scale) / scale if decimals > 0 else _round(x / scale) * scale


@elementwise(formula="x − trunc x", derivative_formula="1", kinds="f")
def frac(x):
    """The fraction of ``x``, with its sign."""
    return x - trunc(x)


@frac.derivative
def _(x):
    return 1


@elementwise(
    formula="min(max(x, min), max)", derivative_formula="[min ≤ x ≤ max], [x < min < max], [x > max or min > max]"
)
def _clamp(x, min, max):
    return clamp_max(clamp_min(x, min), max)


@_clamp.derivative
def _(x, min, max):
    return (x >= min) & (x <= max), (x < min) & (min < max), (x > max) | (min > max)


@elementwise(formula="max(x, min)", derivative_formula="[x ≥ min], [x < min]")
def clamp_min(x, min):
    """``x``, and ``min`` (a number or a tensor) where ``x`` is below it; at a tie the gradient goes to ``x``."""
    return where((x >= min) | isnan(x), x, min)


@clamp_min.derivative
def _(x, min):
    return x >= min, x < min


@elementwise(formula="min(x, max)", derivative_formula="[x ≤ max], [x > max]")
def clamp_max(x, max):
    """``x``, and ``max`` (a number or a tensor) where ``x`` is above it; at a tie the gradient goes to ``x``."""
    return where((x <= max) | isnan(x), x, max)


@clamp_max.derivative
def _(x, max):
    return x <= max, x > max


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """``min(max(input, min), max)``: ``input`` limited by two numbers or tensors, one of which may be left out.

    The derivative is 1 from ``min`` to ``max``, both included. Raises ValueError if both are missing.
    """
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max must be given")
    if max is None:
        return clamp_min(input, min)
    return clamp_max(input, max) if min is None else _clamp(input, min, max)


def positive(x: Tensor) -> Tensor:
    """``+x``. Raises TypeError for booleans."""
    if x.dtype.kind == "b":
        raise TypeError("positive: a number expected, got bool")
    return x


@elementwise(formula="[x < 0 or 1/x = −∞]", numpy=np.signbit, because=BOOLEAN, differentiable=False)
def signbit(x):
    """Whether the sign is negative, −0 included."""
    return math.copysign(1, x) < 0


@elementwise(
    formula="−|x| if y < 0 or 1/y = −∞ else |x|", derivative_formula="0 if x = 0 else out/x, 0", integers="float"
)
def copysign(x, y):
    """``x`` with the sign of ``y``; 0 as derivative where ``x`` is 0."""
    return where(signbit(y), -abs(x), abs(x))


@copysign.derivative
def _(x, y, out):
    return where(x == 0, 0, out / x), 0


@elementwise(
    formula="nan if x is NaN else posinf if x = ∞ else neginf if x = −∞ else x", derivative_formula="[|x| < ∞]"
)
def _nan_to_num(x, nan=0.0, posinf=inf, neginf=-inf):
    return where(isnan(x), nan, where(x == inf, posinf, where(x == -inf, neginf, x)))


@_nan_to_num.derivative
def _(x):
    return isfinite(x)


def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """NaN and ±inf replaced: by ``nan``, and by the dtype's largest and smallest number unless given; derivative 0."""
    if dtypes.result_type(input).kind != "f":
        return input.clone()
    limits = np.finfo(input.dtype)
    posinf, neginf = limits.max if posinf is None else posinf, limits.min if neginf is None else neginf
    return _nan_to_num(input, 0.0 if nan is None else float(nan), float(posinf), float(neginf))


METHODS = (
    sign,
    abs,
    floor,
    ceil,
    trunc,
    round,
    frac,
    clamp,
    clamp_min,
    clamp_max,
    positive,
    signbit,
    copysign,
    nan_to_num,
)
