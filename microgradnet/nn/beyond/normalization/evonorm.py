"""EvoNorms: layers, found by search, that normalize and activate in one. Put no activation after them."""

from ....ops.elementwise.activation import sigmoid
from ....ops.elementwise.arithmetic import maximum
from ....ops.elementwise.exponential import sqrt
from ....ops.nn.normalization import move_towards, per_channel
from ....ops.reduce.statistics import var
from ....tensor import Tensor
from ... import init
from ...linear import empty_parameter
from ...normalization.affine import Affine, check_channels
from ...normalization.layer import check_groups
from .filter import per_map


class EvoNorm(Affine):
    """Base of the EvoNorms: weight, bias, and the nonlinearity's ``v``, initially 1; all (C)."""

    def __init__(self, num_features: int, eps: float, device, dtype):
        super().__init__((num_features,), True, True, device, dtype)
        self.num_features, self.eps = num_features, eps
        self.v = init.ones_(empty_parameter(num_features, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0 and v to 1."""
        super().reset_parameters()
        init.ones_(self.v)


class EvoNormB0(EvoNorm):
    """``y = w·x/max(√(s²_batch + eps), v·x + √(s²_map + eps)) + b``: (N, C, *), all parameters (C).

    s²_batch is the (biased) variance of a channel over the batch, in eval the running one, updated with ``momentum``;
    s²_map that of one sample's map. The maximum is its nonlinearity: large positive x are divided by roughly
    themselves. Liu et al. 2020.

    Use it in place of a convolution's BatchNorm and ReLU with batches of usual size; with small ones use EvoNormS0.

    >>> nn.EvoNormB0(3)(mg.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, device=None, dtype=None):
        super().__init__(num_features, eps, device, dtype)
        self.momentum = momentum
        self.register_buffer("running_var", empty_parameter(num_features, device=device, dtype=dtype).data)
        init.ones_(self.running_var)

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, v to 1, and resets the running variance."""
        super().reset_parameters()
        init.ones_(self.running_var)

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (3, ...))
        maps, v = tuple(range(2, input.ndim)), per_channel(self.v, input.ndim)
        if self.training:
            over_batch = var(input, (0, *maps), correction=0)
            move_towards(self.running_var, over_batch.array, self.momentum)
        else:
            over_batch = self.running_var
        by_batch = sqrt(per_channel(over_batch, input.ndim) + self.eps)
        by_map = sqrt(var(input, maps, correction=0, keepdim=True) + self.eps)
        return self._scaled(input / maximum(by_batch, v * input + by_map), per_map(input))

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class EvoNormS0(EvoNorm):
    """``y = w·x·σ(v·x)/√(s²_group + eps) + b``: (N, C, *), s² the (biased) variance over one of ``num_groups`` groups.

    A Swish divided by a group's standard deviation; no mean is subtracted, and no batch is needed. Liu et al. 2020.

    Use it in place of a convolution's GroupNorm and activation, with batches of any size; the paper uses 32 groups. It
    fails where v·x drifts and the block has no other normalization: the Swish is then linear or 0.

    >>> nn.EvoNormS0(4, num_groups=2)(mg.randn(2, 4, 3, 3)).shape
    (2, 4, 3, 3)
    """

    def __init__(self, num_features: int, num_groups: int = 32, eps: float = 1e-5, device=None, dtype=None):
        check_groups("EvoNormS0", num_groups, num_features)
        super().__init__(num_features, eps, device, dtype)
        self.num_groups = num_groups

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (3, ...))
        rows = (input.shape[0], self.num_groups, -1)
        deviation = sqrt(var(input.reshape(rows), 2, correction=0, keepdim=True) + self.eps)
        swish = input * sigmoid(per_channel(self.v, input.ndim) * input)
        return self._scaled((swish.reshape(rows) / deviation).reshape(tuple(input.shape)), per_map(input))

    def extra_repr(self) -> str:
        return f"{self.num_features}, num_groups={self.num_groups}, eps={self.eps}"
