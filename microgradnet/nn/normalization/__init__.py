"""Normalization layers, by what shares a mean and a variance."""

from .batch import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm
from .evonorm import EvoNormB0, EvoNormS0
from .filter import FilterResponseNorm, GlobalResponseNorm
from .instance import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .layer import GroupNorm, LayerNorm, RMSNorm
from .length import PixelNorm, ScaleNorm, UnitNorm
from .power import PowerNorm
from .renorm import BatchRenorm
from .response import CrossMapLRN2d, LocalResponseNorm
from .scale import DynamicTanh, LayerScale
from .switchable import SwitchableNorm
from .weight import WeightStandardization, WSConv1d, WSConv2d, WSConv3d

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "BatchRenorm",
    "CrossMapLRN2d",
    "DynamicTanh",
    "EvoNormB0",
    "EvoNormS0",
    "FilterResponseNorm",
    "GlobalResponseNorm",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LayerScale",
    "LocalResponseNorm",
    "PixelNorm",
    "PowerNorm",
    "RMSNorm",
    "ScaleNorm",
    "SwitchableNorm",
    "SyncBatchNorm",
    "UnitNorm",
    "WSConv1d",
    "WSConv2d",
    "WSConv3d",
    "WeightStandardization",
]
