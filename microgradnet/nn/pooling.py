"""Pooling layers: one number from each window."""

from ..ops.nn.convolution import per_dimension
from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Pool(Module):
    """Base of the pools: a subclass defines ``dims``, the arguments that it prints, and ``forward``."""

    dims = 1
    shown: tuple[str, ...]

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class MaxPool1d(_Pool):
    """The largest of each window: (N, C, L) -> (N, C, L'), or both without the N.

    ``L' = (L + 2·padding − dilation·(kernel − 1) − 1) // stride + 1`` (rounded up with ``ceil_mode``); ``stride`` is
    ``kernel_size`` if not given. The whole gradient goes to the maximum, the first of several; the other elements of
    the window get none. With ``return_indices`` it also returns the positions of the maxima, for MaxUnpool1d.

    >>> nn.MaxPool1d(2)(mg.tensor([[1.0, 3.0, 2.0, 0.0]])).tolist()
    [[3.0, 2.0]]
    """

    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor):
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.dims - 1]
        window = self.kernel_size, self.stride, self.padding, self.dilation
        return pool(input, *window, ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class MaxPool2d(MaxPool1d):
    """The largest of each window: (N, C, H, W) -> (N, C, H', W'), or both without the N. As MaxPool1d.

    >>> nn.MaxPool2d(2)(mg.zeros(1, 3, 8, 8)).shape
    (1, 3, 4, 4)
    """

    dims = 2


class MaxPool3d(MaxPool1d):
    """The largest of each window: (N, C, D, H, W) -> (N, C, D', H', W'), or both without the N. As MaxPool1d.

    >>> nn.MaxPool3d(2)(mg.zeros(1, 3, 4, 4, 4)).shape
    (1, 3, 2, 2, 2)
    """

    dims = 3


class MaxUnpool1d(_Pool):
    """Puts the maxima of MaxPool1d back at their ``indices``, zeros elsewhere: (N, C, L') -> (N, C, L).

    >>> pool = nn.MaxPool1d(2, return_indices=True)
    >>> nn.MaxUnpool1d(2)(*pool(mg.tensor([[1.0, 3.0, 2.0, 0.0]]))).tolist()
    [[0.0, 3.0, 2.0, 0.0]]
    """

    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, self.dims)
        self.stride = per_dimension(kernel_size if stride is None else stride, self.dims)
        self.padding = per_dimension(padding, self.dims)

    def forward(self, input: Tensor, indices: Tensor, output_size=None) -> Tensor:
        unpool = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.dims - 1]
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(MaxUnpool1d):
    """MaxUnpool1d for images: (N, C, H', W') -> (N, C, H, W).

    >>> pool = nn.MaxPool2d(2, return_indices=True)
    >>> nn.MaxUnpool2d(2)(*pool(mg.ones(1, 4, 4))).shape
    (1, 4, 4)
    """

    dims = 2


class MaxUnpool3d(MaxUnpool1d):
    """MaxUnpool1d for volumes: (N, C, D', H', W') -> (N, C, D, H, W).

    >>> pool = nn.MaxPool3d(2, return_indices=True)
    >>> nn.MaxUnpool3d(2)(*pool(mg.ones(1, 2, 2, 2))).shape
    (1, 2, 2, 2)
    """

    dims = 3


class AvgPool1d(_Pool):
    """The mean of each window: (N, C, L) -> (N, C, L'), or both without the N; each element gets 1/kernel of the
    gradient.

    ``L' = (L + 2·padding − kernel) // stride + 1`` (rounded up with ``ceil_mode``); padding counts as zeros unless
    ``count_include_pad`` is False.

    >>> nn.AvgPool1d(2)(mg.tensor([[1.0, 3.0, 2.0, 0.0]])).tolist()
    [[2.0, 1.0]]
    """

    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, 1)
        self.stride = self.kernel_size if stride is None else per_dimension(stride, 1)
        self.padding = per_dimension(padding, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        window = self.kernel_size, self.stride, self.padding
        return F.avg_pool1d(input, *window, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_Pool):
    """The mean of each window: (N, C, H, W) -> (N, C, H', W'), or both without the N. As AvgPool1d.

    ``divisor_override`` divides the sum instead of the window's size.

    >>> nn.AvgPool2d(2)(mg.zeros(1, 3, 8, 8)).shape
    (1, 3, 4, 4)
    """

    dims = 2
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        pool = F.avg_pool2d if self.dims == 2 else F.avg_pool3d
        window = self.kernel_size, self.stride, self.padding
        return pool(input, *window, self.ceil_mode, self.count_include_pad, self.divisor_override)


class AvgPool3d(AvgPool2d):
    """The mean of each window: (N, C, D, H, W) -> (N, C, D', H', W'), or both without the N. As AvgPool2d.

    >>> nn.AvgPool3d(2)(mg.zeros(1, 3, 4, 4, 4)).shape
    (1, 3, 2, 2, 2)
    """

    dims = 3


class LPPool1d(_Pool):
    """The p-norm of each window, ``(Σ xᵖ)^(1/p)``: (N, C, L) -> (N, C, L'). p = 1 is the sum; p → ∞ is max pooling.

    The power has no absolute value, as in PyTorch: with an odd p, negative numbers give NaN or a negative result.

    >>> nn.LPPool1d(2, 2)(mg.tensor([[3.0, 4.0]])).tolist()
    [[5.0]]
    """

    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        pool = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.dims - 1]
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(LPPool1d):
    """LPPool1d for images: (N, C, H, W) -> (N, C, H', W').

    >>> nn.LPPool2d(2, 2)(mg.ones(1, 1, 2, 2)).tolist()
    [[[[2.0]]]]
    """

    dims = 2


class LPPool3d(LPPool1d):
    """LPPool1d for volumes: (N, C, D, H, W) -> (N, C, D', H', W').

    >>> nn.LPPool3d(2, 2)(mg.ones(1, 1, 2, 2, 2)).shape
    (1, 1, 1, 1, 1)
    """

    dims = 3


class AdaptiveAvgPool1d(_Pool):
    """Means over as many windows as ``output_size`` asks for, for inputs of any size: (N, C, L) -> (N, C, out).

    Window i reaches from ⌊i·L/out⌋ to ⌈(i + 1)·L/out⌉. With 1 it is global average pooling.

    >>> nn.AdaptiveAvgPool1d(1)(mg.tensor([[1.0, 2.0, 6.0]])).tolist()
    [[3.0]]
    """

    shown = ("output_size",)

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        pool = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.dims - 1]
        return pool(input, self.output_size)


class AdaptiveAvgPool2d(AdaptiveAvgPool1d):
    """AdaptiveAvgPool1d for images: (N, C, H, W) -> (N, C, *output_size); None keeps that size.

    >>> nn.AdaptiveAvgPool2d((2, None))(mg.zeros(1, 3, 5, 7)).shape
    (1, 3, 2, 7)
    """

    dims = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool1d):
    """AdaptiveAvgPool1d for volumes: (N, C, D, H, W) -> (N, C, *output_size).

    >>> nn.AdaptiveAvgPool3d(2)(mg.zeros(1, 3, 5, 6, 7)).shape
    (1, 3, 2, 2, 2)
    """

    dims = 3


class AdaptiveMaxPool1d(_Pool):
    """Maxima over as many windows as ``output_size`` asks for: (N, C, L) -> (N, C, out). Windows as in
    AdaptiveAvgPool1d.

    >>> nn.AdaptiveMaxPool1d(1)(mg.tensor([[1.0, 2.0, 6.0]])).tolist()
    [[6.0]]
    """

    shown = ("output_size",)

    def __init__(self, output_size, return_indices: bool = False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor):
        pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.dims - 1]
        return pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """AdaptiveMaxPool1d for images: (N, C, H, W) -> (N, C, *output_size).

    >>> nn.AdaptiveMaxPool2d(2)(mg.zeros(1, 3, 5, 7)).shape
    (1, 3, 2, 2)
    """

    dims = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool1d):
    """AdaptiveMaxPool1d for volumes: (N, C, D, H, W) -> (N, C, *output_size).

    >>> nn.AdaptiveMaxPool3d(2)(mg.zeros(1, 3, 5, 6, 7)).shape
    (1, 3, 2, 2, 2)
    """

    dims = 3


class FractionalMaxPool2d(_Pool):
    """Maxima over windows at random positions: shrinks by a factor that need not be an integer. Graham 2014.

    (N, C, H, W) -> (N, C, *output_size), given as ``output_size`` or by ``output_ratio`` in (0, 1). The random
    positions regularize; ``_random_samples`` (N, C, 2) in [0, 1) fixes them. Raises ValueError unless exactly one of
    the two is given, and for a ratio outside (0, 1).

    >>> nn.FractionalMaxPool2d(2, output_ratio=0.7)(mg.zeros(1, 3, 10, 10)).shape
    (1, 3, 7, 7)
    """

    dims = 2
    shown = ()

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        super().__init__()
        if (output_size is None) == (output_ratio is None):
            raise ValueError(f"{type(self).__name__}: give output_size or output_ratio, one of them")
        self.kernel_size = per_dimension(kernel_size, self.dims)
        self.output_size = None if output_size is None else per_dimension(output_size, self.dims)
        ratio = (output_ratio,) * self.dims if isinstance(output_ratio, float | int) else output_ratio
        if ratio is not None and not all(0 < r < 1 for r in ratio):
            raise ValueError(f"{type(self).__name__}: output_ratio must be in (0, 1), got {output_ratio}")
        self.output_ratio, self.return_indices = ratio, return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor):
        pool = F.fractional_max_pool2d if self.dims == 2 else F.fractional_max_pool3d
        sizes = self.output_size, self.output_ratio
        return pool(input, self.kernel_size, *sizes, self.return_indices, self._random_samples)


class FractionalMaxPool3d(FractionalMaxPool2d):
    """FractionalMaxPool2d for volumes: (N, C, D, H, W) -> (N, C, *output_size); ``_random_samples`` (N, C, 3).

    >>> nn.FractionalMaxPool3d(2, output_size=2)(mg.zeros(1, 1, 5, 5, 5)).shape
    (1, 1, 2, 2, 2)
    """

    dims = 3
