"""Replacements for normalization without statistics: a squashing function, a small scale."""

from ....ops.elementwise.activation import tanh
from ....tensor import Tensor
from ... import init
from ...linear import empty_parameter
from ...module import Module
from ...normalization.affine import Affine
from ...normalization.layer import last_dims


class DynamicTanh(Affine):
    """``y = w·tanh(α·x) + b`` over the last dimensions, (*, normalized_shape), with one learned α. Zhu et al. 2025.

    Derivative ``w·α·(1 − tanh²(α·x))``. α starts at ``alpha_init_value``; weight 1, bias 0.

    LayerNorm in a trained transformer acts much like this S-curve, which needs no statistics. Use it in place of
    LayerNorm or RMSNorm there; wide models need a smaller α before attention. It fails in place of a batch norm in
    convolutional nets, and where activations grow until tanh saturates. Raises ValueError for an input of another
    shape.

    >>> nn.DynamicTanh(2)(mg.tensor([0.0, 20.0])).detach()
    tensor([0., 1.])
    """

    def __init__(self, normalized_shape, alpha_init_value: float = 0.5, device=None, dtype=None):
        shape = last_dims("DynamicTanh", normalized_shape)
        super().__init__(shape, True, True, device, dtype)
        self.normalized_shape, self.alpha_init_value = shape, alpha_init_value
        self.alpha = init.constant_(empty_parameter(1, device=device, dtype=dtype), alpha_init_value)

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, and α to its initial value."""
        super().reset_parameters()
        init.constant_(self.alpha, self.alpha_init_value)

    def forward(self, input: Tensor) -> Tensor:
        if tuple(input.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            raise ValueError(f"DynamicTanh: the input's shape {tuple(input.shape)} must end in {self.normalized_shape}")
        return self._scaled(tanh(self.alpha * input), self.normalized_shape)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, alpha_init_value={self.alpha_init_value}"


class LayerScale(Module):
    """``y = γ·x`` along the last dimension: (*, dim), γ (dim) learned, initially ``init_values``. Touvron et al. 2021.

    At the end of each residual branch: ``x + LayerScale(branch(x))`` is nearly the identity at first, so very deep
    transformers train. The paper uses 0.1 for up to 18 layers, 1e-5 up to 24, 1e-6 beyond. In shallow nets such a small
    start only costs time. Raises ValueError unless the input's last dimension is ``dim``.

    >>> nn.LayerScale(2, init_values=0.1)(mg.tensor([1.0, 2.0])).detach()
    tensor([0.1, 0.2])
    """

    def __init__(self, dim: int, init_values: float = 1e-5, device=None, dtype=None):
        super().__init__()
        self.dim, self.init_values = dim, init_values
        self.gamma = init.constant_(empty_parameter(dim, device=device, dtype=dtype), init_values)

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[-1:] != (self.dim,):
            raise ValueError(f"LayerScale: (*, {self.dim}) expected, got shape {tuple(input.shape)}")
        return input * self.gamma

    def extra_repr(self) -> str:
        return f"{self.dim}, init_values={self.init_values}"
