"""Adam and AdamW: steps scaled by running estimates of the gradient's first and second moment."""

from ..ops import maximum, sqrt
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def adam(p, g, exp_avg, exp_avg_sq, max_exp_avg_sq, step, lr, beta1, beta2, eps, weight_decay, decoupled_decay):
    """Kingma and Ba 2014, algorithm 1; with the largest second moment so far, Reddi et al. 2018, algorithm 2.

    ``decoupled_decay`` shrinks the parameter itself: Loshchilov and Hutter 2017, algorithm 2.
    """
    p = (1 - lr * decoupled_decay) * p
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    max_exp_avg_sq = maximum(max_exp_avg_sq, exp_avg_sq)
    step_size = lr / (1 - beta1**step)
    root = sqrt(max_exp_avg_sq) / sqrt(1 - beta2**step)
    return p - step_size * exp_avg / (root + eps), exp_avg, exp_avg_sq, max_exp_avg_sq


def decays(group: dict) -> tuple:
    """The weight decay as (coupled: added to the gradient, decoupled: shrinks the parameter); one of them is 0."""
    decay = group["weight_decay"]
    return (0.0, decay) if group["decoupled_weight_decay"] else (decay, 0.0)


class Adam(ElementwiseOptimizer):
    """``m ← β₁m + (1 − β₁)g``, ``v ← β₂v + (1 − β₂)g²``, ``p ← p − lr·(m/(1 − β₁ᵗ))/(√(v/(1 − β₂ᵗ)) + eps)``.

    ``weight_decay`` λ adds ``λ·p`` to the gradient, or with ``decoupled_weight_decay`` shrinks p by ``1 − lr·λ`` first;
    ``amsgrad`` uses the largest v so far. Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization"; Reddi et
    al. 2018, "On the Convergence of Adam and Beyond".
    """

    state_names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    number_names = ("step",)
    paper = (
        "Kingma and Ba 2014, 'Adam: A Method for Stochastic Optimization', algorithm 1; "
        "AMSGrad: Reddi et al. 2018, 'On the Convergence of Adam and Beyond'"
    )
    when = "The first choice where nothing is known yet: lr 1e-3 usually trains. For weight decay take AdamW."

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None,
        maximize=False, capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def rule(self, group):
        return adam, self.state_names if group["amsgrad"] else self.state_names[:2]

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], *group["betas"], group["eps"], *decays(group)


class AdamW(Adam):
    """``p ← (1 − lr·weight_decay)·p``, then Adam's step.

    The decay does not pass through the moments, so parameters with large gradients decay like the others. Loshchilov
    and Hutter 2017, "Decoupled Weight Decay Regularization".
    """

    paper = "Loshchilov and Hutter 2017, 'Decoupled Weight Decay Regularization', algorithm 2"
    when = "Transformers, and wherever Adam is used with weight decay."

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False,
        foreach=None, capturable=False, differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
