"""Linear algebra under ``torch.linalg``'s names."""

from .ops.decompositions import cholesky, det, inv, matrix_power, slogdet, solve
from .ops.linalg import matmul
from .ops.products import cross as _cross
from .ops.products import multi_dot, vecdot

__all__ = [
    "cholesky",
    "cross",
    "det",
    "inv",
    "matmul",
    "matrix_power",
    "multi_dot",
    "slogdet",
    "solve",
    "vecdot",
]


def cross(input, other, *, dim=-1):
    """Cross product along ``dim``, which has size 3; the other dimensions broadcast."""
    return _cross(input, other, dim)
