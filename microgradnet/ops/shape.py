"""Shape: the same elements, arranged anew. Where it can be, the result is a view of the same memory."""

import math

import numpy as np

from ..primitive import broadcast_to, primitive


@primitive(formula="reshape x", view=True)
def _reshape(x, shape):
    return np.reshape(x, shape)


_reshape.vjp(x=lambda g, x_shape: _reshape(g, x_shape))


def reshape(x, *shape):
    """``x`` with another shape of as many elements; one size may be -1, to be worked out."""
    shape = tuple(int(n) for n in (shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape))
    return _reshape(x, shape)


def view(x, *shape):
    """``reshape`` under the name that PyTorch gives it where no copy is made."""
    return reshape(x, *shape)


@primitive(formula="xᵀ", view=True)
def transpose(x, dim0, dim1):
    """Dimensions ``dim0`` and ``dim1`` exchanged."""
    return np.swapaxes(x, dim0, dim1)


transpose.vjp(x=lambda g, dim0, dim1: transpose(g, dim0, dim1))


def t(x):
    """A matrix transposed; a vector as it is."""
    if x.ndim > 2:
        raise ValueError(f"t: at most 2 dimensions expected, got shape {tuple(x.shape)}: use transpose or .mT")
    return x if x.ndim < 2 else transpose(x, 0, 1)


@primitive(formula="permute x", view=True)
def _permute(x, dims):
    return np.transpose(x, dims)


_permute.vjp(x=lambda g, dims: _permute(g, tuple(int(i) for i in np.argsort([d % len(dims) for d in dims]))))


def permute(x, *dims):
    """The dimensions in another order: ``permute(x, 2, 0, 1)``."""
    return _permute(x, tuple(dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims))


def flatten(x, start_dim=0, end_dim=-1):
    """Dimensions ``start_dim`` to ``end_dim`` joined into one."""
    if x.ndim == 0:
        return reshape(x, 1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {tuple(x.shape)}")
    joined = math.prod(x.shape[start : end + 1])  # not -1, which is undefined where a size is 0
    return reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))


def unsqueeze(x, dim):
    """A new dimension of size 1 at ``dim``."""
    if not -x.ndim - 1 <= dim <= x.ndim:
        raise IndexError(f"unsqueeze: dim {dim} is outside of [{-x.ndim - 1}, {x.ndim}]")
    dim %= x.ndim + 1
    return reshape(x, (*x.shape[:dim], 1, *x.shape[dim:]))


def squeeze(x, dim=None):
    """Without its dimensions of size 1: all of them, or those of ``dim`` that have it."""
    dims = range(x.ndim) if dim is None else {d % x.ndim for d in ((dim,) if isinstance(dim, int) else dim)}
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if not (n == 1 and i in dims)))


def expand(x, *sizes):
    """``x`` broadcast to ``sizes``, where -1 keeps a size; no memory is copied."""
    sizes = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    lead = len(sizes) - x.ndim
    return broadcast_to(x, tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(sizes)))


@primitive(formula="[x₁, x₂, …]")
def _cat(*tensors, dim=0):
    if not tensors:
        raise ValueError("at least one tensor expected")
    return np.concatenate(tensors, axis=dim)


def _part(g, i, tensors_shape, dim):
    start = sum(shape[dim] for shape in tensors_shape[:i])
    index = (slice(None),) * (dim % len(tensors_shape[i])) + (slice(start, start + tensors_shape[i][dim]),)
    return g[index]


_cat.vjp(tensors=_part)


def cat(tensors, dim=0):
    """Tensors joined along a dimension that they have; the other sizes agree."""
    return _cat(*tensors, dim=dim)


def stack(tensors, dim=0):
    """Tensors of one shape joined along a new dimension."""
    return cat([unsqueeze(t, dim) for t in tensors], dim)


@primitive(formula="x")
def clone(x):
    """A copy of ``x``, joined to it in the graph."""
    return np.array(x)


clone.vjp(x=lambda g: g)


@primitive(formula="x")
def contiguous(x):
    """``x`` in row-major memory: itself, or a copy."""
    return np.ascontiguousarray(x) if x.ndim else x


contiguous.vjp(x=lambda g: g)


METHODS = (reshape, view, transpose, t, permute, flatten, unsqueeze, squeeze, expand, broadcast_to, clone, contiguous)
