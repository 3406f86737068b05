"""Convolution loops. A kernel's place meets, for all places of the output, one shifted stretch of the padded input.

So with the input in rows, convolution is a matrix product whose right-hand rows are ``source[start : start + Q]`` for
as many ``starts`` as the kernel has places and the input channels, with no copy of patches. Two output rows and three
stretches at a time keep the arithmetic units busy from registers (measured: three quarters of OpenBLAS on one core, and
all of it for the weight's gradient); threads share the images, which they do better than small products in the BLAS.
Stretches are sliced out once for all rows: a slice counts its references, and threads contend for the count.
"""

import numpy as np

from .loops import loop


@loop(parallel=1 << 14)
def shifted_products(source, coefficients, starts, out):
    """``out[b, m, q] = Σ_k coefficients[b mod G, m, k]·source[b, starts[k] + q]``.

    source (B, S), coefficients (G, M, K), starts (K), out (B, M, Q): M even, K a multiple of 3.
    """
    size = out.shape[2]
    for b in prange(out.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        row, group = source[b], b % coefficients.shape[0]
        out[b] = 0
        for k in range(0, starts.size, 3):
            x = row[starts[k] : starts[k] + size]
            y = row[starts[k + 1] : starts[k + 1] + size]
            z = row[starts[k + 2] : starts[k + 2] + size]
            for m in range(0, out.shape[1], 2):
                upper_x, upper_y, upper_z = (
                    coefficients[group, m, k],
                    coefficients[group, m, k + 1],
                    coefficients[group, m, k + 2],
                )
                lower_x, lower_y, lower_z = (
                    coefficients[group, m + 1, k],
                    coefficients[group, m + 1, k + 1],
                    coefficients[group, m + 1, k + 2],
                )
                for q in range(size):
                    out[b, m, q] += upper_x * x[q] + upper_y * y[q] + upper_z * z[q]
                    out[b, m + 1, q] += lower_x * x[q] + lower_y * y[q] + lower_z * z[q]


@loop(parallel=1 << 14, reassociate=True)
def shifted_correlations(source, g, starts, out):
    """``out[i, b mod G, m, k] = Σ_b Σ_q g[b, m, q]·source[b, starts[k] + q]``, one i for each block of rows b.

    source (B, S), g (B, M, Q), starts (K), out (blocks, G, M, K), zeros: M a multiple of 4, K of 3.
    """
    size, blocks, groups = g.shape[2], out.shape[0], out.shape[1]
    images = source.shape[0] // groups
    for i in prange(blocks):  # noqa: F821
        for b in range(images * i // blocks * groups, images * (i + 1) // blocks * groups):
            row, to = source[b], out[i, b % groups]
            for k in range(0, starts.size, 3):
                x = row[starts[k] : starts[k] + size]
                y = row[starts[k + 1] : starts[k + 1] + size]
                z = row[starts[k + 2] : starts[k + 2] + size]
                for m in range(0, g.shape[1], 4):
                    ux = uy = uz = vx = vy = vz = source.dtype.type(0)
                    wx = wy = wz = tx = ty = tz = source.dtype.type(0)
                    for q in range(size):
                        ux += g[b, m, q] * x[q]
                        uy += g[b, m, q] * y[q]
                        uz += g[b, m, q] * z[q]
                        vx += g[b, m + 1, q] * x[q]
                        vy += g[b, m + 1, q] * y[q]
                        vz += g[b, m + 1, q] * z[q]
                        wx += g[b, m + 2, q] * x[q]
                        wy += g[b, m + 2, q] * y[q]
                        wz += g[b, m + 2, q] * z[q]
                        tx += g[b, m + 3, q] * x[q]
                        ty += g[b, m + 3, q] * y[q]
                        tz += g[b, m + 3, q] * z[q]
                    to[m, k] += ux
                    to[m, k + 1] += uy
                    to[m, k + 2] += uz
                    to[m + 1, k] += vx
                    to[m + 1, k + 1] += vy
                    to[m + 1, k + 2] += vz
                    to[m + 2, k] += wx
                    to[m + 2, k + 1] += wy
                    to[m + 2, k + 2] += wz
                    to[m + 3, k] += tx
                    to[m + 3, k + 1] += ty
                    to[m + 3, k + 2] += tz


def _stretches(source, starts, size: int):
    """``source[b, starts[k] + q]`` (B, K, Q): on a GPU the copies are worth it, for one product by cuBLAS."""
    return source[:, starts[:, None] + np.arange(size)]


@shifted_products.on_gpu
def _(source, coefficients, starts, out):
    groups = coefficients.shape[0]
    stretches = _stretches(source, starts, out.shape[2]).reshape(-1, groups, len(starts), out.shape[2])
    out[...] = np.matmul(coefficients, stretches).reshape(out.shape)


@shifted_correlations.on_gpu
def _(source, g, starts, out):
    groups, rows, size = out.shape[1], g.shape[1], g.shape[2]
    stretches = _stretches(source, starts, size).reshape(-1, groups, len(starts), size)
    out[0] = np.matmul(g.reshape(-1, groups, rows, size), np.swapaxes(stretches, -1, -2)).sum(axis=0)
