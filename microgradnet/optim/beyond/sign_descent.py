"""Steps of equal size in every coordinate: only the sign of the gradient, or of its running mean, is used."""

from ...ops import sign
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require, require_betas


def signum(p, g, exp_avg, lr, momentum, weight_decay):
    """Bernstein et al. 2018, algorithm 2; without momentum algorithm 1."""
    g = g + weight_decay * p
    exp_avg = momentum * exp_avg + (1 - momentum) * g
    return p - lr * sign(exp_avg), exp_avg


def lion(p, g, exp_avg, lr, beta1, beta2, weight_decay):
    """Chen et al. 2023, algorithm 2: one running mean for the step, a slower one to remember."""
    update = sign(beta1 * exp_avg + (1 - beta1) * g)
    exp_avg = beta2 * exp_avg + (1 - beta2) * g
    return p - lr * (update + weight_decay * p), exp_avg


class SignSGD(ElementwiseOptimizer):
    """``p ← p − lr·sign(g + λ·p)``.

    The paper's algorithm has no weight decay; ours, λ, is coupled as in SGD.
    """

    paper = "Bernstein et al. 2018, 'signSGD: Compressed Optimisation for Non-Convex Problems', algorithm 1"
    when = "Gradients sent over a network in one bit each; with a constant lr it ends by jumping ±lr around a minimum."

    def __init__(self, params, lr=1e-4, weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def rule(self, group):
        return signum, ()

    def hyperparameters(self, group, state):
        return group["lr"], 0.0, group["weight_decay"]


class Signum(ElementwiseOptimizer):
    """``m ← β·m + (1 − β)·(g + λ·p)``, ``p ← p − lr·sign(m)``, with β = ``momentum``.

    The paper's algorithm has no weight decay; ours, λ, is coupled as in SGD.
    """

    state_names = ("exp_avg",)
    paper = "Bernstein et al. 2018, 'signSGD: Compressed Optimisation for Non-Convex Problems', algorithm 2"
    when = "As SignSGD where gradients are noisy: the mean votes on the sign. It needs a decaying lr to settle."

    def __init__(self, params, lr=1e-4, momentum=0.9, weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"])

    def rule(self, group):
        return signum, self.state_names

    def hyperparameters(self, group, state):
        return group["lr"], group["momentum"], group["weight_decay"]


class Lion(ElementwiseOptimizer):
    """``c = β₁m + (1 − β₁)g``, ``p ← p − lr·(sign(c) + λ·p)``, ``m ← β₂m + (1 − β₂)g``; λ is decoupled."""

    state_names = ("exp_avg",)
    paper = "Chen et al. 2023, 'Symbolic Discovery of Optimization Algorithms', algorithm 2"
    when = "Large batches and half of Adam's memory: lr 3 to 10 times smaller, weight decay as much larger, than AdamW."

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def rule(self, group):
        return lion, self.state_names

    def hyperparameters(self, group, state):
        return group["lr"], *group["betas"], group["weight_decay"]
