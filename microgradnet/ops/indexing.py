"""Indexing: picking elements, and putting them back. Each pair of ops is the other's gradient."""

import numpy as np

from ..primitive import primitive
from ..tensor import Tensor


@primitive(formula="x[i]", view=True)
def _getitem(x, index):
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # a 0-d view, where NumPy would copy


@primitive(formula="zeros, [i] += x")
def _put(x, index, shape):
    out = np.zeros(shape, x.dtype)
    if _picks_each_once(index):
        out[index] = x
    else:
        np.add.at(out, index, x)  # an index may come twice, and then both gradients count
    return out


_getitem.vjp(x=lambda g, index, x_shape: _put(g, index, x_shape))
_put.vjp(x=lambda g, index: _getitem(g, index))


def _picks_each_once(index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        isinstance(p, int | slice | np.integer) or p is None or p is Ellipsis or np.asarray(p).dtype == bool
        for p in parts
    )


def getitem(x, index):
    """``x[index]`` in all of NumPy's forms: numbers, slices, ``...``, None, integer and boolean tensors."""
    parts = index if isinstance(index, tuple) else (index,)
    plain = tuple(
        np.asarray(p.array if isinstance(p, Tensor) else p) if isinstance(p, Tensor | list) else p for p in parts
    )
    return _getitem(x, plain if isinstance(index, tuple) else plain[0])


@primitive(formula="x[index along dim]")
def gather(x, dim, index):
    """``out[i][j] = x[index[i][j]][j]`` for ``dim = 0``, and so on for any dimension."""
    if index.dtype.kind not in "iu":
        raise TypeError(f"an integer index expected, got {index.dtype.name}")
    size = x.shape[dim]
    if index.size and not (index.min() >= 0 and index.max() < size):
        raise IndexError(
            f"index {index.min() if index.min() < 0 else index.max()} is outside of dimension {dim} of size {size}"
        )
    cut = tuple(slice(None) if d == dim % x.ndim else slice(n) for d, n in enumerate(index.shape))
    return np.take_along_axis(x[cut], index, dim)


@primitive(formula="zeros, [index along dim] += x")
def put_along_dim(x, index, shape, dim):
    """Zeros of ``shape`` with ``x`` added where ``gather`` would have read."""
    out = np.zeros(shape, x.dtype)
    where = list(np.indices(index.shape, sparse=True))
    where[dim] = index
    np.add.at(out, tuple(where), x)
    return out


gather.vjp(x=lambda g, dim, index, x_shape: put_along_dim(g, index, x_shape, dim))
put_along_dim.vjp(x=lambda g, index, dim: gather(g, dim, index))


METHODS = (gather,)
