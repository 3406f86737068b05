"""Affine maps."""

import math

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


def empty_parameter(*shape: int, device=None, dtype=None) -> Parameter:
    """A parameter of ``shape``, zeros until an initializer fills it."""
    parameter = Parameter(np.zeros(shape, dtype or dtypes.get_default_dtype()))
    if device is not None:
        parameter.data = parameter.data.to(device=device)
    return parameter


class Linear(Module):
    """``y = x Wᵀ + b``: (..., in_features) -> (..., out_features).

    ``weight`` (out, in) and ``bias`` (out) start uniform in ±1/√in_features, as PyTorch's do. Use ``nn.init`` for
    Xavier or He.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = empty_parameter(out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", empty_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        init.fan_in_bias_(self.bias, self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """``y = x``; takes and ignores any arguments."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return x
