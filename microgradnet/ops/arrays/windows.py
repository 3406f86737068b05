"""Positions of a pooling layer's windows: one ``Span`` per dimension."""

from typing import NamedTuple

import numpy as np  # windows are computed on the host, wherever the images are


class Span(NamedTuple):
    """The windows along one dimension: window i is ``range(starts[i], ends[i], step)``, inside the input."""

    starts: np.ndarray
    ends: np.ndarray
    step: int
    padded: np.ndarray  # number of places in each window, including padding


def sliding(op: str, sizes, kernel, stride, padding, dilation, ceil_mode: bool) -> tuple[Span, ...]:
    """The spans of windows of one size, a stride apart; each argument has one number per dimension.

    Raises ValueError if the padding is more than half the kernel, no window fits, or one holds no place of the input.
    """
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{op}: padding {padding} may be at most half of the kernel {kernel}")
    spans = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        count = window_count(n, k, s, p, d, ceil_mode)
        if count < 1:
            raise ValueError(f"{op}: the kernel {kernel} is larger than the padded input {tuple(sizes)}")
        first = np.arange(count) * s - p
        last = first + d * (k - 1) + 1
        starts, ends = np.where(first < 0, first + -(first // d) * d, first), np.minimum(last, n)
        if (starts >= ends).any():
            raise ValueError(f"{op}: a window holds nothing but padding: an input larger than {tuple(sizes)} expected")
        spans.append(Span(starts, ends, d, np.minimum(last, n + p) - first))
    return tuple(spans)


def adaptive(op: str, sizes, output_size) -> tuple[Span, ...]:
    """The spans of ``output_size`` windows of nearly equal size that cover the input.

    Raises ValueError for an empty input: a window would hold nothing.
    """
    if 0 in sizes:
        raise ValueError(f"{op}: an input with at least one element along each dimension expected, got {tuple(sizes)}")
    spans = []
    for n, m in zip(sizes, output_size, strict=True):
        i = np.arange(m)
        starts, ends = i * n // max(m, 1), -(-(i + 1) * n // max(m, 1))
        spans.append(Span(starts, ends, 1, ends - starts))
    return tuple(spans)


def counts(spans, padded: bool) -> np.ndarray:
    """The number of places in each window, (*output size)."""
    out = np.ones((), np.int64)
    for span in spans:
        out = np.multiply.outer(out, span.padded if padded else span.ends - span.starts)
    return out


def window_count(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """The number of windows that fit; with ``ceil_mode`` including one that starts inside and ends outside."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= size + padding else count
