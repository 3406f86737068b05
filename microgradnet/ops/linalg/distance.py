"""Distances and similarities between vectors, and normalization to length 1."""

from ...backends.device import np
from ...choice import where
from ...primitive import broadcast_to
from ...tensor import Tensor
from ..arrays.dims import one_dim
from ..arrays.shape import unsqueeze
from ..reduce.norms import vector_norm
from ..reduce.reduction import sum


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """``x1·x2 / (max(|x1|, eps)·max(|x2|, eps))`` along ``dim``; the shapes broadcast."""
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    from_end = one_dim(dim, len(shape), "cosine_similarity") - len(shape)
    x1, x2 = (_repeated(x, from_end, shape) for x in (x1, x2))
    return sum(_unit(x1, dim, eps, x2) * _unit(x2, dim, eps, x1), dim)


def _repeated(x, dim: int, shape: tuple):
    """``x`` repeated along ``dim``, counted from the end of ``shape``, if it is shorter there: its length grows too."""
    if not shape or (-dim <= x.ndim and x.shape[dim] == shape[dim]):
        return x
    own = (*(1,) * (-dim - x.ndim), *x.shape)
    return broadcast_to(x, (*own[: len(own) + dim], shape[dim], *own[len(own) + dim + 1 :]))


def _unit(x, dim: int, eps: float, other):
    """``x / max(|x|, eps)``; ``dim`` is one of the shape that ``x`` and ``other`` broadcast to."""
    ndim = max(x.ndim, other.ndim)
    dim = one_dim(dim, ndim, "cosine_similarity") - ndim
    if -dim > x.ndim:
        x = x.reshape((*(1,) * (-dim - x.ndim), *x.shape))
    size = other.shape[dim] if -dim <= other.ndim else 1
    if x.shape[dim] == 1 and size != 1:  # the length is that of the vector of ``size`` equal numbers
        x = x.expand(tuple(size if i == ndim + dim else n for i, n in enumerate(x.shape, ndim - x.ndim)))
    return x / _at_least(vector_norm(x, 2, dim, True), eps)


def _at_least(length, eps: float):
    """``max(length, eps)``, with no gradient where it is eps."""
    return where(length < eps, eps, length)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """``input / max(|input|_p, eps)`` along ``dim``: vectors of length 1."""
    return input / _at_least(vector_norm(input, p, dim, True), eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """``|x1 − x2 + eps|_p`` along the last dimension; the shapes broadcast."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distance ``|x_i − x_j|_p`` of every two rows i < j of a matrix (N, M): (N·(N − 1)/2), row by row.

    Raises ValueError for another rank or a negative p.
    """
    if input.ndim != 2:
        raise ValueError(f"pdist: a matrix expected, got shape {tuple(input.shape)}")
    if p < 0:
        raise ValueError(f"pdist: p must not be negative, got {p}")
    first, second = np.triu_indices(input.shape[0], 1)
    return vector_norm(input[first] - input[second], p, -1)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The distance ``|x_i − y_j|_p`` of every two rows: (..., P, M) and (..., R, M) -> (..., P, R).

    Raises ValueError for shapes that do not fit or a negative p.
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"cdist: matrices of one width expected, got {tuple(x1.shape)} and {tuple(x2.shape)}")
    if p < 0:
        raise ValueError(f"cdist: p must not be negative, got {p}")
    return vector_norm(unsqueeze(x1, -2) - unsqueeze(x2, -3), p, -1)
