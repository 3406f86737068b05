"""Adam with another mean of the gradients in the numerator: QHAdam, Adan, AdEMAMix."""

from math import exp, log

from ...backends.device import np
from ...ops import sqrt
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require, require_betas


def qhadam(p, g, exp_avg, exp_avg_sq, step, lr, beta1, beta2, nu1, nu2, eps, weight_decay):
    """Ma and Yarats 2018: averages the plain gradient with its running mean, and likewise the squares."""
    g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    first = (1 - nu1) * g + nu1 / (1 - beta1**step) * exp_avg
    second = (1 - nu2) * g * g + nu2 / (1 - beta2**step) * exp_avg_sq
    return p - lr * first / (sqrt(second) + eps), exp_avg, exp_avg_sq


def adan(p, g, exp_avg, exp_avg_diff, exp_avg_sq, previous, lr, beta1, beta2, beta2_diff, beta3, eps, weight_decay):
    """Xie et al. 2022, algorithm 1: Nesterov's look-ahead, estimated from the change of the gradient."""
    diff = g - previous
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_diff = beta2_diff * exp_avg_diff + (1 - beta2_diff) * diff
    ahead = g + beta2 * diff
    exp_avg_sq = beta3 * exp_avg_sq + (1 - beta3) * ahead * ahead
    update = (exp_avg + beta2 * exp_avg_diff) / (sqrt(exp_avg_sq) + eps)
    return (p - lr * update) / (1 + lr * weight_decay), exp_avg, exp_avg_diff, exp_avg_sq, g


def ademamix(p, g, exp_avg, exp_avg_slow, exp_avg_sq, step, lr, beta1, beta2, beta3, alpha, eps, weight_decay):
    """Pagliardini et al. 2024, algorithm 1: a second mean that remembers tens of thousands of steps."""
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_slow = beta3 * exp_avg_slow + (1 - beta3) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    mixed = exp_avg / (1 - beta1**step) + alpha * exp_avg_slow
    update = mixed / (sqrt(exp_avg_sq) / sqrt(1 - beta2**step) + eps)
    return p - lr * (update + weight_decay * p), exp_avg, exp_avg_slow, exp_avg_sq


class QHAdam(ElementwiseOptimizer):
    """``p ← p − lr·((1 − ν₁)g + ν₁m̂)/(√((1 − ν₂)g² + ν₂v̂) + eps)``, with Adam's m̂ and v̂.

    ν = (1, 1) is Adam, ν₂ = 1 and ν₁ = β₁ is nearly NAdam. The defaults are those that the paper recommends; the
    reference implementation has Adam's. As there, ``weight_decay`` λ adds ``λ·p`` to the gradient. Raises ValueError
    unless ``nus`` are two numbers in [0, 1].
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step",)
    paper = "Ma and Yarats 2018, 'Quasi-hyperbolic Momentum and Adam for Deep Learning'"
    when = "Long memories (β₁ near 1) without sluggishness; two hyperparameters more to tune than Adam."

    def __init__(
        self, params, lr=1e-3, betas=(0.995, 0.999), nus=(0.7, 1.0), eps=1e-8, weight_decay=0.0, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        if len(group["nus"]) != 2 or not all(0 <= nu <= 1 for nu in group["nus"]):
            raise ValueError(f"QHAdam: nus are two numbers in [0, 1], got {group['nus']}")

    def rule(self, group):
        return qhadam, self.state_names

    def hyperparameters(self, group, state):
        return state["step"], group["lr"], *group["betas"], *group["nus"], group["eps"], group["weight_decay"]


class Adan(ElementwiseOptimizer):
    """``p ← (p − lr·(m + β₂v)/(√n + eps))/(1 + lr·λ)``; m, v, n: means of g, of Δ and of (g + β₂Δ)².

    ``m ← β₁m + (1 − β₁)g``, ``v ← β₂v + (1 − β₂)Δ``, ``n ← β₃n + (1 − β₃)(g + β₂Δ)²``, where Δ is the change of g since
    the previous step. It starts, as in the paper, with m = g, n = g², v = 0, and v = Δ at the second step; the
    reference implementation starts with zeros and divides by 1 − βᵗ. The betas are those of that code: the paper's are
    one minus ours. The paper's restarts are left out.
    """

    state_names = ("exp_avg", "exp_avg_diff", "exp_avg_sq", "previous")
    number_names = ("step",)
    paper = "Xie et al. 2022, 'Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models', alg. 1"
    when = "Large batches and large lr, for vision transformers above all; it keeps twice as much state as Adam."

    def __init__(
        self, params, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 3)

    def rule(self, group):
        return adan, self.state_names

    def fill(self, p, state, held, group):
        if "previous" not in state:  # no change at the first step
            state["previous"] = np.array(p.grad.array if not group["maximize"] else -p.grad.array, p.dtype, order="C")
        super().fill(p, state, held, group)

    def hyperparameters(self, group, state):
        (beta1, beta2, beta3), step = group["betas"], state["step"]
        first, second = step > 1, step > 2  # before, each mean is just the newest value
        return group["lr"], beta1 * first, beta2, beta2 * second, beta3 * first, group["eps"], group["weight_decay"]


class AdEMAMix(ElementwiseOptimizer):
    """``p ← p − lr·((m̂₁ + α·m₂)/(√v̂ + eps) + λ·p)``, with Adam's m̂₁ and v̂, and ``m₂ ← β₃m₂ + (1 − β₃)g``.

    Over ``alpha_warmup`` steps α grows linearly from 0; over ``beta3_warmup`` steps β₃ grows from β₁ with a linear
    half-life: ``exp(ln β₁·ln β₃/((1 − t/T)·ln β₃ + t/T·ln β₁))``. The paper sets both to the length of training. Raises
    ValueError for a ``beta3_warmup`` without 0 < β₁ ≤ β₃.
    """

    state_names = ("exp_avg", "exp_avg_slow", "exp_avg_sq")
    number_names = ("step",)
    paper = "Pagliardini et al. 2024, 'The AdEMAMix Optimizer: Better, Faster, Older', algorithm 1"
    when = "Long trainings of language models; short ones end before the slow mean is of use; it needs the warm-ups."

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=2.0, alpha_warmup=None, beta3_warmup=None, eps=1e-8,
        weight_decay=0.0, *, maximize=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 3)
        warmups = [name for name in ("alpha_warmup", "beta3_warmup") if group[name] is not None]
        require(self, group, not_negative=["alpha"], positive=warmups)
        if group["beta3_warmup"] is not None and not 0 < group["betas"][0] <= group["betas"][2]:
            raise ValueError(f"AdEMAMix: beta3_warmup needs 0 < betas[0] <= betas[2], got {group['betas']}")

    def rule(self, group):
        return ademamix, self.state_names

    def hyperparameters(self, group, state):
        (beta1, beta2, beta3), alpha, step = group["betas"], group["alpha"], state["step"]
        if group["alpha_warmup"] is not None:
            alpha *= min(step / group["alpha_warmup"], 1)
        if group["beta3_warmup"] is not None:
            done, fast, slow = min(step / group["beta3_warmup"], 1), log(beta1), log(beta3)
            beta3 = exp(fast * slow / ((1 - done) * slow + done * fast))
        return step, group["lr"], beta1, beta2, beta3, alpha, group["eps"], group["weight_decay"]
