"""Dropout layers: in training they zero elements or channels at random, in eval they are the identity."""

from ..ops.nn.dropout import check_probability
from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Dropout(Module):
    """Base: ``p``, the probability of dropping, and ``inplace``."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        check_probability(type(self).__name__, p)
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes each element with probability p and divides the others by 1 − p, which keeps the expectation. Srivastava
    et al. 2014.

    Units cannot rely on each other; the result resembles an average over many thinner nets. Use it between fully
    connected layers of nets that overfit; it slows learning, and between convolutions Dropout2d works better.

    >>> nn.Dropout(0.9).eval()(mg.tensor([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Zeroes whole channels of (N, C, L) or (C, L) with probability p.

    >>> nn.Dropout1d().eval()(mg.ones(1, 2, 3)).shape
    (1, 2, 3)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zeroes whole channels of (N, C, H, W) with probability p: single pixels would be redundant with their neighbours.
    Tompson et al. 2015.

    >>> nn.Dropout2d().eval()(mg.ones(1, 2, 3, 3)).shape
    (1, 2, 3, 3)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W) with probability p.

    >>> nn.Dropout3d().eval()(mg.ones(1, 2, 3, 3, 3)).shape
    (1, 2, 3, 3, 3)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, for SELU nets: dropped elements become −λα. Klambauer et al. 2017.

    >>> nn.AlphaDropout().eval()(mg.ones(2)).tolist()
    [1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels: (N, C, …) or (C, …).

    >>> nn.FeatureAlphaDropout().eval()(mg.ones(1, 2, 2)).shape
    (1, 2, 2)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
