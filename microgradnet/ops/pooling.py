"""Pooling: each window of an image reduced to one number."""

import numpy as np

from ..kernels import pooling as kernels
from ..primitive import primitive
from .indexing import put_along_dim


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
