"""Convolution layers: cross-correlation with learned kernels, and its transpose."""

import math
from collections.abc import Sequence

from ..ops.nn.convolution import per_dimension
from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import empty_parameter
from .module import Module

_PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class _Convolution(Module):
    """Base of the convolutions: arguments, weight, bias and repr. A subclass sets ``dims`` and ``transposed``.

    ``weight`` and ``bias`` start uniform in ±1/√(fan_in), as PyTorch's do.
    """

    dims: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride,
        padding,
        dilation,
        output_padding,
        groups: int,
        bias: bool,
        padding_mode: str,
        device,
        dtype,
    ):
        super().__init__()
        self._check(in_channels, out_channels, groups, padding, stride, padding_mode)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = per_dimension(kernel_size, self.dims), per_dimension(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else per_dimension(padding, self.dims)
        self.dilation = per_dimension(dilation, self.dims)
        self.output_padding, self.padding_mode = per_dimension(output_padding, self.dims), padding_mode
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = empty_parameter(*channels, *self.kernel_size, device=device, dtype=dtype)
        self.register_parameter("bias", empty_parameter(out_channels, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def _check(self, in_channels, out_channels, groups, padding, stride, padding_mode) -> None:
        name = type(self).__name__
        if groups <= 0:
            raise ValueError(f"{name}: groups must be positive, got {groups}")
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: {in_channels} in_channels and {out_channels} out_channels must divide by groups {groups}"
            )
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"{name}: padding is numbers, 'same' or 'valid', got {padding!r}")
            if padding == "same" and any(s != 1 for s in per_dimension(stride, self.dims)):
                raise ValueError(f"{name}: padding='same' needs stride 1, got {stride}")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"{name}: padding_mode is {', '.join(_PADDING_MODES)}, got {padding_mode!r}")
        if self.transposed and padding_mode != "zeros":
            raise ValueError(f"{name}: only padding_mode='zeros' has a transpose, got {padding_mode!r}")

    def reset_parameters(self) -> None:
        """Redraws weight and bias."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        init.fan_in_bias_(self.bias, self.weight)

    def _both_sides(self) -> tuple[int, ...]:
        """The padding as ``F.pad`` takes it: (before, after) from the last dimension on."""
        sides = []
        for kernel, dilation, given in zip(
            self.kernel_size,
            self.dilation,
            self.padding if not isinstance(self.padding, str) else (self.padding,) * self.dims,
            strict=True,
        ):
            total = dilation * (kernel - 1) if given == "same" else 0 if given == "valid" else 2 * given  # type: ignore[operator]
            sides.append((total // 2, total - total // 2))
        return tuple(n for pair in reversed(sides) for n in pair)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        defaults = {"padding": zeros, "dilation": ones, "output_padding": zeros, "groups": 1}
        text += "".join(f", {n}={getattr(self, n)}" for n, default in defaults.items() if getattr(self, n) != default)
        text += "" if self.bias is not None else ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class Conv1d(_Convolution):
    """Cross-correlation of signals with learned kernels: (N, C, L) -> (N, O, L'), or both without the N.

    ``yₒ = bₒ + Σ_c w_{o,c} ⋆ x_c`` and ``L' = (L + 2·padding − dilation·(kernel − 1) − 1) // stride + 1``. ``weight``
    (O, C/groups, kernel), ``bias`` (O). ``padding`` may be "same" or "valid"; ``padding_mode`` is what the border is
    filled with: zeros, reflect, replicate or circular.

    Use it where a pattern may appear anywhere; it cannot tell *where* it appeared, and sees only as far as its kernel.

    >>> nn.Conv1d(2, 4, 3)(mg.zeros(1, 2, 8)).shape
    (1, 4, 6)
    """

    dims = 1

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding: int | Sequence[int] | str = 0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(input, self.weight)

    def convolve(self, input: Tensor, weight: Tensor) -> Tensor:
        """``forward`` with the given weight, for layers that compute it from the trained one."""
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self.dims - 1]
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._both_sides(), _PADDING_MODES[self.padding_mode]), 0
        return convolve(input, weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(Conv1d):
    """Cross-correlation of images with learned kernels: (N, C, H, W) -> (N, O, H', W'), or both without the N.

    As Conv1d in each dimension; ``weight`` (O, C/groups, kh, kw). ``groups=C`` makes it depthwise.

    >>> nn.Conv2d(3, 8, 3, padding=1, stride=2)(mg.zeros(1, 3, 8, 8)).shape
    (1, 8, 4, 4)
    """

    dims = 2


class Conv3d(Conv1d):
    """Cross-correlation of volumes with learned kernels: (N, C, D, H, W) -> (N, O, D', H', W'), or without the N.

    As Conv1d in each dimension; ``weight`` (O, C/groups, kd, kh, kw).

    >>> nn.Conv3d(1, 2, 3)(mg.zeros(1, 1, 4, 4, 4)).shape
    (1, 2, 2, 2, 2)
    """

    dims = 3


class ConvTranspose1d(_Convolution):
    """The transpose of Conv1d, its gradient with respect to the input: (N, C, L) -> (N, O, L').

    ``L' = (L − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1``; ``forward`` takes ``output_size``
    instead. ``weight`` (C, O/groups, kernel). It undoes a convolution's shape, not its values; a kernel size that is
    not a multiple of the stride leaves a checkerboard pattern.

    >>> nn.ConvTranspose1d(2, 4, 3, stride=2)(mg.zeros(1, 2, 8)).shape
    (1, 4, 17)
    """

    dims, transposed = 1, True

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size=None) -> Tensor:
        convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.dims - 1]
        extra = self.output_padding if output_size is None else self._output_padding(input, output_size)
        return convolve(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _output_padding(self, input: Tensor, output_size) -> tuple[int, ...]:
        """The output padding that reaches ``output_size``, which is the size of the image or of the whole output."""
        wanted = tuple(output_size)[-self.dims :]
        sizes = zip(input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        smallest = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in sizes)  # type: ignore[operator]
        extra = tuple(w - n for w, n in zip(wanted, smallest, strict=True))
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            largest = tuple(n + s - 1 for n, s in zip(smallest, self.stride, strict=True))
            raise ValueError(
                f"{type(self).__name__}: output_size {wanted} is not possible for an input of shape "
                f"{tuple(input.shape)}: {smallest} to {largest} is"
            )
        return extra


class ConvTranspose2d(ConvTranspose1d):
    """The transpose of Conv2d: (N, C, H, W) -> (N, O, H', W'). As ConvTranspose1d in each dimension.

    >>> nn.ConvTranspose2d(2, 4, 2, stride=2)(mg.zeros(1, 2, 4, 4)).shape
    (1, 4, 8, 8)
    """

    dims = 2


class ConvTranspose3d(ConvTranspose1d):
    """The transpose of Conv3d: (N, C, D, H, W) -> (N, O, D', H', W'). As ConvTranspose1d in each dimension.

    >>> nn.ConvTranspose3d(1, 2, 2, stride=2)(mg.zeros(1, 1, 2, 2, 2)).shape
    (1, 2, 4, 4, 4)
    """

    dims = 3
