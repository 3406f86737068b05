"""``fma(a, b, c)``: a·b + c with one rounding, an instruction of the processor. For compiled modules only."""

from numba import types
from numba.extending import intrinsic, overload


@intrinsic
def _instruction(context, a, b, c):
    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return a(a, a, a), generate


def fma(a, b, c):
    """a·b + c."""
    return a * b + c


@overload(fma, inline="always")
def _fma(a, b, c):
    if isinstance(a, types.Float) and a == b == c:
        return lambda a, b, c: _instruction(a, b, c)
    return lambda a, b, c: a * b + c  # integers, as in the bits of a float
