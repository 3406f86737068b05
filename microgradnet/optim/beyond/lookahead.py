"""Lookahead: slow weights that follow the fast ones every few steps."""

from .wrapper import OptimizerWrapper


class Lookahead(OptimizerWrapper):
    """Every k steps ``slow ← slow + α(p − slow)``, ``p ← slow``, where any ``optimizer`` updates p in between.

    The state of the wrapped optimizer is not reset, as in the paper's experiments. Raises ValueError unless k is an
    integer from 1 and α in [0, 1].

        optimizer = Lookahead(Adam(model.parameters()), k=5, alpha=0.5)
    """

    state_names = ("slow",)
    number_names = ("step",)
    paper = "Zhang et al. 2019, 'Lookahead Optimizer: k steps forward, 1 step back', algorithm 1"
    when = "Around an optimizer with a large lr, to calm it; a well tuned and decayed lr gains little."

    def __init__(self, optimizer, k=5, alpha=0.5):
        super().__init__(optimizer, {"k": k, "alpha": alpha})

    def check_own(self, group):
        if not (isinstance(group["k"], int) and group["k"] >= 1):
            raise ValueError(f"Lookahead: k must be a whole number of steps from 1, got {group['k']}")
        if not 0 <= group["alpha"] <= 1:
            raise ValueError(f"Lookahead: alpha must be in [0, 1], got {group['alpha']}")

    def step(self, closure=None):
        """One step of the wrapped optimizer and, every k-th time, one of the slow weights."""
        present = [(p, group) for group in self.param_groups for p in group["params"]]
        for p, _ in present:
            if p not in self.state:
                self.state[p] = {"step": 0, "slow": p.array.copy()}
        loss = self.optimizer.step(closure)
        for p, group in present:
            state = self.state[p]
            state["step"] += 1
            if state["step"] % group["k"] == 0:
                state["slow"] += group["alpha"] * (p.array - state["slow"])
                p.array[...] = state["slow"]
                p.version[0] += 1
        return loss
