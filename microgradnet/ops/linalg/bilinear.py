"""The bilinear layer."""

from ...tensor import Tensor
from .einsum import einsum


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``y_k = x1ᵀ·W_k·x2 + b_k``: (..., I), (..., J), weight (K, I, J), bias (K) -> (..., K).

    Raises ValueError for other shapes.
    """
    if tuple(weight.shape[1:]) != (input1.shape[-1], input2.shape[-1]) or input1.shape[:-1] != input2.shape[:-1]:
        raise ValueError(
            "bilinear: (..., I), (..., J) and a weight (K, I, J) expected, got shapes "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(weight.shape)}"
        )
    out = einsum("...i,kij,...j->...k", input1, weight, input2)
    return out if bias is None else out + bias
