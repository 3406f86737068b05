"""Weight standardization: each filter's weights normalized to mean 0 and variance 1."""

from ....tensor import Tensor
from ... import functional as F
from ...conv import Conv1d, Conv2d, Conv3d
from ...module import Module


def standardized(weight: Tensor, eps: float) -> Tensor:
    """Each output's weights with mean 0 and variance 1."""
    return F.layer_norm(weight, weight.shape[1:], eps=eps)


class WeightStandardization(Module):
    """``ŵ = (w − mean)/√(var + eps)`` over each output's weights: (out, in, *kernel). Qiao et al. 2019.

    A parametrization of a layer's weight (``nn.utils.parametrize``); ``WSConv2d`` is a convolution with it built in.
    The gradient of w has mean 0 and no component along ŵ: training cannot shift or scale a filter.

    Use it with GroupNorm, with which small batches train as well as large ones with BatchNorm. It needs a normalization
    after it: alone, the outputs grow by √fan_in. Raises ValueError for a weight of fewer than 2 dimensions.

    >>> layer = nn.utils.parametrize.register_parametrization(nn.Linear(2, 1), "weight", nn.WeightStandardization())
    >>> layer.weight.abs().round(decimals=2).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, eps: float = 1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim < 2:
            raise ValueError(f"WeightStandardization: (out, in, *kernel) expected, got shape {tuple(weight.shape)}")
        return standardized(weight, self.eps)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"


class WSConv1d(Conv1d):
    """``Conv1d`` with standardized weights and the same state_dict. See ``WeightStandardization``.

    >>> nn.WSConv1d(2, 4, 3)(mg.zeros(1, 2, 8)).shape
    (1, 4, 6)
    """

    def __init__(self, *args, eps: float = 1e-5, **options):
        super().__init__(*args, **options)
        self.eps = eps

    def convolve(self, input: Tensor, weight: Tensor) -> Tensor:
        return super().convolve(input, standardized(weight, self.eps))


class WSConv2d(WSConv1d, Conv2d):
    """``Conv2d`` with standardized weights and the same state_dict. See ``WeightStandardization``.

    >>> nn.Sequential(nn.WSConv2d(2, 4, 3, bias=False), nn.GroupNorm(2, 4), nn.ReLU())(mg.zeros(1, 2, 8, 8)).shape
    (1, 4, 6, 6)
    """


class WSConv3d(WSConv1d, Conv3d):
    """``Conv3d`` with standardized weights and the same state_dict. See ``WeightStandardization``.

    >>> nn.WSConv3d(1, 2, 3)(mg.zeros(1, 1, 4, 4, 4)).shape
    (1, 2, 2, 2, 2)
    """
