"""Layers without parameters that rearrange elements."""

from ..tensor import Tensor
from . import functional as F
from .module import Module


class Flatten(Module):
    """Dimensions ``start_dim`` to ``end_dim`` joined: (N, C, H, W) -> (N, C·H·W). Between convolutions and Linear.

    >>> nn.Flatten()(mg.zeros(2, 3, 4)).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension ``dim`` split into ``unflattened_size``, one of which may be −1, the inverse of Flatten: (N, C·H·W) ->
    (N, C, H, W).

    Raises TypeError unless ``unflattened_size`` is a tuple of integers.

    >>> nn.Unflatten(1, (3, 4))(mg.zeros(2, 12)).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size):
        super().__init__()
        if not isinstance(unflattened_size, tuple | list) or not all(isinstance(n, int) for n in unflattened_size):
            raise TypeError(f"Unflatten: unflattened_size is a tuple of integers, got {unflattened_size!r}")
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Unfold(Module):
    """Each window of an image as a column: (N, C, H, W) -> (N, C·kh·kw, windows). A convolution is then one product.

    >>> nn.Unfold(2)(mg.zeros(1, 3, 4, 4)).shape
    (1, 12, 9)
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return _listed(self, "kernel_size", "dilation", "padding", "stride")


class Fold(Module):
    """Columns summed back into images: (N, C·kh·kw, windows) -> (N, C, *output_size). The transpose of Unfold, not its
    inverse.

    >>> nn.Fold((4, 4), 2)(mg.zeros(1, 12, 9)).shape
    (1, 3, 4, 4)
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return _listed(self, "output_size", "kernel_size", "dilation", "padding", "stride")


class PixelShuffle(Module):
    """Channels become pixels: (…, C·r², H, W) -> (…, C, H·r, W·r), r the ``upscale_factor``. Shi et al. 2016.

    Upscales without the checkerboard of a transposed convolution.

    >>> nn.PixelShuffle(2)(mg.zeros(1, 8, 3, 3)).shape
    (1, 2, 6, 6)
    """

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return _listed(self, "upscale_factor")


class PixelUnshuffle(Module):
    """Pixels become channels: (…, C, H·r, W·r) -> (…, C·r², H, W), r the ``downscale_factor``: PixelShuffle undone.

    >>> nn.PixelUnshuffle(2)(mg.zeros(1, 2, 6, 6)).shape
    (1, 8, 3, 3)
    """

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return _listed(self, "downscale_factor")


class ChannelShuffle(Module):
    """Channels dealt out like cards among ``groups``, so that grouped convolutions mix. Zhang et al. 2018, section 3.1.

    (N, C, …) -> (N, C, …). Raises ValueError unless ``groups`` is positive.

    >>> nn.ChannelShuffle(2)(mg.arange(4.0).reshape(1, 4, 1)).flatten().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """

    def __init__(self, groups: int):
        super().__init__()
        if groups <= 0:
            raise ValueError(f"ChannelShuffle: groups must be positive, got {groups}")
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return _listed(self, "groups")


class Upsample(Module):
    """Resizes (N, C, …) to ``size`` or by ``scale_factor``; ``mode`` is nearest, linear, bilinear, bicubic, trilinear …

    See ``F.interpolate``. Smooth modes blur; ``align_corners`` decides whether corner pixels or pixel edges coincide.

    >>> nn.Upsample(scale_factor=2)(mg.zeros(1, 3, 4, 4)).shape
    (1, 3, 8, 8)
    """

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None):
        super().__init__()
        several = isinstance(scale_factor, tuple | list)
        self.scale_factor = tuple(map(float, scale_factor)) if several else scale_factor and float(scale_factor)
        self.size, self.mode, self.align_corners = size, mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsample for images (N, C, H, W), each pixel repeated.

    >>> nn.UpsamplingNearest2d(scale_factor=2)(mg.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Upsample for images (N, C, H, W), bilinear, with the corner pixels aligned.

    >>> nn.UpsamplingBilinear2d(scale_factor=2)(mg.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


def _listed(module: Module, *names: str) -> str:
    return ", ".join(f"{name}={getattr(module, name)}" for name in names)
