"""Adadelta: the root of a running mean of squared updates replaces the learning rate."""

from ..ops import sqrt
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def adadelta(p, g, square_avg, acc_delta, lr, rho, eps, weight_decay):
    """Zeiler 2012, algorithm 1; the paper has lr = 1."""
    g = g + weight_decay * p
    square_avg = rho * square_avg + (1 - rho) * g * g
    delta = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * g
    acc_delta = rho * acc_delta + (1 - rho) * delta * delta
    return p - lr * delta, square_avg, acc_delta


class Adadelta(ElementwiseOptimizer):
    """``v ← ρv + (1 − ρ)g²``, ``Δ = g·√(u + eps)/√(v + eps)``, ``u ← ρu + (1 − ρ)Δ²``, ``p ← p − lr·Δ``.

    Updates have the units of p, so no learning rate needs to be chosen. Zeiler 2012, "ADADELTA: An Adaptive Learning
    Rate Method". Raises ValueError for ``rho`` outside [0, 1].
    """

    state_names = ("square_avg", "acc_delta")
    number_names = ("step",)
    paper = "Zeiler 2012, 'ADADELTA: An Adaptive Learning Rate Method', algorithm 1"
    when = "Where no learning rate is to be tuned; slow at the start, since u starts at 0."

    def __init__(
        self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, maximize=False,
        differentiable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        if not 0 <= group["rho"] <= 1:
            raise ValueError(f"Adadelta: rho must be in [0, 1], got {group['rho']}")

    def rule(self, group):
        return adadelta, self.state_names

    def hyperparameters(self, group, state):
        return group["lr"], group["rho"], group["eps"], group["weight_decay"]
