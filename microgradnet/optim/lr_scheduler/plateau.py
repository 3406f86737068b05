"""A schedule that reacts to a metric."""

import math

from ..optimizer import Optimizer
from .scheduler import LRScheduler, per_group, set_value


class ReduceLROnPlateau(LRScheduler):
    """``lr ← max(lr·factor, min_lr)`` once a metric has not improved for more than ``patience`` steps.

    Improved: below ``best·(1 − threshold)`` for ``mode`` "min" and ``threshold_mode`` "rel", below ``best − threshold``
    for "abs"; correspondingly above for "max". After a drop it waits for ``cooldown`` steps. A change of less than
    ``eps`` is not made. ``step(metric)`` takes the metric, such as a validation loss. Raises TypeError unless
    ``optimizer`` is an Optimizer, ValueError for ``factor`` ≥ 1 or an unknown mode.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr=0,
        eps: float = 1e-8,
    ):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"ReduceLROnPlateau: optimizer must be an Optimizer, got {type(optimizer).__name__}")
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode is 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode is 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer, self.factor, self.patience, self.cooldown, self.eps = optimizer, factor, patience, cooldown, eps
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.min_lrs = per_group("ReduceLROnPlateau", "min_lr", min_lr, optimizer)
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self.best = math.inf if mode == "min" else -math.inf
        self._last_lr = [float(group["lr"]) for group in optimizer.param_groups]

    @property
    def in_cooldown(self) -> bool:
        """Whether it is still waiting after the last drop."""
        return self.cooldown_counter > 0

    def is_better(self, a: float, best: float) -> bool:
        """Whether ``a`` is better than ``best`` by more than the threshold."""
        margin = -self.threshold if self.mode == "min" else self.threshold
        line = best * (1 + margin) if self.threshold_mode == "rel" else best + margin
        return a < line if self.mode == "min" else a > line

    def step(self, metrics, epoch: int | None = None) -> None:
        """Records one step with the value ``metrics`` (a number or a tensor of one element)."""
        metric = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(metric, self.best):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def _reduce(self) -> None:
        for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = float(group["lr"])
            lower = max(lr * self.factor, lowest)
            if lr - lower > self.eps:
                set_value(group, "lr", lower)
