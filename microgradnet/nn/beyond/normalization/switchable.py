"""Switchable normalization: a learned mixture of instance, layer and batch statistics."""

from ....ops.elementwise.exponential import sqrt
from ....ops.nn.normalization import move_towards, per_channel
from ....ops.reduce.reduction import softmax
from ....ops.reduce.statistics import var
from ....tensor import Tensor
from ... import init
from ...linear import empty_parameter
from ...normalization.affine import check_channels
from ...normalization.running import RunningNorm
from .filter import per_map


class SwitchableNorm(RunningNorm):
    """``y = w·(x − Σ p_k·μ_k)/√(Σ q_k·σ²_k + eps) + b`` over k = instance, layer, batch: (N, C, *), weight and bias
    (C).

    p = softmax(``mean_weight``) and q = softmax(``var_weight``), three numbers each, initially equal, weight the
    statistics. In eval those of the batch are running ones, updated with ``momentum``. None averages over all batches:
    done over a few batches after training (``reset_running_stats()`` first) it is the paper's "batch average".
    Variances are biased. Luo et al. 2018.

    Use it to see which normalization a layer prefers: print ``mg.softmax(layer.var_weight, 0)``. It costs three
    reductions, and its mixture overfits to the batch size of training.

    >>> layer = nn.SwitchableNorm(3)
    >>> layer(mg.randn(2, 3, 4, 4)).shape, layer.mean_weight.shape
    ((2, 3, 4, 4), (3,))
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, device=None, dtype=None):
        super().__init__(num_features, eps, momentum, True, True, device, dtype, True)
        self.mean_weight = init.ones_(empty_parameter(3, device=device, dtype=dtype))
        self.var_weight = init.ones_(empty_parameter(3, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, an equal mixture, and resets the running statistics."""
        super().reset_parameters()
        init.ones_(self.mean_weight)
        init.ones_(self.var_weight)

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (3, ...))
        p, q = softmax(self.mean_weight, 0), softmax(self.var_weight, 0)
        statistics = self._statistics(input)
        mean = sum(p[k] * statistics[k][0] for k in range(3))
        variance = sum(q[k] * statistics[k][1] for k in range(3))
        return self._scaled((input - mean) / sqrt(variance + self.eps), per_map(input))

    def _statistics(self, input: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Mean and variance of each map, each sample and each channel; the last two are computed from the first."""
        maps = tuple(range(2, input.ndim))
        mean, variance = input.mean(maps, keepdim=True), var(input, maps, correction=0, keepdim=True)
        joined = [
            (mean.mean(d, keepdim=True), variance.mean(d, keepdim=True) + var(mean, d, correction=0, keepdim=True))
            for d in ((1, 0) if self.training else (1,))
        ]
        if self.training:
            momentum = self._count_batch()
            move_towards(self.running_mean, joined[1][0].array.reshape(-1), momentum)
            move_towards(self.running_var, joined[1][1].array.reshape(-1), momentum)
        else:
            joined.append(tuple(per_channel(v, input.ndim) for v in (self.running_mean, self.running_var)))
        return [(mean, variance), *joined]

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"
