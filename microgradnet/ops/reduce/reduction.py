"""Reductions over given dimensions or over all, and softmax, which divides by a sum."""

import math
from typing import Any

from ... import dtypes
from ...backends.cpu import rows
from ...backends.device import np
from ...backends.sums import total
from ...primitive import cast, primitive
from ...tensor import Tensor
from ...typing import Dims, DType
from ..arrays.diagonals import diagonal
from ..arrays.dims import axes, count, one_dim, several_dims, spread
from ..arrays.rearranging import _flip
from ..arrays.return_types import MinMax, ValuesIndices
from ..arrays.scatter import gather
from ..arrays.shape import squeeze
from ..elementwise import arithmetic
from ..elementwise.comparison import eq, ne
from ..elementwise.exponential import exp
from .cumulative import _products_before
from .row_loops import along_rows


def _floating(x) -> None:
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")


@primitive(formula="Σx")
def sum(x, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None):
    """Sum over ``dim`` (a number or several; default: all). Integers and booleans are summed in int64."""
    if dtype is None and x.dtype.kind in "biu":
        dtype = dtypes.int64
    return total(x, axes(x, dim), keepdim, dtype)


sum.vjp(x=lambda g, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim))


@primitive(formula="Σx/n with n = count x")
def mean(x, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None):
    """Mean over ``dim`` (default: all); floating point only. NaN if there are no elements. Raises TypeError for
    integers.
    """
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {dtype.name}: convert with .float() or pass dtype")
    n = count(x.shape, dim)
    wide = dtype if dtype.itemsize > 2 else dtypes.float32  # a float16 holds neither the sum nor the count
    out = total(x, axes(x, dim), keepdim, wide)
    out = out / wide.type(n) if n else out + wide.type(math.nan)
    return out if wide is dtype else out.astype(dtype)


def _shared(g, x_shape, dim, keepdim):
    g = cast(g, dtypes.float32) if g.dtype.itemsize == 2 else g
    return spread(g / (count(x_shape, dim) or 1), x_shape, dim, keepdim)


mean.vjp(x=_shared)


@primitive(formula="Σ(0 if x is NaN else x)")
def nansum(x, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None):
    """Sum over ``dim`` (default: all), with NaN as zero."""
    return sum(np.where(x == x, x, np.zeros((), x.dtype)), dim, keepdim, dtype)


nansum.vjp(x=lambda g, x, dim, keepdim: spread(g, x.shape, dim, keepdim) * eq(x, x))


def nanmean(x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """Mean over ``dim`` (default: all) of the elements that are not NaN; floating point only.

    Raises TypeError for integers.
    """
    if x.dtype.kind != "f":
        raise TypeError(f"nanmean: a floating dtype expected, got {x.dtype.name}: convert with .float()")
    dtype = np.dtype(dtype or x.dtype)
    wide = dtypes.float32 if dtype.itemsize == 2 else dtype  # a float16 holds neither the sum nor the count
    return cast(nansum(x, dim, keepdim, wide) / sum(eq(x, x), dim, keepdim), dtype)


@primitive(formula="Πx")
def prod(x, dim: int | None = None, keepdim: bool = False, dtype: DType | None = None):
    """Product over one dimension, or over all. Integers and booleans are multiplied in int64."""
    if dtype is None and x.dtype.kind in "biu":
        dtype = dtypes.int64
    axis = None if dim is None or x.ndim == 0 else one_dim(dim, x.ndim)
    dtype = np.dtype(dtype or x.dtype)
    out = x.prod(axis=axis, keepdims=keepdim, dtype=dtypes.float64 if dtype.kind == "f" else dtype)
    return np.asarray(out).astype(dtype, copy=False)


def _to_factors(g, x, dim, keepdim):
    if 0 in x.shape:
        return x
    # The product of all others is (those before) · (those after): no division, so zeros are not a special case.
    line, along = (x.reshape((-1,)), 0) if dim is None or x.ndim == 0 else (x, dim)
    after = _flip(_products_before(_flip(line, (along,)), along), (along,))
    return spread(g, x.shape, dim, keepdim) * (_products_before(line, along) * after).reshape(tuple(x.shape))


prod.vjp(x=_to_factors)


@primitive(formula="max x")
def amax(x, dim: Dims = None, keepdim: bool = False):
    """Largest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""
    return x.max(axis=axes(x, dim), keepdims=keepdim)


@primitive(formula="min x")
def amin(x, dim: Dims = None, keepdim: bool = False):
    """Smallest over ``dim`` (default: all). Ties share the gradient evenly, as in PyTorch."""
    return x.min(axis=axes(x, dim), keepdims=keepdim)


def _to_extremes(g, out, x, dim, keepdim):
    chosen = eq(x, spread(out, x.shape, dim, keepdim))
    with np.errstate(invalid="ignore", divide="ignore"):
        return chosen * (spread(g, x.shape, dim, keepdim) / sum(chosen, dim, True))


amax.vjp(x=_to_extremes)
amin.vjp(x=_to_extremes)


def aminmax(x: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The smallest and the largest, over one dimension or over all: ``(min, max)``."""
    return MinMax(amin(x, dim, keepdim), amax(x, dim, keepdim))


@primitive(formula="max x")
def _max(x):
    return x.max()


@primitive(formula="min x")
def _min(x):
    return x.min()


def _share_evenly(g, out, x):
    """The cotangent of an extreme of the whole ``x``, divided among the elements equal to it; NaN equals NaN here."""
    chosen = eq(x, out) | (ne(x, x) & ne(out, out))
    return chosen * (g / sum(chosen))


_max.vjp(x=_share_evenly)
_min.vjp(x=_share_evenly)


@primitive(formula="argmax x", differentiable=False)
def argmax(x, dim: int | None = None, keepdim: bool = False):
    """Index of the largest element, in the flattened tensor or along ``dim``; the first in a tie, or the first NaN."""
    return _arg(np.argmax, x, dim, keepdim)


@primitive(formula="argmin x", differentiable=False)
def argmin(x, dim: int | None = None, keepdim: bool = False):
    """Index of the smallest element, in the flattened tensor or along ``dim``; the first in a tie, or the first NaN."""
    return _arg(np.argmin, x, dim, keepdim)


def _arg(find, x, dim, keepdim: bool):
    if x.dtype == bool:
        raise TypeError("numbers expected, got booleans: convert with .long()")
    return find(x, axis=None if dim is None or x.ndim == 0 else one_dim(dim, x.ndim), keepdims=keepdim)


def _pick(x, dim: int, indices, keepdim: bool) -> ValuesIndices:
    """The element of ``x`` along ``dim`` at each of ``indices``, whose size there is 1, and the indices."""
    values = gather(x, dim, indices)
    if keepdim or not x.ndim:
        return ValuesIndices(values, indices)
    return ValuesIndices(squeeze(values, dim), squeeze(indices, dim))


def _numbers(x):
    return cast(x, dtypes.int8) if x.dtype == bool else x


def max(x: Tensor, dim: Tensor | int | None = None, keepdim: bool = False) -> Tensor | Any:
    """The largest element; with ``dim``, the largest along it, its index; with a tensor, the elementwise maximum."""
    if dim is None:
        return _max(x)
    if not isinstance(dim, int):
        return arithmetic.maximum(x, dim)
    return _pick(x, dim, argmax(_numbers(x), dim, True), keepdim)


def min(x: Tensor, dim: Tensor | int | None = None, keepdim: bool = False) -> Tensor | Any:
    """The smallest element; with ``dim``, the smallest along it, its index; with a tensor, the elementwise minimum."""
    if dim is None:
        return _min(x)
    if not isinstance(dim, int):
        return arithmetic.minimum(x, dim)
    return _pick(x, dim, argmin(_numbers(x), dim, True), keepdim)


@primitive(formula="Π[x ≠ 0]", differentiable=False)
def all(x, dim: Dims = None, keepdim: bool = False):
    """Whether all are true (non-zero)."""
    return np.all(x, axis=several_dims(dim, x.ndim) if x.ndim else None, keepdims=keepdim)


@primitive(formula="max [x ≠ 0]", differentiable=False)
def any(x, dim: Dims = None, keepdim: bool = False):
    """Whether any is true (non-zero)."""
    return np.any(x, axis=several_dims(dim, x.ndim) if x.ndim else None, keepdims=keepdim)


@primitive(formula="Σ[x ≠ 0]", differentiable=False)
def count_nonzero(x, dim: Dims = None):
    """The number of non-zero elements over ``dim`` (default: all), as int64."""
    return np.asarray(np.count_nonzero(x, axis=axes(x, dim)), np.int64)


def trace(x: Tensor) -> Tensor:
    """The sum of a matrix's diagonal. Raises ValueError for another rank."""
    if x.ndim != 2:
        raise ValueError(f"trace: a matrix expected, got shape {tuple(x.shape)}")
    return sum(diagonal(x))


@primitive(formula="ln Σeˣ")
def logsumexp(x, dim: Dims, keepdim: bool = False):
    """``log(sum(exp(x), dim))``, shifted by the maximum so that nothing overflows; -inf where all are -inf."""
    x = x if x.dtype.kind == "f" else x.astype(dtypes.get_default_dtype())
    axis = axes(x, dim)
    shift = x.max(axis=axis, keepdims=True) if x.size else x.sum(axis=axis, keepdims=True) - x.dtype.type(math.inf)
    shift = np.where(np.isfinite(shift), shift, x.dtype.type(0))
    with np.errstate(divide="ignore"):
        out = np.log(total(np.exp(x - shift), axis, True)) + shift
    return out if keepdim else out.squeeze(axis)


logsumexp.vjp(
    x=lambda g, out, x, dim, keepdim: spread(g, x.shape, dim, keepdim) * exp(x - spread(out, x.shape, dim, keepdim))
)


def _along_rows(kernel, x, dim: int, dtype, *others):
    """``along_rows`` for floating ``x``, in ``dtype`` if given."""
    x = x if dtype is None else x.astype(dtype)
    _floating(x)
    return along_rows(kernel, x, dim, *others)


@primitive(formula="x − ln Σeˣ")
def log_softmax(x, dim: int, dtype: DType | None = None):
    """``x - log(sum(exp(x)))`` along ``dim``, shifted by the maximum so that nothing overflows."""
    return _along_rows(rows.log_softmax, x, dim, dtype)


log_softmax.vjp(x=lambda g, out, dim: g - exp(out) * sum(g, dim, True))
log_softmax.fused_vjp(lambda g, needed, out, dim: [_along_rows(rows.log_softmax_gradient, g, dim, None, out)])


@primitive(formula="eˣ/Σeˣ")
def softmax(x, dim: int, dtype: DType | None = None):
    """``exp(x) / sum(exp(x))`` along ``dim``, shifted by the maximum so that nothing overflows."""
    return _along_rows(rows.softmax, x, dim, dtype)


softmax.vjp(x=lambda g, out, dim: out * (g - sum(g * out, dim, True)))
softmax.fused_vjp(lambda g, needed, out, dim: [_along_rows(rows.softmax_gradient, g, dim, None, out)])


METHODS = (
    sum,
    mean,
    nansum,
    nanmean,
    prod,
    amax,
    amin,
    aminmax,
    max,
    min,
    argmax,
    argmin,
    all,
    any,
    count_nonzero,
    trace,
    logsumexp,
    log_softmax,
    softmax,
)
