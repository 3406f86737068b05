"""Dual averaging: the parameter is recomputed from the sum of all gradients. FTRL-Proximal and MADGRAD."""

from math import sqrt as root

from ...backends.device import np
from ...ops import abs, pow, sign, sqrt, where
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require


def ftrl(p, g, z, n, lr, beta, l1, l2):
    """McMahan et al. 2013, algorithm 1: exact zeros for coordinates whose summed gradient stays below l1."""
    sigma = (sqrt(n + g * g) - sqrt(n)) / lr
    z = z + g - sigma * p
    n = n + g * g
    return where(abs(z) <= l1, 0, (sign(z) * l1 - z) / ((beta + sqrt(n)) / lr + l2)), z, n


def madgrad(p, g, grad_sum, grad_sum_sq, x0, weight, momentum, eps, weight_decay):
    """Defazio and Jelassi 2021, algorithm 1: a cube root, because the weights of later gradients grow."""
    g = g + weight_decay * p
    grad_sum = grad_sum + weight * g
    grad_sum_sq = grad_sum_sq + weight * g * g
    z = x0 - grad_sum / (pow(grad_sum_sq, 1 / 3) + eps)
    return momentum * p + (1 - momentum) * z, grad_sum, grad_sum_sq, x0


class FTRL(ElementwiseOptimizer):
    """``z ← z + g − (√(n + g²) − √n)/lr·p``, ``n ← n + g²``, ``p ← (sgn(z)·l1 − z)/((β + √n)/lr + l2)``.

    p is 0 where |z| ≤ l1. The paper starts at p = 0 with z = 0; for any other start, z is chosen to give that p:
    ``−(β/lr + l2)·p − sgn(p)·l1``. ``l1`` and ``l2`` are the elastic net's strengths. z contains lr, so do not use a
    schedule.
    """

    state_names = ("z", "n")
    paper = "McMahan et al. 2013, 'Ad Click Prediction: a View from the Trenches', algorithm 1"
    when = "Linear models on a stream of sparse features: most weights end at exactly 0. Its steps fall like Adagrad's."

    def __init__(self, params, lr=0.1, beta=1.0, l1=0.0, l2=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, positive=["lr"], not_negative=["beta", "l1", "l2"])

    def rule(self, group):
        return ftrl, self.state_names

    def fill(self, p, state, held, group):
        if "z" not in state:
            pull = group["beta"] / group["lr"] + group["l2"]
            state["z"] = np.array(-pull * p.array - np.sign(p.array) * group["l1"], p.dtype, order="C")
        super().fill(p, state, held, group)

    def hyperparameters(self, group, state):
        return group["lr"], group["beta"], group["l1"], group["l2"]


class MADGRAD(ElementwiseOptimizer):
    """``p ← β·p + (1 − β)·(p₀ − s/(∛v + eps))``, ``s ← s + λₜ·g``, ``v ← v + λₜ·g²``, ``λₜ = lr·√t``.

    β is ``momentum``, p₀ the start. ``weight_decay`` λ adds ``λ·p`` to the gradient, as in the reference implementation
    (which also adds eps to lr; we do not).
    """

    state_names = ("grad_sum", "grad_sum_sq", "x0")
    number_names = ("step",)
    paper = "Defazio and Jelassi 2021, 'Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient"
    paper += " Method', algorithm 1"
    when = (
        "Vision and sparse problems, with SGD's generalization; weight decay must be far less than with SGD, often 0."
    )

    def __init__(self, params, lr=1e-2, momentum=0.9, weight_decay=0.0, eps=1e-6, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"])

    def rule(self, group):
        return madgrad, self.state_names

    def fill(self, p, state, held, group):
        if "x0" not in state:
            state["x0"] = p.array.copy()
        super().fill(p, state, held, group)

    def hyperparameters(self, group, state):
        return group["lr"] * root(state["step"]), group["momentum"], group["eps"], group["weight_decay"]
