"""Gathering and scattering elements along a dimension, or by a mask."""

import math

from ...backends.device import np, on_cpu, with_each
from ...backends.sums import total
from ...beside import told_as_one
from ...choice import where
from ...notation import Notation
from ...primitive import broadcast_to, primitive
from ...tensor import Tensor
from ..elementwise.comparison import eq
from .dims import one_dim
from .indexing import _add_each, _copied, _getitem, _index_put, getitem


def _check_index(x, dim: int, index, shape: tuple) -> int:
    """``dim`` counted from 0; raises if ``index`` cannot index a tensor of ``shape`` along ``dim``."""
    dim = one_dim(dim, len(shape))
    if index.dtype.kind not in "iu":
        raise TypeError(f"an integer index expected, got {index.dtype.name}")
    if not index.size:  # of any rank: there is nothing to do
        return dim
    if max(index.ndim, 1) != max(len(shape), 1):  # 0 dimensions count as 1
        raise ValueError(f"an index of {len(shape)} dimensions expected, got shape {tuple(index.shape)}")
    if any(n > m for d, (n, m) in enumerate(zip(index.shape, shape, strict=False)) if d != dim):
        raise ValueError(
            f"an index no larger than {tuple(shape)} outside of dim {dim} expected, got {tuple(index.shape)}"
        )
    if on_cpu(index):  # on a GPU, to avoid waiting, CuPy wraps around
        low, high, size = index.min(), index.max(), (*shape, 1)[dim]
        if low < 0 or high >= size:
            raise IndexError(f"index {low if low < 0 else high} is outside of dimension {dim} of size {size}")
    return dim


def _grid(dim: int, index) -> tuple:
    """``index`` along ``dim``, with a range for each other dimension."""
    ndim = index.ndim
    if not ndim:
        return (index,)
    return tuple(
        index if d == dim else np.arange(n).reshape((1,) * d + (n,) + (1,) * (ndim - d - 1))
        for d, n in enumerate(index.shape)
    )


@primitive(formula=Notation("x[index along dim]"))
def gather(x, dim: int, index):
    """``out[i][j] = x[index[i][j]][j]`` for ``dim = 0``, and so on for any dimension."""
    dim = _check_index(x, dim, index, x.shape)
    return (x if x.ndim else x.reshape(1))[_grid(dim, index)] if index.size else np.empty(index.shape, x.dtype)


@primitive(formula=Notation("zeros, [index along dim] += x"))
def put_along_dim(x, index, shape, dim):
    """Zeros of ``shape`` with ``x`` added where ``gather`` would have read."""
    out = np.zeros(shape, x.dtype)
    _add_along(out, _check_index(x, dim, index, tuple(shape)), index, x)
    return out


gather.vjp(x=lambda g, dim, index, x_shape: put_along_dim(g, index, x_shape, dim))
put_along_dim.vjp(x=lambda g, index, dim: gather(g, dim, index))


def _add_along(out, dim: int, index, x) -> None:
    if not index.size:
        return
    if out.ndim == 0:
        out += x if index.ndim == 0 else total(x)
        return
    strides = np.cumprod((1, *out.shape[:0:-1]))[::-1]
    flat = np.zeros((), np.int64)
    for place, stride in zip(_grid(dim, index), strides, strict=True):
        flat = flat + place * stride
    _add_each(out.reshape(-1), flat.reshape(-1), np.broadcast_to(x, flat.shape).reshape(-1))


@primitive(formula=Notation("x, [index along dim] += src"))
def _scatter_add(x, dim, index, src):
    dim = _check_index(x, dim, index, x.shape)
    out = np.array(x, order="C")
    _add_along(out, dim, index, src)
    return out


_scatter_add.vjp(x=lambda g: g, src=lambda g, dim, index: gather(g, dim, index))


@primitive(formula=Notation("x, [index along dim] ← src"))
def _scatter(x, dim, index, src):
    dim = _check_index(x, dim, index, x.shape)
    out = np.array(x)
    if index.size:
        (out if x.ndim else out.reshape(1))[_grid(dim, index)] = src
    return out


_scatter.vjp(
    x=lambda g, dim, index: _scatter(g, dim, index, 0),
    src=lambda g, dim, index: gather(g, dim, index),
)


def _trimmed(op: str, x, index, src):
    """The part of ``src`` that ``index`` covers."""
    if src.dtype != x.dtype:
        raise TypeError(f"{op}: one dtype expected, x is {x.dtype.name} and src {src.dtype.name}: convert with .to()")
    shape, size = tuple(index.shape), tuple(src.shape)
    if not math.prod(shape):
        return src.reshape((-1,))[:0].reshape(shape)
    if len(shape) != len(size) or any(n > m for n, m in zip(shape, size, strict=True)):
        raise ValueError(f"{op}: a src at least as large as the index {shape} expected, got {size}")
    return src if shape == size else getitem(src, tuple(slice(n) for n in shape))


def scatter(
    x: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    """``x`` with ``out[index[i][j]][j] = src[i][j]`` for ``dim = 0``, and so on; ``src`` or ``value`` may be a number.

    ``reduce`` is None, "add" or "multiply". Where two sources write to the same place, which one remains is undefined.
    Raises TypeError without ``src`` and ``value``, ValueError for another ``reduce``.
    """
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter: src (a tensor or a number) is missing")
    if reduce not in (None, "add", "multiply"):
        raise ValueError(f"scatter: reduce None, 'add' or 'multiply' expected, got {reduce!r}")
    if isinstance(src, int | float):
        if reduce is None:
            return _scatter(x, dim, index, src)
        src = np.broadcast_to(np.asarray(src, x.dtype), index.shape)
    src = _trimmed("scatter", x, index, src)
    if reduce is None:
        return _scatter(x, dim, index, src)
    return _scatter_add(x, dim, index, src) if reduce == "add" else _scatter_prod(x, dim, index, src)


def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """``x`` with ``out[index[i][j]][j] += src[i][j]`` for ``dim = 0``, and so on for any dimension."""
    return _scatter_add(x, dim, index, _trimmed("scatter_add", x, index, src))


def _scattered(x, dim, index, src, ufunc):
    dim = _check_index(x, dim, index, x.shape)
    out = np.array(x)
    if index.size:
        with_each(ufunc, out if x.ndim else out.reshape(1), _grid(dim, index), src)
    return out


@primitive(formula=Notation("x, [index along dim] ·= src"))
def _scatter_prod(x, dim, index, src):
    return _scattered(x, dim, index, src, np.multiply)


@primitive(formula=Notation("x, [index along dim] max= src"))
def _scatter_amax(x, dim, index, src):
    return _scattered(x, dim, index, src, np.maximum)


@primitive(formula=Notation("x, [index along dim] min= src"))
def _scatter_amin(x, dim, index, src):
    return _scattered(x, dim, index, src, np.minimum)


def _shares(g, out, x, dim, index, src):
    """The cotangent divided among all elements that equal the extreme, and masks of these in ``x`` and ``src``."""
    of_x, of_src = eq(x, out), eq(src, gather(out, dim, index))
    one = np.ones((), out.dtype)
    count = _scatter_add(where(of_x, one, 0), dim, index, where(of_src, one, 0))
    return g / where(eq(count, 0), 1, count), of_x, of_src


def _extreme_to_x(g, out, x, dim, index, src):
    share, of_x, _ = _shares(g, out, x, dim, index, src)
    return where(of_x, share, 0)


def _extreme_to_src(g, out, x, dim, index, src):
    share, _, of_src = _shares(g, out, x, dim, index, src)
    return where(of_src, gather(share, dim, index), 0)


for _op in (_scatter_amax, _scatter_amin):
    _op.vjp(x=_extreme_to_x, src=_extreme_to_src)

# A product without one of its factors: divided by that factor or, where it is 0, recomputed with 1 instead.
_scatter_prod.vjp(
    x=lambda g, x, dim, index, src: g * _scatter_prod(where(eq(x, 0), 1, x), dim, index, src) / where(eq(x, 0), 1, x),
    src=lambda g, x, dim, index, src: _product_to_src(g, x, dim, index, src),
)


def _product_to_src(g, x, dim, index, src):
    zero = eq(src, 0)
    zeros = gather(put_along_dim(where(zero, np.ones((), src.dtype), 0), index, tuple(x.shape), dim), dim, index)
    lone = zero & eq(zeros, 1)
    without_lone = gather(g * _scatter_prod(x, dim, index, where(lone, 1, src)), dim, index)
    return where(zero & ~lone, 0, without_lone / where(zero, 1, src)) * where(lone | eq(zeros, 0), 1, 0)


_IDENTITY = {"sum": 0, "mean": 0, "prod": 1, "amax": -np.inf, "amin": np.inf}


def scatter_reduce(
    x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """``x`` reduced with all ``src[i][j]`` that go to ``out[index[i][j]][j]`` (``dim = 0``; and so on).

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin". Without ``include_self`` the elements of ``x`` that receive a
    source are left out. Elements that tie for the extreme share the gradient. Raises ValueError for another ``reduce``.
    """
    if reduce not in _IDENTITY:
        raise ValueError(f"scatter_reduce: reduce 'sum', 'prod', 'mean', 'amax' or 'amin' expected, got {reduce!r}")
    src = _trimmed("scatter_reduce", x, index, src)
    if not include_self:
        identity = _IDENTITY[reduce]
        if x.dtype.kind != "f" and reduce in ("amax", "amin"):
            limits = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None
            identity = (limits.min if reduce == "amax" else limits.max) if limits else reduce == "amin"
        x = _scatter(x, dim, index, identity)
    if reduce == "prod":
        return _scatter_prod(x, dim, index, src)
    if reduce in ("amax", "amin"):
        return (_scatter_amax if reduce == "amax" else _scatter_amin)(x, dim, index, src)
    total = _scatter_add(x, dim, index, src)
    if reduce == "sum":
        return total
    index = getattr(index, "array", index)
    start = np.full(x.shape, float(include_self))
    count = np.maximum(_scatter_add(start, dim, index, np.ones(index.shape)), 1).astype(x.dtype)
    return total / count if x.dtype.kind == "f" else total // count


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """``gather`` with ``x`` and ``indices`` broadcast except in ``dim``; without ``dim``, from the flattened ``x``.

    Raises ValueError unless both have the same number of dimensions.
    """
    if dim is None:
        return gather(x.reshape((-1,)), 0, indices.reshape((-1,)))
    if x.ndim != indices.ndim:
        raise ValueError(
            f"take_along_dim: as many dimensions expected, got {tuple(x.shape)} and {tuple(indices.shape)}"
        )
    dim = one_dim(dim, x.ndim, "take_along_dim")
    along = np.broadcast_shapes(_without(x.shape, dim), _without(indices.shape, dim))
    x, indices = (broadcast_to(a, (*along[:dim], a.shape[dim], *along[dim:])) for a in (x, indices))
    return gather(x, dim, _from_the_start(indices, x.shape[dim]))


@told_as_one
def _from_the_start(index, size: int) -> np.ndarray:
    index = getattr(index, "_array", index)
    return np.where(index < 0, index + size, index)


def _without(shape, dim: int) -> tuple:
    return (*shape[:dim], *shape[dim + 1 :])


def _mask(op: str, mask) -> np.ndarray:
    if mask.dtype != bool:
        raise TypeError(f"{op}: a boolean mask expected, got {mask.dtype.name}")
    return _copied(mask)


def masked_fill(x: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """``x`` with ``value`` (a number or a 0-d tensor) where ``mask`` is true; the mask broadcasts.

    Raises ValueError for another value.
    """
    if isinstance(value, int | float):
        value = np.asarray(value).astype(x.dtype)
    elif value.ndim:
        raise ValueError(f"masked_fill: a number or a 0-d tensor expected, got a value of shape {tuple(value.shape)}")
    elif value.dtype != x.dtype:
        value = value.to(x.dtype)
    return where(_mask("masked_fill", mask), value, x)


def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """The elements of ``x`` where ``mask`` is true, as a vector; both broadcast."""
    mask = _mask("masked_select", mask)
    shape = np.broadcast_shapes(x.shape, mask.shape)
    x = x if tuple(x.shape) == shape else broadcast_to(x, shape)
    return (
        getitem(x.reshape((1,)), mask.reshape(1)) if not shape else _getitem(x, (...,), (np.broadcast_to(mask, shape),))
    )


def masked_scatter(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """``x`` with the elements of ``source``, in their order, where ``mask`` is true; the mask broadcasts.

    Raises ValueError if they are too few, TypeError if the dtypes differ.
    """
    if mask.dtype != bool:
        raise TypeError(f"masked_scatter: a boolean mask expected, got {mask.dtype.name}")
    mask = np.array(getattr(mask, "array", mask))
    if source.dtype != x.dtype:
        raise TypeError(f"masked_scatter: one dtype expected, got {x.dtype.name} and {source.dtype.name}")
    shape = np.broadcast_shapes(x.shape, mask.shape)
    mask = np.broadcast_to(mask, shape)
    count, size = int(mask.sum()), int(np.prod(source.shape))
    if size < count:
        raise ValueError(f"masked_scatter: {count} elements are asked for, source has {size}")
    values = getitem(source.reshape((-1,)), slice(count))
    x = x if tuple(x.shape) == shape else broadcast_to(x, shape)
    return _index_put(x.reshape(shape or (1,)), values, (...,), (mask.reshape(shape or (1,)),)).reshape(shape)


METHODS = (
    gather,
    scatter,
    scatter_add,
    scatter_reduce,
    take_along_dim,
    masked_fill,
    masked_select,
    masked_scatter,
)
