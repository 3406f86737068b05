"""Layers that put a border around an image, so that a convolution reaches its edges."""

from ..ops.nn.convolution import per_dimension
from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Pad(Module):
    """Base of the pads. ``padding``: one number for all sides, or (before, after) pairs from the last dimension on."""

    dims: int  # of the image: input (N, C, *image) or (C, *image)
    mode: str
    value: float | None = None

    def __init__(self, padding):
        super().__init__()
        sides = 2 * self.dims
        self.padding = per_dimension(padding, sides)
        if len(self.padding) != sides:
            raise ValueError(f"{type(self).__name__}: padding is one number or {sides} of them, got {padding!r}")

    def forward(self, input: Tensor) -> Tensor:
        if self.mode != "constant" and input.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"{type(self).__name__}: an input of {self.dims + 1} or {self.dims + 2} dimensions expected, "
                f"got shape {tuple(input.shape)}"
            )
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_Pad):
    """Zeros on both sides: (…, L) -> (…, L + before + after). The layers that follow see the zeros.

    >>> nn.ZeroPad1d((1, 2))(mg.ones(1, 3)).tolist()
    [[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]
    """

    dims, mode, value = 1, "constant", 0.0


class ZeroPad2d(ZeroPad1d):
    """ZeroPad1d for images: ``padding`` (left, right, top, bottom).

    >>> nn.ZeroPad2d(1)(mg.ones(1, 2, 2)).shape
    (1, 4, 4)
    """

    dims = 2


class ZeroPad3d(ZeroPad1d):
    """ZeroPad1d for volumes: ``padding`` (left, right, top, bottom, front, back).

    >>> nn.ZeroPad3d(1)(mg.ones(1, 2, 2, 2)).shape
    (1, 4, 4, 4)
    """

    dims = 3


class ConstantPad1d(_Pad):
    """``value`` on both sides: (…, L) -> (…, L + before + after).

    >>> nn.ConstantPad1d(1, 7.0)(mg.ones(1, 2)).tolist()
    [[7.0, 1.0, 1.0, 7.0]]
    """

    dims, mode = 1, "constant"

    def __init__(self, padding, value: float):
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """ConstantPad1d for images: ``padding`` (left, right, top, bottom).

    >>> nn.ConstantPad2d(1, 7.0)(mg.ones(1, 2, 2)).shape
    (1, 4, 4)
    """

    dims = 2


class ConstantPad3d(ConstantPad1d):
    """ConstantPad1d for volumes: ``padding`` (left, right, top, bottom, front, back).

    >>> nn.ConstantPad3d(1, 7.0)(mg.ones(1, 2, 2, 2)).shape
    (1, 4, 4, 4)
    """

    dims = 3


class ReflectionPad1d(_Pad):
    """Reflected at the outermost element, which is not repeated: (…, L) -> (…, L + before + after), ``padding < L``.

    >>> nn.ReflectionPad1d(1)(mg.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[2.0, 1.0, 2.0, 3.0, 2.0]]
    """

    dims, mode = 1, "reflect"


class ReflectionPad2d(ReflectionPad1d):
    """ReflectionPad1d for images: ``padding`` (left, right, top, bottom).

    >>> nn.ReflectionPad2d(1)(mg.ones(1, 2, 2)).shape
    (1, 4, 4)
    """

    dims = 2


class ReflectionPad3d(ReflectionPad1d):
    """ReflectionPad1d for volumes: ``padding`` (left, right, top, bottom, front, back).

    >>> nn.ReflectionPad3d(1)(mg.ones(1, 2, 2, 2)).shape
    (1, 4, 4, 4)
    """

    dims = 3


class ReplicationPad1d(_Pad):
    """The outermost element repeated: (…, L) -> (…, L + before + after). The edge also gets the border's gradient.

    >>> nn.ReplicationPad1d(1)(mg.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 1.0, 2.0, 3.0, 3.0]]
    """

    dims, mode = 1, "replicate"


class ReplicationPad2d(ReplicationPad1d):
    """ReplicationPad1d for images: ``padding`` (left, right, top, bottom).

    >>> nn.ReplicationPad2d(1)(mg.ones(1, 2, 2)).shape
    (1, 4, 4)
    """

    dims = 2


class ReplicationPad3d(ReplicationPad1d):
    """ReplicationPad1d for volumes: ``padding`` (left, right, top, bottom, front, back).

    >>> nn.ReplicationPad3d(1)(mg.ones(1, 2, 2, 2)).shape
    (1, 4, 4, 4)
    """

    dims = 3


class CircularPad1d(_Pad):
    """Wrapped around, for periodic signals: (…, L) -> (…, L + before + after), with ``padding <= L``.

    >>> nn.CircularPad1d(1)(mg.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[3.0, 1.0, 2.0, 3.0, 1.0]]
    """

    dims, mode = 1, "circular"


class CircularPad2d(CircularPad1d):
    """CircularPad1d for images: ``padding`` (left, right, top, bottom).

    >>> nn.CircularPad2d(1)(mg.ones(1, 2, 2)).shape
    (1, 4, 4)
    """

    dims = 2


class CircularPad3d(CircularPad1d):
    """CircularPad1d for volumes: ``padding`` (left, right, top, bottom, front, back).

    >>> nn.CircularPad3d(1)(mg.ones(1, 2, 2, 2)).shape
    (1, 4, 4, 4)
    """

    dims = 3
