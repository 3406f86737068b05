"""Normalization loops, one for each way through memory: by rows, by columns, by planes. Sums are kept in float64.

Each gives the mean and 1/√(variance + eps) of every group besides the result, which backward and running statistics
need. Sums are taken about the group's first element, so that a large mean does not swallow the variance.
"""

import math

import numpy as np

from .cpu import loop


@loop(reassociate=True)
def moments(row):
    """Mean and (biased) variance of a vector, in one pass."""
    shift = row[0]
    total, squares = 0.0, 0.0
    for j in range(row.size):
        d = np.float64(row[j] - shift)
        total += d
        squares += d * d
    mean = total / row.size
    return shift + mean, max(squares / row.size - mean * mean, 0.0)


@loop(reassociate=True)
def mean_square(row):
    """Mean of the squares of a vector."""
    squares = 0.0
    for j in range(row.size):
        squares += np.float64(row[j]) * row[j]
    return squares / row.size


@loop(parallel=True)
def rows(x, weight, bias, eps, centered, out, means, scales):
    """Rows x (R, K, L), each normalized over all of K and L; weight and bias (G, K), row r using those of r mod G."""
    for r in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        if centered:
            mean, variance = moments(x[r].reshape(-1))
        else:
            mean, variance = 0.0, mean_square(x[r].reshape(-1))
        scale = 1 / math.sqrt(variance + eps)
        means[r], scales[r] = mean, scale
        m, s, group = means[r], scales[r], r % weight.shape[0]
        if x.shape[2] == 1:
            for k in range(x.shape[1]):
                out[r, k, 0] = (x[r, k, 0] - m) * s * weight[group, k] + bias[group, k]
        else:
            for k in range(x.shape[1]):
                w, b = weight[group, k] * s, bias[group, k]
                for j in range(x.shape[2]):
                    out[r, k, j] = (x[r, k, j] - m) * w + b


@loop(reassociate=True)
def weighted_sums(g, x, weight, mean, scale):
    """``Σ g·w`` and ``Σ g·w·h`` of one row (K, L), h its normalized values."""
    total, product = 0.0, 0.0
    if g.shape[1] == 1:
        for k in range(g.shape[0]):
            gw = g[k, 0] * weight[k]
            total += gw
            product += gw * (x[k, 0] - mean)
    else:
        for k in range(g.shape[0]):
            a, b = 0.0, 0.0
            for j in range(g.shape[1]):
                a += g[k, j]
                b += g[k, j] * (x[k, j] - mean)
            total += a * weight[k]
            product += b * weight[k]
    return total, product * scale


@loop(reassociate=True)
def add_row_sums(g, x, mean, scale, weight_sum, bias_sum):
    """Adds ``Σ g·h`` and ``Σ g`` over L of one row (K, L) to what other rows gave."""
    if g.shape[1] == 1:
        for k in range(g.shape[0]):
            weight_sum[k] += g[k, 0] * ((x[k, 0] - mean) * scale)
            bias_sum[k] += g[k, 0]
    else:
        for k in range(g.shape[0]):
            a, b = 0.0, 0.0
            for j in range(g.shape[1]):
                a += g[k, j] * ((x[k, j] - mean) * scale)
                b += g[k, j]
            weight_sum[k] += a
            bias_sum[k] += b


@loop(parallel=True)
def rows_gradient(x, g, weight, means, scales, centered, dx, weight_sums, bias_sums):
    """Gradients of ``rows``. weight_sums and bias_sums (B, G, K) get one part for each of B blocks of rows."""
    blocks, groups = weight_sums.shape[0], weight.shape[0]
    for block in prange(blocks):  # noqa: F821
        for r in range(x.shape[0] * block // blocks, x.shape[0] * (block + 1) // blocks):
            m, s, group = means[r], scales[r], r % groups
            count = x.shape[1] * x.shape[2]
            total, product = weighted_sums(g[r], x[r], weight[group], m, s)
            # dx = s·(g·w − a − h·b) with h = (x − m)·s; in one product and two sums for each element.
            a = total / count if centered else 0.0
            slope = x.dtype.type(-s * s * (product / count))
            offset = x.dtype.type(-s * a) - slope * m
            if x.shape[2] == 1:
                for k in range(x.shape[1]):
                    dx[r, k, 0] = g[r, k, 0] * (weight[group, k] * s) + (x[r, k, 0] * slope + offset)
            else:
                for k in range(x.shape[1]):
                    w = weight[group, k] * s
                    for j in range(x.shape[2]):
                        dx[r, k, j] = g[r, k, j] * w + (x[r, k, j] * slope + offset)
            add_row_sums(g[r], x[r], m, s, weight_sums[block, group], bias_sums[block, group])


@loop(parallel=True)
def columns(x, weight, bias, eps, out, means, scales, variances, width):
    """Columns of x (N, C), each normalized over N; ``width`` columns at a time, so that they stay in the cache."""
    for block in prange((x.shape[1] + width - 1) // width):  # noqa: F821
        first = block * width
        last = min(first + width, x.shape[1])
        totals, squares = np.zeros(last - first), np.zeros(last - first)
        shift = x[0, first:last]
        for n in range(x.shape[0]):
            row = x[n, first:last]
            for c in range(last - first):
                d = np.float64(row[c] - shift[c])
                totals[c] += d
                squares[c] += d * d
        w, b = np.empty(last - first, x.dtype), np.empty(last - first, x.dtype)
        for c in range(last - first):
            mean = totals[c] / x.shape[0]
            variance = max(squares[c] / x.shape[0] - mean * mean, 0.0)
            means[first + c] = shift[c] + mean
            variances[first + c] = variance
            scales[first + c] = 1 / math.sqrt(variance + eps)
            w[c] = scales[first + c] * weight[first + c]
            b[c] = bias[first + c]
        m = means[first:last]
        for n in range(x.shape[0]):
            row, to = x[n, first:last], out[n, first:last]
            for c in range(last - first):
                to[c] = (row[c] - m[c]) * w[c] + b[c]


@loop(parallel=True)
def columns_gradient(x, g, weight, means, scales, dx, weight_gradient, bias_gradient, width):
    """Gradients of ``columns``."""
    for block in prange((x.shape[1] + width - 1) // width):  # noqa: F821
        first = block * width
        last = min(first + width, x.shape[1])
        totals, products = np.zeros(last - first), np.zeros(last - first)
        m = means[first:last]
        for n in range(x.shape[0]):
            row, up = x[n, first:last], g[n, first:last]
            for c in range(last - first):
                totals[c] += up[c]
                products[c] += up[c] * (row[c] - m[c])
        slope, offset, factor = (
            np.empty(last - first, x.dtype),
            np.empty(last - first, x.dtype),
            np.empty(last - first, x.dtype),
        )
        for c in range(last - first):
            s = np.float64(scales[first + c])
            weight_gradient[first + c] = products[c] * s
            bias_gradient[first + c] = totals[c]
            factor[c] = weight[first + c] * s
            slope[c] = -factor[c] * s * s * products[c] / x.shape[0]
            offset[c] = -factor[c] * totals[c] / x.shape[0]
        for n in range(x.shape[0]):
            row, up, to = x[n, first:last], g[n, first:last], dx[n, first:last]
            for c in range(last - first):
                to[c] = up[c] * factor[c] + ((row[c] - m[c]) * slope[c] + offset[c])


@loop(reassociate=True)
def shifted_sums(row, shift):
    """``Σ (row − shift)`` and ``Σ (row − shift)²``."""
    total, squares = 0.0, 0.0
    for j in range(row.size):
        d = np.float64(row[j] - shift)
        total += d
        squares += d * d
    return total, squares


@loop(reassociate=True)
def gradient_sums(g, row, mean):
    """``Σ g`` and ``Σ g·(row − mean)``."""
    total, product = 0.0, 0.0
    for j in range(row.size):
        total += g[j]
        product += g[j] * (row[j] - mean)
    return total, product


@loop(parallel=True)
def planes(x, weight, bias, eps, out, means, scales, variances):
    """Channels of x (N, C, L), each normalized over N and L."""
    for c in prange(x.shape[1]):  # noqa: F821
        total, squares = 0.0, 0.0
        shift = x[0, c, 0]
        for n in range(x.shape[0]):
            a, b = shifted_sums(x[n, c], shift)
            total += a
            squares += b
        count = x.shape[0] * x.shape[2]
        mean = total / count
        variance = max(squares / count - mean * mean, 0.0)
        means[c], variances[c], scales[c] = shift + mean, variance, 1 / math.sqrt(variance + eps)
        m, w, b = means[c], scales[c] * weight[c], bias[c]
        for n in range(x.shape[0]):
            for j in range(x.shape[2]):
                out[n, c, j] = (x[n, c, j] - m) * w + b


@loop(parallel=True)
def planes_gradient(x, g, weight, means, scales, dx, weight_gradient, bias_gradient):
    """Gradients of ``planes``."""
    for c in prange(x.shape[1]):  # noqa: F821
        total, product = 0.0, 0.0
        m, s = means[c], np.float64(scales[c])
        for n in range(x.shape[0]):
            a, b = gradient_sums(g[n, c], x[n, c], m)
            total += a
            product += b
        count = x.shape[0] * x.shape[2]
        weight_gradient[c], bias_gradient[c] = product * s, total
        factor = x.dtype.type(weight[c] * s)
        slope = x.dtype.type(-factor * s * s * product / count)
        offset = x.dtype.type(-factor * total / count)
        for n in range(x.shape[0]):
            for j in range(x.shape[2]):
                dx[n, c, j] = g[n, c, j] * factor + ((x[n, c, j] - m) * slope + offset)
