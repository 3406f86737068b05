"""Linear algebra under ``torch.linalg``'s names."""

from .arguments import explain_all as _explain_all
from .ops.linalg.decompositions import cholesky, det, inv, matrix_power, slogdet, solve
from .ops.linalg.matmul import matmul
from .ops.linalg.matrix_functions import householder_product, matrix_exp
from .ops.linalg.products import cross as _cross
from .ops.linalg.products import multi_dot, vecdot
from .ops.linalg.svd import svdvals
from .ops.reduce.norms import linalg_norm as norm
from .ops.reduce.norms import matrix_norm, vector_norm

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


_explain_all(globals(), "microgradnet")
