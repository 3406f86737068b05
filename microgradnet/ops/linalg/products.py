"""Composed products: sums with a matrix product, tensor and Kronecker products, chains of matrices."""

import itertools
import math
from collections.abc import Sequence

from ...choice import where
from ...tensor import Tensor
from ..arrays.dims import one_dim, several_dims
from ..arrays.indexing import index_select
from ..arrays.shape import permute
from ..reduce.reduction import sum
from .matmul import _matmul, bmm, matmul, mm, mv, outer


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta·input + alpha·(mat1 @ mat2)``; ``input`` broadcasts. With ``beta = 0`` the values of ``input`` are
    ignored.
    """
    return _plus("addmm", input, mm(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta·input + alpha·(mat @ vec)``."""
    return _plus("addmv", input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta·input + alpha·outer(vec1, vec2)``."""
    return _plus("addr", input, outer(vec1, vec2), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta·input + alpha·(batch1 @ batch2)``, matrix by matrix."""
    return _plus("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta·input + alpha·Σᵢ (batch1[i] @ batch2[i])``."""
    return _plus("addbmm", input, sum(bmm(batch1, batch2), 0), beta, alpha)


def _plus(op: str, x, product, beta, alpha):
    if x.dtype.kind != "f" and (isinstance(beta, float) or isinstance(alpha, float)):
        raise TypeError(f"{op}: for {x.dtype.name} tensors alpha and beta must be integers, got {alpha} and {beta}")
    lead = product.ndim - x.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(x.shape, product.shape[lead:], strict=True)):
        raise ValueError(f"{op}: input {tuple(x.shape)} does not broadcast to the product's {tuple(product.shape)}")
    x = where(False, x, 0) if beta == 0 else x if beta == 1 else x * beta
    return x + (product if alpha == 1 else product * alpha)


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """Sums of products over the last ``dims`` dimensions of ``a`` and the first of ``b``, or over two lists of them.

    Raises ValueError if the sizes to be summed over differ.
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: dims {dims} must be in [0, {min(a.ndim, b.ndim)}]")
        dims = (range(a.ndim - dims, a.ndim), range(dims))
    else:
        dims = dims.tolist() if hasattr(dims, "tolist") else dims
    over_a, over_b = (
        several_dims(tuple(d) if not isinstance(d, int) else d, x.ndim, "tensordot")
        for d, x in zip(dims, (a, b), strict=True)
    )
    if len(over_a) == len(over_b):  # a size of 1 is repeated: the other operand is summed there
        pairs = list(zip(over_a, over_b, strict=True))
        for d in [d for d, e in pairs if b.shape[e] == 1 != a.shape[d]]:
            a = sum(a, d, True)
        for e in [e for d, e in pairs if a.shape[d] == 1 != b.shape[e]]:
            b = sum(b, e, True)
    sizes = [a.shape[d] for d in over_a]
    if sizes != [b.shape[d] for d in over_b]:
        raise ValueError(f"tensordot: the sizes differ: {sizes} of a against {[b.shape[d] for d in over_b]} of b")
    free_a = [d for d in range(a.ndim) if d not in over_a]
    free_b = [d for d in range(b.ndim) if d not in over_b]
    shape = [a.shape[d] for d in free_a] + [b.shape[d] for d in free_b]
    rows = permute(a, (*free_a, *over_a)).reshape((math.prod(a.shape[d] for d in free_a), math.prod(sizes)))
    columns = permute(b, (*over_b, *free_b)).reshape((math.prod(sizes), math.prod(b.shape[d] for d in free_b)))
    return _matmul(rows, columns).reshape(tuple(shape))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker product: each element of ``input`` times all of ``other``, block by block."""
    ndim = max(input.ndim, other.ndim)
    a, b = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (input, other))
    blocks = input.reshape(tuple(m for n in a for m in (n, 1))) * other.reshape(tuple(m for n in b for m in (1, n)))
    return blocks.reshape(tuple(n * m for n, m in zip(a, b, strict=True)))


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """``Σ x·y`` along ``dim``; the other dimensions broadcast. Raises ValueError if the sizes along it differ."""
    if x.shape[one_dim(dim, x.ndim, "vecdot")] != y.shape[one_dim(dim, y.ndim, "vecdot")]:
        raise ValueError(f"vecdot: the sizes along dim {dim} differ: shapes {tuple(x.shape)} and {tuple(y.shape)}")
    return sum(x * y, dim)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Cross product along a dimension of size 3 (default: the first such); the others broadcast.

    Raises ValueError if its size is not 3.
    """
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise ValueError(f"cross: no dimension of size 3 in shape {tuple(input.shape)}")
        dim -= input.ndim
    for x in (input, other):
        if x.shape[one_dim(dim, x.ndim, "cross")] != 3:
            raise ValueError(f"cross: dimension {dim} must have size 3, got shape {tuple(x.shape)}")
    dim = dim - input.ndim if dim >= 0 else dim
    a1, a2, b1, b2 = (index_select(x, x.ndim + dim, order) for x in (input, other) for order in ([1, 2, 0], [2, 0, 1]))
    return a1 * b2 - a2 * b1


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices in the order of the fewest multiplications; the first and the last may be
    vectors.

    The order is found by dynamic programming over all sub-chains: Cormen et al., "Introduction to Algorithms", 15.2.
    Raises ValueError for fewer than 2 tensors or shapes that do not fit.
    """
    chain = list(tensors)
    if len(chain) < 2:
        raise ValueError(f"multi_dot: at least 2 tensors expected, got {len(chain)}")
    if any(x.ndim != 2 for x in chain[1:-1]) or any(x.ndim not in (1, 2) for x in (chain[0], chain[-1])):
        raise ValueError(
            f"multi_dot: matrices expected, or vectors at the ends, got shapes {[tuple(x.shape) for x in chain]}"
        )
    row, column = chain[0].ndim == 1, chain[-1].ndim == 1
    if row:
        chain[0] = chain[0].reshape((1, chain[0].shape[0]))
    if column:
        chain[-1] = chain[-1].reshape((chain[-1].shape[0], 1))
    for a, b in itertools.pairwise(chain):
        if a.shape[1] != b.shape[0]:
            raise ValueError(f"multi_dot: the inner sizes differ: shapes {tuple(a.shape)} and {tuple(b.shape)}")
    out = _multiplied(chain, _best_splits([x.shape[0] for x in chain] + [chain[-1].shape[1]]), 0, len(chain) - 1)
    return out.reshape(out.shape[row : 2 - column]) if row or column else out


def _best_splits(sizes: list[int]) -> dict:
    """For each sub-chain (first, last): the last matrix of its left half."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            split[i, j] = min(choices, key=choices.get)
            cost[i, j] = choices[split[i, j]]
    return split


def _multiplied(chain, split: dict, i: int, j: int):
    if i == j:
        return chain[i]
    k = split[i, j]
    return matmul(_multiplied(chain, split, i, k), _multiplied(chain, split, k + 1, j))


METHODS = (addmm, addmv, addr, baddbmm, addbmm, kron, cross)
