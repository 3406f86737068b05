"""Convolution of images with 3 × 3 kernels with 16 multiplications per 4 outputs instead of 36.

Winograd's F(2×2, 3×3) as Lavin and Gray 2015, "Fast algorithms for convolutional neural networks", section 4.1. The
output is split into tiles of 2 × 2; with d the 4 × 4 places of the padded input that a tile needs, and g the kernel,

    Y = Aᵀ [Σ_c (G g Gᵀ) ⊙ (Bᵀ d B)] A

         1  0 −1  0          1    0    0
    Bᵀ = 0  1  1  0      G = ½    ½    ½      Aᵀ = 1  1  1  0
         0 −1  1  0          ½   −½    ½           0  1 −1 −1
         0  1  0 −1          0    0    1

The sum over the channels, at each of the 16 places, is a matrix product: kernels (O, C) times tiles (C, tiles). The
gradient of x is a convolution with the rotated kernel; Y is linear in g, so the gradient of g is the transpose, Gᵀ
[Σ_tiles (A y Aᵀ) ⊙ (Bᵀ d B)] G for cotangents y. Rounding errors are no larger than the definition's: B and A add few
numbers, and sums are 9 times shorter. A NaN or an infinity reaches all 4 outputs of its tile.
"""

import numpy as np

from ...backends import threads
from ...backends.cpu import winograd as kernels
from ...backends.scratch import scratch

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
ENTRIES = np.kron(G, G)  # G g Gᵀ, with the entries of g and of the result as columns

# Bytes of a block's transforms: they fit a core's cache (half or twice as many measured the same).
BLOCK = 1 << 21


def fits(x, outputs: int, kernel, size, stride, dilation, groups) -> bool:
    """Whether this algorithm is faster, for x (N, C, …) and an output of ``size``.

    Not for float64, which is for accuracy, nor on a GPU, which uses cuBLAS.
    """
    return (
        isinstance(x, np.ndarray)
        and kernel == (3, 3)
        and tuple(stride) == tuple(dilation) == (1, 1)
        and groups == 1
        and x.dtype == np.float32
        and x.shape[1] % 4 == outputs % 4 == 0
        and min(x.shape[1], outputs) >= 8
        and 512 * len(x) * size[0] * size[1] >= x.shape[1] * outputs  # else transforming the kernel dominates
    )


def products(x, weight, bias, padding, size, turned: bool = False) -> np.ndarray:
    """The convolution of x (N, C, H, W) with weight (O, C, 3, 3), plus bias (O): (N, O, *size).

    With ``turned`` the weight is (C, O, 3, 3) and its kernels are rotated by 180°.
    """
    transformed = (ENTRIES[:, ::-1] if turned else ENTRIES).astype(x.dtype) @ weight.reshape(-1, 9).T
    transformed = transformed.reshape(-1, *weight.shape[:2])
    transformed = np.ascontiguousarray(transformed.transpose(0, 2, 1) if turned else transformed)
    outputs = transformed.shape[1]
    bias = np.zeros(outputs, x.dtype) if bias is None else np.ascontiguousarray(bias, x.dtype)
    out, plan = np.empty((len(x), outputs, *size), x.dtype), _blocks(x, outputs, size, kernels.PRODUCT_BYTES)
    kernels.winograd_products(np.ascontiguousarray(x), transformed, bias, *padding, *plan, out)
    return out


def correlations(g, x, padding) -> np.ndarray:
    """The gradient of the weight (O, C, 3, 3): g (N, O, H', W'), x (N, C, H, W)."""
    outputs, channels = g.shape[1], x.shape[1]
    plan = _blocks(x, outputs, g.shape[2:], kernels.CORRELATION_BYTES)
    out = np.zeros((len(plan[-1]), len(ENTRIES), outputs, channels), x.dtype)
    kernels.winograd_correlations(np.ascontiguousarray(x), np.ascontiguousarray(g), *padding, *plan, out)
    total = out.sum(axis=0).reshape(len(ENTRIES), -1)
    return (total.T @ ENTRIES.astype(x.dtype)).reshape(outputs, channels, 3, 3)


def _blocks(x, outputs: int, size, row_bytes: int) -> tuple:
    """How the loops share the tiles: images, lines, columns, planes, starts and working memory
    (``backends.cpu.winograd``).
    """
    channels, itemsize = x.shape[1], x.itemsize
    rows, columns = (-(-n // 2) for n in size)
    most = BLOCK // (len(ENTRIES) * (channels + outputs) * itemsize)
    bands = -(-rows // min(max(most // columns, 1), rows))
    lines, images, workers = -(-rows // bands), 1, threads.get_num_threads()
    if bands == 1:
        images = max(min(most // (lines * columns), -(-len(x) // (2 * workers))), 1)
    stride = -(-images * lines * columns * itemsize // row_bytes) * row_bytes // itemsize
    planes = tuple(n * stride + 64 // itemsize for n in (channels, outputs))
    blocks = -(-len(x) // images) * bands
    work = scratch((min(blocks, workers), len(ENTRIES) * (planes[0] + planes[1])), x)
    return images, lines, columns, planes, np.arange(channels) * stride, work
