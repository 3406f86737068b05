"""The scalar engine: micrograd's ``Value``, recorded on a flat tape that one compiled loop reads backwards."""

from .derivative import grad, local_derivatives
from .nn import MLP, Layer, Module, Neuron
from .opened import Opened, to_scalar
from .replay import Replay
from .sums import dot, sum
from .tape import ScalarTape
from .value import Value

__all__ = [
    "MLP",
    "Layer",
    "Module",
    "Neuron",
    "Opened",
    "Replay",
    "ScalarTape",
    "Value",
    "dot",
    "grad",
    "local_derivatives",
    "sum",
    "to_scalar",
]
