"""Normalization: groups of elements are normalized to mean 0 and variance 1, then scaled and shifted.

With h = (x − mean)/√(var + eps), y = w·h + b, and means taken over each group, the gradient is

    dx = (w·g − mean(w·g) − h·mean(w·g·h)) / √(var + eps)

written once below; the norms differ in what forms a group. ``rows_norm`` normalizes rows (layer, group and instance
norm; uncentred: RMS norm), ``channels_norm`` normalizes channels over the batch (batch norm).
"""

import math

from ...backends.cpu import normalization as kernels
from ...backends.device import filled, np, on_cpu
from ...backends.sums import total
from ...beside import room, told_as_one
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Size
from ..arrays.padding import pad
from ..elementwise.exponential import sqrt
from ..reduce.reduction import mean, sum
from .pooling import avg_pool2d

# Gradients of weights are summed in blocks of this many rows: threads can share the work, and the result does not
# depend on their number.
ROWS = 64
GPU_BLOCKS = 1024


def _gradient(g, x, weight, eps, dims, centered=True):
    """The dx of this file's head; weight has x's number of dimensions."""
    h, scale = _normalized(x, eps, dims, centered)
    g = g * weight
    along = g - mean(g * h, dims, True) * h
    return (along - mean(g, dims, True) if centered else along) * scale


def _normalized(x, eps, dims, centered=True):
    """h, and 1/√(var + eps)."""
    x = x - mean(x, dims, True) if centered else x
    scale = 1 / sqrt(mean(x * x, dims, True) + eps)
    return x * scale, scale


@primitive(formula="weight·(x − μ)/√(mean((x − μ)²) + ε) + bias with μ = mean x if centered else 0")
def rows_norm(x, weight, bias, eps, centered, layout, statistics):
    """``x``, as rows (R, K, L), each normalized over K and L; with ``centered=False`` no mean is subtracted.

    ``layout`` is (R, G, K, L): weight and bias are reshaped to (G, K), and row r uses those of r mod G. Writes the
    means of the rows and their 1/√(var + eps) into ``statistics`` (2, R), for backward.
    """
    _floating(x)
    out = np.empty(x.shape, x.dtype)
    if x.size:
        rows, to, weight, bias = _by_row(layout, [x, out], [weight, bias])
        if rows.ndim == 2:
            kernels.rows(rows, weight, bias, eps, centered, to, *statistics)
        else:
            kernels.groups(rows, rows.reshape(layout[0], -1), weight, bias, eps, to, *statistics)
    return out


def _by_row(layout, arrays, weights) -> list:
    """Arrays as (R, K), weights as (K), if there is one group and each element has a weight; else (R, K, L), (G, K)."""
    count, groups, inner, length = layout
    plain = groups == length == 1
    shape, per_group = ((count, inner), inner) if plain else ((count, inner, length), (groups, inner))
    dtype = arrays[0].dtype
    rows = [np.ascontiguousarray(a, dtype).reshape(shape) for a in arrays]
    return rows + [np.ascontiguousarray(w, dtype).reshape(per_group) for w in weights]


def _rows_gradient(g, x, weight, eps, centered, layout):
    shape = (layout[0] // layout[1], *layout[1:])
    weight = weight.reshape((1, *layout[1:3], 1))
    return _gradient(g.reshape(shape), x.reshape(shape), weight, eps, (2, 3), centered).reshape(tuple(x.shape))


def _rows_weight_gradient(g, x, weight_shape, eps, centered, layout):
    shape = (layout[0] // layout[1], *layout[1:])
    h, _ = _normalized(x.reshape(shape), eps, (2, 3), centered)
    return sum(g.reshape(shape) * h, (0, 3)).reshape(weight_shape)


rows_norm.vjp(
    x=_rows_gradient,
    weight=_rows_weight_gradient,
    bias=lambda g, bias_shape, layout: sum(g.reshape((layout[0] // layout[1], *layout[1:])), (0, 3)).reshape(
        bias_shape
    ),
)


@rows_norm.fused_vjp
def _(g, needed, x, weight, centered, layout, statistics, bias_shape):
    count, groups, inner, _ = layout
    dx, sums = np.empty(x.shape, x.dtype), np.zeros((2, 1, groups * inner), x.dtype)
    if x.size:
        rows, up, to, w = _by_row(layout, [x, g, dx], [weight])
        if rows.ndim == 2:
            sums = _blocks(x, count, inner)
            kernels.rows_gradient(rows, up, w, *statistics, centered, to, sums)
        else:
            sums = np.empty((2, count, inner), x.dtype)
            kernels.groups_gradient(rows, up, w, *statistics, to, sums)
            sums = sums.reshape(2, count // groups, groups * inner)
    parts = total(sums, 1)
    gradients = (dx, parts[0].reshape(weight.shape), parts[1].reshape(bias_shape))
    return [value if want else None for value, want in zip(gradients, needed, strict=True)]


@primitive(formula="weight·(x − μ)/√(mean((x − μ)²) + ε) + bias with μ = mean x")
def channels_norm(x, weight, bias, eps, statistics):
    """Channels of x (N, C, *size), each normalized over N and size; weight and bias (C).

    Writes their means, 1/√(var + eps) and (biased) variances into ``statistics`` (3, C).
    """
    _floating(x)
    out = np.empty(x.shape, x.dtype)
    if x.size:
        (x, to), loop, work = _by_channel(2, x, out)
        weight, bias = (np.ascontiguousarray(a, x.dtype) for a in (weight, bias))
        getattr(kernels, loop)(x, weight, bias, eps, to, *statistics, *work)
    return out


def _by_channel(sums: int, *arrays):
    """The arrays as (N, C) or (N, C, L), the loop for them, and its working memory for ``sums``."""
    shape = arrays[0].shape
    if math.prod(shape[2:]) == 1:
        return (
            [np.ascontiguousarray(a).reshape(shape[:2]) for a in arrays],
            "columns",
            (_blocks(arrays[0], shape[0], shape[1], sums),),
        )
    return [np.ascontiguousarray(a).reshape(*shape[:2], -1) for a in arrays], "planes", ()


def _blocks(x, rows: int, columns: int, sums: int = 2) -> np.ndarray:
    """Zeros for sums of each column over each block of rows, of x's dtype; a GPU uses more blocks."""
    blocks = -(-rows // ROWS) if on_cpu(x) else min(rows, GPU_BLOCKS)
    return np.zeros((sums, max(1, blocks), columns), x.dtype)


def _over(ndim: int) -> tuple[int, ...]:
    """All dimensions except that of the channels."""
    return (0, *range(2, ndim))


channels_norm.vjp(
    x=lambda g, x, weight, eps: _gradient(g, x, per_channel(weight, x.ndim), eps, _over(x.ndim)),
    weight=lambda g, x, eps: sum(g * _normalized(x, eps, _over(x.ndim))[0], _over(x.ndim)),
    bias=lambda g: sum(g, _over(g.ndim)),
)


@channels_norm.fused_vjp
def _(g, needed, x, weight, statistics):
    dx, sums = np.empty(x.shape, x.dtype), np.zeros((2, x.shape[1]), x.dtype)
    if x.size:
        (rows, up, to), loop, work = _by_channel(3, x, g.astype(x.dtype, copy=False), dx)
        weight = np.ascontiguousarray(weight, x.dtype)
        getattr(kernels, f"{loop}_gradient")(rows, up, weight, statistics[0], statistics[1], to, *sums, *work)
    return [value if want else None for value, want in zip((dx, *sums), needed, strict=True)]


def per_channel(v, ndim: int):
    """A vector with one element per channel, shaped to broadcast over (N, C, *size)."""
    return v.reshape((v.shape[0], *(1,) * (ndim - 2)))


def _floating(x) -> None:
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``w·(x − mean)/√(var + eps) + b`` for each channel of (N, C, *size). Ioffe and Szegedy 2015, algorithm 1.

    In training, mean and variance are those of the batch, and the running ones (if not None) move towards them by
    ``momentum`` (the variance as the unbiased one); otherwise the running ones are used, as constants.

    Raises ValueError for a training batch with one value per channel, or sizes that do not fit.
    """
    if input.ndim < 2:
        raise ValueError(f"batch_norm: (N, C, …) expected, got an input of shape {tuple(input.shape)}")
    channels = input.shape[1]
    named = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, v in named.items():
        if v is not None and tuple(v.shape) != (channels,):
            raise ValueError(f"batch_norm: {name} has shape {tuple(v.shape)}, ({channels},) expected")
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: running_mean and running_var are needed where training is False")
        return _affine(input, running_mean, running_var, weight, bias, eps)
    count = input.shape[0] * math.prod(input.shape[2:])
    if count == 1:
        raise ValueError(f"batch_norm: training needs more than one value for each channel, got {tuple(input.shape)}")
    statistics = room((3, channels), input)
    ones, zeros = _ones_and_zeros(channels, weight, bias, input)
    out = channels_norm(input, ones, zeros, eps, statistics)
    move_towards(running_mean, statistics[0], momentum)
    move_towards(running_var, statistics[2], momentum, count / max(count - 1, 1))
    return out


def _ones_and_zeros(count: int, weight, bias, x):
    """Weight and bias, by default 1 and 0, with the dtype and device of x."""
    weight = filled(count, 1, x) if weight is None else weight
    return weight, filled(count, 0, x) if bias is None else bias


@told_as_one
def move_towards(running, value: np.ndarray, momentum: float, correction: float = 1.0) -> None:
    """``running ← (1 − momentum)·running + momentum·correction·value``, in place; rows of values are averaged."""
    if running is not None and value.size:
        value = value.mean(axis=0) if value.ndim > 1 else value
        array = running.array
        array *= 1 - momentum
        array += (momentum * correction * value).astype(array.dtype, copy=False)
        running.version[0] += 1


def _affine(x, center, variance, weight, bias, eps):
    """``w·(x − center)/√(variance + eps) + b``: one product and one sum for each element."""
    scale = 1 / sqrt(variance + eps)
    scale = scale if weight is None else scale * weight
    shift = -center * scale
    shift = shift if bias is None else shift + bias
    return x * per_channel(scale, x.ndim) + per_channel(shift, x.ndim)


def layer_norm(
    input: Tensor, normalized_shape: Size, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """``w·(x − mean)/√(var + eps) + b`` over the last dimensions: (*, normalized_shape). Ba et al. 2016."""
    return _last_dims("layer_norm", input, normalized_shape, weight, bias, eps, True)


def rms_norm(input: Tensor, normalized_shape: Size, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """``w·x/√(mean(x²) + eps)`` over the last dimensions: (*, normalized_shape). Zhang and Sennrich 2019.

    ``eps`` defaults to the distance from 1 to the next larger number of the input's dtype.
    """
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    return _last_dims("rms_norm", input, normalized_shape, weight, None, eps, False)


def _last_dims(op, x, normalized_shape, weight, bias, eps, centered):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"{op}: normalized_shape {shape} must be the end of the input's shape {tuple(x.shape)}")
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and tuple(v.shape) != shape:
            raise ValueError(f"{op}: {name} has shape {tuple(v.shape)}, normalized_shape is {shape}")
    inner = math.prod(shape)
    rows = math.prod(x.shape[: x.ndim - len(shape)])
    weight, bias = _ones_and_zeros(inner, weight, bias, x)
    return rows_norm(x, weight, bias, eps, centered, (rows, 1, inner, 1), room((2, rows), x))


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Channels in ``num_groups`` groups, each normalized within a sample: (N, C, *size), weight and bias (C).

    Wu and He 2018.

    Raises ValueError if ``num_groups`` does not divide C.
    """
    if input.ndim < 2:
        raise ValueError(f"group_norm: (N, C, …) expected, got an input of shape {tuple(input.shape)}")
    channels = input.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(f"group_norm: {channels} channels cannot be split into {num_groups} groups")
    return _within_samples("group_norm", input, num_groups, weight, bias, eps)[0]


def _within_samples(op, x, groups, weight, bias, eps):
    """Each group of channels of each sample normalized, and the statistics of all groups."""
    count, channels = x.shape[:2]
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and tuple(v.shape) != (channels,):
            raise ValueError(f"{op}: {name} has shape {tuple(v.shape)}, ({channels},) expected")
    layout = (count * groups, groups, channels // groups, math.prod(x.shape[2:]))
    statistics = room((2, layout[0]), x)
    weight, bias = _ones_and_zeros(channels, weight, bias, x)
    return rows_norm(x, weight, bias, eps, True, layout, statistics), statistics


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample normalized by itself: (N, C, *size), weight and bias (C). Ulyanov et al. 2016.

    With ``use_input_stats`` the running statistics, if given, move towards the mean of the samples' statistics;
    without, they are used as constants. Raises ValueError for fewer than 3 dimensions, one value per channel, or
    missing running statistics.
    """
    if input.ndim < 3:
        raise ValueError(f"instance_norm: (N, C, *size) expected, got an input of shape {tuple(input.shape)}")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("instance_norm: running_mean and running_var are needed where use_input_stats is False")
        return _affine(input, running_mean, running_var, weight, bias, eps)
    channels, length = input.shape[1], math.prod(input.shape[2:])
    if length == 1:
        raise ValueError(f"instance_norm: more than one value for each channel needed, got shape {tuple(input.shape)}")
    out, statistics = _within_samples("instance_norm", input, channels, weight, bias, eps)
    if running_mean is not None or running_var is not None:
        means, scales = statistics.reshape(2, -1, channels)
        move_towards(running_mean, means, momentum)
        _move_variances_towards(running_var, scales, eps, momentum, length / (length - 1))
    return out


@told_as_one
def _move_variances_towards(running, scales: np.ndarray, eps: float, momentum: float, correction: float) -> None:
    """``move_towards`` of variances, given ``1/√(variance + eps)``."""
    move_towards(running, (1 / scales**2 - eps) * correction, momentum)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """``x / (k + alpha·mean of x² over size neighbouring channels)^beta``. Krizhevsky et al. 2012, section 3.3.

    (N, C, *size); raises ValueError for fewer than 3 dimensions.
    """
    if input.ndim < 3:
        raise ValueError(f"local_response_norm: at least 3 dimensions expected, got shape {tuple(input.shape)}")
    if math.prod(input.shape) == 0:
        return input
    count, channels, *sizes = input.shape
    squares = (input * input).reshape((count, 1, channels, math.prod(sizes)))
    squares = pad(squares, (0, 0, size // 2, (size - 1) // 2))
    means = avg_pool2d(squares, (size, 1), stride=1).reshape(tuple(input.shape))
    return input / (means * alpha + k) ** beta
