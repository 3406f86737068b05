"""RAdam: Adam that ignores the second moment until enough gradients were seen."""

from ..ops import sqrt, where
from .adam import decays
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def radam(p, g, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps, weight_decay, decoupled_decay, rectification):
    """Liu et al. 2019, algorithm 2; ``rectification`` is 0 while too few gradients were seen."""
    p = (1 - lr * decoupled_decay) * p
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    adaptive = rectification * sqrt(1 - beta2**step) / (sqrt(exp_avg_sq) + eps)
    scale = where(rectification > 0, adaptive, 1)
    return p - lr / (1 - beta1**step) * exp_avg * scale, exp_avg, exp_avg_sq


class RAdam(ElementwiseOptimizer):
    """``p ← p − lr·m/(1 − β₁ᵗ)·s`` with ``s = r·√(1 − β₂ᵗ)/(√v + eps) if ρ > 5, else 1``; m and v as in Adam.

    ``ρ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ)`` is the effective number of gradients in v, with ``ρ∞ = 2/(1 − β₂) − 1``, and ``r =
    √((ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ))``. Liu et al. 2019, "On the Variance of the Adaptive Learning Rate and
    Beyond".
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step",)
    paper = "Liu et al. 2019, 'On the Variance of the Adaptive Learning Rate and Beyond', algorithm 2"
    when = "In place of Adam with a warm-up of the learning rate."

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
        foreach=None, maximize=False, capturable=False, differentiable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def rule(self, group):
        return radam, self.state_names

    def hyperparameters(self, group, state):
        step, beta2 = state["step"], group["betas"][1]
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / (1 - beta2**step)
        r = 0.0
        if length > 5:
            r = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
        return step, group["lr"], *group["betas"], group["eps"], *decays(group), r
