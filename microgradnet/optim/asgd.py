"""ASGD: stochastic gradient descent, and the mean of all its iterates."""

from .. import dtypes
from ..backends.device import np
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def asgd(p, g, ax, lambd, eta, mu, weight_decay):
    """Polyak and Juditsky 1992, equation 2, with the step sizes of Bottou 2010."""
    g = g + weight_decay * p
    p = (1 - lambd * eta) * p - eta * g
    return p, ax + mu * (p - ax)


class ASGD(ElementwiseOptimizer):
    """``p ← (1 − lambd·η)·p − η·g``, ``a ← a + μ·(p − a)``, ``η ← lr/(1 + lambd·lr·t)^alpha``, ``μ ← 1/max(1, t−t0)``.

    η starts from lr and μ from 1; both are kept in the default dtype, as in PyTorch. The averages a are in
    ``state[p]["ax"]``. Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging".
    """

    state_names = ("ax",)
    number_names = ("step", "eta", "mu")
    paper = "Polyak and Juditsky 1992, 'Acceleration of Stochastic Approximation by Averaging'"
    when = "Convex problems with noisy gradients: the average settles where the iterate keeps on jumping."

    def __init__(
        self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, maximize=False,
        differentiable=False, capturable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def rule(self, group):
        return asgd, self.state_names

    def hyperparameters(self, group, state):
        number = np.dtype(dtypes.get_default_dtype()).type
        step, lr, lambd = state["step"], group["lr"], group["lambd"]
        eta, mu = state.get("eta", float(number(lr))), state.get("mu", 1.0)
        state["eta"] = float(number(lr / (1 + lambd * lr * step) ** group["alpha"]))
        state["mu"] = float(number(1 / max(1, step - group["t0"])))
        return lambd, eta, mu, group["weight_decay"]
