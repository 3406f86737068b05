"""Convolution in one, two or three dimensions.

Three ops are closed under differentiation. With input x, weight w and cotangent g of the output, convolution is linear
in x and in w; its two gradients are linear in g and in the other one; and every gradient of the three is again one of
the three. So second and higher orders need no other rule.
"""

import math

import numpy

from ...backends.cpu import convolution as kernels
from ...backends.device import np, on_cpu
from ...backends.scratch import scratch
from ...backends.sums import BLOCK, LONG
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Size
from ..arrays.rearranging import constant_pad_nd
from ..reduce.reduction import sum
from . import convolution_layout as layouts
from . import convolution_winograd as winograd

# The weight's gradient is summed in at most this many parts, in parallel; each adds the products at this many places
# one by one in a register, and as many of these sums as a BLOCK has.
PARTS = 16
STRETCH = 1 << 13


@primitive(formula=Notation("x ∗ w + b"))
def convolution(
    x,
    weight,
    bias: Tensor | None = None,
    stride: Size = (1,),
    padding: Size | str = (0,),
    dilation: Size = (1,),
    groups: int = 1,
):
    """Cross-correlation: x (N, C, *size), weight (O, C/groups, *kernel), bias (O) -> (N, O, *out).

    ``out = (size + 2·padding − dilation·(kernel − 1) − 1) // stride + 1`` in each dimension.
    """
    size = output_size(x, weight, bias, stride, padding, dilation, groups)
    if winograd.fits(x, len(weight), weight.shape[2:], size, stride, dilation, groups):
        return winograd.products(x, weight, bias, padding, size)
    out = np.empty((x.shape[0] * groups, len(weight) // groups, math.prod(size[:-1]), size[-1]), x.dtype)
    shift = np.zeros(len(weight), x.dtype) if bias is None else np.ascontiguousarray(bias, x.dtype)
    if out.size and x.size:
        form = layouts.layout(weight.shape[2:], size, stride, padding, dilation)
        places, matrix = layouts.starts(form, weight.shape[1]), weight.reshape(groups, out.shape[1], -1)
        least = kernels.PRODUCT_BYTES // x.itemsize
        rows = scratch((*out.shape[:2], max(math.prod(form.wide), least)), x)
        source = layouts.image_rows(x, form, groups, max(form.needed, least))
        _products(source, matrix, places, rows)
        kernels.kept(rows, shift.reshape(groups, -1), layouts.line_starts(form), out)
    elif out.size:
        out.reshape(len(x), len(weight), -1)[...] = shift[:, None]
    return out.reshape(len(x), len(weight), *size)


def _products(source, matrix, places, out) -> None:
    """``shifted_products``; of long rows of the matrix as a sum, in float64, of products of their parts."""
    if matrix.shape[-1] < LONG or matrix.dtype == np.float64 or not on_cpu(matrix):
        kernels.shifted_products(source, np.ascontiguousarray(matrix), places, out)
        return
    total = np.zeros(out.shape)
    for start in range(0, len(places), LONG // 16):
        part = slice(start, start + LONG // 16)
        kernels.shifted_products(source, np.ascontiguousarray(matrix[..., part]), places[part], out)
        total += out
    out[...] = total


@primitive(formula=Notation("gᵀ ∗ w"))
def convolution_input_gradient(g, weight, shape, stride, padding, dilation, groups):
    """The gradient of ``convolution`` with respect to its input, which has ``shape``: a transposed convolution."""
    if not g.size or not weight.size:
        return np.zeros(shape, g.dtype)
    if winograd.fits(g, weight.shape[1], weight.shape[2:], shape[2:], stride, dilation, groups):
        return winograd.products(g, weight, None, tuple(2 - p for p in padding), shape[2:], turned=True)
    form = layouts.layout(weight.shape[2:], g.shape[2:], stride, padding, dilation)
    inner, channels, grid = weight.shape[0] // groups, weight.shape[1], math.prod(form.grid)
    reach, size = int(form.shift.max()), max(grid, kernels.PRODUCT_BYTES // g.itemsize)
    source = layouts.wide_rows(g, form, groups, reach + size, before=reach)
    source = source.reshape(len(source), -1)
    by_place = weight.reshape(groups, inner, channels, -1).transpose(0, 2, 1, 3)  # (groups, C/groups, O/groups, places)
    out = np.empty((form.phases, len(source), channels, size), g.dtype)
    for phase in range(form.phases):
        here = np.nonzero(form.phase == phase)[0]
        if not len(here):
            out[phase] = 0
        else:
            places = (numpy.arange(inner)[:, None] * (reach + size) + reach - form.shift[here]).reshape(-1)
            matrix = by_place[..., here].reshape(groups, channels, -1)
            _products(source, matrix, places, out[phase])
    return layouts.images(out[..., :grid].reshape(*out.shape[:3], *form.grid), form, shape)


@primitive(formula=Notation("g ∗ x"))
def convolution_weight_gradient(g, x, shape, stride, padding, dilation, groups):
    """The gradient of ``convolution`` with respect to its weight, which has ``shape``."""
    if not g.size or not x.size:
        return np.zeros(shape, g.dtype)
    if winograd.fits(x, shape[0], shape[2:], g.shape[2:], stride, dilation, groups):
        return winograd.correlations(g, x, padding)
    form = layouts.layout(shape[2:], g.shape[2:], stride, padding, dilation)
    places, unit = layouts.starts(form, shape[1]), kernels.CORRELATION_BYTES // g.itemsize
    places = np.concatenate([places, np.repeat(places[-1:], -len(places) % 4)])
    rows = layouts.wide_rows(g, form, groups, -(-math.prod(form.wide) // unit) * unit)
    source = layouts.image_rows(x, form, groups, rows.shape[2])
    parts = np.zeros((min(len(x), PARTS), groups, rows.shape[1], len(places)), g.dtype)
    together = max(1, len(parts) * BLOCK // -(-rows.shape[2] // STRETCH))  # images
    out = 0.0
    for image in range(0, len(x), together):
        some = slice(image * groups, (image + together) * groups)
        parts[...] = 0
        kernels.shifted_correlations(source[some], rows[some], places, STRETCH, parts)
        out = out + parts.sum(axis=0, dtype=np.float64 if len(x) > together else None)
    return out[..., : math.prod(shape[1:])].reshape(shape).astype(g.dtype, copy=False)


convolution.vjp(
    x=lambda g, weight, x_shape, stride, padding, dilation, groups: convolution_input_gradient(
        g, weight, x_shape, stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight_gradient(
        g, x, weight_shape, stride, padding, dilation, groups
    ),
    bias=lambda g: sum(g, (0, *range(2, g.ndim))),
)
convolution_input_gradient.vjp(
    g=lambda h, weight, stride, padding, dilation, groups: convolution(
        h, weight, None, stride, padding, dilation, groups
    ),
    weight=lambda h, g, weight_shape, stride, padding, dilation, groups: convolution_weight_gradient(
        g, h, weight_shape, stride, padding, dilation, groups
    ),
)
convolution_weight_gradient.vjp(
    g=lambda h, x, stride, padding, dilation, groups: convolution(x, h, None, stride, padding, dilation, groups),
    x=lambda h, g, x_shape, stride, padding, dilation, groups: convolution_input_gradient(
        g, h, x_shape, stride, padding, dilation, groups
    ),
)


def output_size(x, weight, bias, stride, padding, dilation, groups) -> tuple[int, ...]:
    """The output's spatial size.

    Raises ValueError if the shapes do not fit, TypeError unless x and weight have the same floating dtype.
    """
    if weight.shape[1] * groups != x.shape[1]:
        raise ValueError(f"the weight takes {weight.shape[1] * groups} channels, the input has {x.shape[1]}")
    if weight.shape[0] % groups:
        raise ValueError(f"{weight.shape[0]} output channels cannot be split into {groups} groups")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"the bias has shape {bias.shape}, ({weight.shape[0]},) expected")
    if x.dtype.kind != "f" or x.dtype != weight.dtype:
        raise TypeError(f"input and weight need one floating dtype, got {x.dtype.name} and {weight.dtype.name}")
    spans = zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    size = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in spans)
    if min(size) < 1:
        raise ValueError(f"the kernel {weight.shape[2:]} is larger than the padded input {x.shape[2:]}")
    return size


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """``convolution`` of (N, C, L) or (C, L) -> (N, O, L') or (O, L'); arguments as for ``conv2d``."""
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """``convolution`` of (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W'); weight (O, C/groups, kh, kw).

    ``stride``, ``padding`` and ``dilation`` are a number or one per dimension; ``padding="valid"`` is none, and
    ``"same"`` keeps the size at stride 1.
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """``convolution`` of (N, C, D, H, W) or (C, D, H, W) -> (N, O, D', H', W'); arguments as for ``conv2d``."""
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(dims, x, weight, bias, stride, padding, dilation, groups):
    name = f"conv{dims}d"
    batched = as_batch(name, x, dims)
    check_weight(name, weight, dims)
    stride, dilation = at_least(name, 1, dims, stride=stride, dilation=dilation)
    if padding == "same":
        if max(stride) > 1:
            raise ValueError(f"{name}: padding='same' needs stride 1, got {stride}")
        totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        batched = constant_pad_nd(batched, tuple(n for t in reversed(totals) for n in (t // 2, t - t // 2)))
        padding = 0
    elif padding == "valid":
        padding = 0
    elif isinstance(padding, str):
        raise ValueError(f"{name}: padding is a number, a tuple, 'same' or 'valid', got {padding!r}")
    (padding,) = at_least(name, 0, dims, padding=padding)
    out = convolution(batched, weight, bias, stride, padding, dilation, groups)
    return out if x.ndim == dims + 2 else out.reshape(out.shape[1:])


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The transpose of ``conv1d``, (N, C, L) -> (N, O, L'); arguments as for ``conv_transpose2d``."""
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The gradient of ``conv2d`` with respect to its input, used as a layer: it enlarges images.

    input (N, C, H, W) or (C, H, W), weight (C, O/groups, *kernel), bias (O) -> (N, O, H', W') with ``H' = (H −
    1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1``. ``output_padding``, less than the stride or
    the dilation, chooses among the sizes that a strided convolution would reduce to H.
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The transpose of ``conv3d``, (N, C, D, H, W) -> (N, O, D', H', W'); arguments as for ``conv_transpose2d``."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(dims, x, weight, bias, stride, padding, output_padding, groups, dilation):
    name = f"conv_transpose{dims}d"
    batched = as_batch(name, x, dims)
    check_weight(name, weight, dims)
    stride, dilation = at_least(name, 1, dims, stride=stride, dilation=dilation)
    padding, extra = at_least(name, 0, dims, padding=padding, output_padding=output_padding)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding {extra} must be smaller than the stride {stride} or dilation {dilation}"
        )
    if weight.shape[0] != batched.shape[1]:
        raise ValueError(f"{name}: the weight takes {weight.shape[0]} channels, the input has {batched.shape[1]}")
    if weight.shape[0] % groups:
        raise ValueError(f"{name}: {weight.shape[0]} channels cannot be split into {groups} groups")
    if weight.dtype != x.dtype or x.dtype.kind != "f":
        raise TypeError(f"{name}: input and weight need one floating dtype, got {x.dtype.name} and {weight.dtype.name}")
    spans = zip(batched.shape[2:], weight.shape[2:], stride, padding, dilation, extra, strict=True)
    size = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in spans)
    if min(size) < 1:
        raise ValueError(f"{name}: the output would have size {size}: padding {padding} is too large")
    channels = weight.shape[1] * groups
    shape = (batched.shape[0], channels, *size)
    out = convolution_input_gradient(batched, weight, shape, stride, padding, dilation, groups)
    if bias is not None:
        if tuple(bias.shape) != (channels,):
            raise ValueError(f"{name}: the bias has shape {tuple(bias.shape)}, ({channels},) expected")
        out = out + bias.reshape((channels, *(1,) * dims))
    return out if x.ndim == dims + 2 else out.reshape(out.shape[1:])


def as_batch(op: str, x, dims: int):
    """``x`` as (N, C, *size), with N = 1 for (C, *size). Raises ValueError for any other rank."""
    if x.ndim not in (dims + 1, dims + 2):
        raise ValueError(f"{op}: {dims + 1} or {dims + 2} dimensions expected, got an input of shape {tuple(x.shape)}")
    return x if x.ndim == dims + 2 else x.reshape((1, *x.shape))


def check_weight(op: str, weight, dims: int) -> None:
    """Raises ValueError unless the weight has two channel dimensions and ``dims`` kernel dimensions."""
    if weight.ndim != dims + 2:
        raise ValueError(f"{op}: a weight of {dims + 2} dimensions expected, got shape {tuple(weight.shape)}")


def at_least(op: str, smallest: int, dims: int, **values) -> list[tuple[int, ...]]:
    """Each of ``values`` as a tuple of ``dims`` numbers. Raises ValueError if one is below ``smallest``."""
    tuples = []
    for name, value in values.items():
        tuples.append(per_dimension(value, dims))
        if len(tuples[-1]) != dims or min(tuples[-1]) < smallest:
            raise ValueError(f"{op}: {name} must be {smallest} or more, a number or {dims} of them, got {value}")
    return tuples


def per_dimension(value, dims: int) -> tuple[int, ...]:
    """One number, or one per dimension, as a tuple of ``dims``."""
    if hasattr(value, "__index__"):
        return (int(value),) * dims
    return tuple(value) * dims if len(value) == 1 else tuple(value)
