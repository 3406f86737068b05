"""Channels rearranged: between space and depth, and between groups."""

from ...tensor import Tensor
from .shape import permute


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels to space: (..., C·r², H, W) -> (..., C, H·r, W·r). Shi et al. 2016, eq. 4.

    Raises ValueError if r² does not divide the channels.
    """
    r = upscale_factor
    _check("pixel_shuffle", input, r)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ValueError(f"pixel_shuffle: {channels} channels are not divisible by upscale_factor² = {r * r}")
    n, shape = len(lead), (*lead, channels // (r * r), r, r, height, width)
    x = permute(input.reshape(shape), (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return x.reshape((*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Space to channels, the inverse of ``pixel_shuffle``: (..., C, H·r, W·r) -> (..., C·r², H, W).

    Raises ValueError if r does not divide H and W.
    """
    r = downscale_factor
    _check("pixel_unshuffle", input, r)
    *lead, channels, height, width = input.shape
    if height % r or width % r:
        raise ValueError(f"pixel_unshuffle: the size {height}×{width} is not divisible by downscale_factor = {r}")
    n, shape = len(lead), (*lead, channels, height // r, r, width // r, r)
    x = permute(input.reshape(shape), (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return x.reshape((*lead, channels * r * r, height // r, width // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of ``groups`` groups interleaved: (N, C, *size) -> (N, C, *size). Zhang et al. 2018, figure 1.

    Raises ValueError for fewer than 3 dimensions, or if ``groups`` does not divide C.
    """
    if input.ndim < 3:
        raise ValueError(f"channel_shuffle: at least 3 dimensions expected, got shape {tuple(input.shape)}")
    count, channels, *size = input.shape
    if groups < 1 or channels % groups:
        raise ValueError(f"channel_shuffle: {channels} channels cannot be split into {groups} groups")
    x = input.reshape((count, groups, channels // groups, *size)).transpose(1, 2)
    return x.reshape(tuple(input.shape))


def _check(op: str, x, factor: int) -> None:
    if x.ndim < 3:
        raise ValueError(f"{op}: at least 3 dimensions expected, got shape {tuple(x.shape)}")
    if factor < 1:
        raise ValueError(f"{op}: a positive factor expected, got {factor}")
