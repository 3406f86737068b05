"""Convolution loops. One place of the kernel reads, for all places of the output, one shifted range of the padded
input.

So with the input in rows, convolution is a matrix product whose right-hand rows are ``source[start : start + Q]`` with
one of ``starts`` per kernel place and input channel, without copying patches. The tiles of that product stay in
registers (``matrix_tiles``), and threads share the images.
"""

import functools

import numpy as np

from .. import device
from ..lanes import lanes
from ..loops import emitted, loop

product_tile_8 = emitted("matrix_tiles", "product_tile_8")
product_tile_4 = emitted("matrix_tiles", "product_tile_4")
product_tile_2 = emitted("matrix_tiles", "product_tile_2")
product_tile_1 = emitted("matrix_tiles", "product_tile_1")
correlation_tile_4 = emitted("matrix_tiles", "correlation_tile_4")
correlation_tile_1 = emitted("matrix_tiles", "correlation_tile_1")

# The minimum width of columns of ``shifted_products``, and the unit of those of ``shifted_correlations``, in bytes.
PRODUCT_BYTES, CORRELATION_BYTES = 128, 64


@loop(parallel=1 << 14)
def shifted_products(source, coefficients, starts, out):
    """``out[b, m, q] = Σ_k coefficients[b mod G, m, k]·source[b, starts[k] + q]``, as far as the source reaches.

    source (B, S), coefficients (G, M, K), starts (K), out (B, M, Q): both Q and S − max(starts) fill 128 bytes or more.
    """
    groups, rows, count = coefficients.shape
    width, size = 128 // source.itemsize, min(out.shape[2], source.shape[1] - starts.max())
    tiles = -(-size // width)
    for i in prange(out.shape[0] * tiles):  # noqa: F821 (prange is there when numba compiles this)
        b = i // tiles
        q = min((i - b * tiles) * width, size - width)  # the last tile overlaps its neighbour
        at, to = b * source.shape[1] + q, b * rows * out.shape[2] + q
        first, m = b % groups * rows, 0
        while m < rows:
            a_at, out_at = (first + m) * count, to + m * out.shape[2]
            if rows - m >= 8:
                product_tile_8(coefficients, a_at, count, source, at, starts, count, out, out_at, out.shape[2])
                m += 8
            elif rows - m >= 4:
                product_tile_4(coefficients, a_at, count, source, at, starts, count, out, out_at, out.shape[2])
                m += 4
            elif rows - m >= 2:
                product_tile_2(coefficients, a_at, count, source, at, starts, count, out, out_at, out.shape[2])
                m += 2
            else:
                product_tile_1(coefficients, a_at, count, source, at, starts, count, out, out_at, out.shape[2])
                m += 1


@loop(parallel=True)
def kept(rows, shift, lines, out):
    """``out[b, m, i, j] = rows[b, m, lines[i] + j] + shift[b mod G, m]``: the products without the extra columns."""
    groups, channels = shift.shape
    for i in prange(out.shape[0] * channels):  # noqa: F821
        b = i // channels
        m = i - b * channels
        add = shift[b % groups, m]
        for line in lanes(lines.size):
            for j in lanes(out.shape[3]):
                out[b, m, line, j] = rows[b, m, lines[line] + j] + add


@loop(parallel=1 << 14)
def shifted_correlations(source, g, starts, stretch, out):
    """``out[i, b mod G, m, k] = Σ_b Σ_q g[b, m, q]·source[b, starts[k] + q]``, one i per block of rows b.

    source (B, S), g (B, M, Q), starts (K), out (blocks, G, M, K), zeros: Q and ``stretch``, the number of places q that
    are added one by one, fill a multiple of 64 bytes, K is a multiple of 4.
    """
    size, rows, count = g.shape[2], g.shape[1], starts.size
    blocks, groups = out.shape[0], out.shape[1]
    images = source.shape[0] // groups
    for i in prange(blocks):  # noqa: F821
        for b in range(images * i // blocks * groups, images * (i + 1) // blocks * groups):
            to = (i * groups + b % groups) * rows * count
            for q in range(0, size, stretch):
                at, width = b * source.shape[1] + q, min(stretch, size - q)
                for k in range(0, count, 4):
                    m = 0
                    while m < rows:
                        g_at, out_at = (b * rows + m) * size + q, to + m * count + k
                        if rows - m >= 4:
                            correlation_tile_4(g, g_at, size, source, at, starts, k, width, out, out_at, count)
                            m += 4
                        else:
                            correlation_tile_1(g, g_at, size, source, at, starts, k, width, out, out_at, count)
                            m += 1


# On a GPU the ranges are copied, this many bytes at a time, for one product by cuBLAS.
COPIED = 1 << 28


def _in_parts(source, starts, size: int, groups: int):
    """``source[b, starts[k] + q]`` as (N, G, K, Q), for as many images at a time as fit, with the slice of images."""
    places = _places(starts.astype(np.int64).tobytes(), size)
    images = len(source) // groups
    together = max(1, COPIED // max(1, groups * len(starts) * size * source.itemsize))
    for first in range(0, images, together):
        part = slice(first * groups, min(first + together, images) * groups)
        yield part, source[part][:, places].reshape(-1, groups, len(starts), size)


@functools.lru_cache(maxsize=64)
def _places(starts: bytes, size: int):
    """``starts[k] + q`` on the device, cached: it is as large as the copies of one image."""
    there = device.library()
    return there.asarray(np.frombuffer(starts, np.int64))[:, None] + there.arange(size)


@shifted_products.on_gpu
def _(source, coefficients, starts, out):
    groups, size = coefficients.shape[0], min(out.shape[2], source.shape[1] - int(starts.max()))
    for part, stretches in _in_parts(source, starts, size, groups):
        out[part, :, :size] = np.matmul(coefficients, stretches).reshape(-1, out.shape[1], size)


@shifted_correlations.on_gpu
def _(source, g, starts, stretch, out):
    groups, rows, size = out.shape[1], g.shape[1], g.shape[2]
    for part, stretches in _in_parts(source, starts, size, groups):
        g_part = g[part].reshape(-1, groups, rows, size)
        out[0] += np.matmul(g_part, np.swapaxes(stretches, -1, -2)).sum(axis=0)
