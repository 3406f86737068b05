"""Normalization within a sample: over its last dimensions, or over groups of its channels."""

from ...tensor import Tensor
from .. import functional as F
from .affine import Affine


class LayerNorm(Affine):
    """``y = w·(x − mean)/√(var + eps) + b`` over the last dimensions, those of ``normalized_shape``: (*,
    normalized_shape).

    Weight and bias have ``normalized_shape`` (None without ``elementwise_affine``, or the bias without ``bias``). With
    h = (x − mean)/√(var + eps), ``dx = (w·g − mean(w·g) − h·mean(w·g·h))/√(var + eps)``. Ba, Kiros and Hinton 2016.

    Use it in transformers and recurrent nets: it does not depend on the batch, so training and evaluation are the same.
    It fails where features differ in scale for a reason, such as the channels of a convolution: here they share one
    mean.

    >>> nn.LayerNorm(2)(mg.tensor([[1.0, 3.0], [10.0, 30.0]])).round(decimals=3).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(
        self,
        normalized_shape,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        shape = last_dims(type(self).__name__, normalized_shape)
        super().__init__(shape, elementwise_affine, elementwise_affine and bias, device, dtype)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


def last_dims(name: str, normalized_shape) -> tuple[int, ...]:
    """One size or several as a tuple; raises ValueError for none."""
    shape = (normalized_shape,) if hasattr(normalized_shape, "__index__") else tuple(normalized_shape)
    if not shape:
        raise ValueError(f"{name}: normalized_shape must name at least one dimension, got {normalized_shape!r}")
    return tuple(int(n) for n in shape)


class RMSNorm(Affine):
    """``y = w·x/√(mean(x²) + eps)`` over the last dimensions, (*, normalized_shape). Zhang and Sennrich 2019.

    ``eps`` None is the machine epsilon of the input's dtype. Weight has ``normalized_shape``. With r = √(mean(x²) +
    eps) and h = x/r, ``dx = (w·g − h·mean(w·g·h))/r``.

    Use it in place of LayerNorm in large transformers: it is cheaper, and centring seldom helps. It fails on inputs
    with a large common offset, which then dominates the norm.

    >>> nn.RMSNorm(2)(mg.tensor([[3.0, 4.0]])).detach()
    tensor([[0.8485, 1.1314]])
    """

    def __init__(
        self, normalized_shape, eps: float | None = None, elementwise_affine: bool = True, device=None, dtype=None
    ):
        shape = last_dims(type(self).__name__, normalized_shape)
        super().__init__(shape, elementwise_affine, False, device, dtype)
        del self.bias  # PyTorch's has no such attribute, not even None
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Affine):
    """``y = w·(x − mean)/√(var + eps) + b`` over each of ``num_groups`` groups of channels: (N, C, *), weight and bias
    (C).

    One group is a layer norm of the sample, C groups are an instance norm; the gradient is the same, with means over
    the group. Wu and He 2018.

    Use it for detection, segmentation and video, where batches are small; 32 groups are usual. It lacks the
    regularizing noise of a batch norm, which often generalizes better with large batches. Raises ValueError for an
    input with another number of channels, or one that ``num_groups`` does not divide.

    >>> nn.GroupNorm(2, 4)(mg.randn(2, 4, 5, 5)).shape
    (2, 4, 5, 5)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device=None,
        dtype=None,
        *,
        bias: bool = True,
    ):
        check_groups(type(self).__name__, num_groups, num_channels)
        super().__init__((num_channels,), affine, affine and bias, device, dtype)
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2 or input.shape[1] != self.num_channels:
            raise ValueError(f"GroupNorm: (N, {self.num_channels}, …) expected, got an input of {tuple(input.shape)}")
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def check_groups(name: str, groups: int, channels: int) -> None:
    """Raises ValueError unless the channels can be split into as many groups."""
    if groups < 1 or channels % groups:
        raise ValueError(f"{name}: {channels} channels cannot be split into {groups} groups: take a divisor")
