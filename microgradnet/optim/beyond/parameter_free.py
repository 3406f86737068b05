"""No learning rate to tune: the distance to the solution is estimated during training."""

from math import sqrt as root

from ...backends.device import np
from ...ops import sqrt
from ..optimizer import options
from ..ranges import require, require_betas
from ..tensorwise import TensorOptimizer
from ..update_rule import apply, held_array


def dadapt_adam(p, g, exp_avg, exp_avg_sq, rate, beta1, beta2, eps):
    """Defazio and Mishchenko 2023, Adam with D-Adaptation; ``rate`` is the paper's d·γ."""
    exp_avg = beta1 * exp_avg + (1 - beta1) * rate * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    return p - exp_avg / (sqrt(exp_avg_sq) + eps), exp_avg, exp_avg_sq


def prodigy(p, g, exp_avg, exp_avg_sq, s, d, gamma, beta1, beta2, eps, weight_decay):
    """Mishchenko and Defazio 2023, Prodigy's Adam version."""
    exp_avg = beta1 * exp_avg + (1 - beta1) * d * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * d**2 * g * g
    s = sqrt(beta2) * s + (1 - sqrt(beta2)) * gamma * d**2 * g
    return p - gamma * d * (exp_avg / (sqrt(exp_avg_sq) + d * eps) + weight_decay * p), exp_avg, exp_avg_sq, s


class DistanceAdaptation(TensorOptimizer):
    """Base: ``d ← max(d, Σ r/Σ‖s‖₁)``, over all parameters of all groups, after their steps with the old d.

    Each parameter's share r of the numerator is a number in its state; d is in every group.
    """

    def __init__(self, params, hyperparameters: dict):
        super().__init__(params, {**hyperparameters, "d": hyperparameters["d0"]})

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, positive=["d0"])

    def step(self, closure=None):
        """Updates every parameter that has a gradient, then d."""
        loss = super().step(closure)
        norm = sum(float(np.abs(state["s"]).sum()) for state in self.state.values() if state)
        d = max(group["d"] for group in self.param_groups)
        if norm > 0:
            d = max(d, sum(state["r"] for state in self.state.values() if state) / norm)
        for group in self.param_groups:
            group["d"] = d
        return loss


class DAdaptAdam(DistanceAdaptation):
    """``p ← p − m/(√v + eps)``, ``m ← β₁m + (1 − β₁)·d·γ·g``, ``v ← β₂v + (1 − β₂)g²``; d estimates ‖p₀ − p*‖.

    ``r ← √β₂·r + d·γ·⟨g, s/(√v + eps)⟩`` with the v of the step before, ``s ← √β₂·s + (1 − √β₂)·d·γ·g``, ``d ← max(d,
    Σr/‖s‖₁)``; γ is ``lr``, a schedule relative to 1, and our r is the paper's divided by 1 − √β₂. ``weight_decay`` λ
    adds ``λ·p`` to the gradient, the reference implementation's default. All groups share one d. The scalar product
    stands for ``⟨g, p₀ − p⟩``; p was reached with the v before this gradient, which the authors' code takes for that
    reason, and so do we.
    """

    state_names = ("exp_avg", "exp_avg_sq", "s", "r")
    paper = "Defazio and Mishchenko 2023, 'Learning-Rate-Free Learning by D-Adaptation', its variant of Adam"
    when = "Adam without a search for lr; leave lr at 1. Very noisy gradients, or a bad start, mislead d for good."

    def __init__(
        self, params, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def update(self, p, g, state, group):
        (beta1, beta2), rate, s = group["betas"], group["d"] * group["lr"], held_array(state, "s", p)
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        moments = {name: held_array(state, name, p) for name in ("exp_avg", "exp_avg_sq")}
        slow, denominator = root(beta2), np.sqrt(moments["exp_avg_sq"]) + group["eps"]
        denominator = np.maximum(denominator, np.finfo(p.dtype).tiny)  # before the first gradient s = v = 0
        state["r"] = slow * state.get("r", 0.0) + rate * float(np.vdot(g, s / denominator))
        apply(dadapt_adam, p, g, moments, (rate, beta1, beta2, group["eps"]))
        s *= slow
        s += (1 - slow) * rate * g


class Prodigy(DistanceAdaptation):
    """``p ← p − γd·m/(√v + d·eps)``, ``m ← β₁m + (1 − β₁)·d·g``, ``v ← β₂v + (1 − β₂)·d²·g²``; d grows by itself.

    ``r ← √β₂·r + (1 − √β₂)·γ·d²·⟨g, p₀ − p⟩``, ``s ← √β₂·s + (1 − √β₂)·γ·d²·g``, ``d ← max(d, Σr/‖s‖₁)``; γ is ``lr``,
    a schedule relative to 1. ``weight_decay`` λ subtracts ``γ·d·λ·p``, decoupled as in the reference implementation.
    All groups share one d, which stays below ``max|p₀ − p*|`` on a convex function.
    """

    state_names = ("exp_avg", "exp_avg_sq", "s", "r", "p0")
    paper = "Mishchenko and Defazio 2023, 'Prodigy: An Expeditiously Adaptive Parameter-Free Learner', its Adam version"
    when = "AdamW without a search for lr; leave lr at 1 with cosine decay. d never falls: a bad start lasts."

    def __init__(
        self, params, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def update(self, p, g, state, group):
        (beta1, beta2), d, gamma = group["betas"], group["d"], group["lr"]
        if "p0" not in state:
            state["p0"] = p.copy()
        slow = root(beta2)
        shown = (1 - slow) * gamma * d**2 * float(np.vdot(g, state["p0"] - p))
        state["r"] = slow * state.get("r", 0.0) + shown
        arrays = {name: held_array(state, name, p) for name in ("exp_avg", "exp_avg_sq", "s")}
        apply(prodigy, p, g, arrays, (d, gamma, beta1, beta2, group["eps"], group["weight_decay"]))
