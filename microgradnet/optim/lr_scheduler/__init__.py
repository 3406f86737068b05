"""Learning-rate schedules. The formula is in each docstring; call ``step()`` after the optimizer's."""

from ...arguments import explain_all as _explain_all
from .combined import ChainedScheduler, SequentialLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts, WarmupCosine, WarmupStableDecay
from .cyclic import CyclicLR, OneCycleLR
from .decay import (
    REX,
    ConstantLR,
    ExponentialLR,
    InverseSqrt,
    InverseTimeDecay,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .multiplied import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler

__all__ = [
    "REX",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "InverseSqrt",
    "InverseTimeDecay",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "WarmupCosine",
    "WarmupStableDecay",
]

_explain_all(globals(), "microgradnet")
