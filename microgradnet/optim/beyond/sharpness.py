"""Sharpness-aware minimization: the gradient is taken at the worst point nearby. SAM and ASAM."""

from ...backends.device import np
from ...grad_mode import enable_grad
from ..ranges import require
from .wrapper import OptimizerWrapper


class SAM(OptimizerWrapper):
    """``ε = ρ·g/‖g‖``, then a step of any ``optimizer`` from p with the gradient at ``p + ε``; ‖g‖ over all parameters.

    ``step(closure)`` calls the closure twice; it must clear the gradients, compute the loss and call ``backward``.

        optimizer = SAM(SGD(model.parameters(), lr=0.1, momentum=0.9), rho=0.05)
    """

    paper = "Foret et al. 2020, 'Sharpness-Aware Minimization for Efficiently Improving Generalization', algorithm 1"
    when = "Better test accuracy of overparametrized nets for twice the time; batch norm's statistics are taken twice."

    def __init__(self, optimizer, rho=0.05):
        super().__init__(optimizer, {"rho": rho})

    def check_own(self, group):
        require(self, group, not_negative=["rho"])

    def scale(self, p: np.ndarray, group: dict):
        """The factor by which each coordinate of the neighbourhood is stretched."""
        return 1.0

    def step(self, closure=None):
        """One step; returns the loss before it.

        ``closure`` is called at p and at p + ε; without one this raises ValueError.
        """
        if closure is None:
            raise ValueError(f"{type(self).__name__}: step needs a closure that computes the loss and its gradients")
        with enable_grad():
            loss = closure()
        present = [(p, group) for group in self.param_groups for p in group["params"] if p.grad is not None]
        scaled = [self.scale(p.array, group) * p.grad.array for p, group in present]
        norm = np.sqrt(sum(float(np.vdot(g, g)) for g in scaled))
        before = [p.array.copy() for p, _ in present]
        for (p, group), g in zip(present, scaled, strict=True):
            uphill = -group["rho"] if group.get("maximize") else group["rho"]
            p.array[...] += (uphill / norm if norm else 0.0) * self.scale(p.array, group) * g
            p.version[0] += 1
        try:
            with enable_grad():
                closure()
        finally:
            for (p, _), array in zip(present, before, strict=True):
                p.array[...] = array
                p.version[0] += 1
        self.optimizer.step()
        return loss


class ASAM(SAM):
    """``ε = ρ·T²g/‖Tg‖`` with ``T = |p| + η``, then as SAM: the neighbourhood grows with the weights.

    The reference implementation stretches only weights and treats biases as SAM does; here all parameters are
    stretched, as in the paper's definition.
    """

    paper = "Kwon et al. 2021, 'ASAM: Adaptive Sharpness-Aware Minimization', algorithm 1"
    when = "As SAM, where weights may be rescaled without changing the function (ReLU, normalization)."

    def __init__(self, optimizer, rho=0.5, eta=0.01):
        OptimizerWrapper.__init__(self, optimizer, {"rho": rho, "eta": eta})

    def check_own(self, group):
        require(self, group, not_negative=["rho", "eta"])

    def scale(self, p, group):
        return np.abs(p) + group["eta"]
