"""Sliding windows as columns (im2col), and columns added back (col2im)."""

import itertools

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Size
from ..nn.convolution import as_batch, at_least


@primitive(formula=Notation("windows of x as columns"))
def _unfold(x, kernel, size, stride, padding, dilation):
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))) if any(padding) else x
    out = np.empty((*x.shape[:2], *kernel, *size), x.dtype)
    for offset, window in _meeting(kernel, size, stride, dilation):
        out[(slice(None), slice(None), *offset)] = padded[(..., *window)]
    return out.reshape(x.shape[0], x.shape[1] * int(np.prod(kernel)), int(np.prod(size)))


@primitive(formula=Notation("columns added to windows"))
def _fold(columns, shape, kernel, size, stride, padding, dilation):
    padded = np.zeros((*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))), columns.dtype)
    parts = columns.reshape(*shape[:2], *kernel, *size)
    for offset, window in _meeting(kernel, size, stride, dilation):
        padded[(..., *window)] += parts[(slice(None), slice(None), *offset)]
    return padded[(..., *(slice(p, p + n) for n, p in zip(shape[2:], padding, strict=True)))]


_unfold.vjp(
    x=lambda g, x_shape, kernel, size, stride, padding, dilation: _fold(
        g, x_shape, kernel, size, stride, padding, dilation
    )
)
_fold.vjp(
    columns=lambda g, kernel, size, stride, padding, dilation: _unfold(g, kernel, size, stride, padding, dilation)
)


def unfold(input: Tensor, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """The windows of images as columns: (N, C, H, W) -> (N, C·kh·kw, windows), or both without the N.

    A convolution is a matrix product of its weight with these columns.
    """
    x = as_batch("unfold", input, 2)
    places = _windows("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    out = _unfold(x, *places)
    return out if input.ndim == 4 else out.reshape(out.shape[1:])


def fold(
    input: Tensor, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """Columns added at the places where ``unfold`` read them: (N, C·kh·kw, windows) -> (N, C, *output_size).

    ``fold(unfold(x))`` is x times the number of windows that contain each place. Raises ValueError if the number of
    rows or columns does not fit.
    """
    if input.ndim not in (2, 3):
        raise ValueError(f"fold: 2 or 3 dimensions expected, got an input of shape {tuple(input.shape)}")
    columns = input if input.ndim == 3 else input.reshape((1, *input.shape))
    (output_size,) = at_least("fold", 1, 2, output_size=output_size)
    places = _windows("fold", output_size, kernel_size, dilation, padding, stride)
    kernel, size = places[:2]
    channels, rest = divmod(columns.shape[1], kernel[0] * kernel[1])
    if rest or columns.shape[2] != size[0] * size[1]:
        raise ValueError(
            f"fold: kernel {kernel} on {output_size} needs a multiple of {kernel[0] * kernel[1]} rows and "
            f"{size[0] * size[1]} columns, got an input of shape {tuple(input.shape)}"
        )
    out = _fold(columns, (columns.shape[0], channels, *output_size), *places)
    return out if input.ndim == 3 else out.reshape(out.shape[1:])


def _windows(op: str, image, kernel, dilation, padding, stride) -> tuple:
    """(kernel, number of windows, stride, padding, dilation), each a pair."""
    kernel, dilation, stride = at_least(op, 1, 2, kernel_size=kernel, dilation=dilation, stride=stride)
    (padding,) = at_least(op, 0, 2, padding=padding)
    spans = zip(image, kernel, stride, padding, dilation, strict=True)
    size = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in spans)
    if min(size) < 1:
        raise ValueError(f"{op}: the kernel {kernel} is larger than the padded image {tuple(image)}")
    return kernel, size, stride, padding, dilation


def _meeting(kernel, size, stride, dilation):
    """For each place in the kernel: the place, and the slices of the padded input that it reads."""
    for offset in itertools.product(*(range(k) for k in kernel)):
        spans = zip(offset, dilation, stride, size, strict=True)
        yield offset, tuple(slice(o * d, o * d + s * (n - 1) + 1, s) for o, d, s, n in spans)
