"""Adagrad: steps divided by the root of the sum of all squared gradients."""

from ..backends.device import np
from ..ops import sqrt
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options
from .ranges import require


def adagrad(p, g, sum, step, lr, lr_decay, eps, weight_decay):
    """Duchi, Hazan and Singer 2011, figure 1, with a diagonal matrix."""
    g = g + weight_decay * p
    sum = sum + g * g
    return p - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(sum) + eps), sum


class Adagrad(ElementwiseOptimizer):
    """``s ← s + g²``, ``p ← p − lr/(1 + (t − 1)·lr_decay)·g/(√s + eps)``.

    s starts from ``initial_accumulator_value``. Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods for Online
    Learning and Stochastic Optimization".
    """

    state_names = ("sum",)
    number_names = ("step",)
    paper = (
        "Duchi, Hazan and Singer 2011, 'Adaptive Subgradient Methods for Online Learning and Stochastic Optimization'"
    )
    when = "Convex problems and rare features (bags of words); in deep networks its steps die out."

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *,
        maximize=False, differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(params, options(locals()))
        for group in self.param_groups:  # as in PyTorch, the state exists from the start
            for p in group["params"]:
                self.state[p] = {"step": 0, "sum": np.full(p.shape, initial_accumulator_value, p.dtype)}

    def check(self, group) -> None:
        super().check(group)
        require(self, group, not_negative=("lr_decay", "initial_accumulator_value"))

    def initial(self, name, group):
        return self.defaults["initial_accumulator_value"]

    def rule(self, group):
        return adagrad, self.state_names

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], group["lr_decay"], group["eps"], group["weight_decay"]
