"""NAdam: Adam with Nesterov momentum."""

from .. import dtypes
from ..backends.device import np
from ..ops import sqrt
from .adam import decays
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options
from .ranges import require


def nadam(
    p, g, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps, weight_decay, decoupled_decay, mu, mu_next, mu_product
):
    """Dozat 2016, algorithm 8; ``mu_product`` is μ₁·μ₂·…·μₜ."""
    p = (1 - lr * decoupled_decay) * p
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    root = sqrt(exp_avg_sq / (1 - beta2**step)) + eps
    ahead = (1 - mu) / (1 - mu_product) * g + mu_next / (1 - mu_product * mu_next) * exp_avg
    return p - lr * ahead / root, exp_avg, exp_avg_sq


class NAdam(ElementwiseOptimizer):
    """``p ← p − lr·(μₜ₊₁·m/(1 − ∏₁ᵗ⁺¹μ) + (1 − μₜ)·g/(1 − ∏₁ᵗμ))/(√(v/(1 − β₂ᵗ)) + eps)``, m and v as in Adam.

    ``μₜ = β₁·(1 − ½·0.96^(t·momentum_decay))``: the momentum grows to β₁. The product is kept in the default dtype, as
    in PyTorch. Dozat 2016, "Incorporating Nesterov Momentum into Adam".
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step", "mu_product")
    paper = "Dozat 2016, 'Incorporating Nesterov Momentum into Adam', algorithm 8"
    when = "Where Adam does well and Nesterov helps: often a little faster at the start."

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, differentiable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        require(self, group, not_negative=("momentum_decay",))

    def rule(self, group):
        return nadam, self.state_names

    def hyperparameters(self, group, state):
        step, (beta1, beta2) = state["step"], group["betas"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1))
        number = np.dtype(dtypes.get_default_dtype()).type
        product = state["mu_product"] = float(number(state.get("mu_product", 1.0)) * number(mu))
        return step, group["lr"], beta1, beta2, group["eps"], *decays(group), mu, mu_next, product
