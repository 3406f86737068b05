"""Comparisons and choice. A comparison's result is a constant; ``where`` passes the gradient to what it chose."""

from math import inf

from ...backends.device import np
from ...elementwise import elementwise
from ...primitive import primitive
from ...tensor import Tensor

BOOLEAN = "its result is boolean: a compiled loop fills arrays of its arguments' dtype"
_INTEGERS = "it is for integers and booleans: loops are compiled for floating dtypes alone"


@elementwise(formula="[x = y]", numpy=np.equal, because=BOOLEAN, differentiable=False)
def eq(x, y):
    """Where ``x == y``, as booleans."""
    return x == y


@elementwise(formula="[x ≠ y]", numpy=np.not_equal, because=BOOLEAN, differentiable=False)
def ne(x, y):
    """Where ``x != y``, as booleans."""
    return x != y


@elementwise(formula="[x < y]", numpy=np.less, because=BOOLEAN, differentiable=False)
def lt(x, y):
    """Where ``x < y``, as booleans."""
    return x < y


@elementwise(formula="[x ≤ y]", numpy=np.less_equal, because=BOOLEAN, differentiable=False)
def le(x, y):
    """Where ``x <= y``, as booleans."""
    return x <= y


@elementwise(formula="[x > y]", numpy=np.greater, because=BOOLEAN, differentiable=False)
def gt(x, y):
    """Where ``x > y``, as booleans."""
    return x > y


@elementwise(formula="[x ≥ y]", numpy=np.greater_equal, because=BOOLEAN, differentiable=False)
def ge(x, y):
    """Where ``x >= y``, as booleans."""
    return x >= y


@elementwise(formula="x ∧ y", numpy=np.bitwise_and, because=_INTEGERS, differentiable=False)
def bitwise_and(x, y):
    """``x & y`` of booleans or integers."""
    return x & y


@elementwise(formula="x ∨ y", numpy=np.bitwise_or, because=_INTEGERS, differentiable=False)
def bitwise_or(x, y):
    """``x | y`` of booleans or integers."""
    return x | y


@elementwise(formula="x ⊕ y", numpy=np.bitwise_xor, because=_INTEGERS, differentiable=False)
def bitwise_xor(x, y):
    """``x ^ y`` of booleans or integers."""
    return x ^ y


@elementwise(formula="¬x", numpy=np.invert, because=_INTEGERS, differentiable=False)
def bitwise_not(x):
    """``~x`` of booleans or integers."""
    return ~x


@elementwise(formula="[x is NaN]", numpy=np.isnan, because=BOOLEAN, differentiable=False)
def isnan(x):
    """Where ``x`` is NaN."""
    return x != x


@elementwise(formula="[|x| = ∞]", numpy=np.isinf, because=BOOLEAN, differentiable=False)
def isinf(x):
    """Where ``x`` is inf or −inf."""
    return (x == inf) | (x == -inf)


@elementwise(formula="[|x| < ∞]", numpy=np.isfinite, because=BOOLEAN, differentiable=False)
def isfinite(x):
    """Where ``x`` is neither infinite nor NaN."""
    return x - x == 0


@elementwise(formula="[x = 0]", numpy=np.logical_not, because=BOOLEAN, differentiable=False)
def logical_not(x):
    """Where ``x`` is 0."""
    return x == 0


@elementwise(formula="[x ≠ 0 and y ≠ 0]", numpy=np.logical_and, because=BOOLEAN, differentiable=False)
def logical_and(x, y):
    """Where both are not 0."""
    return (x != 0) & (y != 0)


@elementwise(formula="[x ≠ 0 or y ≠ 0]", numpy=np.logical_or, because=BOOLEAN, differentiable=False)
def logical_or(x, y):
    """Where at least one is not 0."""
    return (x != 0) | (y != 0)


@elementwise(formula="[[x ≠ 0] ≠ [y ≠ 0]]", numpy=np.logical_xor, because=BOOLEAN, differentiable=False)
def logical_xor(x, y):
    """Where just one is not 0."""
    return (x != 0) != (y != 0)


@primitive(formula="[x = y or |x − y| ≤ atol + rtol·|y|]", differentiable=False)
def _isclose(x, y, rtol, atol, equal_nan):
    if rtol < 0 or atol < 0:
        raise ValueError(f"rtol and atol must not be negative, got {rtol} and {atol}")
    if not (hasattr(x, "dtype") and hasattr(y, "dtype") and x.dtype == y.dtype):
        raise TypeError("two tensors of one dtype expected: convert one with .to()")
    return np.isclose(x, y, rtol, atol, equal_nan)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where ``|input - other| <= atol + rtol * |other|``, or both are the same infinity (with equal_nan: both NaN)."""
    return _isclose(input, other, rtol, atol, equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether ``isclose`` holds everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all elements are the same."""
    return input.shape == other.shape and bool((input.array == other.array).all())


METHODS = (
    eq,
    ne,
    lt,
    le,
    gt,
    ge,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    bitwise_not,
    isnan,
    isinf,
    isfinite,
    logical_not,
    logical_and,
    logical_or,
    logical_xor,
    isclose,
    allclose,
    equal,
)
