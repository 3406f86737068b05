"""Activations as modules. The maths of each stands once, in ``ops/activation.py``."""

from ..tensor import Tensor
from . import functional as F
from .module import Module


class ReLU(Module):
    """``max(0, x)``, derivative 1 above 0 and 0 below: units whose input stays below 0 stop learning."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """``σ(x) = 1/(1 + e⁻ˣ)``, derivative ``σ·(1 − σ)`` of at most ¼: it saturates, and is not zero-centred."""

    def forward(self, x: Tensor) -> Tensor:
        return F.sigmoid(x)


class Tanh(Module):
    """``tanh x``, derivative ``1 − tanh²x``: zero-centred, saturates beyond about ±3."""

    def forward(self, x: Tensor) -> Tensor:
        return F.tanh(x)


class LogSoftmax(Module):
    """``x − log Σ eˣ`` along ``dim``."""

    def __init__(self, dim: int):
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
