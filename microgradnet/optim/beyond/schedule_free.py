"""Training without a schedule: gradients are taken between the fast iterate and its mean, the result."""

from math import sqrt as root

from ...ops import sqrt
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options, without_tensors
from ..ranges import require, require_betas


def schedule_free_sgd(p, g, z, x, lr, momentum, c, weight_decay):
    """Defazio et al. 2024, Schedule-Free SGD; the parameter p holds the paper's y, where gradients are taken."""
    g = g + weight_decay * p
    z = z - lr * g
    x = (1 - c) * x + c * z
    return (1 - momentum) * z + momentum * x, z, x


def schedule_free_adamw(p, g, z, x, exp_avg_sq, lr, beta1, beta2, c, eps, weight_decay):
    """Defazio et al. 2024, algorithm 1; its √(1 − β2ᵗ) is part of lr, and p holds the paper's y."""
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    z = z - lr * (g / (sqrt(exp_avg_sq) + eps) + weight_decay * p)
    x = (1 - c) * x + c * z
    return (1 - beta1) * z + beta1 * x, z, x, exp_avg_sq


class ScheduleFree(ElementwiseOptimizer):
    """Base: the mean ``x ← (1 − c)x + c·z`` with ``c = γ²/Σγ²``, the warm-up, and the two modes.

    In training mode the parameters are y; ``eval()`` swaps in x, ``train()`` restores y, bit for bit. ``step`` raises
    RuntimeError in evaluation mode.
    """

    def check(self, group):
        super().check(group)
        require(self, group, not_negative=["warmup_steps"])

    def rate(self, group: dict) -> float:
        """The paper's γ at step ``group["step"]``, which weights its z."""
        warmup = group["warmup_steps"]
        return group["lr"] * (min(group["step"] / warmup, 1) if warmup else 1.0)

    def update_group(self, group):
        if not group["training"]:
            raise RuntimeError(
                f"{type(self).__name__}: step in evaluation mode: call optimizer.train() before training"
            )
        group["step"] += 1
        gamma = self.rate(without_tensors(group))
        group["weight_sum"] += gamma**2
        group["c"] = gamma**2 / group["weight_sum"] if group["weight_sum"] else 0.0
        super().update_group(group)

    def fill(self, p, state, held, group):
        for name in ("z", "x"):
            if name not in state:
                state[name] = p.array.copy()
        super().fill(p, state, held, group)

    def train(self) -> None:
        """Sets the parameters to the values at which gradients are taken; call it before training continues."""
        self._set_mode(True)

    def eval(self) -> None:
        """Sets the parameters to the mean, the result of training; call it before evaluating or saving the model."""
        self._set_mode(False)

    def _set_mode(self, training: bool) -> None:
        for group in self.param_groups:
            for p in group["params"] if group["training"] != training else ():
                if self.state[p]:  # in evaluation mode the state "x" holds y
                    kept = self.state[p]["x"].copy()
                    self.state[p]["x"][...], p.array[...] = p.array, kept
                    p.version[0] += 1
            group["training"] = training


class ScheduleFreeSGD(ScheduleFree):
    """``z ← z − γ·(g(y) + λ·y)``, ``x ← (1 − c)x + c·z``, ``y ← (1 − β)z + β·x``; y is trained, x evaluated.

    β is ``momentum``; γ is lr after a linear warm-up; ``c = γ²/Σγ²`` as in the reference implementation, while the
    paper's text has ``c = 1/(t + 1)``, a plain mean that includes the start. λ is ``weight_decay``, taken at y.
    """

    state_names = ("z", "x")
    paper = "Defazio et al. 2024, 'The Road Less Scheduled', Schedule-Free SGD"
    when = "Length of training unknown: no decay to plan, any moment may be the last. Forgetting eval() costs accuracy."

    def __init__(self, params, lr=1.0, momentum=0.9, weight_decay=0.0, warmup_steps=0, *, maximize=False):
        super().__init__(params, {**options(locals()), "step": 0, "weight_sum": 0.0, "training": True})

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"])

    def rule(self, group):
        return schedule_free_sgd, self.state_names

    def hyperparameters(self, group, state):
        return self.rate(group), group["momentum"], group["c"], group["weight_decay"]


class ScheduleFreeAdamW(ScheduleFree):
    """``z ← z − γ·(g(y)/(√v + eps) + λ·y)``, ``x ← (1 − c)x + c·z``, ``y ← (1 − β₁)z + β₁·x``.

    y is trained, x evaluated. v is Adam's, whose correction is in ``γ = lr·√(1 − β₂ᵗ)·min(1, t/warmup_steps)``, and ``c
    = γ²/Σγ²``. That is the paper's algorithm; the reference implementation corrects only v, not λ's term and c. λ is
    ``weight_decay``.
    """

    state_names = ("z", "x", "exp_avg_sq")
    paper = "Defazio et al. 2024, 'The Road Less Scheduled', algorithm 1"
    when = "AdamW without a schedule, lr 1 to 10 times larger; batch norm's statistics need a pass after eval()."

    def __init__(
        self, params, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, {**options(locals()), "step": 0, "weight_sum": 0.0, "training": True})

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def rule(self, group):
        return schedule_free_adamw, self.state_names

    def rate(self, group):
        return super().rate(group) * root(1 - group["betas"][1] ** group["step"])

    def hyperparameters(self, group, state):
        return self.rate(group), *group["betas"], group["c"], group["eps"], group["weight_decay"]
