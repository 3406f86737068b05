"""Instance normalization: each channel of each sample normalized to mean 0 and variance 1 by itself."""

import warnings

from ...tensor import Tensor
from .. import functional as F
from .running import RunningNorm


class InstanceNorm(RunningNorm):
    """Base of instance norms; a subclass sets ``dims``, the number of dimensions after the channels."""

    dims: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device=None,
        dtype=None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        batched = input.ndim == self.dims + 2
        out = F.instance_norm(
            input if batched else input.reshape((1, *input.shape)),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return out if batched else out.reshape(tuple(input.shape))

    def _check(self, input: Tensor) -> None:
        name, shape = type(self).__name__, tuple(input.shape)
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise ValueError(f"{name}: {self.dims + 1}-d or {self.dims + 2}-d input expected, got shape {shape}")
        if shape[-self.dims - 1] == self.num_features:
            return
        if self.affine or self.track_running_stats:
            raise ValueError(f"{name}: {self.num_features} channels expected, got shape {shape}")
        warnings.warn(f"{name}: num_features is {self.num_features}, the input has shape {shape}", stacklevel=3)


class InstanceNorm1d(InstanceNorm):
    """``y = w·(x − mean)/√(var + eps) + b`` for each channel of each sample: (N, C, L), or (C, L) unbatched.

    Mean and (biased) variance are over L. ``affine`` adds weight and bias (C). With ``track_running_stats`` eval uses
    running statistics, updated with ``momentum`` (None: never); otherwise always those of the sample. The gradient is
    BatchNorm1d's, with means over L instead of the batch. Ulyanov, Vedaldi and Lempitsky 2016.

    Use it where a sample's overall level and contrast mean nothing, as in style transfer; it fails where they are the
    signal, and with short L, whose statistics are noise.

    >>> nn.InstanceNorm1d(1)(mg.tensor([[[1.0, 3.0]]])).round(decimals=3).tolist()
    [[[-1.0, 1.0]]]
    """

    dims = 1


class InstanceNorm2d(InstanceNorm):
    """``InstanceNorm1d`` for images: (N, C, H, W), or (C, H, W) unbatched. Mean and variance are over the pixels.

    It removes each image's contrast: for style transfer and image-to-image nets, not for classifying by brightness.

    >>> nn.InstanceNorm2d(3, affine=True)(mg.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    dims = 2


class InstanceNorm3d(InstanceNorm):
    """``InstanceNorm1d`` for volumes: (N, C, D, H, W), or (C, D, H, W) unbatched. Statistics are over the voxels.

    Common in medical segmentation, where a batch is one scan and scanners differ in contrast; it fails where the
    absolute intensity is the diagnosis.

    >>> nn.InstanceNorm3d(3)(mg.randn(3, 2, 2, 2)).shape
    (3, 2, 2, 2)
    """

    dims = 3
