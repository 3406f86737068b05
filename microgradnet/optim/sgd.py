"""Stochastic gradient descent, with momentum."""

from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def heavy_ball(p, g, momentum_buffer, lr, momentum, dampening, weight_decay):
    """Momentum: a running sum of gradients, and a step along it. Polyak 1964."""
    g = g + weight_decay * p
    momentum_buffer = momentum * momentum_buffer + (1 - dampening) * g
    return p - lr * momentum_buffer, momentum_buffer


def nesterov(p, g, momentum_buffer, lr, momentum, dampening, weight_decay):
    """Nesterov: the step looks ahead along the momentum. Sutskever et al. 2013, section 2."""
    g = g + weight_decay * p
    momentum_buffer = momentum * momentum_buffer + (1 - dampening) * g
    return p - lr * (g + momentum * momentum_buffer), momentum_buffer


class SGD(ElementwiseOptimizer):
    """``v ← momentum·v + (1 − dampening)·(g + weight_decay·p)``, ``p ← p − lr·v``.

    Without momentum, and at the first step, ``v = g + weight_decay·p``, as in PyTorch; ``nesterov`` steps along ``g +
    momentum·v``; ``maximize`` ascends. Raises ValueError for ``nesterov`` without momentum or with dampening. Robbins
    and Monro 1951, "A Stochastic Approximation Method"; Polyak 1964; Sutskever et al. 2013.

    >>> p = mg.tensor([3.0], requires_grad=True)
    >>> optimizer = mg.optim.SGD([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([1.5], requires_grad=True)
    """

    state_names = ("momentum_buffer",)
    paper = (
        "Robbins and Monro 1951, 'A Stochastic Approximation Method'; "
        "momentum: Polyak 1964; Nesterov's: Sutskever et al. 2013, 'On the Importance of Initialization and "
        "Momentum in Deep Learning'"
    )
    when = "With momentum and a schedule still the best for many image networks; lr must be tuned."

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, foreach=None,
        differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        momentum, dampening = group["momentum"], group["dampening"]
        if group["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ValueError(f"SGD: nesterov needs momentum > 0 and dampening 0, got {momentum} and {dampening}")

    def rule(self, group):
        return nesterov if group["nesterov"] else heavy_ball, self.state_names if group["momentum"] else ()

    def hyperparameters(self, group, state):
        dampening = group["dampening"] if "momentum_buffer" in state else 0.0
        return group["lr"], group["momentum"], dampening, group["weight_decay"]
