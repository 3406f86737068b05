"""The memory layout of images for the convolution loops: rows in which a step of the kernel is a shift.

With stride s, places whose indices are congruent modulo s form a *phase*, and within a phase the stride is 1. So the
padded input (..., H, W) becomes (..., s·s phases, H/s · W/s), the place (i, j) of the output is element i·(W/s) + j of
a row, and the place (a, b) of the kernel adds the same shift to all of them. The cost is a few extra columns at the end
of each line of the output, which are computed and discarded.
"""

import itertools
import math
from typing import NamedTuple

import numpy  # the geometry is computed on the host, wherever the images are

from ...backends.device import np


class Layout(NamedTuple):
    """One convolution's geometry, one number per dimension."""

    kernel: tuple[int, ...]
    size: tuple[int, ...]  # of the output
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    grid: tuple[int, ...]  # of a phase of the padded input
    phase: np.ndarray  # of each place of the kernel
    shift: np.ndarray  # in that phase, of each place of the kernel

    @property
    def wide(self) -> tuple[int, ...]:
        """The output's size, with the extra columns."""
        return (self.size[0], *self.grid[1:])

    @property
    def needed(self) -> int:
        """The indices, in ``wide``, of the outputs that are kept are below this."""
        return 1 + int(np.ravel_multi_index([n - 1 for n in self.size], self.wide))

    @property
    def phases(self) -> int:
        return math.prod(self.stride)


def layout(kernel, size, stride, padding, dilation) -> Layout:
    """The layout of a convolution whose output has ``size``."""
    spans = zip(size, kernel, stride, dilation, strict=True)
    grid = tuple(-(-((n - 1) * s + d * (k - 1) + 1) // s) for n, k, s, d in spans)
    phase, shift = [], []
    for place in itertools.product(*(range(k) for k in kernel)):
        at = [p * d for p, d in zip(place, dilation, strict=True)]
        phase.append(np.ravel_multi_index([a % s for a, s in zip(at, stride, strict=True)], stride))
        shift.append(np.ravel_multi_index([a // s for a, s in zip(at, stride, strict=True)], grid))
    return Layout(kernel, size, stride, padding, grid, numpy.array(phase), numpy.array(shift))


def image_rows(x: np.ndarray, form: Layout, groups: int, reach: int) -> np.ndarray:
    """Images (N, C, *sizes) as rows (N·groups, C/groups · phases · grid, …), with room for ``reach`` elements after any
    shift.

    If the rows are the unchanged image and need no extra room, the image itself is returned, not a copy.
    """
    planes = x.reshape(x.shape[0] * groups, x.shape[1] // groups, *x.shape[2:])
    length = planes.shape[1] * form.phases * math.prod(form.grid)
    slack = max(int(form.shift.max()) + reach - math.prod(form.grid), 0)
    padded, part = _places(form, x.shape[2:])
    if form.phases == 1 and not slack and x.shape[2:] == form.grid and not any(form.padding):
        return np.ascontiguousarray(planes).reshape(len(planes), -1)
    rows = np.zeros((len(planes), length + slack), x.dtype)
    if form.phases == 1:
        rows[:, :length].reshape(*planes.shape[:2], *form.grid)[(..., *padded)] = planes[(..., *part)]
        return rows
    whole = np.zeros((*planes.shape[:2], *(m * s for m, s in zip(form.grid, form.stride, strict=True))), x.dtype)
    whole[(..., *padded)] = planes[(..., *part)]
    rows[:, :length].reshape(*planes.shape[:2], *form.stride, *form.grid)[...] = _apart(whole, form)
    return rows


def images(phases: np.ndarray, form: Layout, shape: tuple) -> np.ndarray:
    """The inverse of ``image_rows``: phases (number, N·groups, C/groups, *grid) as images of ``shape``."""
    rows, channels = phases.shape[1:3]
    padded, part = _places(form, shape[2:])
    covered = part == tuple(slice(n) for n in shape[2:])
    out = (np.empty if covered else np.zeros)(shape, phases.dtype)
    view = out.reshape(rows, channels, *shape[2:])
    if form.phases == 1:
        view[(..., *part)] = phases[0][(..., *padded)]
        return out
    whole = np.zeros((rows, channels, *(m * s for m, s in zip(form.grid, form.stride, strict=True))), phases.dtype)
    _apart(whole, form)[...] = np.moveaxis(phases, 0, 2).reshape(rows, channels, *form.stride, *form.grid)
    view[(..., *part)] = whole[(..., *padded)]
    return out


def _places(form: Layout, sizes) -> tuple[tuple, tuple]:
    """The same places as slices of the padded image, as far as the kernel reaches, and of the image."""
    spans = zip(sizes, form.padding, form.grid, form.stride, strict=True)
    counts = [max(min(n, m * s - p), 0) for n, p, m, s in spans]
    return tuple(slice(p, p + n) for p, n in zip(form.padding, counts, strict=True)), tuple(slice(n) for n in counts)


def _apart(whole: np.ndarray, form: Layout) -> np.ndarray:
    """A view of (..., *grid·stride) as (..., *stride, *grid): the phases one after another."""
    pairs = [n for m, s in zip(form.grid, form.stride, strict=True) for n in (m, s)]
    dims = len(form.grid)
    split = whole.reshape(*whole.shape[:2], *pairs)
    return split.transpose(0, 1, *range(3, 3 + 2 * dims, 2), *range(2, 2 + 2 * dims, 2))


def wide_rows(g: np.ndarray, form: Layout, groups: int, length: int, before: int = 0) -> np.ndarray:
    """Outputs (N, O, *size) as wide rows (N·groups, O/groups, length), after ``before`` zeros, with zeros in the extra
    columns.
    """
    inner, wide = g.shape[1] // groups, math.prod(form.wide)
    rows = np.zeros((g.shape[0] * groups, inner, length), g.dtype)
    places = rows[..., before : before + wide].reshape(len(rows), inner, *form.wide)
    places[(..., *(slice(n) for n in form.size))] = g.reshape(len(rows), inner, *form.size)
    return rows


def line_starts(form: Layout) -> np.ndarray:
    """The index in ``wide`` at which each line of the output begins."""
    numbers = numpy.arange(math.prod(form.wide)).reshape(form.wide)[..., 0]
    return numbers[tuple(slice(n) for n in form.size[:-1])].reshape(-1)


def starts(form: Layout, channels: int) -> np.ndarray:
    """The index in ``image_rows`` at which the data of each input channel and kernel place begins."""
    planes = (numpy.arange(channels)[:, None] * form.phases + form.phase) * math.prod(form.grid)
    return (planes + form.shift).reshape(-1)
