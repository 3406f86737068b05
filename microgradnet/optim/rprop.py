"""Rprop: each element has its own step size, and only the gradient's sign counts."""

from ..ops import maximum, minimum, sign, where
from .elementwise_optimizer import ElementwiseOptimizer
from .optimizer import options


def rprop(p, g, prev, step_size, etaminus, etaplus, step_min, step_max):
    """Riedmiller and Braun 1993; Rprop- of Igel and Hüsken 2000: after a change of sign the step is skipped."""
    agreement = g * prev
    factor = where(agreement > 0, etaplus, where(agreement < 0, etaminus, 1))
    step_size = minimum(maximum(step_size * factor, step_min), step_max)
    g = where(agreement < 0, 0, g)
    return p - sign(g) * step_size, g, step_size


class Rprop(ElementwiseOptimizer):
    """``s ← clamp(η·s)`` with ``η = η⁺ if g·g' > 0, η⁻ if g·g' < 0, else 1``; ``p ← p − sign(g)·s``; ``g' ← g``.

    Where the sign changed, g counts as 0. s starts from lr; ``etas`` is (η⁻, η⁺), ``step_sizes`` the range of s.
    Riedmiller and Braun 1993, "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm".
    Raises ValueError unless 0 < η⁻ < 1 < η⁺.
    """

    state_names = ("prev", "step_size")
    number_names = ("step",)
    paper = (
        "Riedmiller and Braun 1993, 'A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm'"
    )
    when = "Small networks and full batches, where the sign of a gradient can be trusted; not for mini-batches."

    def __init__(
        self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None,
        maximize=False, differentiable=False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        if not 0 < group["etas"][0] < 1 < group["etas"][1]:
            raise ValueError(f"Rprop: etas must be (below 1, above 1), got {group['etas']}")

    def initial(self, name, group):
        return group["lr"] if name == "step_size" else 0.0

    def rule(self, group):
        return rprop, self.state_names

    def hyperparameters(self, group, state):
        return *group["etas"], *group["step_sizes"]
