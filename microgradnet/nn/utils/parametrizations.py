"""Weight and spectral normalization and orthogonal weights, as parametrizations."""

from functools import partial

import numpy as np

from ...arguments import explain_all as _explain_all
from ...events import state, tell
from ...ops.arrays.diagonals import diagonal
from ...ops.arrays.rearranging import tril
from ...ops.linalg.decompositions import solve
from ...ops.linalg.matmul import dot, mv
from ...ops.linalg.matrix_functions import householder_product, matrix_exp
from ...ops.reduce.norms import vector_norm
from ...random import default_generator
from ...tensor import Tensor
from .. import functional as F
from ..conv import ConvTranspose1d
from ..module import Module
from .parametrize import register_parametrization


def norm_except_dim(v: Tensor, dim: int | None) -> Tensor:
    """The norm of ``v`` over all dimensions but ``dim``, keeping them at size 1; for None (or −1) over all of them,
    0-d.

    Raises IndexError for any other ``dim`` outside [0, ndim).
    """
    if dim is None or dim == -1:
        return vector_norm(v)
    if not 0 <= dim < v.ndim:
        raise IndexError(f"weight_norm: dim {dim} is outside of [0, {v.ndim - 1}]; None is the norm of the whole")
    others = tuple(d for d in range(v.ndim) if d != dim)
    return vector_norm(v, 2, others, True) if others else abs(v)


class _WeightNorm(Module):
    def __init__(self, dim: int | None):
        super().__init__()
        self.dim = dim

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        return v * (g / norm_except_dim(v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """``w = g·v/‖v‖``: length and direction of each output's weights are trained separately. Salimans and Kingma 2016.

    ``parametrizations.<name>.original0`` is g (size 1 except in ``dim``), ``original1`` is v; dim None has one length
    for the whole weight. The gradient of v is ``g/‖v‖·(I − vvᵀ/‖v‖²)`` times that of w: it has no component along v, so
    ‖v‖ only grows and the steps in direction become smaller by themselves.

    Use it in recurrent, generative and reinforcement learning nets, where batch statistics do harm. It does not keep
    activations at unit scale, and g still needs careful initialization.

    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    (2, 1)
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(partial(_take_older_names, name))
    return module


def _take_older_names(name: str, module: Module, state_dict: dict, prefix: str) -> None:
    """Renames the g and v of ``nn.utils.weight_norm``."""
    for i, part in enumerate("gv"):
        if f"{prefix}{name}_{part}" in state_dict:
            state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(f"{prefix}{name}_{part}")


def output_dim(module: Module, dim: int | None) -> int:
    """The given ``dim``, else the weight's output dimension."""
    return int(isinstance(module, ConvTranspose1d)) if dim is None else dim


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """``weight`` as a matrix: ``dim`` as rows, the other dimensions as columns."""
    return weight.movedim(dim, 0).reshape((weight.shape[dim], -1))


def random_direction(size: int, like: Tensor, eps: float) -> Tensor:
    """A vector of length 1 in a random direction."""
    return F.normalize(Tensor(default_generator.numpy.standard_normal(size).astype(like.dtype)), dim=0, eps=eps)


def power_iterations(matrix: Tensor, u: Tensor, v: Tensor, count: int, eps: float) -> None:
    """``u ← Mv/‖Mv‖, v ← Mᵀu/‖Mᵀu‖``, in place: towards the first left and right singular vectors."""
    if state.listeners:
        tell("refuse", "spectral_norm iterates on its vectors")
    m = matrix.numpy()
    for _ in range(count):
        u.array[...] = F.normalize(m @ v.array, dim=0, eps=eps)
        v.array[...] = F.normalize(m.T @ u.array, dim=0, eps=eps)
    u.version[0] += 1
    v.version[0] += 1


def largest_singular_value(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """``uᵀMv``, for the present u and v (copies: the next iteration writes into them)."""
    return dot(Tensor(np.array(u.array)), mv(matrix, Tensor(np.array(v.array))))


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float):
        super().__init__()
        check_power_iterations(weight, n_power_iterations, dim)
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim % weight.ndim, eps
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                self.register_buffer(name, random_direction(size, weight, eps))
            power_iterations(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_iterations(matrix.detach(), self._u, self._v, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def check_power_iterations(weight: Tensor, count: int, dim: int) -> None:
    """Raises ValueError unless the count is positive, IndexError unless the weight has that dimension."""
    if count < 1:
        raise ValueError(f"spectral_norm: n_power_iterations must be positive, got {count}")
    if not -weight.ndim <= dim < weight.ndim:
        raise IndexError(f"spectral_norm: dim {dim} is outside of [{-weight.ndim}, {weight.ndim - 1}]")


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """``W/σ(W)``, σ the largest singular value: the layer lengthens no vector. Miyato et al. 2018.

    W is reshaped to a matrix with ``dim`` (0; 1 for transposed convolutions) as rows. σ = uᵀWv, where u and v approach
    its singular vectors by ``n_power_iterations`` each time the weight is read in training. The gradient, ``(G − ⟨G,
    W/σ⟩·uvᵀ)/σ``, has no component that would only scale W's first singular direction.

    Use it in the critic of a GAN: it bounds the Lipschitz constant at the cost of two matrix-vector products. The bound
    is only as good as u and v, which lag behind fast changes of W.

    >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40), n_power_iterations=50)
    >>> round(mg.linalg.svdvals(layer.weight)[0].item(), 3)
    1.0
    """
    weight = _tensor("spectral_norm", module, name)
    part = _SpectralNorm(weight, n_power_iterations, output_dim(module, dim), eps)
    return register_parametrization(module, name, part)


def _tensor(op: str, module: Module, name: str) -> Tensor:
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{op}: {type(module).__name__} has no parameter or buffer {name!r}")
    return tensor


class _Orthogonal(Module):
    def __init__(self, shape: tuple[int, ...], orthogonal_map: str, use_trivialization: bool):
        super().__init__()
        self.shape, self.orthogonal_map, self.use_trivialization = shape, orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        Q = self._map(X.mT if wide else X)
        if self.use_trivialization:
            Q = self.base @ Q
        return Q.mT if wide else Q

    def _map(self, X: Tensor) -> Tensor:
        """A tall (or square) matrix with orthonormal columns from the lower triangle of another."""
        n, k = X.shape[-2:]
        if self.orthogonal_map == "householder":
            below = tril(X, -1)
            columns = _signs(diagonal(X.detach(), 0, -2, -1).numpy())[..., None, :]
            return householder_product(below, 2 / (1 + (below * below).sum(-2))) * columns
        lower = F.pad(tril(X), (0, n - k))
        skew = lower - lower.mT
        if self.orthogonal_map == "matrix_exp":
            return matrix_exp(skew)[..., :k]
        one = np.eye(n, dtype=X.dtype)
        return solve(one - skew * 0.5, one + skew * 0.5)[..., :k]

    def right_inverse(self, Q: Tensor) -> Tensor:
        if tuple(Q.shape) != self.shape:
            raise ValueError(f"orthogonal: matrices of shape {self.shape} expected, got {tuple(Q.shape)}")
        wide, array = Q.shape[-2] < Q.shape[-1], Q.detach().numpy()
        array = np.swapaxes(array, -1, -2) if wide else array
        if self.use_trivialization:
            self.base = Tensor(_completed(array))
            # with reflections the diagonal holds signs, and τ = 2: −I maps to I
            return Tensor(np.broadcast_to(-np.eye(*self.shape[-2:], dtype=Q.dtype), self.shape).copy())
        if self.orthogonal_map != "householder":
            raise NotImplementedError(f"orthogonal: without trivialization {self.orthogonal_map} cannot be inverted")
        reflectors, tau = np.linalg.qr(array, mode="raw")
        reflectors = np.array(np.swapaxes(reflectors, -1, -2), Q.dtype)
        corner = np.arange(array.shape[-1])
        # LAPACK leaves a column unchanged by τ = 0; τ = 2 flips its sign
        reflectors[..., corner, corner] = _signs(reflectors[..., corner, corner]) * np.where(tau == 0, -1, 1)
        return Tensor(np.swapaxes(reflectors, -1, -2).copy() if wide else reflectors)


def _completed(Q: np.ndarray) -> np.ndarray:
    """A square orthogonal matrix whose first columns are Q's, orthonormalized if necessary."""
    n, k = Q.shape[-2:]
    if n == k and np.allclose(np.swapaxes(Q, -1, -2) @ Q, np.eye(n), atol=10 * n * np.finfo(Q.dtype).eps):
        return np.array(Q)
    more = default_generator.numpy.standard_normal((*Q.shape[:-1], n - k)).astype(Q.dtype)
    q, r = np.linalg.qr(np.concatenate([Q, more], -1))
    return q * _signs(np.diagonal(r, 0, -2, -1))[..., None, :]


def _signs(x: np.ndarray) -> np.ndarray:
    """−1 where x < 0, else 1."""
    return np.where(x < 0, -1, 1).astype(x.dtype)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keeps a matrix (..., m, n) orthogonal: ``QᵀQ = I``, or ``QQᵀ = I`` where it is wide. Lezcano-Casado 2019.

    ``orthogonal_map`` "matrix_exp" is ``exp(A)`` and "cayley" ``(I − A/2)⁻¹(I + A/2)`` of the skew-symmetric ``A = L −
    Lᵀ``, L the original's lower triangle; "householder" is a product of reflections, with the columns below the
    diagonal as vectors. Default: matrix_exp for square matrices, else householder. With ``use_trivialization`` Q is
    ``base @ map(original)``, which starts at the given weight; otherwise it starts at the map of the weight.

    Use it in recurrent nets: powers of Q neither vanish nor explode. It cannot learn to forget, and each step costs an
    n×n matrix function. Raises ValueError for a weight of fewer than 2 dimensions or an unknown map.

    >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(4, 4))
    >>> mg.allclose(layer.weight.mT @ layer.weight, mg.eye(4), atol=1e-5)
    True
    """
    weight = _tensor("orthogonal", module, name)
    if weight.ndim < 2:
        raise ValueError(f"orthogonal: a matrix or a batch of matrices expected, got shape {tuple(weight.shape)}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    maps = ("matrix_exp", "cayley", "householder")
    if orthogonal_map not in maps:
        raise ValueError(f"orthogonal: orthogonal_map is one of {', '.join(maps)}, got {orthogonal_map!r}")
    part = _Orthogonal(tuple(weight.shape), orthogonal_map, use_trivialization)
    return register_parametrization(module, name, part, unsafe=True)


_explain_all(globals(), "microgradnet")
