"""Max pooling over windows at random positions. Graham 2014."""

import itertools
from collections.abc import Sequence
from typing import Any

from ...backends.device import np, placed, read
from ...random import default_generator
from ...tensor import Tensor
from ...typing import Size
from ..arrays.scatter import gather
from .convolution import as_batch, per_dimension


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | Any:
    """Maxima over windows at random positions: (N, C, H, W) -> (N, C, *output_size). See ``nn.FractionalMaxPool2d``."""
    return _fractional_max_pool(2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | Any:
    """``fractional_max_pool2d`` for volumes: (N, C, D, H, W) -> (N, C, *output_size)."""
    return _fractional_max_pool(3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def _fractional_max_pool(dims, input, kernel_size, output_size, output_ratio, return_indices, samples):
    name = f"fractional_max_pool{dims}d"
    x = as_batch(name, input, dims)
    sizes, kernel = x.shape[2:], per_dimension(kernel_size, dims)
    if (output_size is None) == (output_ratio is None):
        raise ValueError(f"{name}: give output_size or output_ratio, one of them")
    if output_size is None:
        ratios = (output_ratio,) * dims if isinstance(output_ratio, float) else output_ratio
        outs = tuple(int(n * r) for n, r in zip(sizes, ratios, strict=True))
    else:
        outs = per_dimension(output_size, dims)
    if any(o < 1 or o + k > n for o, k, n in zip(outs, kernel, sizes, strict=True)):
        raise ValueError(f"{name}: output {outs} with kernel {kernel} does not fit into an input of size {sizes}")
    planes = x.shape[:2]
    given = default_generator.numpy.random((*planes, dims)) if samples is None else samples
    draws = read(given)
    if draws.shape != (*planes, dims):
        raise ValueError(f"{name}: random samples of shape {(*planes, dims)} expected, got {draws.shape}")
    if not ((draws >= 0) & (draws < 1)).all():
        raise ValueError(f"{name}: random samples in [0, 1) expected, got {draws.min()} to {draws.max()}")
    # PyTorch draws for an image's width first, for a volume's depth first.
    order = (1, 0) if dims == 2 else (0, 1, 2)
    starts = [_starts(draws[..., order[d]], sizes[d], outs[d], kernel[d]) for d in range(dims)]
    places = _largest(read(x), starts, kernel)
    flat = x.reshape((*planes, -1))
    out = gather(flat, -1, places.reshape((*planes, -1))).reshape((*planes, *outs))
    shape = out.shape if input.ndim == dims + 2 else out.shape[1:]
    out = out.reshape(tuple(shape))
    if not return_indices:
        return out
    return out, type(out)(placed(places.reshape(shape), out.device)) if hasattr(out, "array") else places


def _starts(draw: np.ndarray, size: int, out: int, kernel: int) -> np.ndarray:
    """(N, C, out): the start of each window. ``⌊(i + u)·α⌋ − ⌊u·α⌋`` with α = (size − kernel)/(out − 1), the last at
    the end. Graham 2014, section 2.
    """
    if out == 1:
        return np.full((*draw.shape, 1), size - kernel)
    alpha, u = (size - kernel) / (out - 1), draw[..., None].astype(np.float64)
    starts = np.trunc((np.arange(out) + u) * alpha) - np.trunc(u * alpha)
    starts[..., -1] = size - kernel
    return starts.astype(np.int64)


def _largest(x: np.ndarray, starts: list, kernel: tuple) -> np.ndarray:
    """(N, C, *out): the flat index, within its plane, of each window's maximum (NaN wins, then the first)."""
    dims, sizes = len(kernel), x.shape[2:]
    flat = x.reshape(*x.shape[:2], -1)
    best = places = None
    for offsets in itertools.product(*map(range, kernel)):
        index = 0
        for d in range(dims):
            along = starts[d].reshape(*x.shape[:2], *(-1 if e == d else 1 for e in range(dims)))
            index = index * sizes[d] + along + offsets[d]
        values = np.take_along_axis(flat, index.reshape(*x.shape[:2], -1), -1).reshape(index.shape)  # type: ignore[attr-defined]
        if best is None:
            best, places = values, index
            continue
        better = (values > best) | np.isnan(values)
        best, places = np.where(better, values, best), np.where(better, index, places)
    return places
