"""Cumulative sums, products and extremes along a dimension, and differences of neighbours."""

import math

from ... import dtypes
from ...backends.cpu import rows
from ...backends.device import np, on_cpu
from ...choice import where
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import DType
from ..arrays.dims import one_dim
from ..arrays.indexing import narrow
from ..arrays.joining import cat
from ..arrays.rearranging import _flip, constant_pad_nd
from ..arrays.return_types import ValuesIndices
from ..arrays.scatter import gather
from ..elementwise.comparison import eq, ne
from ..elementwise.exponential import exp
from .row_loops import along_rows


def _accumulate(accumulate, x, dim: int, dtype):
    """In float64, if floating: each result is rounded once."""
    dim = one_dim(dim, x.ndim)
    dtype = np.dtype(dtype or (dtypes.int64 if x.dtype.kind in "biu" else x.dtype))
    if not x.ndim:
        return np.array(x, dtype)
    if x.dtype != dtypes.float32 or dtype != dtypes.float32 or not on_cpu(x) or not x.size:
        return accumulate(x, dim, dtypes.float64 if dtype.kind == "f" else dtype).astype(dtype, copy=False)
    shape = math.prod(x.shape[:dim]), x.shape[dim], math.prod(x.shape[dim + 1 :])
    out = np.empty(x.shape, dtype)
    so_far = np.empty((shape[0], shape[2]), dtypes.float64)
    rows.running_total(np.ascontiguousarray(x).reshape(shape), accumulate is np.cumprod, so_far, out.reshape(shape))
    return out


@primitive(formula=Notation("x₁ + … + xᵢ"))
def cumsum(x, dim: int, dtype: DType | None = None):
    """Sums of the elements up to each one along ``dim``; integers and booleans in int64."""
    return _accumulate(np.cumsum, x, dim, dtype)


cumsum.vjp(x=lambda g, dim: _flip(cumsum(_flip(g, (dim,)), dim), (dim,)) if g.ndim else g)


@primitive(formula=Notation("x₁·…·xᵢ"))
def cumprod(x, dim: int, dtype: DType | None = None):
    """Products of the elements up to each one along ``dim``; integers and booleans in int64."""
    return _accumulate(np.cumprod, x, dim, dtype)


# No division by x, so zeros are not a special case.
cumprod.vjp(x=lambda g, x, dim: _products_before(x, dim) * _recurrence_from_end(x, g, dim) if g.ndim else g)


def _products_before(x, dim: int):
    """The product of the elements before each one along ``dim``; 1 for the first."""
    return _shifted(cumprod(x, dim), dim, 1, value=1)


def _shifted(x, dim: int, by: int, value=0):
    """``x`` shifted by ``by`` along ``dim``, filled with ``value``."""
    return constant_pad_nd(x, (0, 0) * (x.ndim - 1 - one_dim(dim, x.ndim)) + (by, -by), value)


@primitive(formula=Notation("hᵢ = aᵢ·hᵢ₋₁ + bᵢ"))
def _recurrence(a, b, dim):
    a, b = np.moveaxis(a, dim, 0), np.moveaxis(b, dim, 0)
    out = np.empty(b.shape, b.dtype)
    h = np.zeros(b.shape[1:], b.dtype)
    for i in range(len(b)):
        h = out[i] = a[i] * h + b[i]
    return np.moveaxis(out, 0, dim)


def _recurrence_from_end(a, b, dim: int):
    """``h[i] = b[i] + a[i + 1] * h[i + 1]``."""
    backwards = (_flip(_shifted(a, dim, -1), (dim,)), _flip(b, (dim,)))
    return _flip(_recurrence(*backwards, dim), (dim,))


_recurrence.vjp(
    a=lambda g, out, a, dim: _recurrence_from_end(a, g, dim) * _shifted(out, dim, 1),
    b=lambda g, a, dim: _recurrence_from_end(a, g, dim),
)


@primitive(formula=Notation("ln(eˣ¹ + … + eˣⁱ)"))
def logcumsumexp(x, dim: int):
    """``log(cumsum(exp(x), dim))``, without overflow. Raises TypeError unless floating."""
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")
    return along_rows(rows.running_logsumexp, x, dim)


def _to_exponents(g, out, x, dim):
    if not g.ndim:
        return g
    # Each weight exp(x[i] - out[j]), i <= j, as a product of factors that are at most 1.
    size = x.shape[dim]
    before, after = narrow(out, dim, 0, size - 1), narrow(out, dim, 1, size - 1)
    factors = where(eq(before, after), 1, exp(before - after))
    factors = constant_pad_nd(factors, (0, 0) * (x.ndim - 1 - one_dim(dim, x.ndim)) + (1, 0))
    return exp(x - out) * _recurrence_from_end(factors, g, dim)


logcumsumexp.vjp(x=_to_exponents)


@primitive(formula=Notation("argmax of x₁ … xᵢ"), differentiable=False)
def _cummax_indices(x, dim):
    return _last_extremes(x, dim, True)


@primitive(formula=Notation("argmin of x₁ … xᵢ"), differentiable=False)
def _cummin_indices(x, dim):
    return _last_extremes(x, dim, False)


def _last_extremes(x, dim: int, largest: bool):
    """The index of the largest (or smallest) element so far: the last in a tie."""
    dim = one_dim(dim, x.ndim)
    if x.ndim == 0:
        return np.zeros((), np.int64)
    found = (x == _running_extreme(x, dim, largest)) | (x != x)
    places = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
    return _running_extreme(np.where(found, places, 0), dim, True)


def _running_extreme(x, dim: int, largest: bool):
    return along_rows(lambda lines, out: rows.running_extreme(lines, out, largest), x, dim)


def cummax(x: Tensor, dim: int) -> ValuesIndices:
    """The largest up to each element along ``dim``, and its index (the last in a tie). NaN propagates."""
    indices = _cummax_indices(x, dim)
    return ValuesIndices(gather(x, dim, indices), indices)


def cummin(x: Tensor, dim: int) -> ValuesIndices:
    """The smallest up to each element along ``dim``, and its index (the last in a tie). NaN propagates."""
    indices = _cummin_indices(x, dim)
    return ValuesIndices(gather(x, dim, indices), indices)


def diff(x: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Differences of neighbours along ``dim``, taken ``n`` times; for booleans, whether they differ.

    Raises ValueError for a 0-d ``x``, n < 0 or a ``prepend`` or ``append`` of another rank.
    """
    if x.ndim == 0 or n < 0:
        raise ValueError(f"diff: at least 1 dimension and n >= 0 expected, got shape {tuple(x.shape)} and n = {n}")
    dim = one_dim(dim, x.ndim, "diff")
    if n == 0:
        return x
    for name, part in (("prepend", prepend), ("append", append)):
        if part is not None and part.ndim != x.ndim:
            raise ValueError(f"diff: {name} of {x.ndim} dimensions expected, got shape {tuple(part.shape)}")
    if prepend is not None or append is not None:
        x = cat([part for part in (prepend, x, append) if part is not None], dim)
    for _ in range(min(n, x.shape[dim])):
        size = x.shape[dim] - 1
        after, before = narrow(x, dim, 1, size), narrow(x, dim, 0, size)
        x = ne(after, before) if x.dtype == bool else after - before
    return x


METHODS = (cumsum, cumprod, logcumsumexp, cummax, cummin, diff)
