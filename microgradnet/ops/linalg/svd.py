"""Singular values."""

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ..arrays.diagonals import diag_embed
from ..arrays.shape import unsqueeze


@primitive(formula=Notation("U, S, Vᵀ: U·diag(S)·Vᵀ = A"), outputs=("U", "S", "Vh"))
def _svd(A):
    if A.ndim < 2 or A.dtype.kind != "f":
        raise ValueError("a floating-point matrix, or several, expected")
    return np.linalg.svd(A, full_matrices=False)


def _to_matrix(g, U, S, Vh):
    """Townsend, "Differentiating the singular value decomposition" (2016). Its parts for U and Vh need distinct
    singular values.
    """
    g_u, g_s, g_vh = g
    rows, columns = unsqueeze(S, -1), unsqueeze(S, -2)
    gaps = columns * columns - rows * rows + np.eye(S.shape[-1], dtype=S.dtype)
    out = 0 if g_s is None else U @ diag_embed(g_s) @ Vh
    if g_u is not None:
        within = U.mT @ g_u
        out = out + U @ ((within - within.mT) / gaps * columns) @ Vh + (g_u - U @ within) / columns @ Vh
    if g_vh is not None:
        within = Vh @ g_vh.mT
        out = out + U @ (rows * ((within - within.mT) / gaps)) @ Vh + U @ ((g_vh - within.mT @ Vh) / rows)
    return out


_svd.vjp(A=_to_matrix)


def svdvals(A: Tensor) -> Tensor:
    """The singular values of each matrix (..., m, n), largest first."""
    return _svd(A)[1]


METHODS = ()
