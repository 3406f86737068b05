"""Optimizers whose step needs a whole tensor, written in NumPy: norms, matrices, random numbers."""

from ..backends.device import np
from .optimizer import Optimizer
from .update_rule import check_arrays


class TensorOptimizer(Optimizer):
    """Base: a subclass defines ``update`` on arrays. "step", if in ``number_names``, is counted here.
    ``load_state_dict`` raises ValueError for missing or unknown entries.
    """

    optional_names: tuple[str, ...] = ()  # states that some options do not need

    def check_state(self, p, state, group):
        known, optimizer = (*self.state_names, *self.number_names), type(self).__name__
        for name in state:
            if name not in known:
                raise ValueError(f"{optimizer}: the state has {name}, which this optimizer does not keep")
        for name in known if state else ():
            if name not in state and name not in self.optional_names:
                raise ValueError(f"{optimizer}: the state has no {name}")
        super().check_state(p, state, group)

    def update_parameter(self, p, g, state, group):
        check_arrays(p.array, g)
        if "step" in self.number_names:
            state["step"] = state.get("step", 0) + 1
        self.update(p.array, -g if group["maximize"] else g, state, group)

    def update(self, p: np.ndarray, g: np.ndarray, state: dict, group: dict) -> None:
        """One step of the array p, in place; g is the gradient, to be descended."""
        raise NotImplementedError(f"{type(self).__name__}: update is not written")
