"""Diagonals: taken from matrices, and laid into them."""

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from .dims import several_dims
from .indexing import _index_put
from .shape import clone, movedim, ravel


@primitive(formula=Notation("diagonal x"), view=True)
def diagonal(x, offset=0, dim1=0, dim2=1):
    """The diagonal of the planes of ``dim1`` and ``dim2``, as the last dimension; a view."""
    dim1, dim2 = several_dims((dim1, dim2), x.ndim)
    out = np.diagonal(x, offset, dim1, dim2)
    if x.flags.writeable:
        out.flags.writeable = True  # NumPy gives it read-only, for a reason of its past
    return out


diagonal.vjp(
    x=lambda g, x_shape, offset, dim1, dim2: diagonal_scatter(np.zeros(x_shape, g.dtype), g, offset, dim1, dim2)
)


def diagonal_scatter(x, src, offset=0, dim1=0, dim2=1):
    """``x`` with ``src`` in place of ``x.diagonal(offset, dim1, dim2)``."""
    planes = movedim(x, (dim1, dim2), (-2, -1))
    rows, columns = planes.shape[-2:]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    expected = (*planes.shape[:-2], length)
    if tuple(src.shape) != expected:
        raise ValueError(f"diagonal_scatter: src of shape {expected} expected, got {tuple(src.shape)}")
    along = np.arange(length)
    index = (slice(None),) * (x.ndim - 2) + (along + max(-offset, 0), along + max(offset, 0))
    return movedim(_index_put(planes, src, (...,), index), (-2, -1), (dim1, dim2))


def diag_embed(x, offset=0, dim1=-2, dim2=-1):
    """Matrices, in the planes of ``dim1`` and ``dim2``, with the last dimension of ``x`` on their diagonal."""
    if x.ndim == 0:
        raise ValueError("diag_embed: at least 1 dimension expected, got a 0-d tensor")
    dim1, dim2 = several_dims((dim1, dim2), x.ndim + 1, "diag_embed")
    shape = list(x.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, x.shape[-1] + abs(offset))
    return diagonal_scatter(np.zeros(shape, x.dtype), x, offset, dim1, dim2)


def diag(x, diagonal=0):
    """A vector as a diagonal matrix, or the diagonal of a matrix as a vector (a copy)."""
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: a vector or a matrix expected, got shape {tuple(x.shape)}")
    return diag_embed(x, diagonal) if x.ndim == 1 else clone(_diagonal(x, diagonal))


def diagflat(x, offset=0):
    """A matrix with all elements of ``x`` on its diagonal."""
    return diag_embed(ravel(x), offset)


_diagonal = diagonal  # ``diag`` has an argument of that name

METHODS = (diagonal, diagonal_scatter, diag_embed, diag, diagflat)
