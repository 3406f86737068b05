"""Linear algebra under ``torch.linalg``'s names."""

from .ops.decompositions import cholesky, det, inv, matrix_power, slogdet, solve
from .ops.linalg import matmul
from .ops.matrix_functions import householder_product, matrix_exp
from .ops.norms import linalg_norm as norm
from .ops.norms import matrix_norm, vector_norm
from .ops.products import cross as _cross
from .ops.products import multi_dot, vecdot
from .ops.svd import svdvals

__all__ = [
    "cholesky",
    "cross",
    "det",
    "householder_product",
    "inv",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "multi_dot",
    "norm",
    "slogdet",
    "solve",
    "svdvals",
    "vecdot",
    "vector_norm",
]


def cross(input, other, *, dim=-1):
    """Cross product along ``dim``, which has size 3; the other dimensions broadcast."""
    return _cross(input, other, dim)
