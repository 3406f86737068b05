"""Sophia: momentum divided by an estimate of the Hessian's diagonal, clipped."""

from ...backends.device import np
from ...ops import maximum, minimum
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require, require_betas


def sophia(p, g, exp_avg, hessian, lr, beta1, rho, eps, weight_decay):
    """Liu et al. 2023, algorithm 3: no coordinate moves by more than lr."""
    p = (1 - lr * weight_decay) * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    ratio = exp_avg / maximum(rho * hessian, eps)
    return p - lr * maximum(minimum(ratio, 1), -1), exp_avg, hessian


class SophiaG(ElementwiseOptimizer):
    """``p ← (1 − lr·λ)p − lr·clip(m/max(ρ·h, eps), ±1)``, ``m ← β₁m + (1 − β₁)g``, ``h ← β₂h + (1 − β₂)B·ĝ²``.

    ĝ is the gradient, mean over B examples, of the loss for labels drawn from the model's own predictions
    (Gauss-Newton-Bartlett, algorithm 2): every k = 10 steps or so,

        labels = sampled from softmax(logits)
        cross_entropy(logits, labels).backward()
        optimizer.update_hessian(batch_size)
        optimizer.zero_grad()

    Without that h stays 0, and each step is the sign of m. The defaults, and the name ρ for the paper's γ, are the
    reference implementation's, which has ``ρ·B·h + eps`` in the denominator, with B passed to each step; we follow the
    paper.
    """

    state_names = ("exp_avg", "hessian")
    paper = "Liu et al. 2023, 'Sophia: A Scalable Stochastic Second-order Optimizer ...', algorithm 3"
    when = "Pre-training of language models; ρ wants tuning until a tenth to a half of the coordinates are not clipped."

    def __init__(
        self, params, lr=1e-4, betas=(0.965, 0.99), rho=0.04, eps=1e-12, weight_decay=0.1, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)
        require(self, group, positive=["rho", "eps"])

    def rule(self, group):
        return sophia, self.state_names

    def hyperparameters(self, group, state):
        return group["lr"], group["betas"][0], group["rho"], group["eps"], group["weight_decay"]

    def update_hessian(self, batch_size: int) -> None:
        """Updates h with the gradients ĝ of a loss that is a mean over ``batch_size`` examples with sampled labels.

        Raises ValueError unless ``batch_size`` > 0.
        """
        if not batch_size > 0:
            raise ValueError(f"SophiaG.update_hessian: a positive batch_size expected, got {batch_size}")
        for group in self.param_groups:
            beta2 = group["betas"][1]
            for p in group["params"]:
                if p.grad is not None:
                    self.fill(p, self.state[p], self.state_names, group)
                    hessian = self.state[p]["hessian"]
                    hessian[...] = beta2 * hessian + (1 - beta2) * batch_size * np.square(p.grad.array)
