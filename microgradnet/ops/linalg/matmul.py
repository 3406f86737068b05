"""Matrix products. NumPy passes them to the BLAS without a copy, also for transposed operands."""

from ...backends.device import np
from ...backends.sums import LONG, product
from ...primitive import primitive
from ...tensor import Tensor


def one_dtype(a, b) -> None:
    """Raises TypeError unless both have the same dtype, one that can be multiplied and added."""
    if a.dtype != b.dtype:
        raise TypeError(f"both operands need one dtype, got {a.dtype.name} and {b.dtype.name}: convert one with .to()")
    if a.dtype.kind == "b":
        raise TypeError("booleans have no products: convert with .to()")


@primitive(formula="A·B")
def _matmul(a, b):
    one_dtype(a, b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"the inner sizes differ: {a.shape[-1]} columns against {b.shape[-2]} rows")
    return product(a, b)


def _times(a, b):
    """``matmul`` for rules, whose operands fit: of arrays without a call of the op, unless the sums are long."""
    return a @ b if a.shape[-1] < LONG else matmul(a, b)


_matmul.vjp(
    a=lambda g, b: _times(g, b.mT),
    b=lambda g, a: _times(a.mT, g),
)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product over the last two dimensions, (..., n, m) and (..., m, p) -> (..., n, p); the leading ones
    broadcast, and a vector counts as a row or a column.

    Raises ``ValueError`` if the inner sizes differ, ``TypeError`` if the dtypes do.
    """
    if a.ndim >= 2 and b.ndim >= 2:
        return _matmul(a, b)
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(f"matmul: both operands need a dimension, got shapes {tuple(a.shape)} and {tuple(b.shape)}")
    rows = a if a.ndim > 1 else a.reshape((1, a.shape[0]))
    columns = b if b.ndim > 1 else b.reshape((b.shape[0], 1))
    out = _matmul(rows, columns)
    if b.ndim == 1:
        out = out.reshape(out.shape[:-1])
    return out if a.ndim > 1 else out.reshape((*out.shape[:-2], *out.shape[-1:]) if b.ndim > 1 else ())


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """``matmul`` of two matrices: (n, m) and (m, p) -> (n, p)."""
    return matmul(*_of_dims("mm", (input, 2), (mat2, 2)))


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """``matmul`` of two batches of matrices: (b, n, m) and (b, m, p) -> (b, n, p). Raises ValueError if b differs."""
    _of_dims("bmm", (input, 3), (mat2, 3))
    if input.shape[0] != mat2.shape[0]:
        raise ValueError(f"bmm: the batches differ: {input.shape[0]} matrices against {mat2.shape[0]}")
    return matmul(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix by a vector: (n, m) and (m) -> (n)."""
    return matmul(*_of_dims("mv", (input, 2), (vec, 1)))


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """``Σ x·y`` of two vectors of equal length."""
    return matmul(*_of_dims("dot", (input, 1), (tensor, 1)))


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """``dot``; with complex numbers, which are not supported, it would conjugate the first."""
    return matmul(*_of_dims("vdot", (input, 1), (other, 1)))


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimension of both: (..., n) and (*, n) -> (..., *).

    Raises ValueError if n differs.
    """
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ValueError(f"inner: the last sizes differ: shapes {tuple(input.shape)} and {tuple(other.shape)}")
    out = _matmul(rows_of(input), rows_of(other).mT)
    return out.reshape((*input.shape[:-1], *other.shape[:-1]))


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of two vectors: (n) and (m) -> (n, m)."""
    _of_dims("outer", (input, 1), (vec2, 1))
    return input.reshape((input.shape[0], 1)) * vec2


def _of_dims(op: str, *operands) -> list:
    """The tensors of ``operands``, (tensor, dimensions) pairs; raises ValueError if one has another number of
    dimensions.
    """
    if any(x.ndim != ndim for x, ndim in operands):
        shapes = " and ".join(str(tuple(x.shape)) for x, _ in operands)
        wanted = " and ".join(f"{ndim}-d" for _, ndim in operands)
        raise ValueError(f"{op}: {wanted} tensors expected, got shapes {shapes}")
    return [x for x, _ in operands]


@primitive(formula="input·Wᵀ + bias with W = weight")
def linear(input, weight, bias: Tensor | None = None):
    """``input @ weight.T + bias``: (..., in), weight (out, in) or (in), bias (out) or () -> (..., out) or (...).

    Raises ValueError for other shapes.
    """
    one_dtype(input, weight)
    if input.shape[-1:] != weight.shape[-1:] or weight.ndim not in (1, 2):
        raise ValueError(f"input has {input.shape[-1:]} features, the weight takes {weight.shape[-1:]}")
    out = product(input, weight.T)
    if bias is not None:
        out = np.add(out, bias, out=out if out.ndim and bias.ndim <= 1 else None)
    return out


linear.vjp(
    input=lambda g, weight: _times(g, weight) if weight.ndim == 2 else g.reshape((*g.shape, 1)) * weight,
    weight=lambda g, input, weight_shape: (
        _times(rows_of(g).mT, rows_of(input))
        if len(weight_shape) == 2
        else _times(g.reshape((1, -1)), rows_of(input)).reshape(weight_shape)
    ),
    bias=lambda g: g,
)


def rows_of(x):
    """``x`` as a matrix: all dimensions but the last become rows."""
    return x if x.ndim == 2 else x.reshape((int(np.prod(x.shape[:-1])), x.shape[-1]))


METHODS = (matmul, mm, bmm, mv, dot, vdot, inner, outer)
