"""The loops of Winograd's convolution; the maths is in ``ops/nn/convolution_winograd.py``.

A *block* is the tiles of ``lines`` lines, ``columns`` in each, of ``images`` consecutive images; its transforms fit the
cache. Entry number e of the transformed tiles of channel c is row c of a matrix that begins at e·plane, the rows
``starts[1]`` apart. Tiles of a line are computed one vector at a time: surplus ones are overwritten by the next line,
and the gap of a vector's length between two matrices takes those of the last line.
"""

from ..loops import emitted, loop
from .convolution import correlation_tile_4, product_tile_4, product_tile_8

winograd_input = emitted("image_tiles", "winograd_input")
winograd_output = emitted("image_tiles", "winograd_output")
winograd_cotangent = emitted("image_tiles", "winograd_cotangent")

# The row size of a block is a multiple of this, in bytes.
PRODUCT_BYTES, CORRELATION_BYTES = 128, 64


@loop
def transformed_block(x, work, to, image, images, line, lines, columns, top, left, stride, plane):
    """Writes ``Bᵀ d B`` of the tiles d of the block that begins at ``image`` and ``line`` to work[to]."""
    channels, height, width, lanes = x.shape[1], x.shape[2], x.shape[3], 64 // x.itemsize
    for c in range(channels):
        for s in range(images):
            at = ((image + s) * channels + c) * height * width
            inside = height if image + s < x.shape[0] else 0
            for i in range(lines):
                row, place = 2 * (line + i) - top, to + c * stride + (s * lines + i) * columns
                for j in range(0, columns, lanes):
                    winograd_input(x, at, row, inside, 2 * j - left, width, work, place + j, plane)


@loop(parallel=1 << 14)
def winograd_products(x, weight, bias, top, left, images, lines, columns, planes, starts, work, out):
    """The convolution of x (N, C, H, W), padded by ``top`` and ``left``, with ``weight`` (16, O, C), G g Gᵀ; plus bias.

    work (threads, at least 16·(sum of planes)), planes of C and of O rows, out (N, O, H', W'): O a multiple of 4.
    """
    parts, channels, (count, rows) = work.shape[0], x.shape[1], weight.shape[:2]
    stride, lanes, (plane, plane_out) = starts[1], 64 // x.itemsize, planes
    height, width = out.shape[2:]
    bands = -(-height // (2 * lines))
    blocks = -(-out.shape[0] // images) * bands
    for part in prange(parts):  # noqa: F821 (prange is there when numba compiles this)
        v = part * work.shape[1]
        products = v + count * plane
        for number in range(blocks * part // parts, blocks * (part + 1) // parts):
            image, line = number // bands * images, number % bands * lines
            transformed_block(x, work, v, image, images, line, lines, columns, top, left, stride, plane)
            for f in range(count):
                for q in range(0, stride, 2 * lanes):
                    b, m = v + f * plane + q, 0
                    while m < rows:
                        a, to = (f * rows + m) * channels, products + f * plane_out + m * stride + q
                        if rows - m >= 8:
                            product_tile_8(weight, a, channels, work, b, starts, channels, work, to, stride)
                            m += 8
                        else:
                            product_tile_4(weight, a, channels, work, b, starts, channels, work, to, stride)
                            m += 4
            for m in range(rows):
                for s in range(min(images, out.shape[0] - image)):
                    to = ((image + s) * rows + m) * height * width
                    for i in range(lines):
                        row, at = 2 * (line + i), products + m * stride + (s * lines + i) * columns
                        for j in range(0, columns, lanes):
                            winograd_output(work, at + j, plane_out, bias[m], out, to, row, height, 2 * j, width)


@loop(parallel=1 << 14)
def winograd_correlations(x, g, top, left, images, lines, columns, planes, starts, work, out):
    """``Σ (A g Aᵀ) ⊙ (Bᵀ x B)`` over the tiles, one sum per thread.

    x (N, C, H, W), g (N, O, H', W'), work and planes as in ``winograd_products``, out (threads, 16, O, C), zeros: C and
    O multiples of 4.
    """
    parts, channels, rows, count = work.shape[0], x.shape[1], g.shape[1], out.shape[1]
    stride, lanes, (plane, plane_out) = starts[1], 64 // x.itemsize, planes
    height, width = g.shape[2:]
    bands = -(-height // (2 * lines))
    blocks = -(-x.shape[0] // images) * bands
    for part in prange(parts):  # noqa: F821
        work[part] = 0  # the padding after the last tile of a row is added too
        v = part * work.shape[1]
        d = v + count * plane
        for number in range(blocks * part // parts, blocks * (part + 1) // parts):
            image, line = number // bands * images, number % bands * lines
            transformed_block(x, work, v, image, images, line, lines, columns, top, left, stride, plane)
            for m in range(rows):
                for s in range(images):
                    at = ((image + s) * rows + m) * height * width
                    inside = height if image + s < x.shape[0] else 0
                    for i in range(lines):
                        row, to = 2 * (line + i), d + m * stride + (s * lines + i) * columns
                        for j in range(0, columns, lanes):
                            winograd_cotangent(g, at, row, inside, 2 * j, width, work, to + j, plane_out)
            for f in range(count):
                b = v + f * plane
                for c in range(0, channels, 4):
                    for m in range(0, rows, 4):
                        a, to = d + f * plane_out + m * stride, ((part * count + f) * rows + m) * channels + c
                        correlation_tile_4(work, a, stride, work, b, starts, c, stride, out, to, channels)
