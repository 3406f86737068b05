"""Pooling: each window of an image reduced to one number."""

import numpy as np

from ..kernels import pooling as kernels
from ..primitive import primitive
from .convolution import per_dimension
from .scatter import put_along_dim


@primitive(formula="max over windows", outputs=("values", "indices"))
def max_pool2d_with_indices(x, kernel_size, stride, padding, dilation, size):
    """The largest of each window of x (N, C, H, W), and its place in the flattened H·W plane: both (N, C, *size)."""
    values = np.empty((*x.shape[:2], *size), x.dtype)
    indices = np.empty(values.shape, np.int64)
    if values.size:
        planes = np.ascontiguousarray(x).reshape(-1, *x.shape[2:])
        out = values.reshape(-1, *size), indices.reshape(-1, *size)
        kernels.max_pool2d(planes, *out, *kernel_size, *stride, *padding, *dilation)
    return values, indices


def _to_places(g, indices, x_shape):
    flat = (*x_shape[:2], -1)
    planes = (*x_shape[:2], x_shape[2] * x_shape[3])
    return put_along_dim(g[0].reshape(flat), indices.reshape(flat), planes, 2).reshape(x_shape)


max_pool2d_with_indices.vjp(x=_to_places)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest of each window of (N, C, H, W) or (C, H, W); with ``return_indices`` their places in H·W as well.

    ``stride`` defaults to the kernel's size; ``ceil_mode`` keeps a last window that is not whole. The gradient goes to
    the place of the maximum (the first, at a tie).
    """
    if input.ndim not in (3, 4):
        raise ValueError(f"max_pool2d: 3 or 4 dimensions expected, got an input of shape {tuple(input.shape)}")
    kernel, padding, dilation = (per_dimension(v, 2) for v in (kernel_size, padding, dilation))
    stride = kernel if stride is None else per_dimension(stride, 2)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"max_pool2d: padding {padding} may be at most half of the kernel {kernel}")
    x = input if input.ndim == 4 else input.reshape(1, *input.shape)
    windows = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    size = tuple(window_count(*window, ceil_mode) for window in windows)
    if min(size) < 1:
        raise ValueError(f"max_pool2d: the kernel {kernel} is larger than the padded input {tuple(x.shape[2:])}")
    out = max_pool2d_with_indices(x, kernel, stride, padding, dilation, size)
    if input.ndim == 3:
        out = tuple(o.reshape(o.shape[1:]) for o in out)
    return out if return_indices else out[0]


def window_count(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows fit; with ``ceil_mode`` also one that starts inside and ends outside."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (span + (stride - 1 if ceil_mode else 0)) // stride + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= size + padding else count
