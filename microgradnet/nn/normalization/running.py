"""Running statistics, which batch and instance normalization keep for evaluation."""

import numpy as np

from ...tensor import Tensor
from .. import init
from ..linear import empty_parameter
from .affine import Affine


class RunningNorm(Affine):
    """Base of batch and instance norm: weight, bias, and the running mean and variance of each channel.

    ``running ← (1 − m)·running + m·statistic`` with m = ``momentum``, or 1/(number of batches) where momentum is None:
    then it is the mean of all batches since ``reset_running_stats``.
    """

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device,
        dtype,
        bias: bool,
    ):
        super().__init__((num_features,), affine, affine and bias, device, dtype)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name in ("running_mean", "running_var"):
            tracked = empty_parameter(num_features, device=device, dtype=dtype).data if track_running_stats else None
            self.register_buffer(name, tracked)
        self.register_buffer("num_batches_tracked", Tensor(np.zeros((), np.int64)) if track_running_stats else None)
        self.reset_running_stats()

    def reset_running_stats(self) -> None:
        """Sets mean 0, variance 1 and no batches seen."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, and resets the running statistics."""
        super().reset_parameters()
        self.reset_running_stats()

    def _count_batch(self) -> float:
        """Counts a training batch; returns the weight m of its statistics in the running ones."""
        if not (self.training and self.track_running_stats):
            return self.momentum or 0.0
        self.num_batches_tracked.add_(1)
        return 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def before_load(self, state_dict: dict, prefix: str) -> None:
        """States saved before batches were counted (before PyTorch 0.4.1) lack the number of batches: ours stays."""
        known = {f"{prefix}running_mean", f"{prefix}running_var"} <= state_dict.keys()
        if self.track_running_stats and known:
            state_dict.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked)
