"""Sorting, the k-th and the k largest elements, distinct values, searching in a sorted sequence."""

from typing import Any

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ..reduce.reduction import _pick, _share_evenly
from .dims import one_dim
from .indexing import narrow
from .return_types import ValuesIndices
from .scatter import gather


@primitive(formula=Notation("argsort x"), differentiable=False)
def argsort(x, dim: int = -1, descending: bool = False, stable: bool = False):
    """The indices that sort ``x`` along ``dim``. Equal elements keep their order; NaN counts as the largest."""
    dim = one_dim(dim, x.ndim)
    if x.ndim == 0:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), dim, kind="stable"), dim)


def sort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesIndices:
    """``x`` sorted along ``dim``, and the index of each element. NaN counts as the largest."""
    indices = argsort(x, dim, descending)
    return ValuesIndices(gather(x, dim, indices), indices)


def msort(x: Tensor) -> Tensor:
    """``x`` sorted along the first dimension."""
    return sort(x, 0).values


def topk(x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The ``k`` largest (or smallest) elements along ``dim``, in order, and their indices. NaN is the largest.

    Raises IndexError for a ``k`` out of range, TypeError for booleans.
    """
    dim = one_dim(dim, x.ndim, "topk")
    if not 0 <= k <= (x.shape[dim] if x.ndim else 1):
        raise IndexError(f"topk: k from 0 to the size of dimension {dim} expected, got {k} for shape {tuple(x.shape)}")
    if x.dtype == bool:
        raise TypeError("topk: numbers expected, got booleans: convert with .long()")
    indices = argsort(x, dim, bool(largest))
    if x.ndim:
        indices = narrow(indices, dim, 0, k).clone()
    return ValuesIndices(gather(x, dim, indices), indices)


def kthvalue(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The ``k``-th smallest element along ``dim`` (the first is 1), and its index. NaN counts as the largest.

    Raises IndexError for a ``k`` out of range.
    """
    dim = one_dim(dim, x.ndim, "kthvalue")
    if not 1 <= k <= (x.shape[dim] if x.ndim else 1):
        raise IndexError(
            f"kthvalue: k from 1 to the size of dimension {dim} expected, got {k} for shape {tuple(x.shape)}"
        )
    order = argsort(x, dim)
    return _pick(x, dim, narrow(order, dim, k - 1, 1) if x.ndim else order, keepdim)


@primitive(formula="median x")
def _median(x):
    line = np.sort(x.reshape(-1))
    if not line.size or line[-1] != line[-1]:
        return x.dtype.type(np.nan)
    return line[(line.size - 1) // 2]


_median.vjp(x=_share_evenly)


@primitive(formula=Notation("argmedian x"), differentiable=False)
def _median_indices(x, dim):
    order = np.argsort(x, dim, kind="stable")
    regular = (x == x).sum(axis=dim, keepdims=True, dtype=np.int64)
    size = x.shape[dim]
    return np.take_along_axis(order, np.where(regular < size, regular, (size - 1) // 2), dim)


def median(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | Any:
    """The median (the lower of two) of all elements; with ``dim``, along it, with its index. NaN if there is a NaN."""
    if dim is None:
        return _median(x)
    dim = one_dim(dim, x.ndim, "median")
    return _pick(x, dim, _median_indices(x, dim) if x.ndim else argsort(x, dim), keepdim)


@primitive(formula=Notation("distinct x"), outputs=("values", "inverse", "counts"))
def _unique(x, dim):
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    return values, inverse.reshape(x.shape if dim is None else -1).astype(np.int64), counts.astype(np.int64)


def _no_gradient(g):
    raise NotImplementedError("unique: there is no gradient: detach() its input")


_unique.vjp(x=_no_gradient)


def unique(
    x: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Tensor | Any:
    """The distinct elements (or slices along ``dim``) in sorted order; each NaN is distinct.

    With ``return_inverse`` also the index of each element of ``x`` among them, with ``return_counts`` their counts.
    """
    values, inverse, counts = _unique(x, None if dim is None else one_dim(dim, x.ndim, "unique"))
    more = (*((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return (values, *more) if more else values


@primitive(formula=Notation("place of x"), differentiable=False)
def _searchsorted(sequence, values, right, dtype):
    side = "right" if right else "left"
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side), dtype)
    if values.shape[:-1] != sequence.shape[:-1]:
        raise ValueError("the same leading dimensions expected, or a sequence of 1 dimension")
    out = np.empty(values.shape, dtype)
    for index in np.ndindex(values.shape[:-1]):
        out[index] = np.searchsorted(sequence[index], values[index], side)
    return out


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """The position of each element of ``input`` in the last dimension of ``sorted_sequence``.

    The index i with ``sequence[i-1] < v <= sequence[i]``; with ``right`` (or ``side="right"``), ``<=`` and ``<``.
    ``sorter`` is the result of ``argsort``, for an unsorted sequence. Raises ValueError if ``side`` is unknown or
    contradicts ``right``.
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ValueError(f"searchsorted: side 'left' or 'right', in accord with right, expected, got {side!r}")
    if sorter is not None:
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    return _searchsorted(
        sorted_sequence, input, right or side == "right", np.dtype(np.int32 if out_int32 else np.int64)
    )


def bucketize(input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The index of the bucket between the sorted ``boundaries`` that each element of ``input`` falls into.

    Raises ValueError unless ``boundaries`` is a vector.
    """
    if boundaries.ndim != 1:
        raise ValueError(f"bucketize: boundaries of 1 dimension expected, got shape {tuple(boundaries.shape)}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


METHODS = (argsort, sort, msort, topk, kthvalue, median, unique)
