"""Optimizers whose step looks at a whole tensor, by NumPy: norms, matrices, random numbers."""

import numpy as np

from .optimizer import Optimizer
from .update_rule import check_arrays


class TensorOptimizer(Optimizer):
    """Base: a subclass writes ``update`` for arrays. "step", if it is in ``number_names``, counts by itself."""

    def update_parameter(self, p, g, state, group):
        check_arrays(p.array, g)
        if "step" in self.number_names:
            state["step"] = state.get("step", 0) + 1
        self.update(p.array, -g if group["maximize"] else g, state, group)

    def update(self, p: np.ndarray, g: np.ndarray, state: dict, group: dict) -> None:
        """One step of the array p, in place, along the descent direction's opposite g."""
        raise NotImplementedError(f"{type(self).__name__}: update is not written")
