"""Adam with another estimate of the gradient's size in the denominator: Yogi, AdaBelief, AdaBound, ADOPT."""

from math import inf
from math import sqrt as root

from ...ops import maximum, minimum, sign, sqrt
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require, require_betas


def yogi(p, g, exp_avg, exp_avg_sq, lr, beta1, beta2, eps, weight_decay):
    """Zaheer et al. 2018, algorithm 2: v moves towards g² by (1 − β2)·g², however far apart they are."""
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = exp_avg_sq - (1 - beta2) * sign(exp_avg_sq - g * g) * g * g
    return p - lr * exp_avg / (sqrt(exp_avg_sq) + eps), exp_avg, exp_avg_sq


def adabelief(p, g, exp_avg, exp_avg_var, step, lr, beta1, beta2, eps, weight_decay):
    """Zhuang et al. 2020, algorithm 2: the variance about the mean in place of the second moment."""
    p = (1 - lr * weight_decay) * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    surprise = g - exp_avg
    exp_avg_var = beta2 * exp_avg_var + (1 - beta2) * surprise * surprise + eps
    step_size = lr / (1 - beta1**step)
    return p - step_size * exp_avg / (sqrt(exp_avg_var) / sqrt(1 - beta2**step) + eps), exp_avg, exp_avg_var


def adabound(p, g, exp_avg, exp_avg_sq, max_exp_avg_sq, step, lr, beta1, beta2, eps, weight_decay, low, high):
    """Luo et al. 2019, algorithm 2; with the largest second moment so far, algorithm 3."""
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    max_exp_avg_sq = maximum(max_exp_avg_sq, exp_avg_sq)
    step_size = minimum(maximum(lr / (sqrt(max_exp_avg_sq) + eps), low), high) / sqrt(step)
    return p - step_size * exp_avg, exp_avg, exp_avg_sq, max_exp_avg_sq


def adopt(p, g, exp_avg, exp_avg_sq, lr, beta1, beta2, eps, bound, weight_decay):
    """Taniguchi et al. 2024, algorithm 2, with the clipping of its section on implementation.

    g is divided by a second moment that has not seen it yet, before it enters the mean.
    """
    g = g + weight_decay * p
    ratio = g / maximum(sqrt(exp_avg_sq), eps)
    exp_avg = beta1 * exp_avg + (1 - beta1) * maximum(minimum(ratio, bound), -bound)
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    return p - lr * exp_avg, exp_avg, exp_avg_sq


class Yogi(ElementwiseOptimizer):
    """``p ← p − lr·m/(√v + eps)``, ``v ← v − (1 − β₂)·sign(v − g²)·g²``, ``m ← β₁m + (1 − β₁)g``.

    v starts at ``initial_accumulator``. As in the paper there is no bias correction; widespread code also divides by
    Adam's 1 − βᵗ. ``weight_decay`` λ adds ``λ·p`` to the gradient.
    """

    state_names = ("exp_avg", "exp_avg_sq")
    paper = "Zaheer et al. 2018, 'Adaptive Methods for Nonconvex Optimization', algorithm 2"
    when = (
        "Sparse gradients, where Adam's v falls fast and its steps blow up; it recovers slowly from one large gradient."
    )

    def __init__(
        self, params, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, weight_decay=0.0, initial_accumulator=1e-6, *,
        maximize=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, not_negative=["initial_accumulator"])

    def rule(self, group):
        return yogi, self.state_names

    def initial(self, name, group):
        return group["initial_accumulator"] if name == "exp_avg_sq" else 0.0

    def hyperparameters(self, group, state):
        return group["lr"], *group["betas"], group["eps"], group["weight_decay"]


class AdaBelief(ElementwiseOptimizer):
    """``p ← p − lr·m̂/(√ŝ + eps)``, ``s ← β₂s + (1 − β₂)(g − m)² + eps``, ``m ← β₁m + (1 − β₁)g``.

    m̂ and ŝ have Adam's bias corrections. ``weight_decay`` shrinks p by ``1 − lr·λ`` first, decoupled as in the paper's
    experiments. The default eps is that of the reference implementation; the paper's tables use 1e-8 to 1e-16. It
    matters, as s may be very small.
    """

    state_names = ("exp_avg", "exp_avg_var")
    number_names = ("step",)
    paper = "Zhuang et al. 2020, 'AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients', alg. 2"
    when = "Where SGD generalizes better than Adam but is too slow; steps get long where gradients hardly change."

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def rule(self, group):
        return adabelief, self.state_names

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], *group["betas"], group["eps"], group["weight_decay"]


class AdaBound(ElementwiseOptimizer):
    """``p ← p − clip(lr/√v, f·(1 − 1/(γt + 1)), f·(1 + 1/(γt)))/√t · m``, with Adam's m and v, not corrected.

    f is ``final_lr``, the learning rate of the SGD that it becomes; ``amsbound`` uses the largest v so far. This is the
    paper's algorithm; the authors' code leaves out ``1/√t``, adds Adam's bias corrections, and scales f with lr.
    ``weight_decay`` λ adds ``λ·p`` to the gradient, as in their experiments; eps keeps lr/√v finite.
    """

    state_names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    number_names = ("step",)
    paper = "Luo et al. 2019, 'Adaptive Gradient Methods with Dynamic Bound of Learning Rate', algorithms 2 and 3"
    when = (
        "A start like Adam's and an end like SGD's, whose final_lr must be right: badly scaled problems then end badly."
    )

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), final_lr=0.1, gamma=1e-3, eps=1e-8, weight_decay=0.0,
        amsbound=False, *, maximize=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, not_negative=["final_lr"], positive=["gamma"])

    def rule(self, group):
        return adabound, self.state_names if group["amsbound"] else self.state_names[:2]

    def hyperparameters(self, group, state):
        final, time = group["final_lr"], group["gamma"] * state["step"]
        low, high = final * (1 - 1 / (time + 1)), final * (1 + 1 / time)
        return state["step"], group["lr"], *group["betas"], group["eps"], group["weight_decay"], low, high


class ADOPT(ElementwiseOptimizer):
    """``m ← β₁m + (1 − β₁)·clip(g/max(√v, eps), ±t^¼)``, ``p ← p − lr·m``, and then ``v ← β₂v + (1 − β₂)g²``.

    The first gradient only sets ``v = g²``; t counts from the second. ``clip=False`` leaves out the clipping that the
    authors added for the first steps. ``weight_decay`` λ adds ``λ·p`` to the gradient, as in the reference
    implementation.
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step",)
    paper = "Taniguchi et al. 2024, 'ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate', algorithm 2"
    when = "Adam's place, where no β₂ makes Adam converge; gradients that are zero at first take the clipping to start."

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, clip=True, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, positive=["eps"])

    def rule(self, group):
        return adopt, self.state_names

    def hyperparameters(self, group, state):
        t = state["step"] - 1
        betas = group["betas"] if t else (1.0, 0.0)  # the first step updates only v
        bound = root(root(t)) if group["clip"] else inf
        return group["lr"], *betas, group["eps"], bound, group["weight_decay"]
