"""Matrix products. NumPy hands them to the BLAS, transposed operands included, without a copy."""

import numpy as np

from ..primitive import primitive


def _same_dtype(a, b) -> None:
    if a.dtype != b.dtype:
        raise TypeError(f"both operands need one dtype, got {a.dtype.name} and {b.dtype.name}: convert one with .to()")


@primitive(formula="A·B")
def _matmul(a, b):
    _same_dtype(a, b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"the inner sizes differ: {a.shape[-1]} columns against {b.shape[-2]} rows")
    return np.matmul(a, b)


_matmul.vjp(
    a=lambda g, b: g @ b.mT,
    b=lambda g, a: a.mT @ g,
)


def matmul(a, b):
    """Matrix product of the last two dimensions; those before broadcast, and a vector is a row or a column.

    Raises ``ValueError`` where the inner sizes differ, ``TypeError`` where the dtypes do.
    """
    if a.ndim >= 2 and b.ndim >= 2:
        return _matmul(a, b)
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(f"matmul: both operands need a dimension, got shapes {tuple(a.shape)} and {tuple(b.shape)}")
    rows = a if a.ndim > 1 else a.reshape(1, -1)
    columns = b if b.ndim > 1 else b.reshape(-1, 1)
    out = _matmul(rows, columns)
    if b.ndim == 1:
        out = out.reshape(out.shape[:-1])
    return out if a.ndim > 1 else out.reshape((*out.shape[:-2], *out.shape[-1:]) if b.ndim > 1 else ())


@primitive(formula="x·Wᵀ + b")
def linear(x, weight, bias=None):
    """``x @ weight.T + bias``: x (..., in), weight (out, in), bias (out) -> (..., out)."""
    _same_dtype(x, weight)
    if x.shape[-1:] != weight.shape[-1:]:
        raise ValueError(f"x has {x.shape[-1:]} features, the weight takes {weight.shape[-1:]}")
    out = np.matmul(x, weight.T)
    if bias is not None:
        out += bias
    return out


linear.vjp(
    x=lambda g, weight: g @ weight,
    weight=lambda g, x: rows_of(g).mT @ rows_of(x),
    bias=lambda g: g,
)


def rows_of(x):
    """``x`` as a matrix: all dimensions but the last are rows."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


METHODS = (matmul,)
