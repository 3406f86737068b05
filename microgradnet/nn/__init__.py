"""Layers, containers, activations, losses and initializers."""

from . import functional, init
from .activation import LogSoftmax, ReLU, Sigmoid, Tanh
from .containers import Sequential
from .conv import Conv2d, MaxPool2d
from .linear import Flatten, Identity, Linear
from .loss import CrossEntropyLoss, MSELoss
from .module import Module
from .parameter import Parameter

__all__ = [
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Identity",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "functional",
    "init",
]
