"""Modules that learn one of their sizes from the first input."""

import inspect

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import HOOKS, Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .parameter import Parameter


class UninitializedParameter(Parameter):
    """A parameter without a shape yet. It stays the same object when it gets one: an optimizer may hold it already."""

    __slots__ = ()

    def __init__(self, requires_grad: bool = True, device=None, dtype=None):
        empty = Tensor(np.zeros(0, dtype or dtypes.get_default_dtype()))
        super().__init__(empty if device is None else empty.to(device=device), requires_grad)

    def __repr__(self) -> str:
        return "<UninitializedParameter>"


class LazyModule(Module):
    """Base of the lazy modules: the first forward turns it into a ``becomes``, sized by the input.

    Loading a state sizes it too. Until then its parameters have no shape.
    """

    becomes: type[Module]
    dim = 1  # the dimension of the input whose size is the omitted argument

    def __init__(self, *args, **options):
        Module.__init__(self)
        object.__setattr__(self, "_arguments", (args, options))
        # A small module shows which parameters and buffers there are, and raises for bad arguments.
        model = self._made(self._smallest())
        for name, value in model._parameters.items():
            absent = value is None
            self.register_parameter(name, None if absent else UninitializedParameter(dtype=value.dtype))
        for name, value in model._buffers.items():
            sized = value is not None and value.dim() > 0
            self.register_buffer(name, Tensor(np.zeros(0, value.dtype)) if sized else value)

    def _smallest(self) -> int:
        """A size that the arguments allow."""
        return 1

    def _made(self, size: int) -> Module:
        args, options = self._arguments
        return self.becomes(size, *args, **options)

    def initialize(self, size: int) -> None:
        """Becomes ``becomes(size, …)``: parameters get their shapes and values, and stay the same objects.

        They and the buffers get the device and dtype that ``to`` has set on this module in the meantime.
        """
        model = self._made(size)
        for name, value in model._parameters.items():
            if value is not None:
                kept = self._parameters[name]
                kept.data = value.detach().to(dtype=kept.dtype, device=kept.device)
                kept.__class__ = Parameter
        for name, value in model._buffers.items():
            if value is not None:
                kept = self._buffers[name]
                value.data = value.data.to(dtype=kept.dtype, device=kept.device)
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
        for name, axis in self.loaded_from:
            given = state_dict.get(f"{prefix}{name}")
            shape = () if given is None else tuple(given.shape)
            if len(shape) > axis and shape[axis] > 0:  # the state of a lazy module has no sizes
                self.initialize(self._size_of_weight(shape[axis]))
                return self.before_load(state_dict, prefix)  # now of the new class

    # Entries of a state that give the size, and along which dimension; the first one present decides.
    loaded_from: tuple[tuple[str, int], ...] = (("weight", 1),)

    def _size_of_weight(self, size: int) -> int:
        return size

    def reset_parameters(self) -> None:
        """Nothing to reset yet."""

    def extra_repr(self) -> str:
        args, options = self._arguments
        names = list(inspect.signature(self.becomes).parameters)[1:]
        shown = dict(zip(names, args, strict=False)) | options
        return ", ".join(f"{name}={value}" for name, value in shown.items())


_PER_CHANNEL = (("weight", 0), ("running_mean", 0))

_KEPT = ("_label", *HOOKS)


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
        return size if self.becomes.transposed else size * self._groups()

    def _smallest(self) -> int:
        return self._groups()

    def _groups(self) -> int:
        signature = inspect.signature(self.becomes).bind(1, *self._arguments[0], **self._arguments[1])
        return signature.arguments.get("groups", 1)


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
    loaded_from = (("weight", 0),)


class LazyConvTranspose2d(_LazyConvolution):
    """ConvTranspose2d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConvTranspose2d(4, 3)(mg.zeros(1, 2, 4, 4)).shape
    (1, 4, 6, 6)
    """

    becomes = ConvTranspose2d
    loaded_from = (("weight", 0),)


class LazyConvTranspose3d(_LazyConvolution):
    """ConvTranspose3d whose ``in_channels`` is that of the first input.

    >>> nn.LazyConvTranspose3d(4, 3)(mg.zeros(1, 2, 2, 2, 2)).shape
    (1, 4, 4, 4, 4)
    """

    becomes = ConvTranspose3d
    loaded_from = (("weight", 0),)


class LazyBatchNorm1d(LazyModule):
    """BatchNorm1d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm1d()(mg.randn(4, 3)).shape
    (4, 3)
    """

    becomes, loaded_from = BatchNorm1d, _PER_CHANNEL


class LazyBatchNorm2d(LazyModule):
    """BatchNorm2d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm2d()(mg.randn(4, 3, 2, 2)).shape
    (4, 3, 2, 2)
    """

    becomes, loaded_from = BatchNorm2d, _PER_CHANNEL


class LazyBatchNorm3d(LazyModule):
    """BatchNorm3d whose ``num_features`` is the size of the first input's dimension 1.

    >>> nn.LazyBatchNorm3d()(mg.randn(4, 3, 2, 2, 2)).shape
    (4, 3, 2, 2, 2)
    """

    becomes, loaded_from = BatchNorm3d, _PER_CHANNEL


class _LazyInstanceNorm(LazyModule):
    """Base: as in PyTorch, affine and with running statistics by default."""

    loaded_from = _PER_CHANNEL
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
