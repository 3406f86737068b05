"""Absolute value, sign and rounding."""

import builtins
from math import inf

import numpy as np

from ..elementwise import elementwise
from ..tensor import Tensor
from .comparison import where


@elementwise(formula="sign x", derivative_formula="0")
def sign(x):
    """−1, 0 or 1; 0 for NaN, as in PyTorch."""
    return where(x > 0, 1, where(x < 0, -1, 0))


@sign.derivative
def _(x):
    return 0


@elementwise(formula="|x|", derivative_formula="sign x", numpy=np.abs, intrinsic=True)
def abs(x):
    """Absolute value; derivative 0 at 0."""


@abs.derivative
def _(x):
    return sign(x)


@elementwise(formula="⌊x⌋", derivative_formula="0", numpy=np.floor, intrinsic=True)
def floor(x):
    """The largest integer not above ``x``."""


@floor.derivative
def _(x):
    return 0


@elementwise(formula="⌈x⌉", derivative_formula="0", numpy=np.ceil, intrinsic=True)
def ceil(x):
    """The smallest integer not below ``x``."""


@ceil.derivative
def _(x):
    return 0


@elementwise(formula="trunc x", derivative_formula="0", numpy=np.trunc, intrinsic=True)
def trunc(x):
    """``x`` without its fraction."""


@trunc.derivative
def _(x):
    return 0


@elementwise(formula="round x", derivative_formula="0", numpy=np.rint, intrinsic=True)
def _round(x):
    """The nearest integer; halves go to the even one."""


@_round.derivative
def _(x):
    return 0


def round(x, decimals=0):
    """``x`` to ``decimals`` places (negative: tens, hundreds …); halves go to the even neighbour."""
    if x.dtype.kind != "f":
        if decimals:
            raise TypeError(f"round: decimals needs a floating dtype, got {x.dtype.name}")
        return x.clone()
    scale = 10.0 ** builtins.abs(decimals)
    return _round(x) if decimals == 0 else _round(x * scale) / scale if decimals > 0 else _round(x / scale) * scale


@elementwise(formula="x − trunc x", derivative_formula="1")
def frac(x):
    """The fraction of ``x``, with its sign."""
    return x - trunc(x)


@frac.derivative
def _(x):
    return 1


@elementwise(formula="min(max(x, a), b)", derivative_formula="[a ≤ x ≤ b]", numpy=np.clip)
def _clamp(x, min=None, max=None):
    return x


@_clamp.derivative
def _(x, min, max):
    return where((x >= (-inf if min is None else min)) & (x <= (inf if max is None else max)), 1, 0)


def clamp(x, min=None, max=None):
    """``x`` brought into [min, max]; numbers or tensors, either may be missing. The gradient passes at the bounds.

    Raises ``ValueError`` where both are missing.
    """
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max is needed")
    if not any(isinstance(bound, Tensor) for bound in (min, max)):
        return _clamp(x, min, max)
    if min is not None:
        x = where(x < min, min, x)
    return x if max is None else where(x > max, max, x)


def clamp_min(x, min):
    """``x`` brought up to ``min``."""
    return clamp(x, min=min)


def clamp_max(x, max):
    """``x`` brought down to ``max``."""
    return clamp(x, max=max)


def positive(x):
    """``+x``; not for booleans."""
    if x.dtype.kind == "b":
        raise TypeError("positive: a number expected, got bool")
    return x


@elementwise(formula="[x < 0 or x = −0]", numpy=np.signbit, differentiable=False)
def signbit(x):
    """Whether the sign is negative, −0 included."""
    return x < 0


@elementwise(formula="|x|·sign y", derivative_formula="±1, 0", integers="float", numpy=np.copysign)
def copysign(x, y):
    """``x`` with the sign of ``y``; 0 as derivative where ``x`` is 0."""
    return x


@copysign.derivative
def _(x, y, out):
    return where(x == 0, 0, sign(x) * sign(out)), 0


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """NaN and ±inf replaced: by ``nan``, and by the dtype's largest and smallest number unless given."""
    if x.dtype.kind != "f":
        return x.clone()
    limits = np.finfo(x.dtype)
    x = where(x != x, nan, x)
    x = where(x == inf, float(limits.max) if posinf is None else posinf, x)
    return where(x == -inf, float(limits.min) if neginf is None else neginf, x)


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
