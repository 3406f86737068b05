"""Vectors scaled to a fixed length: no mean, no batch, hardly any parameters."""

import math

from ....ops.elementwise.exponential import sqrt
from ....tensor import Tensor
from ... import functional as F
from ... import init
from ...linear import empty_parameter
from ...module import Module


class ScaleNorm(Module):
    """``y = g·x/max(‖x‖, eps)`` along the last dimension: (*, dim), one learned length g. Nguyen and Salazar 2019.

    g starts at √dim, the length of a vector of unit variance. With u = x/‖x‖, ``dx = g/‖x‖·(I − uuᵀ)·dy``: only the
    direction gets a gradient.

    Use it in transformers, above all for translation with little data: one number in place of LayerNorm's 2·dim. It
    fails where features need individual scales. Raises ValueError unless the input's last dimension is ``dim``.

    >>> nn.ScaleNorm(4)(mg.tensor([3.0, 0.0, 4.0, 0.0])).detach()
    tensor([1.2, 0. , 1.6, 0. ])
    """

    def __init__(self, dim: int, eps: float = 1e-5, device=None, dtype=None):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.g = init.constant_(empty_parameter(1, device=device, dtype=dtype), math.sqrt(dim))

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[-1:] != (self.dim,):
            raise ValueError(f"ScaleNorm: (*, {self.dim}) expected, got shape {tuple(input.shape)}")
        return self.g * F.normalize(input, dim=-1, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{self.dim}, eps={self.eps}"


class UnitNorm(Module):
    """``y = D^(k/2)·x/max(‖x‖, eps)`` along the last dimension, of size D: (*, D). Huang et al. 2024.

    k = 0 gives vectors of length 1, k = 1 those of unit mean square (RMSNorm without weight); in between, k limits how
    peaked attention on the result can become. As with ScaleNorm, only the direction gets a gradient.

    Use it before dot products, where the angle matters and no sign may flip; it fails where the length carries
    information.

    >>> nn.UnitNorm()(mg.tensor([3.0, 4.0]))
    tensor([0.6, 0.8])
    """

    def __init__(self, k: float = 0.0, eps: float = 1e-12):
        super().__init__()
        self.k, self.eps = k, eps

    def forward(self, input: Tensor) -> Tensor:
        return F.normalize(input, dim=-1, eps=self.eps) * input.shape[-1] ** (self.k / 2)

    def extra_repr(self) -> str:
        return f"k={self.k}, eps={self.eps}"


class PixelNorm(Module):
    """``y = x/√(mean over channels of x² + eps)`` at every pixel: (N, C, *). Karras et al. 2018, section 4.2.

    Use it after the convolutions of a GAN's generator, where it keeps magnitudes from escalating. It removes the
    strength of each pixel's response, so keep it out of discriminators. Raises ValueError for an input of fewer than 2
    dimensions.

    >>> nn.PixelNorm()(mg.tensor([[[3.0], [4.0]]])).flatten()
    tensor([0.8485, 1.1314])
    """

    def __init__(self, eps: float = 1e-8):
        super().__init__()
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2:
            raise ValueError(f"PixelNorm: (N, C, *) expected, got shape {tuple(input.shape)}")
        return input / sqrt((input * input).mean(1, keepdim=True) + self.eps)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"
