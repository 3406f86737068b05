"""RMSprop: steps divided by the root of a running mean of squared gradients."""

from ..ops import sqrt
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options
from .ranges import require


def rmsprop(p, g, square_avg, momentum_buffer, grad_avg, lr, alpha, eps, weight_decay, momentum, centered):
    """Hinton 2012, lecture 6e; ``centered`` (1 or 0) uses the variance, Graves 2013, equations 38-45."""
    g = g + weight_decay * p
    square_avg = alpha * square_avg + (1 - alpha) * g * g
    grad_avg = alpha * grad_avg + (1 - alpha) * g
    variance = square_avg - centered * grad_avg * grad_avg
    momentum_buffer = momentum * momentum_buffer + g / (sqrt(variance) + eps)
    return p - lr * momentum_buffer, square_avg, momentum_buffer, grad_avg


class RMSprop(ElementwiseOptimizer):
    """``v ← α·v + (1 − α)g²``, ``b ← momentum·b + g/(√v + eps)``, ``p ← p − lr·b``.

    ``centered`` subtracts from v the square of a running mean of g, which makes it the variance. Without momentum there
    is no b. Tieleman and Hinton 2012, lecture 6e; centered: Graves 2013, "Generating Sequences With Recurrent Neural
    Networks".
    """

    state_names = ("square_avg", "momentum_buffer", "grad_avg")
    number_names = ("step",)
    paper = (
        "Tieleman and Hinton 2012, lecture 6e; "
        "centered: Graves 2013, 'Generating Sequences With Recurrent Neural Networks'"
    )
    when = "Recurrent networks and reinforcement learning; Adam without the running mean of g."

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, capturable=False,
        foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        require(self, group, not_negative=("alpha",))

    def rule(self, group):
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return rmsprop, ("square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

    def hyperparameters(self, group, state):
        decay, momentum, centered = group["weight_decay"], group["momentum"], float(group["centered"])
        return group["lr"], group["alpha"], group["eps"], decay, momentum, centered
