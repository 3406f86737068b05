"""Loops over the rows of a matrix, along any dimension of an array."""

from ...backends.device import np
from ..arrays.dims import one_dim


def along_rows(kernel, x, dim: int, *others):
    """``kernel(rows of x, rows of others, rows of the result)`` along ``dim``; the result has x's shape and dtype."""
    dim = one_dim(dim, x.ndim)
    moved = [np.moveaxis(a, dim, -1) if x.ndim else a.reshape(1) for a in (x, *others)]
    out = np.empty(moved[0].shape, x.dtype)
    if out.size:
        lines = [np.ascontiguousarray(m, x.dtype).reshape(-1, m.shape[-1]) for m in moved]
        kernel(*lines, out.reshape(-1, out.shape[-1]))
    if x.ndim and dim == x.ndim - 1:
        return out  # not a view: the walk may add to it in place
    return np.moveaxis(out, -1, dim) if x.ndim else out.reshape(())
