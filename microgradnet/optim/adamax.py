"""Adamax: Adam with the infinity norm in place of the second moment."""

from ..ops import abs, maximum
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def adamax(p, g, exp_avg, exp_inf, step, lr, beta1, beta2, eps, weight_decay):
    """Kingma and Ba 2014, algorithm 2."""
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_inf = maximum(beta2 * exp_inf, abs(g) + eps)
    return p - lr / (1 - beta1**step) * exp_avg / exp_inf, exp_avg, exp_inf


class Adamax(ElementwiseOptimizer):
    """``m ← β₁m + (1 − β₁)g``, ``u ← max(β₂u, |g| + eps)``, ``p ← p − lr/(1 − β₁ᵗ)·m/u``.

    u is the largest recent gradient, so a step is never longer than about lr. Kingma and Ba 2014, "Adam: A Method for
    Stochastic Optimization", section 7.1; eps as in PyTorch.
    """

    state_names = ("exp_avg", "exp_inf")
    number_names = ("step",)
    paper = "Kingma and Ba 2014, 'Adam: A Method for Stochastic Optimization', algorithm 2"
    when = "Sparse or heavy-tailed gradients, as of embeddings; otherwise Adam."

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, maximize=False,
        differentiable=False, capturable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def rule(self, group):
        return adamax, self.state_names

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], *group["betas"], group["eps"], group["weight_decay"]
