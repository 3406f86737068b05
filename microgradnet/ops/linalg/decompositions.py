"""Inverse, determinant, linear systems and the Cholesky factor, of the matrices in the last two dimensions."""

from ...backends.device import filled, np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from .matmul import matmul


def _square(a) -> None:
    if a.dtype.kind != "f":
        raise TypeError(f"a floating dtype expected, got {a.dtype.name}: convert with .float()")
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"square matrices expected, got shape {a.shape}")


def _solved(function, *arrays):
    """LAPACK's result, or a ValueError that says why there is none; on a GPU, NaN or infinity instead."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        raise ValueError("the matrix (or one of them) is singular") from None


def _per_matrix(g):
    """One number per matrix, shaped to broadcast over the matrix."""
    return g.reshape((*g.shape, 1, 1))


@primitive(formula="A⁻¹")
def inv(A):
    """The inverse of each matrix. Raises ValueError for a singular one."""
    _square(A)
    return _solved(np.linalg.inv, A)


inv.vjp(A=lambda g, out: -out.mT @ g @ out.mT)


def inverse(A: Tensor) -> Tensor:
    """``inv``."""
    return inv(A)


@primitive(formula="det A")
def det(A):
    """The determinant of each matrix; its gradient is the matrix of cofactors (Jacobi's formula)."""
    _square(A)
    return np.asarray(np.linalg.det(A))


det.vjp(A=lambda g, out, A: _per_matrix(g * out) * inv(A).mT)


@det.fused_vjp
def _(g, needed, out, A):
    """The cofactors, by the SVD, which works for singular matrices too: cof(UΣV) = cof U · cof Σ · cof V."""
    u, s, v = np.linalg.svd(A)
    rest = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(s.shape[-1])], -1) if s.shape[-1] else s
    sign = np.linalg.det(u) * np.linalg.det(v)
    return [_per_matrix(g * sign) * (u * rest[..., None, :] @ v)]


@primitive(formula="sign det A, ln |det A|", outputs=("sign", "logabsdet"))
def slogdet(A):
    """The sign of each determinant, and the log of its absolute value, which cannot overflow: (sign, logabsdet)."""
    _square(A)
    return tuple(np.asarray(part) for part in np.linalg.slogdet(A))


slogdet.vjp(A=lambda g, A: A * 0 if g[1] is None else _per_matrix(g[1]) * inv(A).mT)


@primitive(formula="A⁻¹·B")
def _solve(A, B):
    _square(A)
    if A.dtype != B.dtype:
        raise TypeError(f"both operands need one dtype, got {A.dtype.name} and {B.dtype.name}: convert one with .to()")
    if A.shape[-1] != B.shape[-2]:
        raise ValueError(f"{A.shape[-1]} equations need as many rows of B, got shape {B.shape}")
    return _solved(np.linalg.solve, A, B)


_solve.vjp(
    A=lambda g, out, A: -_solve(A.mT, g) @ out.mT,
    B=lambda g, A: _solve(A.mT, g),
)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X with ``A @ X = B`` (``X @ A = B`` with ``left=False``): A (..., n, n), B (..., n) or (..., n, k).

    B is a vector, or a batch of vectors, if it is 1-d or has A's shape without the last dimension. Raises ValueError
    for a singular A.
    """
    if B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1])):
        return _solve(A, B.reshape((*B.shape, 1))).reshape((*A.shape[:-2], A.shape[-1]))
    return _solve(A, B) if left else _solve(A.mT, B.mT).mT


@primitive(formula=Notation("L, L·Lᵀ = A"))
def _cholesky(A):
    _square(A)
    try:
        return np.linalg.cholesky(A)
    except np.linalg.LinAlgError:
        raise ValueError("the matrix (or one of them) is not positive definite") from None


def _cholesky_gradient(g, out):
    """Murray 2016, "Differentiation of the Cholesky decomposition", eq. 10, made symmetric."""
    lower = np.tril(filled(tuple(out.shape[-2:]), 1, out))
    half = 0.5 * (lower + np.tril(lower, -1))  # 1 below the diagonal, 1/2 on it
    inner = _solve(out.mT, (out.mT @ g) * half)
    gradient = _solve(out.mT, inner.mT)
    return (gradient + gradient.mT) * 0.5


_cholesky.vjp(A=_cholesky_gradient)


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with ``L @ L.mT = A`` (``upper``: its transpose), for symmetric positive definite A.

    Only the lower triangle of A is read; the gradient is that of the symmetric matrix. Raises ValueError if A is not
    positive definite.
    """
    factor = _cholesky(A)
    return factor.mT if upper else factor


def matrix_power(A: Tensor, n: int) -> Tensor:
    """``A @ … @ A`` with n factors, by repeated squaring; the identity for 0, powers of the inverse for negative n.

    Raises ValueError unless A is (..., n, n).
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"matrix_power: square matrices expected, got shape {tuple(A.shape)}")
    if n < 0:
        A, n = inv(A), -n
    power = None
    while n:
        if n & 1:
            power = A if power is None else matmul(power, A)
        n >>= 1
        A = matmul(A, A) if n else A
    return A * 0 + np.eye(A.shape[-1], dtype=A.dtype) if power is None else power


METHODS = (inverse, det, slogdet, matrix_power, cholesky)
