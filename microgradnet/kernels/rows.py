"""Loops over the rows of a matrix: softmax, its logarithm, cross-entropy, rows added up. Sums are kept in float64."""

import math

import numpy as np

from .cpu import loop
from .scalar_math import exp_float64 as exp


def along(kernel, x: np.ndarray, dims: tuple[int, ...], *others: np.ndarray) -> np.ndarray:
    """``kernel(rows of x, rows of others, rows of the result)`` along the one dimension in ``dims`` (none, if 0-d)."""
    if x.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {x.dtype.name}: convert with .float()")
    moved = [np.moveaxis(a, dims[0], -1) if dims else a.reshape(1) for a in (x, *others)]
    out = np.empty(moved[0].shape, x.dtype)
    if out.size:
        kernel(
            *(np.ascontiguousarray(m, x.dtype).reshape(-1, m.shape[-1]) for m in moved), out.reshape(-1, out.shape[-1])
        )
    return np.moveaxis(out, -1, dims[0]) if dims else out.reshape(())


@loop
def largest(row):
    """The largest of a row, by 16 lanes side by side; of a row with NaN any value, since NaN spreads in any case."""
    lanes = np.full(16, row[0])
    whole = row.size - row.size % 16
    for start in range(0, whole, 16):
        for k in range(16):
            lanes[k] = row[start + k] if row[start + k] > lanes[k] else lanes[k]
    best = lanes[0]
    for k in range(1, 16):
        best = lanes[k] if lanes[k] > best else best
    for j in range(whole, row.size):
        best = row[j] if row[j] > best else best
    return best


@loop(reassociate=True)
def total_exp(row, shift):
    """``Σ exp(row − shift)``."""
    total = 0.0
    for j in range(row.size):
        total += exp(row[j] - shift)
    return total


@loop(reassociate=True)
def write_exp(row, shift, out):
    """Writes ``exp(row − shift)`` and gives its sum."""
    total = 0.0
    for j in range(row.size):
        e = exp(row[j] - shift)
        out[j] = e
        total += e
    return total


@loop(reassociate=True)
def product_sum(a, b):
    """``Σ a·b``."""
    total = 0.0
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@loop(parallel=True)
def log_softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        top = largest(x[i])
        shift = x.dtype.type(math.log(total_exp(x[i], top)))
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - top - shift


@loop(parallel=True)
def softmax(x, out):
    for i in prange(x.shape[0]):  # noqa: F821
        scale = x.dtype.type(1 / write_exp(x[i], largest(x[i]), out[i]))
        for j in range(x.shape[1]):
            out[i, j] *= scale


@loop(parallel=True, reassociate=True)
def log_softmax_gradient(g, y, out):
    """``g − exp(y)·Σg`` for y the log-softmax."""
    for i in prange(g.shape[0]):  # noqa: F821
        total = 0.0
        for j in range(g.shape[1]):
            total += g[i, j]
        total = g.dtype.type(total)
        for j in range(g.shape[1]):
            out[i, j] = g[i, j] - exp(y[i, j]) * total


@loop(parallel=True)
def softmax_gradient(g, y, out):
    """``y·(g − Σ g·y)`` for y the softmax."""
    for i in prange(g.shape[0]):  # noqa: F821
        mean = g.dtype.type(product_sum(g[i], y[i]))
        for j in range(g.shape[1]):
            out[i, j] = y[i, j] * (g[i, j] - mean)


@loop(parallel=True)
def cross_entropy(x, target, out):
    """``log Σ exp(x) − x[target]``, one number a row."""
    for i in prange(x.shape[0]):  # noqa: F821
        top = largest(x[i])
        out[i] = (top - x[i, target[i]]) + x.dtype.type(math.log(total_exp(x[i], top)))


@loop(parallel=True)
def cross_entropy_gradient(x, target, g, out):
    """``g·(softmax(x) − [j = target])``, g one number a row."""
    for i in prange(x.shape[0]):  # noqa: F821
        if g[i] == 0:
            out[i, :] = 0
        else:
            scale = x.dtype.type(g[i] / write_exp(x[i], largest(x[i]), out[i]))
            for j in range(x.shape[1]):
                out[i, j] *= scale
            out[i, target[i]] -= g[i]


@loop
def add_rows(x, index, out):
    """``out[index[i]] += x[i]``, row by row."""
    for i in range(index.size):
        for j in range(x.shape[1]):
            out[index[i], j] += x[i, j]
