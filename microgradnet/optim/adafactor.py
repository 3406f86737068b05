"""Adafactor: Adam's second moment kept as one row and one column of a matrix."""

import math

from ..backends.device import np
from ..ops.reduce.reduction import mean
from .optimizer import options
from .tensorwise import TensorOptimizer


def squared_mean(g: np.ndarray, axis: int | None = None):
    return mean(g * g, axis, axis is not None)


class Adafactor(TensorOptimizer):
    """``R ← R + t^c·(mean_cols g² − R)``, ``C`` likewise, ``U = g/√(R·C/mean R)``, ``p ← p − α·U/max(1, rms(U)/d)``.

    ``c`` is ``beta2_decay`` and ``α = max(eps₂, rms(p))·min(lr, 1/√t)``. An n×m matrix has n + m numbers of state; with
    more dimensions the last two are the matrix; a vector keeps its whole g². Weight decay is decoupled. ``eps[0]`` None
    is the machine epsilon of the parameter's dtype. Shazeer and Stern 2018, "Adafactor: Adaptive Learning Rates with
    Sublinear Memory Cost", algorithm 4; what the paper leaves open is as in PyTorch. Raises ValueError for
    ``beta2_decay`` > 0, ``d`` < 1 or a negative ``eps``.
    """

    state_names = ("row_var", "col_var", "variance")
    number_names = ("step",)
    optional_names = state_names  # a matrix has the first two, a vector the third
    paper = "Shazeer and Stern 2018, 'Adafactor: Adaptive Learning Rates with Sublinear Memory Cost', algorithm 4"
    when = "Large models whose optimizer state would not fit; otherwise Adam is faster and as good."

    def __init__(
        self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *, foreach=None,
        maximize=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        if not group["beta2_decay"] <= 0:
            raise ValueError(f"Adafactor: beta2_decay must not be positive, got {group['beta2_decay']}")
        if not group["d"] >= 1:
            raise ValueError(f"Adafactor: the clipping threshold d must be at least 1, got {group['d']}")
        for i, eps in enumerate(group["eps"]):
            if not (eps is None and i == 0) and not eps >= 0:
                raise ValueError(f"Adafactor: eps[{i}] must not be negative, got {eps}")

    def state_shape(self, name, p):
        if name == "row_var":
            return *p.shape[:-1], 1
        return (*p.shape[:-2], 1, p.shape[-1]) if name == "col_var" else p.shape

    def update(self, p, g, state, group) -> None:
        for name in ("row_var", "col_var") if p.ndim > 1 else ("variance",):
            state.setdefault(name, np.zeros(self.state_shape(name, p), p.dtype))
        if p.size == 0:
            return
        eps1 = np.finfo(p.dtype).eps if group["eps"][0] is None else group["eps"][0]
        lr, weight = group["lr"], state["step"] ** group["beta2_decay"]
        rate = max(group["eps"][1], math.sqrt(squared_mean(p))) * min(lr, 1 / math.sqrt(state["step"]))
        p *= 1 - lr * group["weight_decay"]
        if p.ndim > 1:
            row, column = state["row_var"], state["col_var"]
            row += weight * (squared_mean(g, -1) - row)
            column += weight * (squared_mean(g, -2) - column)
            variance = row * column / np.maximum(mean(row, -2, True), eps1)
        else:
            variance = state["variance"]
            variance += weight * (g * g - variance)
        update = g / np.sqrt(np.maximum(variance, eps1 * eps1))
        clip = max(1.0, math.sqrt(squared_mean(update)) / group["d"])
        p -= rate / clip * update
