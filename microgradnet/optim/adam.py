"""Adam: steps scaled by running estimates of the gradient's first and second moment."""

import math

from ..ops import maximum, sqrt
from .optimizer import Optimizer


def adam(p, g, exp_avg, exp_avg_sq, step_size, beta1, beta2, eps, weight_decay, root_correction, sign):
    """Kingma and Ba 2014, algorithm 1; ``step_size`` is lr/(1 − β₁ᵗ), ``root_correction`` is √(1 − β₂ᵗ)."""
    g = sign * g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    return p - step_size * exp_avg / (sqrt(exp_avg_sq) / root_correction + eps), exp_avg, exp_avg_sq


def amsgrad(
    p, g, exp_avg, exp_avg_sq, max_exp_avg_sq, step_size, beta1, beta2, eps, weight_decay, root_correction, sign
):
    """Adam with the largest second moment so far, so that steps never grow again. Reddi et al. 2018, algorithm 2."""
    g = sign * g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    max_exp_avg_sq = maximum(max_exp_avg_sq, exp_avg_sq)
    p = p - step_size * exp_avg / (sqrt(max_exp_avg_sq) / root_correction + eps)
    return p, exp_avg, exp_avg_sq, max_exp_avg_sq


class Adam(Optimizer):
    """``m ← β₁m + (1 − β₁)g``, ``v ← β₂v + (1 − β₂)g²``, ``p ← p − lr·m̂/(√v̂ + eps)``, with m̂ and v̂ bias-corrected.

    ``weight_decay`` adds λ·p to the gradient (L2); ``amsgrad`` uses the largest v so far. State: two numbers for each
    parameter (three with amsgrad). Kingma and Ba 2014.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, maximize=False):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update_parameter(self, p, g, state, group) -> None:
        step = state["step"] = state.get("step", 0) + 1
        beta1, beta2 = group["betas"]
        hyperparameters = (
            group["lr"] / (1 - beta1**step),
            beta1,
            beta2,
            group["eps"],
            group["weight_decay"],
            math.sqrt(1 - beta2**step),
            -1.0 if group["maximize"] else 1.0,
        )
        moments = ("exp_avg", "exp_avg_sq")
        if group["amsgrad"]:
            self.run(amsgrad, p, g, state, (*moments, "max_exp_avg_sq"), *hyperparameters)
        else:
            self.run(adam, p, g, state, moments, *hyperparameters)
