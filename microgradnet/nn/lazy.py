"""Modules that learn one of their sizes from the first input."""

import inspect

import numpy as np

from ..tensor import Tensor
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .parameter import Parameter


class UninitializedParameter(Parameter):
    """A parameter without a shape yet. It keeps its identity when it gets one, so an optimizer may have it already."""

    __slots__ = ()

    def __init__(self):
        super().__init__(np.zeros(0, np.float32))

    def __repr__(self) -> str:
        return "<UninitializedParameter>"


class LazyModule(Module):
    """Base of the lazy modules: at the first forward it becomes the module of ``becomes``, sized by the input.

    A state that is loaded sizes it too. Until then its parameters have no shape.
    """

    becomes: type[Module]
    dim = 1  # of the input, whose size is the argument left out

    def __init__(self, *args, **options):
        Module.__init__(self)
        object.__setattr__(self, "_arguments", (args, options))
        # A module of size 1 says which parameters and buffers there are, and raises for bad arguments.
        model = self._made(1)
        for name, value in model._parameters.items():
            self.register_parameter(name, None if value is None else UninitializedParameter())
        for name, value in model._buffers.items():
            self.register_buffer(name, value)

    def _made(self, size: int) -> Module:
        args, options = self._arguments
        return self.becomes(size, *args, **options)

    def initialize(self, size: int) -> None:
        """Becomes ``becomes(size, …)``: parameters get their shapes and values, and stay the objects that they are."""
        model = self._made(size)
        for name, value in model._parameters.items():
            if value is not None:
                self._parameters[name].data = value.detach()
        own = {n: self.__dict__[n] for n in (*_KEPT, "_parameters", "training") if n in self.__dict__}
        self.__dict__.clear()
        self.__dict__.update({**model.__dict__, **own})
        object.__setattr__(self, "_label", own["_label"].replace(type(self).__name__, self.becomes.__name__))
        self.__class__ = self.becomes

    def __call__(self, *args, **kwargs):
        self.initialize(self._size(args[0] if args else next(iter(kwargs.values()))))
        return self(*args, **kwargs)

    def _size(self, x: Tensor) -> int:
        if x.dim() <= (self.dim if self.dim >= 0 else 0):
            raise ValueError(f"{type(self).__name__}: cannot tell its size from an input of shape {tuple(x.shape)}")
        return x.shape[self.dim]

    def before_load(self, state_dict: dict, prefix: str) -> None:
        name, axis = self.loaded_from
        weight = state_dict.get(f"{prefix}{name}")
        if weight is not None and np.ndim(getattr(weight, "array", weight)) > axis:
            shape = tuple(getattr(weight, "array", weight).shape)
            self.initialize(self._size_of_weight(shape[axis]))

    loaded_from = ("weight", 1)  # the entry of a state that tells the size, and along which dimension

    def _size_of_weight(self, size: int) -> int:
        return size

    def reset_parameters(self) -> None:
        """Nothing to reset yet."""

    def extra_repr(self) -> str:
        args, options = self._arguments
        names = list(inspect.signature(self.becomes).parameters)[1:]
        shown = dict(zip(names, args, strict=False)) | options
        return ", ".join(f"{name}={value}" for name, value in shown.items())


_KEPT = (
    "_label",
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class LazyLinear(LazyModule):
    """Linear whose ``in_features`` is the size of the first input's last dimension.

    >>> layer = nn.LazyLinear(3)
    >>> layer(mg.zeros(2, 5)).shape, layer
    ((2, 3), Linear(in_features=5, out_features=3, bias=True))
    """

    becomes, dim = Linear, -1


class _LazyConvolution(LazyModule):
    """Base: ``in_channels`` is the size of the channel dimension, the third, fourth or fifth from the end."""

    def _size(self, x: Tensor) -> int:
        dims = self.becomes.dims
        if x.dim() not in (dims + 1, dims + 2):
            raise ValueError(
                f"{type(self).__name__}: {dims + 1} or {dims + 2} dimensions expected, got shape {tuple(x.shape)}"
            )
        return x.shape[-dims - 1]

    def _size_of_weight(self, size: int) -> int:
        """The channels of the input from those of the weight, which groups divide."""
        if self.becomes.transposed:
            return size
        signature = inspect.signature(self.becomes).bind(1, *self._arguments[0], **self._arguments[1])
        return size * signature.arguments.get("groups", 1)

    def _made(self, size: int) -> Module:
        args, options = self._arguments
        if size == 1:  # only to see which parameters there are: groups need not divide
            bound = inspect.signature(self.becomes).bind(1, *args, **options)
            size = bound.arguments.get("groups", 1)
        return self.becomes(size, *args, **options)


class LazyConv1d(_LazyConvolution):
    """Conv1d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConv1d(4, 3)(mg.zeros(1, 2, 8)).shape
    (1, 4, 6)
    """

    becomes = Conv1d


class LazyConv2d(_LazyConvolution):
    """Conv2d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConv2d(4, 3)(mg.zeros(1, 2, 8, 8)).shape
    (1, 4, 6, 6)
    """

    becomes = Conv2d


class LazyConv3d(_LazyConvolution):
    """Conv3d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConv3d(4, 3)(mg.zeros(1, 2, 4, 4, 4)).shape
    (1, 4, 2, 2, 2)
    """

    becomes = Conv3d


class LazyConvTranspose1d(_LazyConvolution):
    """ConvTranspose1d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConvTranspose1d(4, 3)(mg.zeros(1, 2, 8)).shape
    (1, 4, 10)
    """

    becomes = ConvTranspose1d
    loaded_from = ("weight", 0)


class LazyConvTranspose2d(_LazyConvolution):
    """ConvTranspose2d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConvTranspose2d(4, 3)(mg.zeros(1, 2, 4, 4)).shape
    (1, 4, 6, 6)
    """

    becomes = ConvTranspose2d
    loaded_from = ("weight", 0)


class LazyConvTranspose3d(_LazyConvolution):
    """ConvTranspose3d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConvTranspose3d(4, 3)(mg.zeros(1, 2, 2, 2, 2)).shape
    (1, 4, 4, 4, 4)
    """

    becomes = ConvTranspose3d
    loaded_from = ("weight", 0)


class LazyBatchNorm1d(LazyModule):
    """BatchNorm1d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm1d()(mg.randn(4, 3)).shape
    (4, 3)
    """

    becomes, loaded_from = BatchNorm1d, ("running_mean", 0)


class LazyBatchNorm2d(LazyModule):
    """BatchNorm2d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm2d()(mg.randn(4, 3, 2, 2)).shape
    (4, 3, 2, 2)
    """

    becomes, loaded_from = BatchNorm2d, ("running_mean", 0)


class LazyBatchNorm3d(LazyModule):
    """BatchNorm3d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm3d()(mg.randn(4, 3, 2, 2, 2)).shape
    (4, 3, 2, 2, 2)
    """

    becomes, loaded_from = BatchNorm3d, ("running_mean", 0)


class _LazyInstanceNorm(LazyModule):
    """Base: as in PyTorch, affine and with running statistics unless told otherwise."""

    loaded_from = ("weight", 0)
    dims: int

    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None):
        super().__init__(eps, momentum, affine, track_running_stats, device=device, dtype=dtype)

    def _size(self, x: Tensor) -> int:
        if x.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"{type(self).__name__}: {self.dims + 1} or {self.dims + 2} dimensions expected, "
                f"got shape {tuple(x.shape)}"
            )
        return x.shape[-self.dims - 1]


class LazyInstanceNorm1d(_LazyInstanceNorm):
    """InstanceNorm1d whose ``num_features`` is the number of channels of the first input.

    >>> nn.LazyInstanceNorm1d()(mg.randn(4, 3, 5)).shape
    (4, 3, 5)
    """

    becomes, dims = InstanceNorm1d, 1


class LazyInstanceNorm2d(_LazyInstanceNorm):
    """InstanceNorm2d whose ``num_features`` is the number of channels of the first input.

    >>> nn.LazyInstanceNorm2d()(mg.randn(4, 3, 5, 5)).shape
    (4, 3, 5, 5)
    """

    becomes, dims = InstanceNorm2d, 2


class LazyInstanceNorm3d(_LazyInstanceNorm):
    """InstanceNorm3d whose ``num_features`` is the number of channels of the first input.

    >>> nn.LazyInstanceNorm3d()(mg.randn(4, 3, 2, 2, 2)).shape
    (4, 3, 2, 2, 2)
    """

    becomes, dims = InstanceNorm3d, 3
