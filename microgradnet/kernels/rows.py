"""Loops over the rows of a matrix: softmax and log-softmax. Sums are kept in float64."""

import math

import numpy as np

from .cpu import loop


def along(kernel, x: np.ndarray, dims: tuple[int, ...]) -> np.ndarray:
    """``kernel(rows, out)`` along the one dimension in ``dims`` (none, for a 0-d array)."""
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")
    moved = np.moveaxis(x, dims[0], -1) if dims else x.reshape(1)
    out = np.empty(moved.shape, x.dtype)
    if out.size:
        kernel(np.ascontiguousarray(moved).reshape(-1, moved.shape[-1]), out.reshape(-1, moved.shape[-1]))
    return np.moveaxis(out, -1, dims[0]) if dims else out.reshape(())


@loop(parallel=True)
def log_softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = x[i, j] if x[i, j] > largest or x[i, j] != x[i, j] else largest
        total = 0.0
        for j in range(x.shape[1]):
            total += math.exp(x[i, j] - largest)
        shift = largest + math.log(total)
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - shift


@loop(parallel=True)
def softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = x[i, j] if x[i, j] > largest or x[i, j] != x[i, j] else largest
        total = 0.0
        for j in range(x.shape[1]):
            total += math.exp(x[i, j] - largest)
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - largest) / total
