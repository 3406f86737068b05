"""A step size computed from the gap to the best possible loss."""

from ...backends.device import np
from ...grad_mode import enable_grad
from ..optimizer import Optimizer, options, without_tensors
from ..ranges import require


class PolyakSGD(Optimizer):
    """``p ← p − min((f − f*)/(c·‖g‖²), lr)·g``, with f the loss at p and ‖g‖ the norm over all parameters.

    f* is ``f_star``, the smallest possible loss: 0 for a model that can fit all data. c = 1 without a bound (lr inf) is
    Polyak's step; c = 1/2 with a bound is SPS_max of Loizou et al. At a loss below f* nothing moves. With ``maximize``
    it ascends, and f* is the greatest possible value.
    """

    paper = "Polyak 1987, 'Introduction to Optimization'; Loizou et al. 2021, 'Stochastic Polyak Step-size for SGD'"
    when = "No lr to find, where the least loss is known; noise or an f_star too low makes the steps too long."

    unbounded = ("lr",)

    def __init__(self, params, lr=1.0, c=1.0, f_star=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, positive=["c"])

    def step(self, closure=None):
        """One step; ``closure`` computes the loss and its gradients, and returns the loss.

        Raises ValueError without one.
        """
        if closure is None:
            raise ValueError("PolyakSGD: step needs a closure that computes the loss and its gradients, got None")
        with enable_grad():
            loss = closure()
        present = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        squared_norm = sum(float(np.vdot(p.grad.array, p.grad.array)) for p in present)
        for group in map(without_tensors, self.param_groups):
            sign = -1 if group["maximize"] else 1
            gap = max(sign * (float(loss) - group["f_star"]), 0)
            step_size = min(gap / (group["c"] * squared_norm), group["lr"]) if squared_norm else 0.0
            for p in group["params"]:
                if p.grad is not None:
                    p.array[...] -= sign * step_size * p.grad.array
                    p.version[0] += 1
        return loss
