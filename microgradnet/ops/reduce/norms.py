"""Norms of vectors and matrices. At 0 the gradient is 0, one of the subgradients and PyTorch's choice."""

import math
from collections.abc import Sequence

from ... import dtypes
from ...backends.device import np
from ...backends.sums import total
from ...choice import where
from ...primitive import cast, primitive
from ...tensor import Tensor
from ...typing import Dims, DType
from ..arrays.dims import axes, several_dims, spread
from ..arrays.shape import movedim, unsqueeze
from ..elementwise.comparison import eq, ne
from ..elementwise.rounding import abs, sign
from ..linalg.svd import svdvals
from .reduction import amax, amin, sum


@primitive(formula="(Σ|x|ᵖ)^(1/p)")
def _p_norm(x, p, dim, keepdim):
    axis, wide = axes(x, dim), x if x.dtype.itemsize > 2 else x.astype(dtypes.float32)
    if p == 2:
        return np.sqrt(total(wide * wide, axis, keepdim)).astype(x.dtype, copy=False)
    with np.errstate(divide="ignore"):
        return (total(np.abs(wide) ** p, axis, keepdim) ** (1 / p)).astype(x.dtype, copy=False)


def _to_elements(g, out, x, p, dim, keepdim):
    out, g = spread(out, x.shape, dim, keepdim), spread(g, x.shape, dim, keepdim)
    zero = eq(out, 0)
    if p == 2:
        return x * where(zero, 0, g / where(zero, 1, out))
    nothing = eq(x, 0)
    size = where(nothing, 0, abs(where(nothing, 1, x)) ** (p - 1))
    return sign(x) * size * where(zero, 0, g / where(zero, 1, out) ** (p - 1))


_p_norm.vjp(x=_to_elements)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """``sum(|x|^ord)^(1/ord)`` over ``dim`` (default: all); the largest |x| for inf, the smallest for -inf.

    ``ord`` 0 counts the elements that are not 0. Floating point only; ``dtype`` is the dtype to compute in. Raises
    TypeError for an ``ord`` that is not a number.
    """
    x = _floating("vector_norm", x, dtype)
    if not isinstance(ord, int | float):
        raise TypeError(f"vector_norm: ord a number expected, got {ord!r}")
    if ord == 0:
        counted = ne(x, 0)  # as a choice between x, which is never taken, and 1: a gradient of 0, as PyTorch has
        return sum(where(counted & eq(x, 0), x, cast(counted, x.dtype)), dim, keepdim)
    if ord == 1:
        return sum(abs(x), dim, keepdim)
    if math.isinf(ord):
        return (amax if ord > 0 else amin)(abs(x), dim, keepdim)
    return _p_norm(x, ord, dim, keepdim)


def _floating(op: str, x, dtype):
    x = x if dtype is None else cast(x, np.dtype(dtype))
    if x.dtype.kind != "f":
        raise TypeError(f"{op}: a floating dtype expected, got {x.dtype.name}: convert with .float()")
    return x


def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """Norm of the matrices in the two dimensions ``dim``.

    "fro": the root of the sum of squares; "nuc": the sum of the singular values; 2, -2: the largest, the smallest of
    them; inf, -inf: the largest, the smallest sum of a row's absolute values; 1, -1: of a column's. Raises ValueError
    for another ``ord``, or unless ``dim`` has two dimensions.
    """
    A = _floating("matrix_norm", A, dtype)
    if A.ndim < 2 or len(dim) != 2:
        raise ValueError(f"matrix_norm: a tensor with two dimensions dim expected, got {tuple(A.shape)} and dim {dim}")
    rows, columns = several_dims(tuple(dim), A.ndim, "matrix_norm")
    if ord == "fro":
        return _p_norm(A, 2, (rows, columns), keepdim)
    if ord not in ("nuc", 2, -2, 1, -1, math.inf, -math.inf):
        raise ValueError(f"matrix_norm: ord 'fro', 'nuc', 1, -1, 2, -2, inf or -inf expected, got {ord!r}")
    largest = amax if ord == "nuc" or ord > 0 else amin
    if ord in ("nuc", 2, -2):
        values = svdvals(movedim(A, (rows, columns), (-2, -1)))
        out = sum(values, -1) if ord == "nuc" else largest(values, -1)
    else:
        added, compared = (rows, columns) if ord in (1, -1) else (columns, rows)
        out = largest(sum(abs(A), added), compared - (compared > added))
    if keepdim:
        for d in sorted((rows, columns)):
            out = unsqueeze(out, d)
    return out


def linalg_norm(
    A: Tensor, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """``torch.linalg.norm``: a vector norm over one ``dim``, a matrix norm over two; without ``ord``, the 2-norm.

    Without ``dim``, ``ord`` is that of a vector norm for 1 dimension, of a matrix norm for 2. Raises ValueError for
    other ranks.
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if A.ndim not in (1, 2):
            raise ValueError(f"linalg.norm: with ord and without dim, 1 or 2 dimensions expected, got {tuple(A.shape)}")
        dim = tuple(range(A.ndim))
    if isinstance(dim, int) or len(dim) == 1:
        return vector_norm(A, ord, dim, keepdim, dtype=dtype)
    return matrix_norm(A, ord, dim, keepdim, dtype=dtype)


def norm(
    x: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: DType | None = None
) -> Tensor:
    """``torch.norm``: the vector norm ``p`` over ``dim`` (default: all); "fro" is 2, "nuc" the nuclear matrix norm.

    Raises ValueError for another string.
    """
    if p == "nuc":
        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise ValueError(f"norm: p a number, 'fro' or 'nuc' expected, got {p!r}")
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


def dist(x: Tensor, y: Tensor, p: float = 2) -> Tensor:
    """The ``p``-norm of ``x - y``; they broadcast."""
    return vector_norm(x - y, p)


METHODS = (norm, dist)
