"""Optimizers that precondition the gradient with one matrix per dimension: Shampoo and SOAP."""

from ...backends.device import np
from ..optimizer import options
from ..ranges import require, require_betas
from ..tensorwise import TensorOptimizer
from ..update_rule import held_array


def covariance(g: np.ndarray, axis: int) -> np.ndarray:
    """``G·Gᵀ`` of the matrix G whose rows are the slices of ``g`` along ``axis``."""
    others = [i for i in range(g.ndim) if i != axis]
    return np.tensordot(g, g, (others, others))


def multiplied(g: np.ndarray, matrices: dict[int, np.ndarray]) -> np.ndarray:
    """``g`` with each axis in ``matrices`` multiplied by its matrix, or its diagonal: ``L·G·Rᵀ``."""
    for axis, matrix in matrices.items():
        along = np.moveaxis(g, axis, -1)
        g = np.moveaxis(along * matrix if matrix.ndim == 1 else along @ matrix.T, -1, axis)
    return g


def inverse_root(matrix: np.ndarray, order: int) -> np.ndarray:
    """``matrix^(−1/order)`` of a symmetric positive definite matrix, or of a diagonal; computed in float64."""
    if matrix.ndim == 1:
        return matrix ** (-1 / order)
    values, vectors = np.linalg.eigh(matrix.astype(np.float64))
    smallest = values.max(initial=0) * np.finfo(matrix.dtype).eps  # anything smaller, or negative, is rounding error
    return ((vectors * np.maximum(values, smallest) ** (-1 / order)) @ vectors.T).astype(matrix.dtype)


class Preconditioned(TensorOptimizer):
    """Base: states that are dicts from a dimension to its matrix. Raises ValueError for intervals or sizes below 1."""

    matrix_names: tuple[str, ...] = ()

    def check(self, group):
        super().check(group)
        for name in ("update_every", "max_size"):
            if not (isinstance(group[name], int) and group[name] >= 1):
                raise ValueError(f"{type(self).__name__}: {name} must be a whole number from 1, got {group[name]}")

    def check_state(self, p, state, group):
        super().check_state(p, state, group)
        for name in self.matrix_names if state else ():
            for axis, matrix in state.get(name, {}).items():
                if axis >= max(p.ndim, 1) or set(matrix.shape) != {p.array.reshape(p.shape or 1).shape[axis]}:
                    raise ValueError(
                        f"{type(self).__name__}: the state's {name} of dimension {axis} have shape {matrix.shape}, the "
                        f"parameter {p.shape}"
                    )


class Shampoo(Preconditioned):
    """``L ← L + G·Gᵀ``, ``R ← R + Gᵀ·G``, ``p ← p − lr·L^(−1/4)·G·R^(−1/4)``; both start at ``eps·I``.

    A tensor of k dimensions has k matrices, each to the power −1/(2k) (algorithm 2): for a vector it is full-matrix
    Adagrad's. Dimensions longer than ``max_size`` keep only the diagonal, and the roots are recomputed every
    ``update_every`` steps, as in the paper's experiments. ``momentum`` is a heavy ball on the preconditioned gradients;
    ``weight_decay`` λ adds ``λ·p`` to the gradient.
    """

    state_names = ("statistics", "roots", "momentum_buffer")
    optional_names = ("momentum_buffer",)
    number_names = ("step",)
    matrix_names = ("statistics", "roots")
    paper = "Gupta et al. 2018, 'Shampoo: Preconditioned Stochastic Tensor Optimization', algorithms 1 and 2"
    when = "Badly conditioned layers, in few steps; each eigendecomposition costs n³, and the steps only shrink."

    def __init__(
        self, params, lr=0.1, momentum=0.0, weight_decay=0.0, eps=1e-4, update_every=1, max_size=1200, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"], positive=["eps"])

    def update(self, p, g, state, group):
        g = (g + group["weight_decay"] * p).reshape(p.shape or 1)
        if "statistics" not in state:
            diagonal = {i: np.full(n, group["eps"], p.dtype) for i, n in enumerate(g.shape)}
            state["statistics"] = {i: d if d.size > group["max_size"] else np.diag(d) for i, d in diagonal.items()}
        for axis, statistic in state["statistics"].items():
            if statistic.ndim == 1:
                statistic += np.square(np.moveaxis(g, axis, 0).reshape(statistic.size, -1)).sum(1)
            else:
                statistic += covariance(g, axis)
        if (state["step"] - 1) % group["update_every"] == 0:
            state["roots"] = {i: inverse_root(s, 2 * g.ndim) for i, s in state["statistics"].items()}
        update = multiplied(g, state["roots"]).reshape(p.shape)
        if group["momentum"]:
            velocity = held_array(state, "momentum_buffer", p)
            velocity[...] = update = group["momentum"] * velocity + update
        p[...] -= group["lr"] * update


class SOAP(Preconditioned):
    """``p ← p − lr·(Q_L·(M̂'/(√V̂ + eps))·Q_Rᵀ + λ·p)``: Adam in the eigenbasis of Shampoo's L and R.

    ``M ← β₁M + (1 − β₁)G``, ``M' = Q_Lᵀ·M·Q_R``, ``V ← β₂V + (1 − β₂)(Q_Lᵀ·G·Q_R)²``, with Adam's bias corrections;
    then ``L ← β₂L + (1 − β₂)G·Gᵀ``, ``R ← β₂R + (1 − β₂)Gᵀ·G``, and every ``update_every`` steps ``Q_L ← QR(L·Q_L)``,
    ``Q_R ← QR(R·Q_R)``, one power iteration (algorithm 4). The first gradient only initializes L, R and their
    eigenvectors. Vectors and dimensions longer than ``max_size`` are not rotated. The reference implementation also
    sorts Q's columns; we do not.
    """

    state_names = ("exp_avg", "exp_avg_sq", "statistics", "bases")
    number_names = ("step",)
    matrix_names = ("statistics", "bases")
    paper = "Vyas et al. 2024, 'SOAP: Improving and Stabilizing Shampoo using Adam', algorithms 3 and 4"
    when = "Fewer steps than AdamW for transformers with large batches; matrix products and QR make each dearer."

    def __init__(
        self, params, lr=3e-3, betas=(0.95, 0.95), eps=1e-8, weight_decay=0.01, update_every=10, max_size=10000, *,
        maximize=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def update(self, p, g, state, group):
        (beta1, beta2), step = group["betas"], state["step"] - 1
        m, v = held_array(state, "exp_avg", p), held_array(state, "exp_avg_sq", p)
        if step == 0:
            axes = [i for i, n in enumerate(p.shape) if p.ndim > 1 and n <= group["max_size"]]
            state["statistics"] = {i: (1 - beta2) * covariance(g, i) for i in axes}
            # Largest first, the order that power iteration keeps.
            state["bases"] = {i: np.linalg.eigh(s)[1][:, ::-1].copy() for i, s in state["statistics"].items()}
            return
        into = {i: basis.T for i, basis in state["bases"].items()}
        m[...] = beta1 * m + (1 - beta1) * g
        v[...] = beta2 * v + (1 - beta2) * multiplied(g, into) ** 2
        ratio = multiplied(m, into) / (1 - beta1**step) / (np.sqrt(v / (1 - beta2**step)) + group["eps"])
        p[...] -= group["lr"] * (multiplied(ratio, state["bases"]) + group["weight_decay"] * p)
        for axis, statistic in state["statistics"].items():
            statistic[...] = beta2 * statistic + (1 - beta2) * covariance(g, axis)
            if step % group["update_every"] == 0:
                basis = np.linalg.qr(statistic @ state["bases"][axis])[0]
                state["bases"][axis] = np.ascontiguousarray(basis)
