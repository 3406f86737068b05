"""Power normalization: division by a running quadratic mean, with its own approximate gradient."""

import numpy as np

from ....autograd.function import Context, Function
from ....ops.nn.normalization import move_towards
from ....ops.reduce.reduction import mean
from ....tensor import Tensor
from ... import init
from ...linear import empty_parameter
from ...normalization.affine import Affine


class _ByRunningScale(Function):
    """``h = x/ψ`` with the ψ of earlier batches, and Shen's approximation of the gradient through ψ."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, norm: "PowerNorm") -> Tensor:
        ctx.norm, ctx.psi = norm, norm.psi()
        h = x / ctx.psi
        ctx.save_for_backward(h)
        square = mean(x.array * x.array, tuple(range(x.ndim - 1)))
        move_towards(norm.running_square, square, 1 - norm.alpha_forward)
        return h

    @staticmethod
    def backward(ctx: Context, g: Tensor) -> tuple:
        (h,), norm = ctx.saved_tensors, ctx.norm
        along = g - Tensor(np.array(norm.running_projection.array)) * h
        rows = tuple(range(h.ndim - 1))
        step = mean(along.array * h.array, rows)  # Λ − ν·Γ
        norm.running_projection.array[...] += (1 - norm.alpha_backward) * step
        norm.running_projection.version[0] += 1
        return along / ctx.psi, None


class PowerNorm(Affine):
    """``y = w·x/√(ψ² + eps) + b`` for each feature of (*, C), ψ² the running mean of x². Shen et al. 2020, algorithm 2.

    No mean is subtracted, and training divides by the ψ of *earlier* batches: ``ψ² ← α·ψ² + (1 − α)·mean(x²)``, α =
    ``alpha_forward``. The gradient cannot flow back through earlier batches; a running ν approximates that part: ``dx =
    (w·g − ν·h)/ψ`` with h = x/ψ, then ``ν ← ν·(1 − (1 − α)·mean(h²)) + (1 − α)·mean(w·g·h)``, α = ``alpha_backward``.
    If all batches are alike, this converges to the exact gradient of x/rms(x).

    Use it in transformers on text, in place of LayerNorm: it can be folded into the next layer's weights. It fails
    while ψ is far from the data (the first ~1/(1 − α) batches), and gradcheck rejects it, as the gradient is not that
    of the forward. Raises ValueError for an ``alpha_…`` outside [0, 1] or an input that does not end in C.

    >>> layer = nn.PowerNorm(1)
    >>> out = layer(mg.tensor([[3.0], [5.0]]))  # ψ² was 1
    >>> layer.running_square  # 0.9·1 + 0.1·17
    tensor([2.6])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        alpha_forward: float = 0.9,
        alpha_backward: float = 0.9,
        affine: bool = True,
        device=None,
        dtype=None,
    ):
        for name, alpha in (("alpha_forward", alpha_forward), ("alpha_backward", alpha_backward)):
            if not 0 <= alpha <= 1:
                raise ValueError(f"PowerNorm: {name} must be in [0, 1], got {alpha}")
        super().__init__((num_features,), affine, affine, device, dtype)
        self.num_features, self.eps, self.affine = num_features, eps, affine
        self.alpha_forward, self.alpha_backward = alpha_forward, alpha_backward
        self.register_buffer("running_square", empty_parameter(num_features, device=device, dtype=dtype).data)
        self.register_buffer("running_projection", empty_parameter(num_features, device=device, dtype=dtype).data)
        init.ones_(self.running_square)

    def reset_parameters(self) -> None:
        """Sets scales to 1, shifts to 0, ψ² to 1 and ν to 0."""
        super().reset_parameters()
        init.ones_(self.running_square)
        init.zeros_(self.running_projection)

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[-1:] != (self.num_features,):
            raise ValueError(f"PowerNorm: (*, {self.num_features}) expected, got shape {tuple(input.shape)}")
        return self._scaled(_ByRunningScale.apply(input, self) if self.training else input / self.psi(), (-1,))

    def psi(self) -> Tensor:
        """The present ``√(ψ² + eps)``."""
        return Tensor(np.sqrt(self.running_square.array + self.eps))

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, alpha_forward={self.alpha_forward}, "
            f"alpha_backward={self.alpha_backward}, affine={self.affine}"
        )
