"""No learning rate to find: the distance to the solution is estimated from below as training goes."""

from math import sqrt

import numpy as np

from .optimizer import Optimizer, options
from .ranges import require, require_betas


class DistanceAdaptation(Optimizer):
    """Base: ``d ← max(d, Σ r/Σ‖s‖₁)``, over all parameters of all groups, after their steps with the d of before.

    Each parameter's share r of the numerator is a number in its state; d stands in every group.
    """

    def __init__(self, params, hyperparameters: dict):
        super().__init__(params, {**hyperparameters, "d": hyperparameters["d0"]})

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, positive=["d0"])

    def step(self, closure=None):
        """Updates every parameter that has a gradient, and then d."""
        loss = super().step(closure)
        norm = sum(float(np.abs(state["s"]).sum()) for state in self.state.values() if state)
        d = max(group["d"] for group in self.param_groups)
        if norm > 0:
            d = max(d, sum(state["r"] for state in self.state.values() if state) / norm)
        for group in self.param_groups:
            group["d"] = d
        return loss

    def start(self, p, state: dict, **more: np.ndarray) -> None:
        """Fills the state of the first step."""
        zeros = {name: np.zeros(p.shape, p.dtype) for name in ("exp_avg", "exp_avg_sq", "s")}
        state.update(zeros, r=0.0, **more)


class DAdaptAdam(DistanceAdaptation):
    """``p ← p − m/(√v + eps)``, ``m ← β₁m + (1 − β₁)·d·γ·g``, ``v ← β₂v + (1 − β₂)g²``; d ≤ ‖p₀ − p*‖ grows by itself.

    ``r ← √β₂·r + d·γ·⟨g, s/(√v + eps)⟩``, ``s ← √β₂·s + (1 − √β₂)·d·γ·g``, ``d ← max(d, Σr/‖s‖₁)``; γ is ``lr``, a
    schedule without a scale, and our r is the paper's over 1 − √β₂. ``weight_decay`` λ adds ``λ·p`` to the gradient,
    the reference implementation's default. All groups share one d.
    """

    state_names = ("exp_avg", "exp_avg_sq", "s", "r")
    paper = "Defazio and Mishchenko 2023, 'Learning-Rate-Free Learning by D-Adaptation', algorithm 5 (Adam)"
    when = "Adam without a search for lr; leave lr at 1. Very noisy gradients, or a bad start, mislead d for good."

    def __init__(
        self, params, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def update_parameter(self, p, g, state, group):
        if not state:
            self.start(p, state)
        m, v, s = (state[name] for name in ("exp_avg", "exp_avg_sq", "s"))
        (beta1, beta2), rate = group["betas"], group["d"] * group["lr"]
        slow = sqrt(beta2)
        g = (-g if group["maximize"] else g) + group["weight_decay"] * p.array
        v[...] = beta2 * v + (1 - beta2) * g * g
        denominator = np.sqrt(v) + group["eps"]
        m[...] = beta1 * m + (1 - beta1) * rate * g
        p.array[...] -= m / denominator
        state["r"] = slow * state["r"] + rate * float(np.sum(g * s / denominator))
        s[...] = slow * s + (1 - slow) * rate * g


class Prodigy(DistanceAdaptation):
    """``p ← p − γd·m/(√v + d·eps)``, ``m ← β₁m + (1 − β₁)·d·g``, ``v ← β₂v + (1 − β₂)·d²·g²``; d grows by itself.

    ``r ← √β₂·r + (1 − √β₂)·γ·d²·⟨g, p₀ − p⟩``, ``s ← √β₂·s + (1 − √β₂)·γ·d²·g``, ``d ← max(d, Σr/‖s‖₁)``; γ is ``lr``,
    a schedule without a scale. ``weight_decay`` λ takes ``γ·d·λ·p`` off, decoupled as in the reference implementation.
    All groups share one d.
    """

    state_names = ("exp_avg", "exp_avg_sq", "s", "r", "p0")
    paper = "Mishchenko and Defazio 2023, 'Prodigy: An Expeditiously Adaptive Parameter-Free Learner', algorithm 4"
    when = "AdamW without a search for lr; leave lr at 1 with cosine decay. d never falls: a bad start lasts."

    def __init__(
        self, params, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def update_parameter(self, p, g, state, group):
        if not state:
            self.start(p, state, p0=p.array.copy())
        m, v, s = (state[name] for name in ("exp_avg", "exp_avg_sq", "s"))
        (beta1, beta2), gamma, d = group["betas"], group["lr"], group["d"]
        slow = sqrt(beta2)
        g = -g if group["maximize"] else g
        m[...] = beta1 * m + (1 - beta1) * d * g
        v[...] = beta2 * v + (1 - beta2) * (d * g) ** 2
        weight = (1 - slow) * gamma * d**2
        state["r"] = slow * state["r"] + weight * float(np.sum(g * (state["p0"] - p.array)))
        s[...] = slow * s + weight * g
        update = m / (np.sqrt(v) + d * group["eps"]) + group["weight_decay"] * p.array
        p.array[...] -= gamma * d * update
