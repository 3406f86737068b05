"""Early stopping: training ends when the held-out loss no longer improves, and the best weights are kept."""

import numpy as np

from ..nn.module import Module


class EarlyStopping:
    """Decides when to stop, and keeps the weights of the best step.

    ``stopping(value)`` after each evaluation takes the held-out loss (with ``mode="max"``: the accuracy) and returns
    True once ``patience`` evaluations in a row did not improve on ``best`` by more than ``min_delta``; NaN is never an
    improvement. ``restore()`` then restores the weights and buffers of evaluation number ``best_step`` (from 0).
    Prechelt 1998, "Early stopping - but when?".

    It has ``state_dict`` and ``load_state_dict``, so a checkpoint can hold it. The best value is the best of many and
    so too optimistic: evaluate the model on other data. Raises ValueError for a bad option.

        stopping = EarlyStopping(model, patience=5)
        for epoch in range(1000):
            ...
            if stopping(held_out_loss):
                break
        stopping.restore()
    """

    def __init__(self, model: Module, patience: int = 10, min_delta: float = 0.0, mode: str = "min"):
        if not isinstance(patience, int) or patience < 1:
            raise ValueError(f"EarlyStopping: patience must be a positive integer, got {patience!r}")
        if not min_delta >= 0:
            raise ValueError(f"EarlyStopping: min_delta must not be negative, got {min_delta!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"EarlyStopping: mode must be 'min' or 'max', got {mode!r}")
        self.model, self.patience, self.min_delta, self.mode = model, patience, min_delta, mode
        self.best: float | None = None
        self.best_step: int | None = None
        self.steps = 0
        self._weights: dict[str, np.ndarray] = {}

    def __call__(self, value: float) -> bool:
        value, self.steps = float(value), self.steps + 1
        sign = 1 if self.mode == "min" else -1
        bar = np.inf if self.best is None else sign * self.best - self.min_delta
        if sign * value < bar:
            self.best, self.best_step = value, self.steps - 1
            self._weights = {name: tensor.array.copy() for name, tensor in self.model.state_dict().items()}
        since = self.steps if self.best_step is None else self.steps - 1 - self.best_step
        return since >= self.patience

    def restore(self) -> None:
        """Restores the best weights. Raises RuntimeError when no evaluation gave a number."""
        if self.best_step is None:
            raise RuntimeError("EarlyStopping: there are no best weights yet: no evaluation gave a number")
        self.model.load_state_dict(self._weights)

    def state_dict(self) -> dict:
        return {"best": self.best, "best_step": self.best_step, "steps": self.steps, "weights": dict(self._weights)}

    def load_state_dict(self, state_dict: dict) -> None:
        self.best, self.best_step, self.steps = (state_dict[name] for name in ("best", "best_step", "steps"))
        self._weights = dict(state_dict["weights"])
