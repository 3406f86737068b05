"""Normalization of feature maps by their energy: each map by its own, or by its share of all channels'."""

from ....ops.elementwise.exponential import sqrt
from ....ops.reduce.norms import vector_norm
from ....tensor import Tensor
from ... import init
from ...linear import empty_parameter
from ...normalization.affine import Affine, check_channels


def per_map(input: Tensor) -> tuple[int, ...]:
    """The shape in which a per-channel parameter broadcasts over (N, C, *)."""
    return (-1, *(1,) * (input.ndim - 2))


class FilterResponseNorm(Affine):
    """``y = w·x/√(ν² + eps) + b``, ν² the mean of x² over a sample's map: (N, C, *), weight and bias (C).

    Singh and Krishnan 2020. No mean is subtracted, so follow it with a thresholded linear unit max(y, τ), TLU, whose
    learned τ is where the response begins; a ReLU would cut at an arbitrary 0. ``learnable_eps`` adds |e| to eps, e
    learned per channel (initially 1e-4), for maps of one pixel, where y would otherwise be x's sign. The gradient is
    RMSNorm's, with means over the map.

    Use it with batches of one or two; it fails without its TLU, and needs a learning rate warm-up.

    >>> layer, tau = nn.FilterResponseNorm(1), nn.Parameter([-0.5])
    >>> mg.maximum(layer(mg.tensor([[[3.0, -3.0]]])), tau).round(decimals=3).tolist()
    [[[1.0, -0.5]]]
    """

    def __init__(self, num_features: int, eps: float = 1e-6, learnable_eps: bool = False, device=None, dtype=None):
        super().__init__((num_features,), True, True, device, dtype)
        self.num_features, self.eps, self.learnable_eps = num_features, eps, learnable_eps
        learned = empty_parameter(num_features, device=device, dtype=dtype) if learnable_eps else None
        self.register_parameter("learned_eps", None if learned is None else init.constant_(learned, 1e-4))

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (2, ...))
        shape = per_map(input)
        maps = tuple(range(2, input.ndim))
        energy = (input * input).mean(maps, keepdim=True) if maps else input * input
        eps = self.eps if self.learned_eps is None else abs(self.learned_eps).reshape(shape) + self.eps
        return self._scaled(input / sqrt(energy + eps), shape)

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, learnable_eps={self.learnable_eps}"


class GlobalResponseNorm(Affine):
    """``y = x + w·x·n + b``, ``n_c = ‖x_c‖/(mean over channels of ‖x‖ + eps)``: (N, C, *), weight and bias (C).

    ‖x_c‖ is the norm of channel c's map. Weight and bias start at 0, so it starts as the identity. Woo et al. 2023
    (ConvNeXt V2).

    Channels compete: those with more energy than the rest are amplified. Use it in the wide layer of a ConvNeXt block,
    where channels would otherwise collapse in masked pretraining; it does not normalize the scale, so keep the block's
    LayerNorm.

    >>> layer = nn.GlobalResponseNorm(2)
    >>> nn.init.ones_(layer.weight).shape
    (2,)
    >>> layer(mg.tensor([[[1.0], [3.0]]])).flatten().round(decimals=3).tolist()  # n = 0.5, 1.5
    [1.5, 7.5]
    """

    def __init__(self, num_features: int, eps: float = 1e-6, device=None, dtype=None):
        super().__init__((num_features,), True, True, device, dtype)
        self.num_features, self.eps = num_features, eps
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets scales and shifts to 0, the identity."""
        init.zeros_(self.weight)
        init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, (3, ...))
        norms = vector_norm(input, 2, tuple(range(2, input.ndim)), True)
        share = norms / (norms.mean(1, keepdim=True) + self.eps)
        return input + self._scaled(input * share, per_map(input))

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}"
