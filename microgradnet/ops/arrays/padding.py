"""Padding around the edges of images."""

from collections.abc import Sequence

from ...backends.device import np
from ...tensor import Tensor
from .indexing import index_select
from .rearranging import constant_pad_nd


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """``input`` padded in its last dimensions; ``pad`` is (left, right, top, bottom, …), last dimension first.

    Args:
        mode: ``"constant"`` fills any of the dimensions with ``value`` (default 0), and negative numbers crop;
            ``"reflect"`` mirrors about the edge element, ``"replicate"`` repeats it, ``"circular"`` wraps around: these
            pad all spatial dimensions of (N, C, *size) or (C, *size).

    Raises ValueError for an unknown mode, or where ``pad`` does not fit the input.
    """
    pad = tuple(int(n) for n in pad)
    if len(pad) % 2 or len(pad) // 2 > input.ndim:
        raise ValueError(f"pad: two numbers for each of at most {input.ndim} dimensions expected, got {pad}")
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if mode not in _PLACES:
        raise ValueError(f"pad: mode is 'constant', 'reflect', 'replicate' or 'circular', got {mode!r}")
    if value is not None:
        raise ValueError(f"pad: mode {mode!r} takes no value, got {value}")
    dims = len(pad) // 2
    if input.ndim not in (dims + 1, dims + 2):
        raise ValueError(
            f"pad: mode {mode!r} with {len(pad)} numbers pads the last {dims} of {dims + 1} or {dims + 2} dimensions, "
            f"got an input of shape {tuple(input.shape)}"
        )
    for i in range(dims):
        before, after = pad[2 * i : 2 * i + 2]
        if before or after:
            dim = input.ndim - 1 - i
            input = index_select(input, dim, _PLACES[mode](input.shape[dim], before, after))
    return input


def _reflected(size: int, before: int, after: int) -> np.ndarray:
    if max(before, after) >= size:
        raise ValueError(f"pad: mode 'reflect' needs less than the size {size}, got {before} and {after}")
    places = np.abs(np.arange(-before, size + after))
    return np.where(places >= size, 2 * (size - 1) - places, places)


def _replicated(size: int, before: int, after: int) -> np.ndarray:
    return np.clip(np.arange(-before, size + after), 0, size - 1)


def _wrapped(size: int, before: int, after: int) -> np.ndarray:
    if max(before, after) > size:
        raise ValueError(f"pad: mode 'circular' needs at most the size {size}, got {before} and {after}")
    first, last = max(0, -before), size - max(0, -after)  # what is cropped does not come back on the other side
    return first + np.arange(-max(before, 0), last - first + max(after, 0)) % max(last - first, 1)


_PLACES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
