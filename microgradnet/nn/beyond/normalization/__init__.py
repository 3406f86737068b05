"""Normalization layers that PyTorch does not have."""

from .evonorm import EvoNormB0, EvoNormS0
from .filter import FilterResponseNorm, GlobalResponseNorm
from .length import PixelNorm, ScaleNorm, UnitNorm
from .power import PowerNorm
from .renorm import BatchRenorm
from .scale import DynamicTanh, LayerScale
from .switchable import SwitchableNorm
from .weight import WeightStandardization, WSConv1d, WSConv2d, WSConv3d

__all__ = [
    "BatchRenorm",
    "DynamicTanh",
    "EvoNormB0",
    "EvoNormS0",
    "FilterResponseNorm",
    "GlobalResponseNorm",
    "LayerScale",
    "PixelNorm",
    "PowerNorm",
    "ScaleNorm",
    "SwitchableNorm",
    "UnitNorm",
    "WSConv1d",
    "WSConv2d",
    "WSConv3d",
    "WeightStandardization",
]
