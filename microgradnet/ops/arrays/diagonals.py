"""Diagonals: read from matrices and written into them."""

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from .dims import several_dims
from .indexing import _index_put
from .shape import clone, movedim, ravel


@primitive(formula=Notation("diagonal x"), view=True)
def diagonal(x, offset: int = 0, dim1: int = 0, dim2: int = 1):
    """The diagonal of the planes of ``dim1`` and ``dim2``, as the last dimension; a view."""
    dim1, dim2 = several_dims((dim1, dim2), x.ndim)
    out = np.diagonal(x, offset, dim1, dim2)
    if x.flags.writeable:
        out.flags.writeable = True  # NumPy returns it read-only, for historical reasons
    return out


diagonal.vjp(
    x=lambda g, x_shape, offset, dim1, dim2: diagonal_scatter(np.zeros(x_shape, g.dtype), g, offset, dim1, dim2)
)


def diagonal_scatter(x: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """``x`` with ``src`` in place of ``x.diagonal(offset, dim1, dim2)``. Raises ValueError for another shape."""
    planes = movedim(x, (dim1, dim2), (-2, -1))
    rows, columns = planes.shape[-2:]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    expected = (*planes.shape[:-2], length)
    if tuple(src.shape) != expected:
        raise ValueError(f"diagonal_scatter: src of shape {expected} expected, got {tuple(src.shape)}")
    along = np.arange(length)
    index = (slice(None),) * (x.ndim - 2) + (along + max(-offset, 0), along + max(offset, 0))
    return movedim(_index_put(planes, src, (...,), index), (-2, -1), (dim1, dim2))


def diag_embed(x: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in the planes of ``dim1`` and ``dim2``, with the last dimension of ``x`` on their diagonal.

    Raises ValueError for a 0-d ``x``.
    """
    if x.ndim == 0:
        raise ValueError("diag_embed: at least 1 dimension expected, got a 0-d tensor")
    dim1, dim2 = several_dims((dim1, dim2), x.ndim + 1, "diag_embed")
    shape = list(x.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, x.shape[-1] + abs(offset))
    return diagonal_scatter(np.zeros(shape, x.dtype), x, offset, dim1, dim2)


def diag(x: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as a diagonal matrix, or the diagonal of a matrix as a vector (a copy).

    Raises ValueError for other ranks.
    """
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: a vector or a matrix expected, got shape {tuple(x.shape)}")
    return diag_embed(x, diagonal) if x.ndim == 1 else clone(_diagonal(x, diagonal))


def diagflat(x: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of ``x`` on its diagonal."""
    return diag_embed(ravel(x), offset)


_diagonal = diagonal  # ``diag`` has an argument with that name

METHODS = (diagonal, diagonal_scatter, diag_embed, diag, diagflat)
