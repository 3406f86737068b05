"""SM3: Adagrad with one accumulator per row and column instead of one per element."""

from functools import reduce

from ...backends.device import np
from ..optimizer import options
from ..ranges import require
from ..tensorwise import TensorOptimizer
from ..update_rule import held_array


class SM3(TensorOptimizer):
    """``ν = minᵣ μ(r) + g²``, ``p ← p − lr·g/√ν`` (0/0 = 0), ``μ(r) ← max ν over r``; the r are slices.

    The slices of a matrix are its rows and columns; an array of k dimensions has those along each dimension. With
    ``momentum`` β the step is along ``m ← β·m + (1 − β)·g/√ν``, as in the paper's experiments and in the reference
    implementation. ``load_state_dict`` raises ValueError for accumulators of other shapes.
    """

    state_names = ("accumulators", "exp_avg")
    optional_names = ("exp_avg",)
    paper = "Anil et al. 2019, 'Memory-Efficient Adaptive Optimization', algorithm SM3-II"
    when = "Large embeddings and little memory; like Adagrad its steps only shrink, and it wants a warm-up of lr."

    def __init__(self, params, lr=0.1, momentum=0.9, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"])

    def check_state(self, p, state, group):
        super().check_state(p, state, group)
        found, expected = [np.shape(a) for a in state.get("accumulators", ())], accumulator_shapes(p.shape)
        if state and found != expected:
            raise ValueError(
                f"SM3: accumulators of shapes {expected} expected for shape {p.shape}, the state has {found}"
            )

    def update(self, p, g, state, group):
        if "accumulators" not in state:
            state["accumulators"] = [np.zeros(shape, p.dtype) for shape in accumulator_shapes(p.shape)]
        nu = reduce(np.minimum, state["accumulators"]) + g * g
        for accumulator in state["accumulators"]:
            others = tuple(i for i, n in enumerate(accumulator.shape) if n == 1)
            accumulator[...] = nu.max(axis=others, keepdims=True) if nu.size else 0
        update = g / np.sqrt(np.where(nu > 0, nu, 1))
        if group["momentum"]:
            exp_avg = held_array(state, "exp_avg", p)
            exp_avg[...] = update = group["momentum"] * exp_avg + (1 - group["momentum"]) * update
        p[...] -= group["lr"] * update


def accumulator_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """For each dimension, its length in a shape that broadcasts over the others; a 0-d parameter is its own slice."""
    return [(1,) * i + (n,) + (1,) * (len(shape) - i - 1) for i, n in enumerate(shape)] or [()]
