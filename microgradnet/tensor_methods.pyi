"""The methods that ops give Tensor, for type checkers and editors. Written by ``ops.signatures``: do not edit."""

import builtins
from collections.abc import Sequence
from typing import Any

from .ops.arrays.return_types import MinMax, ValuesIndices
from .random import Generator
from .tensor import Tensor
from .typing import Dims, DType, Number, Operand, Size

class TensorMethods:
    def __abs__(self, /) -> Tensor:
        """Absolute value; derivative 0 at 0."""

    def __add__(self, other: Operand, /) -> Tensor:
        """"""

    def __and__(self, other: Operand, /) -> Tensor:
        """``x & y`` of booleans or integers."""

    def __eq__(self, other: Operand, /) -> Tensor:  # type: ignore[override]
        """Where ``x == y``, as booleans."""

    def __floordiv__(self, other: Operand, /) -> Tensor:
        """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""

    def __ge__(self, other: Operand, /) -> Tensor:  # type: ignore[misc]
        """Where ``x >= y``, as booleans."""

    def __getitem__(self, index: Any, /) -> Tensor:
        """``x[index]``: numbers, slices, ``...``, None, integer tensors (also negative), masks, and mixes of them.

        Without a tensor in the index the result is a view. Raises IndexError if out of range, ValueError for a negative
        step.
        """

    def __gt__(self, other: Operand, /) -> Tensor:  # type: ignore[misc]
        """Where ``x > y``, as booleans."""

    def __iadd__(self, y: Operand, /) -> Tensor:
        """In place: None"""

    def __iand__(self, y: Operand, /) -> Tensor:
        """``x & y`` of booleans or integers."""

    def __ifloordiv__(self, y: Operand, /) -> Tensor:
        """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""

    def __imatmul__(self, b: Operand, /) -> Tensor:
        """Matrix product over the last two dimensions, (..., n, m) and (..., m, p) -> (..., n, p); the leading ones
        broadcast, and a vector counts as a row or a column.

        Raises ``ValueError`` if the inner sizes differ, ``TypeError`` if the dtypes do.
        """

    def __imod__(self, y: Operand, /) -> Tensor:
        """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""

    def __imul__(self, y: Operand, /) -> Tensor:
        """``x * y``."""

    def __invert__(self, /) -> Tensor:
        """``~x`` of booleans or integers."""

    def __ior__(self, y: Operand, /) -> Tensor:
        """``x | y`` of booleans or integers."""

    def __ipow__(self, exponent: Operand, /) -> Tensor:
        """``input ** exponent``, elementwise; a number or a tensor on either side.

        Raises ValueError for a tensor of integers to a negative whole number.
        """

    def __isub__(self, other: Operand, /) -> Tensor:
        """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""

    def __itruediv__(self, y: Operand, /) -> Tensor:
        """In place: None"""

    def __ixor__(self, y: Operand, /) -> Tensor:
        """``x ^ y`` of booleans or integers."""

    def __le__(self, other: Operand, /) -> Tensor:  # type: ignore[misc]
        """Where ``x <= y``, as booleans."""

    def __lt__(self, other: Operand, /) -> Tensor:  # type: ignore[misc]
        """Where ``x < y``, as booleans."""

    def __matmul__(self, other: Operand, /) -> Tensor:
        """Matrix product over the last two dimensions, (..., n, m) and (..., m, p) -> (..., n, p); the leading ones
        broadcast, and a vector counts as a row or a column.

        Raises ``ValueError`` if the inner sizes differ, ``TypeError`` if the dtypes do.
        """

    def __mod__(self, other: Operand, /) -> Tensor:
        """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""

    def __mul__(self, other: Operand, /) -> Tensor:
        """``x * y``."""

    def __ne__(self, other: Operand, /) -> Tensor:  # type: ignore[override]
        """Where ``x != y``, as booleans."""

    def __neg__(self, /) -> Tensor:
        """``-x``. Raises TypeError for booleans: their complement is ``~x``."""

    def __or__(self, other: Operand, /) -> Tensor:
        """``x | y`` of booleans or integers."""

    def __pos__(self, /) -> Tensor:
        """``+x``. Raises TypeError for booleans."""

    def __pow__(self, other: Operand, /) -> Tensor:
        """``input ** exponent``, elementwise; a number or a tensor on either side.

        Raises ValueError for a tensor of integers to a negative whole number.
        """

    def __radd__(self, other: Operand, /) -> Tensor:
        """"""

    def __rand__(self, other: Operand, /) -> Tensor:
        """``x & y`` of booleans or integers."""

    def __rdiv__(self, other: Operand, /) -> Tensor:
        """"""

    def __rfloordiv__(self, other: Operand, /) -> Tensor:
        """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""

    def __rmatmul__(self, other: Operand, /) -> Tensor:
        """Matrix product over the last two dimensions, (..., n, m) and (..., m, p) -> (..., n, p); the leading ones
        broadcast, and a vector counts as a row or a column.

        Raises ``ValueError`` if the inner sizes differ, ``TypeError`` if the dtypes do.
        """

    def __rmod__(self, other: Operand, /) -> Tensor:
        """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""

    def __rmul__(self, other: Operand, /) -> Tensor:
        """``x * y``."""

    def __ror__(self, other: Operand, /) -> Tensor:
        """``x | y`` of booleans or integers."""

    def __rpow__(self, other: Operand, /) -> Tensor:
        """``input ** exponent``, elementwise; a number or a tensor on either side.

        Raises ValueError for a tensor of integers to a negative whole number.
        """

    def __rsub__(self, other: Operand, /) -> Tensor:
        """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""

    def __rtruediv__(self, other: Operand, /) -> Tensor:
        """"""

    def __rxor__(self, other: Operand, /) -> Tensor:
        """``x ^ y`` of booleans or integers."""

    def __setitem__(self, index: Any, value: Operand, /) -> None:
        """``x[index] = value``, in place; gradients flow to the value and to the rest of x. Raises IndexError or ValueError
        for an index or value that does not fit.
        """

    def __sub__(self, other: Operand, /) -> Tensor:
        """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""

    def __truediv__(self, other: Operand, /) -> Tensor:
        """"""

    def __xor__(self, other: Operand, /) -> Tensor:
        """``x ^ y`` of booleans or integers."""

    def abs(self) -> Tensor:
        """Absolute value; derivative 0 at 0."""

    def abs_(self) -> Tensor:
        """Absolute value; derivative 0 at 0."""

    def acos(self) -> Tensor:
        """The angle in [0, π] whose cosine is ``x``; NaN outside [−1, 1]."""

    def acos_(self) -> Tensor:
        """The angle in [0, π] whose cosine is ``x``; NaN outside [−1, 1]."""

    def acosh(self) -> Tensor:
        """The inverse of ``cosh`` that is not negative; NaN below 1."""

    def acosh_(self) -> Tensor:
        """The inverse of ``cosh`` that is not negative; NaN below 1."""

    def add(self, other: Operand, *, alpha: builtins.float = 1) -> Tensor:
        """``input + alpha * other``; two booleans give their disjunction."""

    def add_(self, other: Operand, *, alpha: builtins.float = 1) -> Tensor:
        """``input + alpha * other``; two booleans give their disjunction."""

    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta·input + alpha·Σᵢ (batch1[i] @ batch2[i])``."""

    def addcdiv(self, tensor1: Operand, tensor2: Operand, value: builtins.float = 1) -> Tensor:
        """``x + value * tensor1 / tensor2``."""

    def addcdiv_(self, tensor1: Operand, tensor2: Operand, value: builtins.float = 1) -> Tensor:
        """``x + value * tensor1 / tensor2``."""

    def addcmul(self, tensor1: Operand, tensor2: Operand, value: builtins.float = 1) -> Tensor:
        """``x + value * tensor1 * tensor2``."""

    def addcmul_(self, tensor1: Operand, tensor2: Operand, value: builtins.float = 1) -> Tensor:
        """``x + value * tensor1 * tensor2``."""

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta·input + alpha·(mat1 @ mat2)``; ``input`` broadcasts. With ``beta = 0`` the values of ``input`` are
        ignored.
        """

    def addmv(self, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta·input + alpha·(mat @ vec)``."""

    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta·input + alpha·outer(vec1, vec2)``."""

    def all(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether all are true (non-zero)."""

    def allclose(
        self,
        other: Tensor,
        rtol: builtins.float = 1e-05,
        atol: builtins.float = 1e-08,
        equal_nan: builtins.bool = False,
    ) -> builtins.bool:
        """Whether ``isclose`` holds everywhere."""

    def amax(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Largest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""

    def amin(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Smallest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""

    def aminmax(self, *, dim: int | None = None, keepdim: builtins.bool = False) -> MinMax:
        """The smallest and the largest, over one dimension or over all: ``(min, max)``."""

    def any(self, dim: Dims = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether any is true (non-zero)."""

    def argmax(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """Index of the largest element, in the flattened tensor or along ``dim``; the first in a tie, or the first NaN."""

    def argmin(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """Index of the smallest element, in the flattened tensor or along ``dim``; the first in a tie, or the first NaN."""

    def argsort(self, dim: int = -1, descending: builtins.bool = False, stable: builtins.bool = False) -> Tensor:
        """The indices that sort ``x`` along ``dim``. Equal elements keep their order; NaN counts as the largest."""

    def argwhere(self) -> Tensor:
        """The indices of the non-zero elements, one per row, as int64."""

    def asin(self) -> Tensor:
        """The angle in [−π/2, π/2] whose sine is ``x``; NaN outside [−1, 1]."""

    def asin_(self) -> Tensor:
        """The angle in [−π/2, π/2] whose sine is ``x``; NaN outside [−1, 1]."""

    def asinh(self) -> Tensor:
        """The inverse of ``sinh``."""

    def asinh_(self) -> Tensor:
        """The inverse of ``sinh``."""

    def atan(self) -> Tensor:
        """The angle in (−π/2, π/2) whose tangent is ``x``."""

    def atan2(self, x: Operand) -> Tensor:
        """The angle of the point (x, y) in (−π, π]; its derivative at the origin is 0, as in PyTorch."""

    def atan2_(self, x: Operand) -> Tensor:
        """The angle of the point (x, y) in (−π, π]; its derivative at the origin is 0, as in PyTorch."""

    def atan_(self) -> Tensor:
        """The angle in (−π/2, π/2) whose tangent is ``x``."""

    def atanh(self) -> Tensor:
        """The inverse of ``tanh``; ±inf at ±1, NaN outside [−1, 1]."""

    def atanh_(self) -> Tensor:
        """The inverse of ``tanh``; ±inf at ±1, NaN outside [−1, 1]."""

    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """``beta·input + alpha·(batch1 @ batch2)``, matrix by matrix."""

    def bernoulli(self, generator: Generator | None = None) -> Tensor:
        """1 with probability ``input``, else 0, element by element, in its dtype. Raises ValueError outside [0, 1]."""

    def bincount(self, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
        """The number of times each of 0, 1, 2, ... occurs in the vector ``x``; with ``weights``, their sum."""

    def bitwise_and(self, y: Operand) -> Tensor:
        """``x & y`` of booleans or integers."""

    def bitwise_not(self) -> Tensor:
        """``~x`` of booleans or integers."""

    def bitwise_or(self, y: Operand) -> Tensor:
        """``x | y`` of booleans or integers."""

    def bitwise_xor(self, y: Operand) -> Tensor:
        """``x ^ y`` of booleans or integers."""

    def bmm(self, mat2: Tensor) -> Tensor:
        """``matmul`` of two batches of matrices: (b, n, m) and (b, m, p) -> (b, n, p). Raises ValueError if b differs."""

    def bool(self) -> Tensor:
        """Where this tensor is not 0, as booleans."""

    def broadcast_to(self, shape: tuple[int, ...]) -> Tensor:
        """``x`` repeated along new and size-1 dimensions to ``shape``; no memory is copied."""

    def ceil(self) -> Tensor:
        """The smallest integer not below ``x``."""

    def ceil_(self) -> Tensor:
        """The smallest integer not below ``x``."""

    def celu(self, alpha: builtins.float = 1.0) -> Tensor:
        """``x`` above 0, ``alpha * (exp(x / alpha) - 1)`` below: its slope at 0 is 1 for every alpha. Barron 2017."""

    def celu_(self, alpha: builtins.float = 1.0) -> Tensor:
        """``x`` above 0, ``alpha * (exp(x / alpha) - 1)`` below: its slope at 0 is 1 for every alpha. Barron 2017."""

    def cholesky(self, *, upper: builtins.bool = False) -> Tensor:
        """The lower triangular L with ``L @ L.mT = A`` (``upper``: its transpose), for symmetric positive definite A.

        Only the lower triangle of A is read; the gradient is that of the symmetric matrix. Raises ValueError if A is not
        positive definite.
        """

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most ``chunks`` parts of equal size along ``dim``, the last one possibly smaller. A tuple.

        Raises ValueError for ``chunks`` < 1.
        """

    def clamp(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """``min(max(input, min), max)``: ``input`` limited by two numbers or tensors, one of which may be left out.

        The derivative is 1 from ``min`` to ``max``, both included. Raises ValueError if both are missing.
        """

    def clamp_(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """``min(max(input, min), max)``: ``input`` limited by two numbers or tensors, one of which may be left out.

        The derivative is 1 from ``min`` to ``max``, both included. Raises ValueError if both are missing.
        """

    def clamp_max(self, max: Operand) -> Tensor:
        """``x``, and ``max`` (a number or a tensor) where ``x`` is above it; at a tie the gradient goes to ``x``."""

    def clamp_max_(self, max: Operand) -> Tensor:
        """``x``, and ``max`` (a number or a tensor) where ``x`` is above it; at a tie the gradient goes to ``x``."""

    def clamp_min(self, min: Operand) -> Tensor:
        """``x``, and ``min`` (a number or a tensor) where ``x`` is below it; at a tie the gradient goes to ``x``."""

    def clamp_min_(self, min: Operand) -> Tensor:
        """``x``, and ``min`` (a number or a tensor) where ``x`` is below it; at a tie the gradient goes to ``x``."""

    def clone(self) -> Tensor:
        """A copy of ``x``, connected to it in the graph."""

    def contiguous(self) -> Tensor:
        """``x`` in row-major memory: itself, or a copy."""

    def copy_(self, source: Operand) -> Tensor:
        """``self[...] = source``, broadcast and in this tensor's dtype; the gradient goes to the source."""

    def copysign(self, y: Operand) -> Tensor:
        """``x`` with the sign of ``y``; 0 as derivative where ``x`` is 0."""

    def copysign_(self, y: Operand) -> Tensor:
        """``x`` with the sign of ``y``; 0 as derivative where ``x`` is 0."""

    def cos(self) -> Tensor:
        """Cosine; NaN at ±inf."""

    def cos_(self) -> Tensor:
        """Cosine; NaN at ±inf."""

    def cosh(self) -> Tensor:
        """``(exp(x) + exp(-x)) / 2``."""

    def cosh_(self) -> Tensor:
        """``(exp(x) + exp(-x)) / 2``."""

    def count_nonzero(self, dim: Dims = None) -> Tensor:
        """The number of non-zero elements over ``dim`` (default: all), as int64."""

    def cpu(self) -> Tensor:
        """This tensor in the CPU's memory."""

    def cross(self, other: Tensor, dim: int | None = None) -> Tensor:
        """Cross product along a dimension of size 3 (default: the first such); the others broadcast.

        Raises ValueError if its size is not 3.
        """

    def cuda(self) -> Tensor:
        """This tensor on the GPU."""

    def cummax(self, dim: int) -> ValuesIndices:
        """The largest up to each element along ``dim``, and its index (the last in a tie). NaN propagates."""

    def cummin(self, dim: int) -> ValuesIndices:
        """The smallest up to each element along ``dim``, and its index (the last in a tie). NaN propagates."""

    def cumprod(self, dim: int, dtype: DType | None = None) -> Tensor:
        """Products of the elements up to each one along ``dim``; integers and booleans in int64."""

    def cumsum(self, dim: int, dtype: DType | None = None) -> Tensor:
        """Sums of the elements up to each one along ``dim``; integers and booleans in int64."""

    def deg2rad(self) -> Tensor:
        """Degrees as radians."""

    def deg2rad_(self) -> Tensor:
        """Degrees as radians."""

    def det(self) -> Tensor:
        """The determinant of each matrix; its gradient is the matrix of cofactors (Jacobi's formula)."""

    def detach(self) -> Tensor:
        """The same memory as a constant: gradients do not flow through it, but backward still notices writes to it."""

    def diag(self, diagonal: int = 0) -> Tensor:
        """A vector as a diagonal matrix, or the diagonal of a matrix as a vector (a copy).

        Raises ValueError for other ranks.
        """

    def diag_embed(self, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """Matrices, in the planes of ``dim1`` and ``dim2``, with the last dimension of ``x`` on their diagonal.

        Raises ValueError for a 0-d ``x``.
        """

    def diagflat(self, offset: int = 0) -> Tensor:
        """A matrix with all elements of ``x`` on its diagonal."""

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """The diagonal of the planes of ``dim1`` and ``dim2``, as the last dimension; a view."""

    def diagonal_scatter(self, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """``x`` with ``src`` in place of ``x.diagonal(offset, dim1, dim2)``. Raises ValueError for another shape."""

    def diff(self, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
        """Differences of neighbours along ``dim``, taken ``n`` times; for booleans, whether they differ.

        Raises ValueError for a 0-d ``x``, n < 0 or a ``prepend`` or ``append`` of another rank.
        """

    def digamma(self) -> Tensor:
        """The derivative of ``lgamma``."""

    def digamma_(self) -> Tensor:
        """The derivative of ``lgamma``."""

    def dist(self, y: Tensor, p: builtins.float = 2) -> Tensor:
        """The ``p``-norm of ``x - y``; they broadcast."""

    def div(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """``input / other``; integers give the default floating dtype, unless the quotient is rounded.

        ``rounding_mode="floor"`` rounds down and ``"trunc"`` towards 0; both have derivative 0. Raises ValueError for any
        other.
        """

    def div_(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """``input / other``; integers give the default floating dtype, unless the quotient is rounded.

        ``rounding_mode="floor"`` rounds down and ``"trunc"`` towards 0; both have derivative 0. Raises ValueError for any
        other.
        """

    def dot(self, tensor: Tensor) -> Tensor:
        """``Σ x·y`` of two vectors of equal length."""

    def double(self) -> Tensor:
        """This tensor as float64."""

    def eq(self, y: Operand) -> Tensor:
        """Where ``x == y``, as booleans."""

    def equal(self, other: Tensor) -> builtins.bool:
        """Whether shape and all elements are the same."""

    def erf(self) -> Tensor:
        """The error function ``2/√π ∫₀ˣ exp(-t²) dt``."""

    def erf_(self) -> Tensor:
        """The error function ``2/√π ∫₀ˣ exp(-t²) dt``."""

    def erfc(self) -> Tensor:
        """``1 - erf(x)`` without cancellation for large ``x``."""

    def erfc_(self) -> Tensor:
        """``1 - erf(x)`` without cancellation for large ``x``."""

    def erfinv(self) -> Tensor:
        """The inverse of ``erf``; ±inf at ±1, NaN outside [−1, 1]."""

    def erfinv_(self) -> Tensor:
        """The inverse of ``erf``; ±inf at ±1, NaN outside [−1, 1]."""

    def exp(self) -> Tensor:
        """``e ** x``."""

    def exp2(self) -> Tensor:
        """``2 ** x``."""

    def exp2_(self) -> Tensor:
        """``2 ** x``."""

    def exp_(self) -> Tensor:
        """``e ** x``."""

    def expand(self, *shape: Size) -> Tensor:
        """``x`` broadcast to ``shape``, where -1 keeps a size; no memory is copied.

        Raises ValueError if ``x`` does not broadcast to it.
        """

    def expand_as(self, other: Tensor) -> Tensor:
        """``x`` broadcast to the shape of ``other``."""

    def expm1(self) -> Tensor:
        """``exp(x) - 1`` without cancellation near 0."""

    def expm1_(self) -> Tensor:
        """``exp(x) - 1`` without cancellation near 0."""

    def fill(self, value: Tensor) -> Tensor:
        """``value`` (a number or a 0-d tensor, which gets the gradient) in ``input``'s shape and dtype.

        Raises ValueError for any other value.
        """

    def fill_(self, value: Tensor) -> Tensor:
        """``value`` (a number or a 0-d tensor, which gets the gradient) in ``input``'s shape and dtype.

        Raises ValueError for any other value.
        """

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions ``start_dim`` to ``end_dim`` merged into one. Raises ValueError if they are in reverse order."""

    def flip(self, *dims: Size) -> Tensor:
        """The order of the elements reversed along each of ``dims``; a copy."""

    def fliplr(self) -> Tensor:
        """The columns in reverse order. Raises ValueError for fewer than 2 dimensions."""

    def flipud(self) -> Tensor:
        """The rows in reverse order. Raises ValueError for a 0-d ``x``."""

    def float(self) -> Tensor:
        """This tensor as float32."""

    def float_power(self, exponent: Operand) -> Tensor:
        """``input ** exponent`` computed in float64, for any dtypes."""

    def float_power_(self, exponent: Operand) -> Tensor:
        """``input ** exponent`` computed in float64, for any dtypes."""

    def floor(self) -> Tensor:
        """The largest integer not above ``x``."""

    def floor_(self) -> Tensor:
        """The largest integer not above ``x``."""

    def floor_divide(self, y: Operand) -> Tensor:
        """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""

    def floor_divide_(self, y: Operand) -> Tensor:
        """``x / y`` rounded down; derivative 0. Raises ZeroDivisionError for an integer divided by 0."""

    def fmax(self, y: Operand) -> Tensor:
        """The larger; where one is NaN, the other. A tie gives the gradient to ``x``."""

    def fmax_(self, y: Operand) -> Tensor:
        """The larger; where one is NaN, the other. A tie gives the gradient to ``x``."""

    def fmin(self, y: Operand) -> Tensor:
        """The smaller; where one is NaN, the other. A tie gives the gradient to ``x``."""

    def fmin_(self, y: Operand) -> Tensor:
        """The smaller; where one is NaN, the other. A tie gives the gradient to ``x``."""

    def fmod(self, y: Operand) -> Tensor:
        """The remainder of division rounded towards 0: it has the sign of ``x``, like C's ``fmod``."""

    def fmod_(self, y: Operand) -> Tensor:
        """The remainder of division rounded towards 0: it has the sign of ``x``, like C's ``fmod``."""

    def frac(self) -> Tensor:
        """The fraction of ``x``, with its sign."""

    def frac_(self) -> Tensor:
        """The fraction of ``x``, with its sign."""

    def gather(self, dim: int, index: Tensor) -> Tensor:
        """``out[i][j] = x[index[i][j]][j]`` for ``dim = 0``, and so on for any dimension."""

    def ge(self, y: Operand) -> Tensor:
        """Where ``x >= y``, as booleans."""

    def gt(self, y: Operand) -> Tensor:
        """Where ``x > y``, as booleans."""

    def hardshrink(self, lambd: builtins.float = 0.5) -> Tensor:
        """``x``, and 0 where ``-lambd <= x <= lambd``."""

    def hardshrink_(self, lambd: builtins.float = 0.5) -> Tensor:
        """``x``, and 0 where ``-lambd <= x <= lambd``."""

    def hsplit(self, indices_or_sections: Tensor | Size) -> tuple[Tensor, ...]:
        """``tensor_split`` along the second dimension; for a vector, along its only one.

        Raises ValueError for a 0-d ``x``.
        """

    def hypot(self, y: Operand) -> Tensor:
        """``sqrt(x² + y²)`` without overflow; NaN as derivative at the origin, as in PyTorch."""

    def hypot_(self, y: Operand) -> Tensor:
        """``sqrt(x² + y²)`` without overflow; NaN as derivative at the origin, as in PyTorch."""

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: builtins.float = 1) -> Tensor:
        """``x`` with ``alpha * source`` added to its slices along ``dim`` that ``index`` names."""

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: builtins.float = 1) -> Tensor:
        """``x`` with ``alpha * source`` added to its slices along ``dim`` that ``index`` names."""

    def index_copy(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """``x`` with its slices along ``dim`` that ``index`` names replaced by those of ``source``."""

    def index_copy_(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """``x`` with its slices along ``dim`` that ``index`` names replaced by those of ``source``."""

    def index_fill(self, dim: int, index: Tensor, value: Tensor | builtins.float) -> Tensor:
        """``x`` with its slices along ``dim`` that ``index`` names filled with a number or a 0-d tensor.

        Raises ValueError for another value.
        """

    def index_fill_(self, dim: int, index: Tensor, value: Tensor | builtins.float) -> Tensor:
        """``x`` with its slices along ``dim`` that ``index`` names filled with a number or a 0-d tensor.

        Raises ValueError for another value.
        """

    def index_put(self, indices: tuple[Tensor, ...], values: Operand, accumulate: builtins.bool = False) -> Tensor:
        """``x`` with ``values`` written (or with ``accumulate`` added) at ``indices``, a tuple with one tensor per
        dimension.

        None selects a whole dimension. For a repeated index the last value counts; ``accumulate`` adds all. Raises
        TypeError unless ``indices`` is a tuple or list.
        """

    def index_put_(self, indices: tuple[Tensor, ...], values: Operand, accumulate: builtins.bool = False) -> Tensor:
        """``x`` with ``values`` written (or with ``accumulate`` added) at ``indices``, a tuple with one tensor per
        dimension.

        None selects a whole dimension. For a repeated index the last value counts; ``accumulate`` adds all. Raises
        TypeError unless ``indices`` is a tuple or list.
        """

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The slices of ``x`` along ``dim`` that the vector ``index`` names; a copy."""

    def inner(self, other: Tensor) -> Tensor:
        """Sums of products over the last dimension of both: (..., n) and (*, n) -> (..., *).

        Raises ValueError if n differs.
        """

    def inverse(self) -> Tensor:
        """``inv``."""

    def isclose(
        self,
        other: Tensor,
        rtol: builtins.float = 1e-05,
        atol: builtins.float = 1e-08,
        equal_nan: builtins.bool = False,
    ) -> Tensor:
        """Where ``|input - other| <= atol + rtol * |other|``, or both are the same infinity (with equal_nan: both NaN)."""

    def isfinite(self) -> Tensor:
        """Where ``x`` is neither infinite nor NaN."""

    def isinf(self) -> Tensor:
        """Where ``x`` is inf or −inf."""

    def isnan(self) -> Tensor:
        """Where ``x`` is NaN."""

    def kron(self, other: Tensor) -> Tensor:
        """Kronecker product: each element of ``input`` times all of ``other``, block by block."""

    def kthvalue(self, k: int, dim: int = -1, keepdim: builtins.bool = False) -> ValuesIndices:
        """The ``k``-th smallest element along ``dim`` (the first is 1), and its index. NaN counts as the largest.

        Raises IndexError for a ``k`` out of range.
        """

    def le(self, y: Operand) -> Tensor:
        """Where ``x <= y``, as booleans."""

    def lerp(self, end: Operand, weight: Operand) -> Tensor:
        """``x + weight * (end - x)``: the straight line from ``x`` to ``end``; the weight is a number or a tensor."""

    def lerp_(self, end: Operand, weight: Operand) -> Tensor:
        """``x + weight * (end - x)``: the straight line from ``x`` to ``end``; the weight is a number or a tensor."""

    def lgamma(self) -> Tensor:
        """The logarithm of the absolute value of the gamma function; inf at 0, −1, −2, …"""

    def lgamma_(self) -> Tensor:
        """The logarithm of the absolute value of the gamma function; inf at 0, −1, −2, …"""

    def log(self) -> Tensor:
        """Natural logarithm; −inf at 0, NaN below."""

    def log10(self) -> Tensor:
        """Logarithm to base 10."""

    def log10_(self) -> Tensor:
        """Logarithm to base 10."""

    def log1p(self) -> Tensor:
        """``log(1 + x)`` without cancellation near 0."""

    def log1p_(self) -> Tensor:
        """``log(1 + x)`` without cancellation near 0."""

    def log2(self) -> Tensor:
        """Logarithm to base 2."""

    def log2_(self) -> Tensor:
        """Logarithm to base 2."""

    def log_(self) -> Tensor:
        """Natural logarithm; −inf at 0, NaN below."""

    def log_softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """``x - log(sum(exp(x)))`` along ``dim``, shifted by the maximum so that nothing overflows."""

    def logaddexp(self, y: Operand) -> Tensor:
        """``log(exp(x) + exp(y))``, shifted by the larger so that nothing overflows."""

    def logaddexp2(self, y: Operand) -> Tensor:
        """``log2(2**x + 2**y)``, shifted by the larger so that nothing overflows."""

    def logaddexp2_(self, y: Operand) -> Tensor:
        """``log2(2**x + 2**y)``, shifted by the larger so that nothing overflows."""

    def logaddexp_(self, y: Operand) -> Tensor:
        """``log(exp(x) + exp(y))``, shifted by the larger so that nothing overflows."""

    def logcumsumexp(self, dim: int) -> Tensor:
        """``log(cumsum(exp(x), dim))``, without overflow. Raises TypeError unless floating."""

    def logical_and(self, y: Operand) -> Tensor:
        """Where both are not 0."""

    def logical_not(self) -> Tensor:
        """Where ``x`` is 0."""

    def logical_or(self, y: Operand) -> Tensor:
        """Where at least one is not 0."""

    def logical_xor(self, y: Operand) -> Tensor:
        """Where just one is not 0."""

    def logit(self, eps: builtins.float | None = None) -> Tensor:
        """``log(x / (1 - x))``; with ``eps``, x is first clamped to [eps, 1 − eps]."""

    def logit_(self, eps: builtins.float | None = None) -> Tensor:
        """``log(x / (1 - x))``; with ``eps``, x is first clamped to [eps, 1 − eps]."""

    def logsumexp(self, dim: Dims, keepdim: builtins.bool = False) -> Tensor:
        """``log(sum(exp(x), dim))``, shifted by the maximum so that nothing overflows; -inf where all are -inf."""

    def long(self) -> Tensor:
        """This tensor as int64."""

    def lt(self, y: Operand) -> Tensor:
        """Where ``x < y``, as booleans."""

    def masked_fill(self, mask: Tensor, value: Tensor | builtins.float) -> Tensor:
        """``x`` with ``value`` (a number or a 0-d tensor) where ``mask`` is true; the mask broadcasts.

        Raises ValueError for another value.
        """

    def masked_fill_(self, mask: Tensor, value: Tensor | builtins.float) -> Tensor:
        """``x`` with ``value`` (a number or a 0-d tensor) where ``mask`` is true; the mask broadcasts.

        Raises ValueError for another value.
        """

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """``x`` with the elements of ``source``, in their order, where ``mask`` is true; the mask broadcasts.

        Raises ValueError if they are too few, TypeError if the dtypes differ.
        """

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """``x`` with the elements of ``source``, in their order, where ``mask`` is true; the mask broadcasts.

        Raises ValueError if they are too few, TypeError if the dtypes differ.
        """

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements of ``x`` where ``mask`` is true, as a vector; both broadcast."""

    def matmul(self, b: Tensor) -> Tensor:
        """Matrix product over the last two dimensions, (..., n, m) and (..., m, p) -> (..., n, p); the leading ones
        broadcast, and a vector counts as a row or a column.

        Raises ``ValueError`` if the inner sizes differ, ``TypeError`` if the dtypes do.
        """

    def matrix_power(self, n: int) -> Tensor:
        """``A @ … @ A`` with n factors, by repeated squaring; the identity for 0, powers of the inverse for negative n.

        Raises ValueError unless A is (..., n, n).
        """

    def max(self, dim: Tensor | int | None = None, keepdim: builtins.bool = False) -> Tensor | Any:
        """The largest element; with ``dim``, the largest along it, its index; with a tensor, the elementwise maximum."""

    def maximum(self, y: Operand) -> Tensor:
        """The larger; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""

    def maximum_(self, y: Operand) -> Tensor:
        """The larger; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""

    def mean(self, dim: Dims = None, keepdim: builtins.bool = False, dtype: DType | None = None) -> Tensor:
        """Mean over ``dim`` (default: all); floating point only. NaN if there are no elements. Raises TypeError for
        integers.
        """

    def median(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor | Any:
        """The median (the lower of two) of all elements; with ``dim``, along it, with its index. NaN if there is a NaN."""

    def min(self, dim: Tensor | int | None = None, keepdim: builtins.bool = False) -> Tensor | Any:
        """The smallest element; with ``dim``, the smallest along it, its index; with a tensor, the elementwise minimum."""

    def minimum(self, y: Operand) -> Tensor:
        """The smaller; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""

    def minimum_(self, y: Operand) -> Tensor:
        """The smaller; NaN if either is. A tie gives each argument half of the gradient, as in PyTorch."""

    def mm(self, mat2: Tensor) -> Tensor:
        """``matmul`` of two matrices: (n, m) and (m, p) -> (n, p)."""

    def movedim(self, source: Size, destination: Size) -> Tensor:
        """Dimension(s) ``source`` moved to ``destination``, the others kept in their order; a view.

        Raises ValueError unless both are as many.
        """

    def msort(self) -> Tensor:
        """``x`` sorted along the first dimension."""

    def mul(self, y: Operand) -> Tensor:
        """``x * y``."""

    def mul_(self, y: Operand) -> Tensor:
        """``x * y``."""

    def multinomial(
        self, num_samples: int, replacement: builtins.bool = False, generator: Generator | None = None
    ) -> Tensor:
        """``num_samples`` indices for each row of weights ``input`` (C) or (N, C), drawn in proportion to them.

        Raises ``ValueError`` for weights that are negative or all zero or, without replacement, too few non-zero ones.
        """

    def mv(self, vec: Tensor) -> Tensor:
        """A matrix by a vector: (n, m) and (m) -> (n)."""

    def nan_to_num(
        self, nan: builtins.float = 0.0, posinf: builtins.float | None = None, neginf: builtins.float | None = None
    ) -> Tensor:
        """NaN and ±inf replaced: by ``nan``, and by the dtype's largest and smallest number unless given; derivative 0."""

    def nan_to_num_(
        self, nan: builtins.float = 0.0, posinf: builtins.float | None = None, neginf: builtins.float | None = None
    ) -> Tensor:
        """NaN and ±inf replaced: by ``nan``, and by the dtype's largest and smallest number unless given; derivative 0."""

    def nanmean(self, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: DType | None = None) -> Tensor:
        """Mean over ``dim`` (default: all) of the elements that are not NaN; floating point only.

        Raises TypeError for integers.
        """

    def nansum(self, dim: Dims = None, keepdim: builtins.bool = False, dtype: DType | None = None) -> Tensor:
        """Sum over ``dim`` (default: all), with NaN as zero."""

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """``length`` elements from ``start`` on in dimension ``dim``; a view. Raises IndexError if out of range."""

    def ne(self, y: Operand) -> Tensor:
        """Where ``x != y``, as booleans."""

    def neg(self) -> Tensor:
        """``-x``. Raises TypeError for booleans: their complement is ``~x``."""

    def neg_(self) -> Tensor:
        """``-x``. Raises TypeError for booleans: their complement is ``~x``."""

    def new_full(
        self,
        size: Size,
        fill_value: Number,
        dtype: DType | None = None,
        requires_grad: builtins.bool = False,
        device: str | None = None,
    ) -> Tensor:
        """``full`` with this tensor's dtype unless ``dtype`` is given."""

    def new_ones(
        self, *size: Size, dtype: DType | None = None, requires_grad: builtins.bool = False, device: str | None = None
    ) -> Tensor:
        """``ones`` with this tensor's dtype unless ``dtype`` is given."""

    def new_zeros(
        self, *size: Size, dtype: DType | None = None, requires_grad: builtins.bool = False, device: str | None = None
    ) -> Tensor:
        """``zeros`` with this tensor's dtype unless ``dtype`` is given."""

    def nonzero(self, *, as_tuple: builtins.bool = False) -> Tensor | Any:
        """``argwhere``; with ``as_tuple`` one vector per dimension, usable as an index."""

    def norm(
        self,
        p: builtins.float | str | None = "fro",
        dim: Dims = None,
        keepdim: builtins.bool = False,
        dtype: DType | None = None,
    ) -> Tensor:
        """``torch.norm``: the vector norm ``p`` over ``dim`` (default: all); "fro" is 2, "nuc" the nuclear matrix norm.

        Raises ValueError for another string.
        """

    def outer(self, vec2: Tensor) -> Tensor:
        """All products of two vectors: (n) and (m) -> (n, m)."""

    def permute(self, *dims: Size) -> Tensor:
        """The dimensions in another order: ``permute(x, 2, 0, 1)``; a view."""

    def positive(self) -> Tensor:
        """``+x``. Raises TypeError for booleans."""

    def positive_(self) -> Tensor:
        """``+x``. Raises TypeError for booleans."""

    def pow(self, exponent: Operand) -> Tensor:
        """``input ** exponent``, elementwise; a number or a tensor on either side.

        Raises ValueError for a tensor of integers to a negative whole number.
        """

    def pow_(self, exponent: Operand) -> Tensor:
        """``input ** exponent``, elementwise; a number or a tensor on either side.

        Raises ValueError for a tensor of integers to a negative whole number.
        """

    def prelu(self, weight: Tensor) -> Tensor:
        """``leaky_relu`` with a learned slope: one weight, or one for each channel (dimension 1). He et al. 2015.

        Raises ValueError for a weight of another size.
        """

    def prelu_(self, weight: Tensor) -> Tensor:
        """``leaky_relu`` with a learned slope: one weight, or one for each channel (dimension 1). He et al. 2015.

        Raises ValueError for a weight of another size.
        """

    def prod(self, dim: int | None = None, keepdim: builtins.bool = False, dtype: DType | None = None) -> Tensor:
        """Product over one dimension, or over all. Integers and booleans are multiplied in int64."""

    def quantile(
        self,
        q: Tensor | builtins.float,
        dim: Dims = None,
        keepdim: builtins.bool = False,
        *,
        interpolation: str = "linear",
    ) -> Tensor:
        """The ``q``-quantiles over ``dim`` (default: all): the sorted elements at rank ``q·(n - 1)``.

        ``q`` is a number in [0, 1], or a vector of them, which becomes the first dimension of the result. ``interpolation``
        is "linear", "lower", "higher", "nearest" or "midpoint". NaN if there is a NaN. Raises TypeError unless floating,
        ValueError for a q outside [0, 1] or of another dtype, an unknown ``interpolation``, or no elements.
        """

    def rad2deg(self) -> Tensor:
        """Radians as degrees."""

    def rad2deg_(self) -> Tensor:
        """Radians as degrees."""

    def ravel(self) -> Tensor:
        """``x`` as a vector; a view if possible."""

    def reciprocal(self) -> Tensor:
        """``1 / x``; integers give the default floating dtype."""

    def reciprocal_(self) -> Tensor:
        """``1 / x``; integers give the default floating dtype."""

    def relu(self) -> Tensor:
        """``max(0, x)``; derivative 0 at 0. Nair and Hinton 2010."""

    def relu_(self) -> Tensor:
        """``max(0, x)``; derivative 0 at 0. Nair and Hinton 2010."""

    def remainder(self, y: Operand) -> Tensor:
        """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""

    def remainder_(self, y: Operand) -> Tensor:
        """The remainder of division rounded down: it has the sign of ``y``, like Python's ``%``."""

    def repeat(self, *repeats: Size) -> Tensor:
        """``x`` tiled ``repeats`` times along each dimension; more numbers than dimensions add leading dimensions.

        Raises ValueError for too few or negative numbers.
        """

    def repeat_interleave(
        self, repeats: Tensor | int | None = None, dim: int | None = None, *, output_size: int | None = None
    ) -> Tensor:
        """Each element (or slice along ``dim``) repeated ``repeats`` times in place; one number, or one for each.

        With ``x`` alone: each index i of the vector ``x``, ``x[i]`` times. Raises ValueError for counts that are negative
        or do not fit. A captured step that is handed counts in a tensor runs plainly: they decide the size.
        """

    def reshape(self, *shape: Size) -> Tensor:
        """``x`` in another shape with as many elements; one size may be -1, to be inferred. A view if possible."""

    def reshape_as(self, other: Tensor) -> Tensor:
        """``x`` with the shape of ``other``."""

    def roll(self, shifts: Size, dims: Dims = None) -> Tensor:
        """Elements shifted by ``shifts`` along ``dims``, wrapping around; without ``dims``, in the flattened tensor.

        Raises ValueError unless there are as many shifts as dims.
        """

    def rot90(self, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
        """Rotated by ``k`` quarter turns in the plane of ``dims``, from the first towards the second.

        Raises ValueError if both are the same.
        """

    def round(self, decimals: int = 0) -> Tensor:
        """``x`` to ``decimals`` places (negative: tens, hundreds …); halves go to the even neighbour.

        Raises TypeError for booleans, or integers with ``decimals``.
        """

    def round_(self, decimals: int = 0) -> Tensor:
        """``x`` to ``decimals`` places (negative: tens, hundreds …); halves go to the even neighbour.

        Raises TypeError for booleans, or integers with ``decimals``.
        """

    def rsqrt(self) -> Tensor:
        """``1 / sqrt(x)``."""

    def rsqrt_(self) -> Tensor:
        """``1 / sqrt(x)``."""

    def scatter(
        self,
        dim: int,
        index: Tensor,
        src: Tensor | builtins.float | None = None,
        *,
        value: builtins.float | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """``x`` with ``out[index[i][j]][j] = src[i][j]`` for ``dim = 0``, and so on; ``src`` or ``value`` may be a number.

        ``reduce`` is None, "add" or "multiply". Where two sources write to the same place, which one remains is undefined.
        Raises TypeError without ``src`` and ``value``, ValueError for another ``reduce``.
        """

    def scatter_(
        self,
        dim: int,
        index: Tensor,
        src: Tensor | builtins.float | None = None,
        *,
        value: builtins.float | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """``x`` with ``out[index[i][j]][j] = src[i][j]`` for ``dim = 0``, and so on; ``src`` or ``value`` may be a number.

        ``reduce`` is None, "add" or "multiply". Where two sources write to the same place, which one remains is undefined.
        Raises TypeError without ``src`` and ``value``, ValueError for another ``reduce``.
        """

    def scatter_add(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """``x`` with ``out[index[i][j]][j] += src[i][j]`` for ``dim = 0``, and so on for any dimension."""

    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """``x`` with ``out[index[i][j]][j] += src[i][j]`` for ``dim = 0``, and so on for any dimension."""

    def scatter_reduce(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = True
    ) -> Tensor:
        """``x`` reduced with all ``src[i][j]`` that go to ``out[index[i][j]][j]`` (``dim = 0``; and so on).

        ``reduce`` is "sum", "prod", "mean", "amax" or "amin". Without ``include_self`` the elements of ``x`` that receive a
        source are left out. Elements that tie for the extreme share the gradient. Raises ValueError for another ``reduce``.
        """

    def scatter_reduce_(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = True
    ) -> Tensor:
        """``x`` reduced with all ``src[i][j]`` that go to ``out[index[i][j]][j]`` (``dim = 0``; and so on).

        ``reduce`` is "sum", "prod", "mean", "amax" or "amin". Without ``include_self`` the elements of ``x`` that receive a
        source are left out. Elements that tie for the extreme share the gradient. Raises ValueError for another ``reduce``.
        """

    def select(self, dim: int, index: int) -> Tensor:
        """``x[index]`` in dimension ``dim``, which is removed; a view."""

    def select_scatter(self, src: Tensor, dim: int, index: int) -> Tensor:
        """``x`` with ``src`` in place of ``x.select(dim, index)``."""

    def selu(self) -> Tensor:
        """``elu`` with the α and λ that keep mean 0 and variance 1 through layers. Klambauer et al. 2017, eq. 2."""

    def selu_(self) -> Tensor:
        """``elu`` with the α and λ that keep mean 0 and variance 1 through layers. Klambauer et al. 2017, eq. 2."""

    def sigmoid(self) -> Tensor:
        """``1 / (1 + exp(-x))``, computed so that neither tail overflows."""

    def sigmoid_(self) -> Tensor:
        """``1 / (1 + exp(-x))``, computed so that neither tail overflows."""

    def sign(self) -> Tensor:
        """−1, 0 or 1; 0 for NaN, as in PyTorch."""

    def sign_(self) -> Tensor:
        """−1, 0 or 1; 0 for NaN, as in PyTorch."""

    def signbit(self) -> Tensor:
        """Whether the sign is negative, −0 included."""

    def signbit_(self) -> Tensor:
        """Whether the sign is negative, −0 included."""

    def sin(self) -> Tensor:
        """Sine; NaN at ±inf."""

    def sin_(self) -> Tensor:
        """Sine; NaN at ±inf."""

    def sinc(self) -> Tensor:
        """``sin(πx)/(πx)``; 1 at 0, where its derivative is 0."""

    def sinc_(self) -> Tensor:
        """``sin(πx)/(πx)``; 1 at 0, where its derivative is 0."""

    def sinh(self) -> Tensor:
        """``(exp(x) - exp(-x)) / 2``."""

    def sinh_(self) -> Tensor:
        """``(exp(x) - exp(-x)) / 2``."""

    def slice_scatter(
        self, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
    ) -> Tensor:
        """``x`` with ``src`` in place of ``x[start:end:step]`` in dimension ``dim``."""

    def slogdet(self) -> tuple[Tensor, Tensor]:
        """The sign of each determinant, and the log of its absolute value, which cannot overflow: (sign, logabsdet)."""

    def softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """``exp(x) / sum(exp(x))`` along ``dim``, shifted by the maximum so that nothing overflows."""

    def sort(self, dim: int = -1, descending: builtins.bool = False, stable: builtins.bool = False) -> ValuesIndices:
        """``x`` sorted along ``dim``, and the index of each element. NaN counts as the largest."""

    def split(self, split_size_or_sections: Size, dim: int = 0) -> tuple[Tensor, ...]:
        """Parts of ``split_size`` along ``dim``, the last one possibly smaller; or of the listed sizes. A tuple.

        Raises ValueError for a size that is not positive.
        """

    def split_with_sizes(self, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Parts of the listed sizes along ``dim``. A tuple. Raises ValueError if the sizes do not add up."""

    def sqrt(self) -> Tensor:
        """Square root; its derivative at 0 is inf."""

    def sqrt_(self) -> Tensor:
        """Square root; its derivative at 0 is inf."""

    def square(self) -> Tensor:
        """``input * input``; booleans give int64."""

    def square_(self) -> Tensor:
        """``input * input``; booleans give int64."""

    def squeeze(self, dim: Dims = None) -> Tensor:
        """``x`` without its dimensions of size 1: all of them, or those among ``dim``."""

    def std(
        self,
        dim: Dims = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: builtins.float = 1,
    ) -> Tensor:
        """Standard deviation over ``dim`` (default: all), ``sqrt(var(...))``; its gradient is 0 where it is 0."""

    def sub(self, other: Operand, *, alpha: builtins.float = 1) -> Tensor:
        """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""

    def sub_(self, other: Operand, *, alpha: builtins.float = 1) -> Tensor:
        """``input - alpha * other``. Raises TypeError for booleans: their complement is ``~x``."""

    def sum(self, dim: Dims = None, keepdim: builtins.bool = False, dtype: DType | None = None) -> Tensor:
        """Sum over ``dim`` (a number or several; default: all). Integers and booleans are summed in int64."""

    def t(self) -> Tensor:
        """A matrix transposed; a vector or 0-d tensor unchanged. Raises ValueError for more dimensions."""

    def take(self, index: Tensor) -> Tensor:
        """Elements of the flattened ``x``; negative numbers count from the end.

        Raises IndexError for indices that are not integers.
        """

    def take_along_dim(self, indices: Tensor, dim: int | None = None) -> Tensor:
        """``gather`` with ``x`` and ``indices`` broadcast except in ``dim``; without ``dim``, from the flattened ``x``.

        Raises ValueError unless both have the same number of dimensions.
        """

    def tan(self) -> Tensor:
        """Tangent."""

    def tan_(self) -> Tensor:
        """Tangent."""

    def tanh(self) -> Tensor:
        """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""

    def tanh_(self) -> Tensor:
        """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""

    def tensor_split(self, indices_or_sections: Tensor | Size, dim: int = 0) -> tuple[Tensor, ...]:
        """The given number of parts, with sizes that differ by at most 1; or split at the given indices. A tuple.

        Raises ValueError for a number below 1.
        """

    def tile(self, *dims: Size) -> Tensor:
        """``repeat``, with 1 for the leading dimensions if ``dims`` are fewer."""

    def to(
        self,
        *args: Any,
        dtype: DType | None = None,
        device: str | None = None,
        non_blocking: builtins.bool = False,
        copy: builtins.bool = False,
    ) -> Tensor:
        """This tensor with another dtype (``mg.float64``, ``"float64"``, another tensor's) and on another device.

        ``copy`` makes a new one even if nothing changes; ``non_blocking`` is accepted and ignored.
        """

    def topk(self, k: int, dim: int = -1, largest: builtins.bool = True, sorted: builtins.bool = True) -> ValuesIndices:
        """The ``k`` largest (or smallest) elements along ``dim``, in order, and their indices. NaN is the largest.

        Raises IndexError for a ``k`` out of range, TypeError for booleans.
        """

    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal. Raises ValueError for another rank."""

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """``x`` with dimensions ``dim0`` and ``dim1`` swapped; a view."""

    def tril(self, diagonal: int = 0) -> Tensor:
        """The lower triangle of matrices, up to ``diagonal``; zeros above."""

    def triu(self, diagonal: int = 0) -> Tensor:
        """The upper triangle of matrices, from ``diagonal`` on; zeros below."""

    def true_divide(self, other: Operand) -> Tensor:
        """``input / other``: another name for ``div``."""

    def true_divide_(self, other: Operand) -> Tensor:
        """``input / other``: another name for ``div``."""

    def trunc(self) -> Tensor:
        """``x`` without its fraction."""

    def trunc_(self) -> Tensor:
        """``x`` without its fraction."""

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """The slices along ``dim``, which is removed. A tuple."""

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Dimension ``dim`` split into ``sizes``, one of which may be -1. Raises ValueError if they do not fit."""

    def unique(
        self,
        sorted: builtins.bool = True,
        return_inverse: builtins.bool = False,
        return_counts: builtins.bool = False,
        dim: int | None = None,
    ) -> Tensor | Any:
        """The distinct elements (or slices along ``dim``) in sorted order; each NaN is distinct.

        With ``return_inverse`` also the index of each element of ``x`` among them, with ``return_counts`` their counts.
        """

    def unsqueeze(self, dim: int) -> Tensor:
        """A new dimension of size 1 at ``dim``."""

    def var(
        self,
        dim: Dims = None,
        unbiased: builtins.bool | None = None,
        keepdim: builtins.bool = False,
        *,
        correction: builtins.float = 1,
    ) -> Tensor:
        """Variance over ``dim`` (default: all), ``sum((x - mean)²) / (n - correction)``; floating point only.

        ``unbiased`` is PyTorch's older name: True for a correction of 1, False for 0.
        """

    def vdot(self, other: Tensor) -> Tensor:
        """``dot``; with complex numbers, which are not supported, it would conjugate the first."""

    def view(self, *shape: Size) -> Tensor:
        """``reshape`` that never copies. Raises ValueError if that is impossible: use ``reshape`` then."""

    def view_as(self, other: Tensor) -> Tensor:
        """``x`` with the shape of ``other``, without a copy."""

    def vsplit(self, indices_or_sections: Tensor | Size) -> tuple[Tensor, ...]:
        """``tensor_split`` along the first dimension. Raises ValueError for fewer than 2 dimensions."""

    def where(self, condition: Operand, other: Operand) -> Tensor:
        """This tensor's elements where ``condition`` is true, else those of ``other``."""

    def xlogy(self, y: Operand) -> Tensor:
        """``x * log(y)``, and 0 where ``x`` is 0 (unless ``y`` is NaN)."""

    def xlogy_(self, y: Operand) -> Tensor:
        """``x * log(y)``, and 0 where ``x`` is 0 (unless ``y`` is NaN)."""

    def zero_(self) -> Tensor:
        """Every element 0."""
