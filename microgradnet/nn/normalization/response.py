"""Local response normalization: each channel is damped by the activity of its neighbours."""

from ...tensor import Tensor
from .. import functional as F
from ..module import Module


class LocalResponseNorm(Module):
    """``y_c = x_c / (k + alpha/size·Σ x_j²)^beta`` over the ``size`` channels j around c: (N, C, *) or (C, *).

    Beyond the first and last channel there are zeros. Krizhevsky, Sutskever and Hinton 2012, section 3.3 (where alpha
    is not divided by size).

    Strong activations suppress their neighbours. Of historical interest (AlexNet, GoogLeNet): VGG found no gain from
    it, and batch norm replaced it; it does not keep activations from growing through the layers. Raises ValueError for
    ``size`` < 1.

    >>> nn.LocalResponseNorm(2, alpha=1.0)(mg.ones(1, 3, 1)).flatten()
    tensor([0.7378, 0.5946, 0.5946])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        if size < 1:
            raise ValueError(f"{type(self).__name__}: size must be positive, got {size}")
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """``LocalResponseNorm`` under its Torch7 name, for images: (N, C, H, W) only.

    PyTorch's uses a running sum over the channels that never subtracts the first channel, and its gradient uses yet
    other windows; this one computes the formula, as PyTorch's LocalResponseNorm does.

    Of historical interest, for weights of AlexNet's time; use a batch or group norm in new models. Raises ValueError
    for an input that is not 4-d.

    >>> nn.CrossMapLRN2d(3)(mg.randn(1, 4, 2, 2)).shape
    (1, 4, 2, 2)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1):
        super().__init__(size, alpha, beta, k)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4:
            raise ValueError(f"CrossMapLRN2d: (N, C, H, W) expected, got shape {tuple(input.shape)}")
        return super().forward(input)
