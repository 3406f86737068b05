"""Distances and similarities of vectors, as modules."""

from ..tensor import Tensor
from . import functional as F
from .module import Module


class CosineSimilarity(Module):
    """``x₁·x₂/max(‖x₁‖·‖x₂‖, eps)`` along ``dim``, (…, D, …) -> (…, …): depends on the angle, not on the lengths.

    >>> nn.CosineSimilarity(dim=0)(mg.tensor([1.0, 0.0]), mg.tensor([5.0, 0.0])).item()
    1.0
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """``‖x₁ − x₂ + eps‖ₚ`` along the last dimension: (N, D), (N, D) -> (N).

    >>> round(nn.PairwiseDistance()(mg.tensor([[3.0, 0.0]]), mg.tensor([[0.0, 4.0]])).item(), 3)
    5.0
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
