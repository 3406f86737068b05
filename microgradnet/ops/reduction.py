"""Reductions: many elements to one, over given dimensions or over all."""

import builtins

import numpy as np

from .. import dtypes
from ..kernels import rows
from ..primitive import broadcast_to, primitive
from .comparison import eq, where
from .exponential import exp
from .scatter import put_along_dim


def dims_of(x, dim) -> tuple[int, ...]:
    """``dim`` (None, a number or several) as a tuple of distinct non-negative numbers; raises IndexError outside."""
    given = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    for d in given:
        if not -builtins.max(x.ndim, 1) <= d < builtins.max(x.ndim, 1):
            raise IndexError(f"dim {d} is outside of a tensor with {x.ndim} dimensions")
    dims = tuple(d % x.ndim for d in given) if x.ndim else ()
    if len(set(dims)) != len(dims):
        raise ValueError(f"dim {dim} names a dimension twice")
    return dims


def spread(g, shape: tuple, dim, keepdim: bool):
    """A reduction's cotangent, repeated over the dimensions that were reduced."""
    if not keepdim and dim is not None:
        dims = (dim,) if isinstance(dim, int) else dim
        dims = {d % len(shape) for d in dims} if shape else ()
        g = g.reshape(tuple(1 if i in dims else n for i, n in enumerate(shape)))
    return broadcast_to(g, shape)


@primitive(formula="Σx")
def sum(x, dim=None, keepdim=False, dtype=None):
    """Sum over ``dim`` (default: all). Integers and booleans add up in int64."""
    if dtype is None and x.dtype.kind in "bu":
        dtype = dtypes.int64
    return np.add.reduce(x, axis=dims_of(x, dim), keepdims=keepdim, dtype=dtype)


sum.vjp(x=lambda g, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim))


@primitive(formula="Σx / n")
def mean(x, dim=None, keepdim=False):
    """Mean over ``dim`` (default: all); floating point only. NaN for no elements."""
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")
    dims = dims_of(x, dim)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.add.reduce(x, axis=dims, keepdims=keepdim) / x.dtype.type(count(x.shape, dims))


mean.vjp(x=lambda g, x_shape, dim, keepdim: spread(g / builtins.max(count(x_shape, dim), 1), x_shape, dim, keepdim))


def count(shape: tuple, dim) -> int:
    """How many elements of ``shape`` are reduced to one."""
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return int(np.prod([shape[d] for d in dims], dtype=np.int64))


@primitive(formula="max x")
def amax(x, dim=None, keepdim=False):
    """Largest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""
    return np.maximum.reduce(x, axis=dims_of(x, dim), keepdims=keepdim)


@primitive(formula="min x")
def amin(x, dim=None, keepdim=False):
    """Smallest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""
    return np.minimum.reduce(x, axis=dims_of(x, dim), keepdims=keepdim)


def _to_extremes(g, out, x, dim, keepdim):
    chosen = eq(x, spread(out, x.shape, dim, keepdim))
    return where(chosen, spread(g, x.shape, dim, keepdim) / sum(chosen, dim, True), 0)


amax.vjp(x=_to_extremes)
amin.vjp(x=_to_extremes)


@primitive(formula="max, argmax", outputs=("values", "indices"))
def max_along(x, dim, keepdim=False):
    """Largest along one dimension, and where it stands (the first, at a tie)."""
    return _extreme(x, dim, keepdim, np.argmax)


@primitive(formula="min, argmin", outputs=("values", "indices"))
def min_along(x, dim, keepdim=False):
    """Smallest along one dimension, and where it stands (the first, at a tie)."""
    return _extreme(x, dim, keepdim, np.argmin)


def _extreme(x, dim, keepdim, find):
    (dim,) = dims_of(x, dim) or (0,)
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    indices = np.expand_dims(find(x, axis=dim), dim)
    values = np.take_along_axis(x, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def _to_indices(g, indices, x_shape, dim, keepdim):
    g = g[0]
    if not x_shape:
        return g
    if not keepdim:
        shape = tuple(1 if i == dim % len(x_shape) else n for i, n in enumerate(x_shape))
        g, indices = g.reshape(shape), indices.reshape(shape)
    return put_along_dim(g, indices, x_shape, dim)


max_along.vjp(x=_to_indices)
min_along.vjp(x=_to_indices)


def max(x, dim=None, keepdim=False):
    """The largest element; with ``dim``, the largest along it and where; with a tensor, the elementwise maximum."""
    return _reduced_or_pairwise(x, dim, keepdim, amax, max_along, "maximum")


def min(x, dim=None, keepdim=False):
    """The smallest element; with ``dim``, the smallest along it and where; with a tensor, the elementwise minimum."""
    return _reduced_or_pairwise(x, dim, keepdim, amin, min_along, "minimum")


def _reduced_or_pairwise(x, dim, keepdim, over_all, along, pairwise):
    if dim is None:
        return over_all(x)
    if isinstance(dim, int):
        return along(x, dim, keepdim)
    from . import arithmetic

    return getattr(arithmetic, pairwise)(x, dim)


@primitive(formula="argmax x", differentiable=False)
def argmax(x, dim=None, keepdim=False):
    """Index of the largest element, of the flattened tensor or along ``dim``; the first at a tie."""
    return np.argmax(x, axis=dim, keepdims=keepdim)


@primitive(formula="argmin x", differentiable=False)
def argmin(x, dim=None, keepdim=False):
    """Index of the smallest element, of the flattened tensor or along ``dim``; the first at a tie."""
    return np.argmin(x, axis=dim, keepdims=keepdim)


@primitive(formula="∀x", differentiable=False)
def all(x, dim=None, keepdim=False):
    """Whether all are true (non-zero)."""
    return np.all(x, axis=dims_of(x, dim), keepdims=keepdim)


@primitive(formula="∃x", differentiable=False)
def any(x, dim=None, keepdim=False):
    """Whether any is true (non-zero)."""
    return np.any(x, axis=dims_of(x, dim), keepdims=keepdim)


@primitive(formula="x − ln Σeˣ")
def log_softmax(x, dim):
    """``x - log(sum(exp(x)))`` along ``dim``, shifted by the maximum so that nothing overflows."""
    return rows.along(rows.log_softmax, x, dims_of(x, dim))


log_softmax.vjp(x=lambda g, out, dim: g - exp(out) * sum(g, dim, True))


@primitive(formula="eˣ / Σeˣ")
def softmax(x, dim):
    """``exp(x) / sum(exp(x))`` along ``dim``, shifted by the maximum so that nothing overflows."""
    return rows.along(rows.softmax, x, dims_of(x, dim))


softmax.vjp(x=lambda g, out, dim: out * (g - sum(g * out, dim, True)))


METHODS = (sum, mean, amax, amin, max, min, argmax, argmin, all, any, log_softmax, softmax)
