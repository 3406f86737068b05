"""Normalization loops, one per memory layout: by rows, by columns, by planes. Sums are accumulated in float64.

Each also returns the mean and 1/√(variance + eps) of every group, for backward and running statistics. Sums are taken
relative to the group's first element, so that a large mean does not cancel the variance.
"""

import math

import numpy as np

from ..lanes import lanes, lanes_sum
from ..loops import loop


@loop(reassociate=True)
def shifted_parts(row, shift):
    """Each thread's part of ``Σ (row − shift)`` and ``Σ (row − shift)²``; short chunks in the row's precision."""
    total, squares = 0.0, 0.0
    for start in range(0, row.size, 256):
        part = row[start : start + 256]
        a, b = row.dtype.type(0), row.dtype.type(0)
        for j in lanes(part.size):
            d = part[j] - shift
            a += d
            b += d * d
        total += a
        squares += b
    return total, squares


@loop(reassociate=True)
def gradient_parts(g, row, mean):
    """Each thread's part of ``Σ g`` and ``Σ g·(row − mean)``."""
    total, product = 0.0, 0.0
    for start in range(0, row.size, 256):
        up, part = g[start : start + 256], row[start : start + 256]
        a, b = row.dtype.type(0), row.dtype.type(0)
        for j in lanes(part.size):
            a += up[j]
            b += up[j] * (part[j] - mean)
        total += a
        product += b
    return total, product


@loop(reassociate=True)
def row_gradient_sums(g, row, weight, mean, scale):
    """``Σ w·g`` and ``Σ w·g·h`` with ``h = (row − mean)·scale``; chunks in the row's own precision."""
    total, product = 0.0, 0.0
    for start in range(0, row.size, 4096):
        up, w, part = g[start : start + 4096], weight[start : start + 4096], row[start : start + 4096]
        a, b = row.dtype.type(0), row.dtype.type(0)
        for k in lanes(part.size):
            a += up[k] * w[k]
            b += up[k] * w[k] * ((part[k] - mean) * scale)
        total += a
        product += b
    return lanes_sum(total), lanes_sum(product)


@loop
def moments(row, centered):
    """Mean and (biased) variance of a vector; uncentred, 0 and the mean square."""
    shift = row[0] if centered else row.dtype.type(0)
    total, squares = shifted_parts(row, shift)
    mean = lanes_sum(total) / row.size if centered else 0.0
    return shift + mean, max(lanes_sum(squares) / row.size - mean * mean, 0.0)


@loop(parallel=True)
def rows(x, weight, bias, eps, centered, out, means, scales):
    """Rows of x (R, K), each normalized by itself; weight and bias (K)."""
    for r in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        mean, variance = moments(x[r], centered)
        means[r], scales[r] = mean, 1 / math.sqrt(variance + eps)
        m, s = means[r], scales[r]
        for k in lanes(x.shape[1]):
            out[r, k] = (x[r, k] - m) * s * weight[k] + bias[k]


@loop(parallel=True, reassociate=True)
def rows_gradient(x, g, weight, means, scales, centered, dx, sums):
    """Gradients of ``rows``. sums (2, B, K), zeros, receive the weight's and bias's sums over B blocks of rows."""
    blocks, count = sums.shape[1], x.shape[0]
    for block in prange(blocks):  # noqa: F821
        for r in range(count * block // blocks, count * (block + 1) // blocks):
            m, s = means[r], scales[r]
            total, product = row_gradient_sums(g[r], x[r], weight, m, s)
            mean = x.dtype.type(total / x.shape[1] if centered else 0.0)
            mean_product = x.dtype.type(product / x.shape[1])
            for k in lanes(x.shape[1]):
                h = (x[r, k] - m) * s
                dx[r, k] = (g[r, k] * weight[k] - mean - h * mean_product) * s
            for k in lanes(x.shape[1]):  # a separate loop: LLVM does not vectorize one that writes three arrays
                sums[0, block, k] += g[r, k] * ((x[r, k] - m) * s)
                sums[1, block, k] += g[r, k]


@loop(parallel=True)
def groups(x, rows, weight, bias, eps, out, means, scales):
    """Rows x (R, K, L), each normalized over all of K and L; weight and bias (G, K), row r using those of r mod G.

    rows (R, K·L) is x reshaped.
    """
    for r in prange(x.shape[0]):  # noqa: F821
        mean, variance = moments(rows[r], True)
        means[r], scales[r] = mean, 1 / math.sqrt(variance + eps)
        group, m = r % weight.shape[0], means[r]
        for k in range(x.shape[1]):
            w, b = weight[group, k] * scales[r], bias[group, k]
            for j in lanes(x.shape[2]):
                out[r, k, j] = (x[r, k, j] - m) * w + b


@loop(parallel=True)
def groups_gradient(x, g, weight, means, scales, dx, sums):
    """Gradients of ``groups``. sums (2, R, K) receive each row's share of the weight's and bias's."""
    for r in prange(x.shape[0]):  # noqa: F821
        m, s, group, count = means[r], scales[r], r % weight.shape[0], x.shape[1] * x.shape[2]
        total, product = 0.0, 0.0
        for k in range(x.shape[1]):
            a, b = gradient_parts(g[r, k], x[r, k], m)
            a, b = lanes_sum(a), lanes_sum(b)
            total += a * weight[group, k]
            product += b * s * weight[group, k]
            sums[0, r, k], sums[1, r, k] = b * s, a
        slope, offset = x.dtype.type(-s * s * (product / count)), x.dtype.type(-s * (total / count))
        for k in range(x.shape[1]):
            factor = weight[group, k] * s
            for j in lanes(x.shape[2]):
                dx[r, k, j] = g[r, k, j] * factor + ((x[r, k, j] - m) * slope + offset)


@loop(parallel=True)
def columns(x, weight, bias, eps, out, means, scales, variances, sums):
    """Columns of x (N, C), each normalized over N. sums (2, B, C), zeros, receive partial sums of B blocks of rows."""
    blocks, count = sums.shape[1], x.shape[0]
    for block in prange(blocks):  # noqa: F821
        for n in range(count * block // blocks, count * (block + 1) // blocks):
            for c in lanes(x.shape[1]):
                d = x[n, c] - x[0, c]
                sums[0, block, c] += d
                sums[1, block, c] += d * d
    for c in prange(x.shape[1]):  # noqa: F821
        total, squares = 0.0, 0.0
        for block in range(blocks):
            total += sums[0, block, c]
            squares += sums[1, block, c]
        mean = total / count
        variance = max(squares / count - mean * mean, 0.0)
        means[c], variances[c], scales[c] = x[0, c] + mean, variance, 1 / math.sqrt(variance + eps)
        sums[0, 0, c] = weight[c] * scales[c]
    for n in prange(count):  # noqa: F821
        for c in lanes(x.shape[1]):
            out[n, c] = (x[n, c] - means[c]) * sums[0, 0, c] + bias[c]


@loop(parallel=True)
def columns_gradient(x, g, weight, means, scales, dx, weight_gradient, bias_gradient, sums):
    """Gradients of ``columns``; ``sums`` (3, B, C), zeros, as there."""
    blocks, count = sums.shape[1], x.shape[0]
    for block in prange(blocks):  # noqa: F821
        for n in range(count * block // blocks, count * (block + 1) // blocks):
            for c in lanes(x.shape[1]):
                sums[0, block, c] += g[n, c]
                sums[1, block, c] += g[n, c] * (x[n, c] - means[c])
    for c in prange(x.shape[1]):  # noqa: F821
        total, product = 0.0, 0.0
        for block in range(blocks):
            total += sums[0, block, c]
            product += sums[1, block, c]
        s = np.float64(scales[c])
        factor = weight[c] * s
        weight_gradient[c], bias_gradient[c] = product * s, total
        # The last loop's numbers for each column overwrite the first block's sums.
        sums[0, 0, c], sums[1, 0, c] = factor, -factor * s * s * product / count
        sums[2, 0, c] = -factor * total / count
    for n in prange(count):  # noqa: F821
        for c in lanes(x.shape[1]):
            dx[n, c] = g[n, c] * sums[0, 0, c] + ((x[n, c] - means[c]) * sums[1, 0, c] + sums[2, 0, c])


@loop(parallel=True)
def planes(x, weight, bias, eps, out, means, scales, variances):
    """Channels of x (N, C, L), each normalized over N and L."""
    for c in prange(x.shape[1]):  # noqa: F821
        total, squares = 0.0, 0.0
        shift = x[0, c, 0]
        for n in range(x.shape[0]):
            a, b = shifted_parts(x[n, c], shift)
            total += a
            squares += b
        total, squares = lanes_sum(total), lanes_sum(squares)
        count = x.shape[0] * x.shape[2]
        mean = total / count
        variance = max(squares / count - mean * mean, 0.0)
        means[c], variances[c], scales[c] = shift + mean, variance, 1 / math.sqrt(variance + eps)
        m, w, b = means[c], scales[c] * weight[c], bias[c]
        for n in range(x.shape[0]):
            for j in lanes(x.shape[2]):
                out[n, c, j] = (x[n, c, j] - m) * w + b


@loop(parallel=True)
def planes_gradient(x, g, weight, means, scales, dx, weight_gradient, bias_gradient):
    """Gradients of ``planes``."""
    for c in prange(x.shape[1]):  # noqa: F821
        total, product = 0.0, 0.0
        m, s = means[c], np.float64(scales[c])
        for n in range(x.shape[0]):
            a, b = gradient_parts(g[n, c], x[n, c], m)
            total += a
            product += b
        total, product = lanes_sum(total), lanes_sum(product)
        count = x.shape[0] * x.shape[2]
        weight_gradient[c], bias_gradient[c] = product * s, total
        factor = x.dtype.type(weight[c] * s)
        slope = x.dtype.type(-factor * s * s * product / count)
        offset = x.dtype.type(-factor * total / count)
        for n in range(x.shape[0]):
            for j in lanes(x.shape[2]):
                dx[n, c, j] = g[n, c, j] * factor + ((x[n, c, j] - m) * slope + offset)
