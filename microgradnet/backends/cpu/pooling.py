"""Pooling loops over planes (count, D, H, W); an image has D = 1, a sequence D = H = 1.

The window of output i along a dimension is every ``step``-th place from ``starts[i]`` to before ``ends[i]``, all inside
the plane. So one loop serves strides, padding, dilation and adaptive windows.
"""

import math

import numpy as np

from ..lanes import add_to, lanes
from ..loops import emitted, loop

largest_of_pairs = emitted("image_tiles", "largest_of_pairs")


@loop(parallel=True)
def max_pool(x, values, indices, starts_d, ends_d, step_d, starts_h, ends_h, step_h, starts_w, ends_w, step_w):
    """The largest of each window, and its index in the flattened plane: the first in a tie; NaN counts as largest."""
    for plane in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        for i in range(values.shape[1]):
            for j in lanes(values.shape[2]):
                for k in lanes(values.shape[3]):
                    best = x[plane, starts_d[i], starts_h[j], starts_w[k]]
                    best_d, best_h, best_w = starts_d[i], starts_h[j], starts_w[k]
                    for d in range(starts_d[i], ends_d[i], step_d):
                        for h in range(starts_h[j], ends_h[j], step_h):
                            for w in range(starts_w[k], ends_w[k], step_w):
                                value = x[plane, d, h, w]
                                if value > best or (value != value and best == best):
                                    best, best_d, best_h, best_w = value, d, h, w
                    values[plane, i, j, k] = best
                    indices[plane, i, j, k] = (best_d * x.shape[2] + best_h) * x.shape[3] + best_w


@loop(parallel=True)
def max_pool_2x2(x, values, indices):
    """Adjacent windows of 2 × 2 of contiguous planes (count, H, W): the most common case, vectorized."""
    height, width = x.shape[1:]
    lines, columns = values.shape[1:]
    for plane in prange(x.shape[0]):  # noqa: F821
        for i in range(lines):
            for j in range(0, columns, 64 // x.itemsize):
                to = (plane * lines + i) * columns
                largest_of_pairs(x, plane * height * width, width, 2 * i, values, indices, to, j, columns)


@max_pool_2x2.on_gpu
def _(x, values, indices):
    spans = [np.zeros(1, np.int64), np.ones(1, np.int64), 1]
    for size in values.shape[1:]:
        spans += [2 * np.arange(size), 2 * np.arange(size) + 2, 1]
    max_pool(x[:, None], values[:, None], indices[:, None], *spans)


@loop(parallel=True)
def sum_pool(x, out, scale, starts_d, ends_d, starts_h, ends_h, starts_w, ends_w):
    """The sum of each window times its ``scale`` (D', H', W')."""
    for plane in prange(x.shape[0]):  # noqa: F821
        for i in range(out.shape[1]):
            for j in lanes(out.shape[2]):
                for k in lanes(out.shape[3]):
                    total = 0.0
                    for d in range(starts_d[i], ends_d[i]):
                        for h in range(starts_h[j], ends_h[j]):
                            for w in range(starts_w[k], ends_w[k]):
                                total += x[plane, d, h, w]
                    out[plane, i, j, k] = total * scale[i, j, k]


@loop(parallel=True)
def spread_pool(g, out, scale, starts_d, ends_d, starts_h, ends_h, starts_w, ends_w):
    """Each g times its ``scale`` added to every place of its window."""
    for plane in prange(g.shape[0]):  # noqa: F821
        for i in range(g.shape[1]):
            for j in lanes(g.shape[2]):
                for k in lanes(g.shape[3]):
                    part = g[plane, i, j, k] * scale[i, j, k]
                    for d in range(starts_d[i], ends_d[i]):
                        for h in range(starts_h[j], ends_h[j]):
                            for w in range(starts_w[k], ends_w[k]):
                                add_to(out, (plane, d, h, w), part)


@loop(parallel=True)
def add_at(g, indices, out):
    """``out[plane, indices[plane, i]] += g[plane, i]``; places outside of the plane are skipped."""
    for plane in prange(g.shape[0]):  # noqa: F821
        for i in lanes(g.shape[1]):
            if 0 <= indices[plane, i] < out.shape[1]:
                add_to(out, (plane, indices[plane, i]), g[plane, i])


@loop(parallel=True)
def write_at(g, indices, out):
    """``out[plane, indices[plane, i]] = g[plane, i]``: the last one wins; on a GPU, any. Places outside of the
    plane are skipped.
    """
    for plane in prange(g.shape[0]):  # noqa: F821
        for i in lanes(g.shape[1]):
            if 0 <= indices[plane, i] < out.shape[1]:
                out[plane, indices[plane, i]] = g[plane, i]


@loop(parallel=True)
def read_at(x, indices, out):
    """``out[plane, i] = x[plane, indices[plane, i]]``; NaN for a place outside of the plane."""
    for plane in prange(out.shape[0]):  # noqa: F821
        for i in lanes(out.shape[1]):
            out[plane, i] = math.nan
            if 0 <= indices[plane, i] < x.shape[1]:
                out[plane, i] = x[plane, indices[plane, i]]
