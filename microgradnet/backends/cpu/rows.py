"""Loops over the rows of a matrix: softmax, its logarithm, cross-entropy, sums of rows. Sums are accumulated in
float64.
"""

import math

import numpy as np

from ..lanes import add_to, lanes, lanes_max, lanes_sum
from ..loops import loop
from ..scalar_math import exp_float64 as exp


@loop
def largest(row):
    """The largest of a row, in 8 SIMD lanes; with a NaN in the row, any value: the NaN propagates in any case."""
    a = b = c = d = e = f = g = h = row[0]
    for j in lanes(row.size // 8):
        a = row[8 * j] if row[8 * j] > a else a
        b = row[8 * j + 1] if row[8 * j + 1] > b else b
        c = row[8 * j + 2] if row[8 * j + 2] > c else c
        d = row[8 * j + 3] if row[8 * j + 3] > d else d
        e = row[8 * j + 4] if row[8 * j + 4] > e else e
        f = row[8 * j + 5] if row[8 * j + 5] > f else f
        g = row[8 * j + 6] if row[8 * j + 6] > g else g
        h = row[8 * j + 7] if row[8 * j + 7] > h else h
    a, c, e, g = b if b > a else a, d if d > c else c, f if f > e else e, h if h > g else g
    a, e = c if c > a else a, g if g > e else e
    a = e if e > a else a
    for j in lanes(row.size // 8 * 8, row.size):
        a = row[j] if row[j] > a else a
    return row.dtype.type(lanes_max(a))


@largest.written_for_gpu
def _(row):
    top = row[0]
    for j in lanes(row.size):
        top = row[j] if row[j] > top else top
    return row.dtype.type(lanes_max(top))


@loop(reassociate=True)
def total_exp(row, shift):
    """``Σ exp(row − shift)``, short chunks in the row's own precision."""
    total = 0.0
    for start in range(0, row.size, 256):
        part, some = row[start : start + 256], row.dtype.type(0)
        for j in lanes(part.size):
            some += exp(part[j] - shift)
        total += some
    return lanes_sum(total)


@loop(reassociate=True)
def write_exp(row, shift, out):
    """Writes ``exp(row − shift)`` and returns its sum."""
    total = 0.0
    for start in range(0, row.size, 256):
        part, to, some = row[start : start + 256], out[start : start + 256], row.dtype.type(0)
        for j in lanes(part.size):
            e = exp(part[j] - shift)
            to[j] = e
            some += e
        total += some
    return lanes_sum(total)


@loop(reassociate=True)
def product_sum(a, b):
    """``Σ a·b``."""
    total = 0.0
    for start in range(0, a.size, 256):
        x, y, some = a[start : start + 256], b[start : start + 256], a.dtype.type(0)
        for j in lanes(x.size):
            some += x[j] * y[j]
        total += some
    return lanes_sum(total)


@loop(reassociate=True)
def total_of(row):
    """``Σ row``."""
    total = 0.0
    for j in lanes(row.size):
        total += row[j]
    return lanes_sum(total)


@loop(parallel=True)
def log_softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        top = largest(x[i])
        shift = x.dtype.type(math.log(total_exp(x[i], top)))
        for j in lanes(x.shape[1]):
            out[i, j] = x[i, j] - top - shift


@loop
def softmax_row(row, factor, out):
    """Writes ``factor·softmax(row)``."""
    scale = row.dtype.type(factor / write_exp(row, largest(row), out))
    for j in lanes(row.size):
        out[j] *= scale


@loop(parallel=True)
def softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821
        softmax_row(x[i], 1.0, out[i])


@loop(parallel=True)
def log_softmax_gradient(g, y, out):
    """``g − exp(y)·Σg`` for y the log-softmax."""
    for i in prange(g.shape[0]):  # noqa: F821
        total = g.dtype.type(total_of(g[i]))
        for j in lanes(g.shape[1]):
            out[i, j] = g[i, j] - exp(y[i, j]) * total


@loop(parallel=True)
def softmax_gradient(g, y, out):
    """``y·(g − Σ g·y)`` for y the softmax."""
    for i in prange(g.shape[0]):  # noqa: F821
        mean = g.dtype.type(product_sum(g[i], y[i]))
        for j in lanes(g.shape[1]):
            out[i, j] = y[i, j] * (g[i, j] - mean)


@loop(parallel=True)
def cross_entropy(x, target, out):
    """``log Σ exp(x) − x[target]``, one number per row; NaN for a target outside of the row."""
    for i in prange(x.shape[0]):  # noqa: F821
        out[i] = math.nan
        if 0 <= target[i] < x.shape[1]:
            top = largest(x[i])
            out[i] = (top - x[i, target[i]]) + x.dtype.type(math.log(total_exp(x[i], top)))


@loop(parallel=True)
def cross_entropy_gradient(x, target, g, out):
    """``g·(softmax(x) − [j = target])``, g one number per row."""
    for i in prange(x.shape[0]):  # noqa: F821
        if g[i] == 0:
            for j in lanes(x.shape[1]):
                out[i, j] = 0  # an ignored row, which may hold infinities
        else:
            softmax_row(x[i], g[i], out[i])
            for j in lanes(target[i], target[i] + 1):
                if 0 <= j < x.shape[1]:
                    out[i, j] -= g[i]


@loop
def add_rows(x, index, out):
    """``out[index[i]] += x[i]``, row by row; indices outside ``out`` are skipped."""
    for i in prange(index.size):  # noqa: F821
        if 0 <= index[i] < out.shape[0]:
            for j in lanes(x.shape[1]):
                add_to(out, (index[i], j), x[i, j])


@loop(parallel=True)
def running_total(x, product, so_far, out):
    """Sums (or products) so far along the middle dimension of x; so_far (the others), float64, is working memory."""
    for i in prange(x.shape[0]):  # noqa: F821
        so_far[i] = 1 if product else 0
        if x.shape[2] == 1:
            total = so_far[i, 0]
            for j in range(x.shape[1]):
                total = total * x[i, j, 0] if product else total + x[i, j, 0]
                out[i, j, 0] = total
        else:
            for j in range(x.shape[1]):
                for k in lanes(x.shape[2]):
                    so_far[i, k] = so_far[i, k] * x[i, j, k] if product else so_far[i, k] + x[i, j, k]
                    out[i, j, k] = so_far[i, k]


@loop
def running_extreme(x, out, largest):
    """The largest (or smallest) so far along each row; NaN propagates."""
    for i in prange(x.shape[0]):  # noqa: F821
        found = x[i, 0]
        for j in range(x.shape[1]):
            better = x[i, j] > found if largest else x[i, j] < found
            found = x[i, j] if better or x[i, j] != x[i, j] else found
            out[i, j] = found


@loop
def running_logsumexp(x, out):
    """``log Σ exp`` of the elements so far, along each row, in float64; NaN propagates."""
    for i in prange(x.shape[0]):  # noqa: F821
        total = np.float64(x[i, 0])
        out[i, 0] = total
        for j in range(1, x.shape[1]):
            high, low = (total, x[i, j]) if total > x[i, j] else (x[i, j], total)
            total = high if high == low and math.isinf(high) else high + math.log1p(math.exp(low - high))
            out[i, j] = total
