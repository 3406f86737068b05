"""SparseAdam: Adam that updates only the elements that have a gradient."""

from ..ops import sqrt, where
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options
from .ranges import require


def sparse_adam(p, g, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps):
    """Kingma and Ba 2014, algorithm 1, where ``g`` is not 0; nothing elsewhere."""
    here = g != 0
    exp_avg = where(here, beta1 * exp_avg + (1 - beta1) * g, exp_avg)
    exp_avg_sq = where(here, beta2 * exp_avg_sq + (1 - beta2) * g * g, exp_avg_sq)
    step_size = lr * sqrt(1 - beta2**step) / (1 - beta1**step)
    return where(here, p - step_size * exp_avg / (sqrt(exp_avg_sq) + eps), p), exp_avg, exp_avg_sq


class SparseAdam(ElementwiseOptimizer):
    """``m ← β₁m + (1 − β₁)g``, ``v ← β₂v + (1 − β₂)g²``, ``p ← p − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + eps)`` where g ≠ 0.

    Moments of elements without a gradient do not decay. PyTorch takes these elements from a sparse gradient and refuses
    a dense one; gradients are dense here, so an element counts as absent if its gradient is exactly 0. The two differ
    for an element that is listed with a gradient of 0. Adam with lazy updates, Kingma and Ba 2014.
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step",)
    paper = "Kingma and Ba 2014, 'Adam: A Method for Stochastic Optimization', algorithm 1 where g ≠ 0"
    when = "Embeddings of which a batch uses few rows: rare rows keep their moments until they are used again."

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        require(self, group, positive=("lr", "eps"))

    def _saved(self, name, value):
        return value if name == "step" else super()._saved(name, value)  # PyTorch keeps an int here

    def rule(self, group):
        return sparse_adam, self.state_names

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], *group["betas"], group["eps"]
