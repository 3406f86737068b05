"""Pooling: each window of a sequence, an image or a volume reduced to one number.

Max pooling gathers elements, and its gradient scatters back to them; average pooling sums windows, and its gradient
spreads over them. In each pair one op is the other's gradient, so higher orders need no other rule.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy

from ...backends.cpu import pooling as kernels
from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Size
from ..arrays.windows import Span, adaptive, counts, sliding
from .convolution import as_batch, at_least, per_dimension

_WHOLE = Span(numpy.zeros(1, numpy.int64), numpy.ones(1, numpy.int64), 1, numpy.ones(1, numpy.int64))


def _planes(x, spans) -> tuple[np.ndarray, list]:
    """``x`` (N, C, *size) as contiguous planes (N·C, D, H, W), and the spans of D, H and W."""
    missing = 3 - len(spans)
    planes = np.ascontiguousarray(x).reshape(x.shape[0] * x.shape[1], *(1,) * missing, *x.shape[2:])
    return planes, [*[_WHOLE] * missing, *spans]


@primitive(formula=Notation("max over windows"), outputs=("values", "indices"))
def max_pool(x, spans):
    """The largest element of each window of x (N, C, *size), and its index in the flattened *size: both (N, C,
    *windows).
    """
    size = tuple(len(span.starts) for span in spans)
    values, indices = np.empty((*x.shape[:2], *size), x.dtype), np.empty((*x.shape[:2], *size), np.int64)
    if values.size:
        if len(size) == 2 and x.dtype.kind == "f" and all(_in_pairs(span) for span in spans):
            arrays = (np.ascontiguousarray(x), values, indices)
            kernels.max_pool_2x2(*(a.reshape(-1, *a.shape[2:]) for a in arrays))
        else:
            planes, all_spans = _planes(x, spans)
            out = [a.reshape(len(planes), *(1,) * (3 - len(size)), *size) for a in (values, indices)]
            kernels.max_pool(planes, *out, *(part for span in all_spans for part in span[:3]))
    return values, indices


def _in_pairs(span: Span) -> bool:
    """Whether the windows are places 0 and 1, 2 and 3, and so on."""
    pairs = 2 * numpy.arange(len(span.starts))
    return span.step == 1 and np.array_equal(span.starts, pairs) and np.array_equal(span.ends, pairs + 2)


@primitive(formula=Notation("zeros, [places] ← x"))
def _put_back(x, indices, shape, add):
    out = np.zeros((shape[0] * shape[1], math.prod(shape[2:])), x.dtype)
    if x.size:
        flat = [np.ascontiguousarray(a).reshape(len(out), -1) for a in (x, indices)]
        (kernels.add_at if add else kernels.write_at)(*flat, out)
    return out.reshape(shape)


@primitive(formula=Notation("x[places]"))
def _pick(x, indices):
    out = np.empty(indices.shape, x.dtype)
    if out.size:
        planes = x.shape[0] * x.shape[1]
        flat = [np.ascontiguousarray(a).reshape(planes, -1) for a in (x, indices)]
        kernels.read_at(*flat, out.reshape(planes, -1))
    return out


max_pool.vjp(x=lambda g, indices, x_shape: _put_back(g[0], indices, x_shape, True))
_put_back.vjp(x=lambda g, indices: _pick(g, indices))
_pick.vjp(x=lambda g, indices, x_shape: _put_back(g, indices, x_shape, True))


@primitive(formula=Notation("Σ over windows · scale"))
def _sum_pool(x, spans, scale):
    size = scale.shape
    out = np.empty((*x.shape[:2], *size), x.dtype)
    if out.size:
        planes, spans = _planes(x, spans)
        lead = (1,) * (3 - len(size))
        ranges = (part for span in spans for part in span[:2])
        kernels.sum_pool(planes, out.reshape(len(planes), *lead, *size), scale.reshape(*lead, *size), *ranges)
    return out


@primitive(formula=Notation("g · scale spread over windows"))
def _spread_pool(g, spans, scale, shape):
    out = np.zeros(shape, g.dtype)
    if g.size:
        planes, all_spans = _planes(g, spans)
        lead = (1,) * (3 - len(spans))
        ranges = (part for span in all_spans for part in span[:2])
        kernels.spread_pool(
            planes, out.reshape(len(planes), *lead, *shape[2:]), scale.reshape(*lead, *scale.shape), *ranges
        )
    return out


_sum_pool.vjp(x=lambda g, spans, scale, x_shape: _spread_pool(g, spans, scale, x_shape))
_spread_pool.vjp(g=lambda h, spans, scale: _sum_pool(h, spans, scale))


def _max_pool(dims, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    name = f"max_pool{dims}d"
    x = as_batch(name, input, dims)
    kernel, stride, dilation = _sizes(name, dims, kernel_size, stride, dilation)
    (padding,) = at_least(name, 0, dims, padding=padding)
    out = max_pool(x, sliding(name, x.shape[2:], kernel, stride, padding, dilation, ceil_mode))
    return _maybe_indices(out, input, x, return_indices)


def _maybe_indices(out, input, x, return_indices: bool):
    out = tuple(_unbatched(o, input, x) for o in out)
    return out if return_indices else out[0]


def _unbatched(out, input, x):
    return out if input.ndim == x.ndim else out.reshape(tuple(out.shape[1:]))


def _sizes(name, dims, kernel, stride, dilation=1):
    (kernel,) = at_least(name, 1, dims, kernel_size=kernel)
    stride = kernel if stride is None or stride == [] or stride == () else stride
    return kernel, *at_least(name, 1, dims, stride=stride, dilation=dilation)


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Any:
    """``max_pool2d`` of (N, C, L) or (C, L) -> (N, C, L') or (C, L')."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Any:
    """The largest of each window: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'); with ``return_indices``
    also their indices in H·W.

    ``stride`` defaults to the kernel's size; ``ceil_mode`` keeps a last window that is incomplete. The gradient goes to
    the maximum (the first in a tie).
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Any:
    """``max_pool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _avg_pool(dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override=None):
    name = f"avg_pool{dims}d"
    x = as_batch(name, input, dims)
    kernel, stride, dilation = _sizes(name, dims, kernel_size, stride)
    (padding,) = at_least(name, 0, dims, padding=padding)
    spans = sliding(name, x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    if divisor_override == 0:
        raise ValueError(f"{name}: divisor_override must not be 0")
    divisor = counts(spans, count_include_pad)
    if divisor_override is not None:
        divisor = np.full_like(divisor, divisor_override)
    return _unbatched(_sum_pool(x, spans, _reciprocal(x, divisor)), input, x)


def _reciprocal(x, divisor) -> np.ndarray:
    if x.dtype.kind != "f":
        raise TypeError(f"average pooling: a floating dtype expected, got {x.dtype.name}: convert with .float()")
    return (1 / divisor).astype(x.dtype)


def avg_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """``avg_pool2d`` of (N, C, L) or (C, L)."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    The divisor is the number of places in the window, including padding if ``count_include_pad``; or
    ``divisor_override``.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """``avg_pool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ xᵖ)^(1/p)`` over each window of (N, C, L) or (C, L); NaN where an odd p > 1 sums to a negative."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ xᵖ)^(1/p)`` over each window of (N, C, H, W) or (C, H, W); NaN where an odd p > 1 sums to a negative."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """``lp_pool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(dims, input, p, kernel_size, stride, ceil_mode):
    kernel = per_dimension(kernel_size, dims)
    means = _avg_pool(dims, input**p, kernel, stride, 0, ceil_mode, True)
    return (means * math.prod(kernel)) ** (1.0 / p)


def _adaptive_spans(name, dims, x, output_size) -> tuple[Span, ...]:
    sizes = per_dimension(output_size, dims) if output_size is not None else (None,) * dims
    wanted = tuple(n if m is None else int(m) for n, m in zip(x.shape[2:], sizes, strict=True))
    if min(wanted) < 0:
        raise ValueError(f"{name}: an output_size of 0 or more expected, got {output_size}")
    return adaptive(name, x.shape[2:], wanted)


def _adaptive_avg_pool(dims, input, output_size):
    name = f"adaptive_avg_pool{dims}d"
    x = as_batch(name, input, dims)
    spans = _adaptive_spans(name, dims, x, output_size)
    return _unbatched(_sum_pool(x, spans, _reciprocal(x, counts(spans, False))), input, x)


def adaptive_avg_pool1d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """``adaptive_avg_pool2d`` of (N, C, L) or (C, L)."""
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """Means over windows chosen to give ``output_size``: (N, C, H, W) -> (N, C, *output_size).

    Window i of m along a dimension of size n is the places from ⌊i·n/m⌋ to before ⌈(i + 1)·n/m⌉. None keeps the size.
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """``adaptive_avg_pool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg_pool(3, input, output_size)


def _adaptive_max_pool(dims, input, output_size, return_indices):
    name = f"adaptive_max_pool{dims}d"
    x = as_batch(name, input, dims)
    return _maybe_indices(max_pool(x, _adaptive_spans(name, dims, x, output_size)), input, x, return_indices)


def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int | None] | None, return_indices: bool = False
) -> Tensor | Any:
    """``adaptive_max_pool2d`` of (N, C, L) or (C, L)."""
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int | None] | None, return_indices: bool = False
) -> Tensor | Any:
    """Maxima over the windows of ``adaptive_avg_pool2d``: (N, C, H, W) -> (N, C, *output_size); with ``return_indices``
    their indices too.
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int | None] | None, return_indices: bool = False
) -> Tensor | Any:
    """``adaptive_max_pool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _max_unpool(dims, input, indices, kernel_size, stride, padding, output_size):
    name = f"max_unpool{dims}d"
    x = as_batch(name, input, dims)
    if tuple(indices.shape) != tuple(input.shape) or indices.dtype != np.int64:
        raise ValueError(f"{name}: int64 indices of shape {tuple(input.shape)} expected, got {tuple(indices.shape)}")
    kernel, stride, _ = _sizes(name, dims, kernel_size, stride)
    (padding,) = at_least(name, 0, dims, padding=padding)
    spans = zip(x.shape[2:], kernel, stride, padding, strict=True)
    size = tuple((n - 1) * s - 2 * p + k for n, k, s, p in spans)
    if output_size is not None:
        wanted = tuple(output_size)[-dims:]
        if any(not n - s < w < n + s for n, s, w in zip(size, stride, wanted, strict=True)):
            raise ValueError(f"{name}: output_size {wanted} must be within a stride {stride} of {size}")
        size = wanted
    places = np.array(getattr(indices, "array", indices)).reshape(tuple(x.shape))
    if places.size and not 0 <= places.min() <= places.max() < math.prod(size):
        raise IndexError(f"{name}: an index is outside of the output's {math.prod(size)} places")
    return _unbatched(_put_back(x, places, (*x.shape[:2], *size), False), input, x)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Size | None = None,
) -> Tensor:
    """``max_unpool2d`` of (N, C, L) or (C, L)."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Size | None = None,
) -> Tensor:
    """Puts the values of ``max_pool2d`` back at their indices, 0 elsewhere: (N, C, H', W') -> (N, C, H, W). Zeiler and
    Fergus 2013.

    ``output_size`` chooses among the sizes that pool to the same size; the default is ``(H − 1)·stride − 2·padding +
    kernel``.
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Size | None = None,
) -> Tensor:
    """``max_unpool2d`` of (N, C, D, H, W) or (C, D, H, W)."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
