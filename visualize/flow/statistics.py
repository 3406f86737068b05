"""The statistics of a layer's numbers: plain functions of arrays."""

from typing import NamedTuple

import numpy as np

SAMPLE = 4096  # maximum of numbers per statistic, evenly spaced in the array
UNITS = 64  # maximum of units that are compared with each other
BINS = 40


class Moments(NamedTuple):
    """Statistics of one array at one step: mean, standard deviation, root mean square, share of zeros and non-finite
    numbers.

    ``counts`` and ``edges`` are its histogram.
    """

    mean: float
    std: float
    rms: float
    zeros: float
    not_finite: float
    counts: np.ndarray
    edges: np.ndarray


def moments(array: np.ndarray) -> Moments:
    """Mean, spread and histogram of (a sample of) an array's finite numbers."""
    sample = evenly(array)
    finite = sample[np.isfinite(sample)].astype(np.float64)
    lost = 1 - len(finite) / max(len(sample), 1)
    if not len(finite):
        return Moments(np.nan, np.nan, np.nan, 0.0, lost, np.zeros(BINS, int), np.linspace(0, 1, BINS + 1))
    counts, edges = np.histogram(finite, BINS)
    rms = float(np.sqrt(np.mean(finite * finite)))
    return Moments(float(finite.mean()), float(finite.std()), rms, float(np.mean(finite == 0)), lost, counts, edges)


def evenly(array: np.ndarray, size: int = SAMPLE) -> np.ndarray:
    """At most ``size`` numbers of an array, evenly spaced."""
    flat = array.reshape(-1)
    step = -(-flat.size // size) or 1
    # A stride that divides the row length would sample one unit only.
    return flat if step == 1 else flat[:: step + (step % 2 == 0)]


def by_unit(array: np.ndarray) -> np.ndarray:
    """(samples, units) of a layer's output: units are the features of a row, or the channels of an image."""
    if array.ndim < 2:
        return array.reshape(-1, 1)
    return array if array.ndim == 2 else np.moveaxis(array, 1, -1).reshape(-1, array.shape[1])


def silent_units(array: np.ndarray) -> np.ndarray:
    """For each unit, whether it was exactly 0 for every sample."""
    return ~np.any(by_unit(array), axis=0)


def likeness(array: np.ndarray) -> float:
    """How similar a layer's units are: 1 − (spread between the units) / (size), 1 if all are equal.

    With u the (samples, units) of the output: ``1 − rms(u − mean over units) / rms(u)``; 1 also where all are 0.
    """
    units = by_unit(array)
    units = units[:: -(-len(units) // 64) or 1, :UNITS].astype(np.float64)
    if units.shape[1] < 2:
        return 0.0
    size = np.sqrt(np.mean(units * units))
    apart = np.sqrt(np.mean((units - units.mean(1, keepdims=True)) ** 2))
    return 1.0 if size == 0 else float(1 - apart / size)
