"""Resizing: every mode is, along each dimension, a weighted sum of a few elements.

One op, ``resample``, takes a table with the source elements of each output and their weights. Its gradient is the same
op with the inverted table: for each input, the outputs that it contributed to.
"""

import math
from collections.abc import Sequence

import numpy as np  # neighbours and weights are computed on the host

from ...backends.device import read
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Size
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

MODES = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
    "area": (3, 4, 5),
}


@primitive(formula=Notation("Σ w·x along dim"))
def resample(x, dim, index, weights):
    """Along ``dim``, element i of the result is ``Σ_t weights[i, t]·x[index[i, t]]``: index and weights (out, taps)."""
    out = None
    shape = (-1, *(1,) * (x.ndim - dim % x.ndim - 1))
    for t in range(index.shape[1]):
        part = np.take(x, index[:, t], axis=dim)
        part *= weights[:, t].astype(x.dtype).reshape(shape)
        out = part if out is None else np.add(out, part, out=out)
    return out


def _turned(index: np.ndarray, weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The table of outputs for each of ``size`` inputs, padded with weights of 0."""
    index, weights = read(index), read(weights)
    used = np.nonzero(weights.reshape(-1))[0]
    inputs, outputs = index.reshape(-1)[used], used // index.shape[1]
    order = np.argsort(inputs, kind="stable")
    inputs, outputs, values = inputs[order], outputs[order], weights.reshape(-1)[used][order]
    counts = np.bincount(inputs, minlength=size)
    slots = np.arange(len(inputs)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.zeros((size, max(1, counts.max(initial=0))), np.int64)
    turned = np.zeros(table.shape)
    table[inputs, slots], turned[inputs, slots] = outputs, values
    return table, turned


resample.vjp(x=lambda g, x_shape, dim, index, weights: resample(g, dim, *_turned(index, weights, x_shape[dim])))


def interpolate(
    input: Tensor,
    size: Size | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """``input`` (N, C, *sizes) resized to ``size``, or by ``scale_factor``; each is one number or one per dimension.

    Args:
        mode: ``"nearest"``, ``"nearest-exact"`` (by centres), ``"linear"``, ``"bilinear"``, ``"trilinear"``,
            ``"bicubic"`` (Keys 1981 with a = −0.75), or ``"area"`` (means, as adaptive pooling).
        align_corners: whether the centres of the corner elements stay in place (linear and cubic modes).
        recompute_scale_factor: whether to use the sizes' ratio where ``scale_factor`` does not give integer sizes.
        antialias: for bilinear and bicubic, widens the kernel when shrinking.

    Raises ValueError for a mode that does not fit the rank, or impossible sizes.
    """
    if mode not in MODES:
        raise ValueError(f"interpolate: mode is one of {', '.join(MODES)}, got {mode!r}")
    if input.ndim not in MODES[mode]:
        wanted = " or ".join(map(str, MODES[mode]))
        raise ValueError(
            f"interpolate: mode {mode!r} needs an input of {wanted} dimensions, got shape {tuple(input.shape)}"
        )
    smooth = "linear" in mode or "cubic" in mode
    if align_corners is not None and not smooth:
        raise ValueError(f"interpolate: align_corners is for linear and cubic modes, not for {mode!r}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate: antialias is for bilinear and bicubic, not for {mode!r}")
    sizes, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}[input.ndim](input, sizes)
    rounds = smooth and input.dtype.kind != "f"
    out, limits = input.float() if rounds else input, np.iinfo(input.dtype) if rounds else None
    for i, (to, factor) in reversed([*enumerate(zip(sizes, factors, strict=True))]):
        n = input.shape[2 + i]
        ratio = n / to if factor is None else 1 / factor
        if mode == "nearest":
            taps = _nearest(n, to, ratio, 0.0)
        elif mode == "nearest-exact":
            taps = _nearest(n, to, ratio, 0.5)
        else:
            taps = _smooth_taps(n, to, ratio, "cubic" in mode, bool(align_corners), antialias)
        out = resample(out, 2 + i - input.ndim, *taps)
        if rounds:  # after each dimension, the last one first, as PyTorch does
            out = (out + 0.5).floor().clamp(limits.min, limits.max)
    return out.to(input.dtype) if rounds else out


def _sizes(input, size, scale_factor, recompute) -> tuple[list[int], list]:
    """The output's sizes, and the factors to scale coordinates by (None: by the sizes' ratio)."""
    dims = input.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: one of size and scale_factor must be given, and only one")
    given = size if size is not None else scale_factor
    values = list(given) if isinstance(given, tuple | list) else [given] * dims
    if len(values) != dims:
        raise ValueError(f"interpolate: {dims} sizes or factors expected for shape {tuple(input.shape)}, got {values}")
    if size is not None:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor needs scale_factor, not size")
        sizes, factors = [int(v) for v in values], [None] * dims
    else:
        sizes = [math.floor(n * v) for n, v in zip(input.shape[2:], values, strict=True)]
        factors = [None] * dims if recompute else [float(v) for v in values]  # type: ignore[misc]
    if min(sizes) < 1 or min(input.shape[2:]) < 1:
        raise ValueError(f"interpolate: sizes {tuple(input.shape[2:])} cannot become {tuple(sizes)}")
    return sizes, factors


def _nearest(n: int, to: int, ratio: float, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Computed in float32, as in PyTorch: otherwise elements at boundaries would differ."""
    places = np.floor((np.arange(to, dtype=np.float32) + np.float32(offset)) * np.float32(ratio))
    return np.minimum(places.astype(np.int64), n - 1)[:, None], np.ones((to, 1))


def _smooth_taps(n, to, ratio, cubic: bool, align_corners: bool, antialias: bool):
    """Elements and weights of (bi)linear or cubic interpolation."""
    if align_corners:
        ratio = (n - 1) / (to - 1) if to > 1 else 0.0
        centres = np.arange(to) * ratio
    else:
        centres = (np.arange(to) + 0.5) * ratio - 0.5
    if antialias:
        return _antialiased(n, centres, ratio, cubic)
    if not cubic:
        centres = np.maximum(centres, 0)
        first = np.minimum(np.floor(centres).astype(np.int64), n - 1)
        part = np.clip(centres - first, 0, 1)
        return np.stack([first, np.minimum(first + 1, n - 1)], 1), np.stack([1 - part, part], 1)
    first = np.floor(centres).astype(np.int64)
    distance = (centres - first)[:, None] - np.arange(-1, 3)
    return np.clip(first[:, None] + np.arange(-1, 3), 0, n - 1), _cubic(distance, -0.75)


def _cubic(d: np.ndarray, a: float) -> np.ndarray:
    """The convolution kernel of Keys 1981, eq. 4, with slope ``a`` at distance 1."""
    d = np.abs(d)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((d - 5) * d + 8) * d * a - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _antialiased(n: int, centres, ratio: float, cubic: bool):
    """A kernel as wide as the outputs' spacing, truncated at the edges and normalized to sum 1 (cubic: a = −0.5)."""
    stretch = max(ratio, 1.0)
    radius = (2.0 if cubic else 1.0) * stretch
    first = np.maximum((centres + 0.5 - radius + 0.5).astype(np.int64), 0)
    last = np.minimum((centres + 0.5 + radius + 0.5).astype(np.int64), n)
    index = first[:, None] + np.arange((last - first).max())
    distance = (index - centres[:, None]) / stretch
    weights = _cubic(distance, -0.5) if cubic else np.maximum(1 - np.abs(distance), 0)
    weights = np.where(index < last[:, None], weights, 0)
    return np.minimum(index, n - 1), weights / weights.sum(axis=1, keepdims=True)
