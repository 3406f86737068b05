"""Sums of many numbers. Added one by one in float32, a sum stops growing at 2²⁴ times its terms; so they are added in
blocks, and then the blocks' sums, along every dimension and whatever the layout.
"""

import functools
import math

import numpy

from .device import np, on_cpu

BLOCK = 256  # numbers that are added one by one
LONG = 1 << 16  # terms of a product that the BLAS adds
MANY = 1024  # how many may go to one place of an array before they are added in float64


def total(x, axis=None, keepdims: bool = False, dtype=None):
    """``x.sum``. Integers are added exactly, or in float64 if ``dtype`` is floating; float16 in float64."""
    if type(x) is not numpy.ndarray:  # CuPy adds in a tree
        return x.sum(axis=axis, keepdims=keepdims, dtype=dtype)
    own = x.dtype
    if own.char in "fd" and (dtype is None or dtype is own or own == dtype):
        return _floating(x, axis, keepdims)
    dtype = numpy.dtype(dtype or own)
    wide = numpy.float64 if dtype.kind == "f" else dtype
    return numpy.asarray(x.sum(axis=axis, keepdims=keepdims, dtype=wide)).astype(dtype, copy=False)


def _floating(x, axis, keepdims: bool):
    """The sum over ``axis``: NumPy's where that is pairwise or short, else dimension by dimension in blocks."""
    count = x.size if axis is None else x.shape[axis] if type(axis) is int else math.prod([x.shape[a] for a in axis])
    if count <= 2 * BLOCK or (axis is None and x.flags.c_contiguous):
        return x.sum(axis=axis, keepdims=keepdims)
    axes = [a % x.ndim for a in (range(x.ndim) if axis is None else (axis,) if type(axis) is int else axis)]
    if x.flags.c_contiguous and min(axes) >= x.ndim - len(axes):
        return x.sum(axis=axis, keepdims=keepdims)
    kept = tuple(1 if d in axes else n for d, n in enumerate(x.shape))
    order = sorted(range(x.ndim), key=lambda d: -abs(x.strides[d]))  # dimensions as they lie in memory
    y, reduced = x.transpose(order), [d in axes for d in order]
    if y.flags.c_contiguous:  # neighbouring dimensions that share their fate are one
        starts = [i for i in range(len(order)) if i == 0 or reduced[i] != reduced[i - 1]]
        ends = [*starts[1:], len(order)]
        y = y.reshape([math.prod(y.shape[a:b]) for a, b in zip(starts, ends, strict=True)])
        reduced = [reduced[i] for i in starts]
    for d in reversed(range(y.ndim)):
        if reduced[d]:
            y = _along(y, d)
    y = y.reshape([kept[d] for d in order]).transpose(numpy.argsort(order))
    return numpy.ascontiguousarray(y if keepdims else y.squeeze(tuple(axes)))


def _along(x, dim: int):
    """The sum along one dimension, which stays with size 1."""
    size = x.shape[dim]
    if size <= 2 * BLOCK or (dim == x.ndim - 1 and x.flags.c_contiguous):
        return x.sum(axis=dim, keepdims=True)
    if x.flags.c_contiguous:
        before, after = x.shape[:dim], x.shape[dim + 1 :]
        return sum_rows(x.reshape(math.prod(before), size, math.prod(after))).reshape(*before, 1, *after)
    blocks, rest = divmod(size, BLOCK)
    lead = (slice(None),) * dim
    whole = x[(*lead, slice(blocks * BLOCK))].reshape(*x.shape[:dim], blocks, BLOCK, *x.shape[dim + 1 :])
    parts = whole.sum(axis=dim + 1)
    if rest:
        parts = numpy.concatenate([parts, x[(*lead, slice(-rest, None))].sum(axis=dim, keepdims=True)], dim)
    return _along(parts, dim)


def sum_rows(x, out=None):
    """The sums of the rows of contiguous matrices: (…, N, C) -> (…, C), as products with ones, which the BLAS adds
    faster than NumPy.
    """
    count = x.shape[-2]
    if count <= 2 * BLOCK or not on_cpu(x):
        ones = _ones(count, x.dtype, x.__class__)
        return ones @ x if out is None else np.matmul(ones, x, out=out)
    blocks, rest = divmod(count, BLOCK)
    lead, width = x.shape[:-2], x.shape[-1]
    parts = numpy.empty((*lead, blocks + bool(rest), width), x.dtype)
    whole = x[..., : blocks * BLOCK, :].reshape(*lead, blocks, BLOCK, width)
    numpy.matmul(_ones(BLOCK, x.dtype, x.__class__), whole, out=parts[..., :blocks, :])
    if rest:
        numpy.matmul(_ones(rest, x.dtype, x.__class__), x[..., blocks * BLOCK :, :], out=parts[..., blocks, :])
    return sum_rows(parts, out)


@functools.lru_cache(maxsize=64)
def _ones(count: int, dtype, kind):
    return np.ones(count, dtype)


def is_long(a) -> bool:
    """Whether the rows of ``a`` are so long that the BLAS, which adds blocks of products one by one, loses digits."""
    return a.shape[-1] >= LONG and a.dtype == numpy.float32 and on_cpu(a)


def product(a, b, out=None):
    """``np.matmul``; of long float32 rows as a sum, in float64, of products of their parts."""
    if not is_long(a):
        return a @ b if out is None else np.matmul(a, b, out=out)
    total = 0.0
    for start in range(0, a.shape[-1], LONG // 16):
        part = slice(start, start + LONG // 16)
        total = total + numpy.matmul(a[..., part], b[..., part, :]).astype(numpy.float64)
    if out is None:
        return total.astype(a.dtype)
    out[...] = total
    return out


def dot(x, y):
    """``Σ x·y`` of two vectors."""
    return np.dot(x, y) if not is_long(x) else product(x.reshape(1, -1), y.reshape(-1, 1))[0, 0]


def many_meet(dtype, index) -> bool:
    """Whether so many numbers of ``dtype`` go to one of the places ``index`` (a vector, >= 0) that it takes float64."""
    rounds = dtype.kind == "f" and dtype.itemsize < 8
    return rounds and index.size > MANY and on_cpu(index) and int(numpy.bincount(index).max()) > MANY
