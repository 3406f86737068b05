"""A tensor's numbers in another dtype, on another device, or outside the graph."""

from typing import Any

from ... import dtypes
from ...backends import device as devices
from ...moving import moved
from ...primitive import cast, primitive
from ...tensor import Tensor
from ...typing import DType


@primitive(formula="x", differentiable=False, view=True)
def _detach(x):
    return x


def detach(input: Tensor) -> Tensor:
    """The same memory as a constant: gradients do not flow through it, but backward still notices writes to it."""
    constant = _detach(input)
    constant.version = input.version
    return constant


def to(
    self: Tensor,
    *args: Any,
    dtype: DType | None = None,
    device: str | None = None,
    non_blocking: bool = False,
    copy: bool = False,
) -> Tensor:
    """This tensor with another dtype (``mg.float64``, ``"float64"``, another tensor's) and on another device.

    ``copy`` makes a new one even if nothing changes; ``non_blocking`` is accepted and ignored.
    """
    dtype, device = destination(args, dtype, device)
    here = device is None or str(device) in (self.device, self.device.partition(":")[0])
    there = self if here else moved(self, str(device), self.device)
    if dtype is not None and there.dtype != dtypes.np.dtype(dtype):
        return cast(there, dtypes.np.dtype(dtype))
    return there.clone() if copy and there is self else there


def destination(args: tuple, dtype, device) -> tuple:
    """The dtype and the device named by the arguments of ``to``, or None."""
    for target in args:
        if devices.names_device(target):
            device = target
        elif isinstance(target, Tensor):
            dtype, device = target.dtype, target.device
        elif target is not None and not isinstance(target, bool):
            dtype = target
    return dtype, device


def _float(self: Tensor) -> Tensor:
    """This tensor as float32."""
    return to(self, dtypes.float32)


def _double(self: Tensor) -> Tensor:
    """This tensor as float64."""
    return to(self, dtypes.float64)


def _long(self: Tensor) -> Tensor:
    """This tensor as int64."""
    return to(self, dtypes.int64)


def _bool(self: Tensor) -> Tensor:
    """Where this tensor is not 0, as booleans."""
    return to(self, dtypes.bool_)


def _cpu(self: Tensor) -> Tensor:
    """This tensor in the CPU's memory."""
    return to(self, "cpu")


def _cuda(self: Tensor) -> Tensor:
    """This tensor on the GPU."""
    return to(self, "cuda")


ATTACHED = {
    "detach": detach,
    "to": to,
    "float": _float,
    "double": _double,
    "long": _long,
    "bool": _bool,
    "cpu": _cpu,
    "cuda": _cuda,
}
