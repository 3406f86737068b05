"""Gradient descent with Gaussian noise: to escape saddle points and poor minima (NoisySGD), or to sample a posterior
(SGLD).

The noise comes from ``microgradnet.random.default_generator``: save its state with the optimizer's to resume exactly.
"""

from math import sqrt

from ...random import default_generator
from ..optimizer import options
from ..ranges import require
from ..tensorwise import TensorOptimizer


class NoisySGD(TensorOptimizer):
    """``p ← p − lr·(g + N(0, σₜ²))``, ``σₜ² = eta/t^gamma``, t = 1, 2, ..."""

    number_names = ("step",)
    paper = "Neelakantan et al. 2015, 'Adding Gradient Noise Improves Learning for Very Deep Networks'"
    when = "Very deep nets from a poor initialization; with a good one it only slows the training down."

    def __init__(self, params, lr=1e-2, eta=0.01, gamma=0.55, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, not_negative=["eta", "gamma"])

    def update(self, p, g, state, group):
        sigma = sqrt(group["eta"] / state["step"] ** group["gamma"])
        p[...] -= group["lr"] * (g + sigma * default_generator.numpy.standard_normal(p.shape, p.dtype))


class SGLD(TensorOptimizer):
    """``p ← p − lr/2·g + N(0, lr)``: with g the gradient of the negative log posterior, p samples it.

    The loss must be a sum over all data, −log prior − n/batch·Σ log p(x|p), not a mean; lr should decay, by a
    scheduler, such that Σ lr is infinite and Σ lr² finite.
    """

    paper = "Welling and Teh 2011, 'Bayesian Learning via Stochastic Gradient Langevin Dynamics', equation 4"
    when = "To see how sure a model may be: average its predictions over many steps; it never settles at a minimum."

    def __init__(self, params, lr=1e-3, *, maximize=False):
        super().__init__(params, options(locals()))

    def update(self, p, g, state, group):
        lr = group["lr"]
        p[...] += sqrt(lr) * default_generator.numpy.standard_normal(p.shape, p.dtype) - lr / 2 * g
