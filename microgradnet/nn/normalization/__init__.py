"""Normalization layers, grouped by which elements share a mean and a variance."""

from .batch import BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm
from .instance import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .layer import GroupNorm, LayerNorm, RMSNorm
from .response import CrossMapLRN2d, LocalResponseNorm

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "CrossMapLRN2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
    "SyncBatchNorm",
]
