"""Matrix functions that parametrize orthogonal matrices: the exponential, products of reflections."""

import math

from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from ..arrays.joining import cat
from ..arrays.rearranging import tril
from ..elementwise.rounding import abs
from .decompositions import _square

# With ‖A‖₁ ≤ 1/2 the Taylor terms fall below 2⁻⁵⁶ of the sum after this many.
TERMS = 14


@primitive(formula=Notation("exp(A) = Σ Aᵏ/k!"))
def matrix_exp(A):
    """``Σ Aᵏ/k!`` of each matrix (..., n, n), by scaling and squaring: exp(A) = exp(A/2ˢ)^(2ˢ).

    Moler and Van Loan 2003, method 3. Orthogonal for skew-symmetric A (Aᵀ = −A). Raises ValueError unless
    the matrices are square.
    """
    _square(A)
    size = float(np.abs(A).sum(-2).max()) if A.size else 0.0
    squarings = max(0, math.ceil(math.log2(2 * size))) if 0.5 < size < math.inf else 0
    scaled, one = A / A.dtype.type(2**squarings), np.eye(A.shape[-1], dtype=A.dtype)
    out = np.broadcast_to(one, A.shape)
    for k in range(TERMS, 0, -1):
        out = one + scaled @ out / A.dtype.type(k)
    for _ in range(squarings):
        out = out @ out
    return out


def _exp_gradient(g, A):
    """The derivative of exp at Aᵀ in direction g: the upper right block of exp([[Aᵀ, g], [0, Aᵀ]]). Mathias 1996."""
    scale = (
        0 not in g.shape and float(abs(g).max())
    ) or 1.0  # linear in g: scaled, so that a large g costs no precision
    block = cat([cat([A.mT, g / scale], -1), cat([g * 0, A.mT], -1)], -2)
    n = A.shape[-1]
    return matrix_exp(block)[..., :n, n:] * scale


matrix_exp.vjp(A=_exp_gradient)


def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """``(I − τ₁v₁v₁ᵀ)…(I − τ_k v_k v_kᵀ)``, its first k columns: A (..., n, k), τ (..., k) -> (..., n, k).

    v_i is column i of A below the diagonal, 1 on it, 0 above. Each factor is a reflection if τ = 2/‖v‖². Raises
    ValueError unless n ≥ k and τ fits.
    """
    n, k = A.shape[-2:]
    if n < k or tuple(tau.shape) != (*A.shape[:-2], k):
        raise ValueError(
            f"householder_product: A (..., n, k) with n ≥ k and tau (..., k) expected, got {tuple(A.shape)} and "
            f"{tuple(tau.shape)}"
        )
    columns = tril(A, -1) + np.eye(n, k, dtype=A.dtype)
    out = A * 0 + np.eye(n, k, dtype=A.dtype)
    for i in reversed(range(k)):
        v = columns[..., :, i : i + 1]
        out = out - tau[..., i : i + 1].reshape((*tau.shape[:-1], 1, 1)) * v @ (v.mT @ out)
    return out
