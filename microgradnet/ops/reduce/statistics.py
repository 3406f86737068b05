"""Variance, quantiles, and counting."""

import math

from ... import dtypes
from ...backends.device import np, read
from ...backends.sums import total
from ...beside import told_as_one
from ...choice import where
from ...elementwise import elementwise
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Dims
from ..arrays.dims import axes, count, one_dim, spread
from ..arrays.indexing import getitem
from ..arrays.scatter import gather
from ..arrays.shape import movedim, ravel, unsqueeze
from ..arrays.sorting import sort
from ..elementwise.exponential import sqrt
from .reduction import mean


@primitive(formula="Σ(x − mean x)²/(n − correction) with n = count x")
def _var(x, dim, correction, keepdim):
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")
    axis, n = axes(x, dim), count(x.shape, dim)
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = x if x.dtype.itemsize > 2 else x.astype(dtypes.float32)  # a float16 holds neither sum nor count
        centered = wide - total(wide, axis, True) / wide.dtype.type(n)
        out = total(centered * centered, axis, keepdim) / wide.dtype.type(max(n - correction, 0))
        return out.astype(x.dtype, copy=False)


def _to_deviations(g, x, dim, correction, keepdim):
    n = count(x.shape, dim)
    scale = 2 / (n - correction) if n != correction else math.inf
    with np.errstate(invalid="ignore"):
        return spread(g * scale, x.shape, dim, keepdim) * (x - mean(x, dim, True))


_var.vjp(x=_to_deviations)


def var(
    x: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> Tensor:
    """Variance over ``dim`` (default: all), ``sum((x - mean)²) / (n - correction)``; floating point only.

    ``unbiased`` is PyTorch's older name: True for a correction of 1, False for 0.
    """
    return _var(x, *_options(dim, unbiased, correction), keepdim)  # type: ignore[call-arg]


def _options(dim, unbiased, correction) -> tuple:
    if isinstance(dim, bool):  # var(x, False): the only argument is ``unbiased``
        dim, unbiased = None, dim
    correction = 1 if correction is None else correction
    return dim, correction if unbiased is None else int(unbiased)


@elementwise(formula="√x", derivative_formula="0 if x = 0 else 1/(2√x)", integers="float")
def _root(x):
    return sqrt(x)


@_root.derivative
def _(x, out):
    return where(out == 0, 0, 0.5 / out)


def std(
    x: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> Tensor:
    """Standard deviation over ``dim`` (default: all), ``sqrt(var(...))``; its gradient is 0 where it is 0."""
    return _root(var(x, dim, unbiased, keepdim, correction=correction))


def var_mean(
    x: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> tuple[Tensor, Tensor]:
    """Variance and mean."""
    dim, correction = _options(dim, unbiased, correction)
    return _var(x, dim, correction, keepdim), mean(x, dim, keepdim)


def std_mean(
    x: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean."""
    variance, average = var_mean(x, dim, unbiased, keepdim, correction=correction)
    return _root(variance), average


def _nearest(rank):
    return np.round(rank)


_RANKS = {  # the neighbours that a fractional rank is read between
    "linear": (np.floor, np.ceil),
    "midpoint": (np.floor, np.ceil),
    "lower": (np.floor, np.floor),
    "higher": (np.ceil, np.ceil),
    "nearest": (_nearest, _nearest),
}


def quantile(
    x: Tensor, q: Tensor | float, dim: Dims = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The ``q``-quantiles over ``dim`` (default: all): the sorted elements at rank ``q·(n - 1)``.

    ``q`` is a number in [0, 1], or a vector of them, which becomes the first dimension of the result. ``interpolation``
    is "linear", "lower", "higher", "nearest" or "midpoint". NaN if there is a NaN. Raises TypeError unless floating,
    ValueError for a q outside [0, 1] or of another dtype, an unknown ``interpolation``, or no elements.
    """
    if x.dtype.kind != "f":
        raise TypeError(f"quantile: a floating dtype expected, got {x.dtype.name}: convert with .float()")
    if interpolation not in _RANKS:
        raise ValueError(f"quantile: interpolation one of {', '.join(_RANKS)} expected, got {interpolation!r}")
    q = q if isinstance(q, Tensor) else Tensor(q, x.dtype).to(x.device)
    _check_shares(q, x.dtype)
    if x.numel() == 0:
        raise ValueError(f"quantile: at least one element expected, got shape {tuple(x.shape)}")
    kept = (1,) * x.ndim if dim is None else None
    along = 0 if dim is None else one_dim(dim, x.ndim, "quantile")
    line = movedim(ravel(x), 0, -1) if dim is None or not x.ndim else movedim(x, along, -1)
    values = _at_ranks(sort(line).values, ravel(q), interpolation)
    if not q.ndim:
        values = values[..., 0]
        return values.reshape(kept) if keepdim and kept else unsqueeze(values, along) if keepdim and x.ndim else values
    values = movedim(values, -1, 0)
    if keepdim and x.ndim:
        values = values.reshape((-1, *kept)) if kept else unsqueeze(values, along + 1)
    return values


@told_as_one
def _check_shares(q: Tensor, dtype) -> None:
    if q.ndim > 1 or q.dtype != dtype or not ((read(q) >= 0) & (read(q) <= 1)).all():
        raise ValueError(f"quantile: q a number or a vector in [0, 1] of dtype {dtype.name} expected, got {q!r:.60}")


@told_as_one
def _places(ordered, rank, interpolation: str) -> tuple:
    """The whole rank below each rank, half of the way to the one above, and the indices of both."""
    below, above = (place(rank._array) for place in _RANKS[interpolation])
    shape, last = (*ordered.shape[:-1], rank.shape[0]), ordered.shape[-1] - 1
    has_nan = np.isnan(ordered._array[..., -1:])  # NaN is sorted last
    at = [np.where(has_nan, last, np.broadcast_to(place, shape)).astype(np.int64) for place in (below, above)]
    return below, 0.5 * (above - below), *at


def _at_ranks(ordered, q, interpolation: str):
    """The elements along the last dimension, which is sorted, at the ranks ``q·(n - 1)``."""
    size = ordered.shape[-1]
    rank = q * (size - 1)
    below, half, lower, upper = _places(ordered, rank, interpolation)
    weight = half if interpolation == "midpoint" else rank - below
    first, second = gather(ordered, -1, lower), gather(ordered, -1, upper)
    return first if interpolation in ("lower", "higher", "nearest") else first + weight * (second - first)


@primitive(formula=Notation("#{x = i}"))
def _bincount(x, weights, minlength):
    if x.dtype.kind not in "iu" or x.ndim != 1 or (x < 0).any():
        raise ValueError("a vector of integers >= 0 expected")
    if weights is not None and weights.shape != x.shape:
        raise ValueError("weights of the same shape expected")
    out = np.bincount(x, weights, minlength)
    return out if weights is None else out.astype(weights.dtype if weights.dtype.kind == "f" else np.float64)


_bincount.vjp(weights=lambda g, x: getitem(g, x))


def bincount(x: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """The number of times each of 0, 1, 2, ... occurs in the vector ``x``; with ``weights``, their sum."""
    return _bincount(x, weights, minlength)


METHODS = (var, std, quantile, bincount)
