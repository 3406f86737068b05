"""Stochastic gradient descent, with momentum."""

from .optimizer import Optimizer


def descend(p, g, lr, weight_decay, sign):
    """Downhill: ``p ← p − lr·(g + λ·p)``."""
    return p - lr * (sign * g + weight_decay * p)


def heavy_ball(p, g, momentum_buffer, lr, momentum, dampening, weight_decay, sign):
    """Momentum: a running sum of gradients, and a step along it. Polyak 1964."""
    momentum_buffer = momentum * momentum_buffer + (1 - dampening) * (sign * g + weight_decay * p)
    return p - lr * momentum_buffer, momentum_buffer


def nesterov(p, g, momentum_buffer, lr, momentum, dampening, weight_decay, sign):
    """Nesterov: the step looks ahead along the momentum. Sutskever et al. 2013, section 2."""
    g = sign * g + weight_decay * p
    momentum_buffer = momentum * momentum_buffer + (1 - dampening) * g
    return p - lr * (g + momentum * momentum_buffer), momentum_buffer


class SGD(Optimizer):
    """``p ← p − lr·v`` with ``v ← momentum·v + (1 − dampening)·(g + weight_decay·p)``; without momentum ``v = g``.

    The first step takes ``v = g``, without dampening, as PyTorch does. ``maximize`` climbs instead.
    """

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(f"SGD: nesterov needs momentum > 0 and dampening 0, got {momentum} and {dampening}")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def update_parameter(self, p, g, state, group) -> None:
        sign = -1.0 if group["maximize"] else 1.0
        if group["momentum"] == 0:
            return self.run(descend, p, g, state, (), group["lr"], group["weight_decay"], sign)
        dampening = group["dampening"] if "momentum_buffer" in state else 0.0
        rule = nesterov if group["nesterov"] else heavy_ball
        hyperparameters = (group["lr"], group["momentum"], dampening, group["weight_decay"], sign)
        return self.run(rule, p, g, state, ("momentum_buffer",), *hyperparameters)
