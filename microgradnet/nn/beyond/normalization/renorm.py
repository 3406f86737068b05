"""Batch renormalization: batch norm whose output in training is that of evaluation."""

import math

import numpy as np

from ....ops.nn.normalization import channels_norm, move_towards, per_channel
from ....tensor import Tensor
from ... import functional as F
from ... import init
from ...linear import empty_parameter
from ...normalization.affine import Affine, check_channels


class BatchRenorm(Affine):
    """``y = w·((x − μ_B)/σ_B·r + d) + b`` for each channel: (N, C, *), weight and bias (C). Ioffe 2017, algorithm 1.

    μ_B, σ_B = √(var + eps) are the batch's; ``r = clip(σ_B/σ, 1/r_max, r_max)`` and ``d = clip((μ_B − μ)/σ, −d_max,
    d_max)`` correct towards the running μ, σ, which are updated with ``momentum``; in eval ``y = w·(x − μ)/σ + b``. r
    and d count as constants, so the gradient is batch norm's with weight w·r. Unclipped, training computes the same as
    eval; with ``r_max=1, d_max=0`` it is batch norm. The paper starts there and widens to 3 and 5 over the first tens
    of thousands of steps: set ``r_max`` and ``d_max`` as you train.

    Use it for small or correlated batches; it fails if the limits widen before μ and σ are meaningful, and a single
    value per channel still has no statistics. Raises ValueError for that, for ``r_max`` < 1 and for ``d_max`` < 0.

    >>> layer = nn.BatchRenorm(1, r_max=1, d_max=0)  # a batch norm
    >>> layer(mg.tensor([[1.0], [3.0]])).round(decimals=3).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.01,
        r_max: float = 3.0,
        d_max: float = 5.0,
        affine: bool = True,
        device=None,
        dtype=None,
    ):
        if r_max < 1 or d_max < 0:
            raise ValueError(f"BatchRenorm: r_max ≥ 1 and d_max ≥ 0 expected, got {r_max} and {d_max}")
        super().__init__((num_features,), affine, affine, device, dtype)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.r_max, self.d_max, self.affine = r_max, d_max, affine
        self.register_buffer("running_mean", empty_parameter(num_features, device=device, dtype=dtype).data)
        self.register_buffer("running_std", empty_parameter(num_features, device=device, dtype=dtype).data)
        self.reset_running_stats()

    def reset_running_stats(self) -> None:
        """Sets mean 0 and standard deviation 1."""
        init.zeros_(self.running_mean)
        init.ones_(self.running_std)

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, and resets the running statistics."""
        super().reset_parameters()
        self.reset_running_stats()

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (2, ...))
        if not self.training:
            variance = self.running_std * self.running_std  # includes eps
            return F.batch_norm(input, self.running_mean, variance, self.weight, self.bias, eps=0.0)
        if input.shape[0] * math.prod(input.shape[2:]) == 1:
            raise ValueError(f"BatchRenorm: more than one value a channel expected, got shape {tuple(input.shape)}")
        statistics = np.empty((3, self.num_features), input.dtype)
        one = np.ones(self.num_features, input.dtype)
        h = channels_norm(input, one, one * 0, self.eps, statistics)
        r, d = self._corrections(statistics[0], 1 / statistics[1])
        scale, shift = (r, d) if self.weight is None else (self.weight * r, self.weight * d + self.bias)
        return h * per_channel(scale, input.ndim) + per_channel(shift, input.ndim)

    def _corrections(self, mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """r and d from the running statistics, which are then updated with the batch's."""
        sigma = self.running_std.array
        r = np.clip(std / sigma, 1 / self.r_max, self.r_max)
        d = np.clip((mean - self.running_mean.array) / sigma, -self.d_max, self.d_max)
        move_towards(self.running_mean, mean, self.momentum)
        move_towards(self.running_std, std, self.momentum)
        return r, d

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, r_max={self.r_max}, d_max={self.d_max}, "
            f"affine={self.affine}"
        )
