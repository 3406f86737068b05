"""Tables of learned vectors, one for each class or word; and the bilinear form."""

import math

from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import empty_parameter
from .module import Module


class _Table(Module):
    """Base: a weight (num_embeddings, embedding_dim) from N(0, 1), with row ``padding_idx`` zero and not trained."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx, weight, freeze, device, dtype):
        super().__init__()
        name = type(self).__name__
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"{name}: padding_idx must be within {num_embeddings} embeddings, got {padding_idx}")
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = empty_parameter(num_embeddings, embedding_dim, device=device, dtype=dtype)
        if weight is None:
            self.reset_parameters()
        elif tuple(weight.shape) != (num_embeddings, embedding_dim):
            raise ValueError(
                f"{name}: a weight of shape {(num_embeddings, embedding_dim)} expected, got {tuple(weight.shape)}"
            )
        else:
            self.weight.data = weight.detach()
        self.weight.requires_grad_(not freeze)

    def reset_parameters(self) -> None:
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.array[self.padding_idx] = 0

    def _options(self, defaults: dict) -> str:
        return "".join(f", {n}={getattr(self, n)}" for n, default in defaults.items() if getattr(self, n) != default)


class Embedding(_Table):
    """Looks up the vector of each index: integers (*) -> (*, embedding_dim).

    A Linear layer for one-hot inputs, without the zeros: only the rows looked up get a gradient. ``padding_idx`` is a
    row that stays zero. ``max_norm`` rescales the rows looked up, in place. ``sparse`` is accepted and ignored:
    gradients are dense.

    >>> nn.Embedding(10, 3)(mg.tensor([[1, 2], [4, 4]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device=None,
        dtype=None,
    ):
        super().__init__(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx=None, **options) -> "Embedding":
        """A layer with the given vectors (num_embeddings, embedding_dim), not trained unless ``freeze`` is False.

        Raises ValueError unless they are a matrix.
        """
        if embeddings.dim() != 2:
            raise ValueError(f"Embedding.from_pretrained: a matrix expected, got shape {tuple(embeddings.shape)}")
        return cls(*embeddings.shape, padding_idx, _weight=embeddings, _freeze=freeze, **options)  # type: ignore[call-arg, misc]

    def forward(self, input: Tensor) -> Tensor:
        options = self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        return F.embedding(input, self.weight, *options)

    def extra_repr(self) -> str:
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False}
        return f"{self.num_embeddings}, {self.embedding_dim}{self._options(defaults | {'sparse': False})}"


class EmbeddingBag(_Table):
    """The sum, mean or maximum of each bag's vectors: (B, n), or (N) with ``offsets`` (B) -> (B, embedding_dim).

    Embedding followed by a reduction, without the intermediate tensor. ``per_sample_weights`` scale the vectors of a
    sum. Raises ValueError for another mode.

    >>> nn.EmbeddingBag(10, 3)(mg.tensor([1, 2, 4, 5]), mg.tensor([0, 2])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device=None,
        dtype=None,
    ):
        if mode not in ("sum", "mean", "max"):
            raise ValueError(f"EmbeddingBag: mode is 'sum', 'mean' or 'max', got {mode!r}")
        super().__init__(num_embeddings, embedding_dim, padding_idx, _weight, False, device, dtype)
        self.max_norm, self.norm_type, self.mode, self.sparse = max_norm, norm_type, mode, sparse
        self.scale_grad_by_freq, self.include_last_offset = scale_grad_by_freq, include_last_offset

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, **options) -> "EmbeddingBag":
        """A layer with the given vectors (num_embeddings, embedding_dim), not trained unless ``freeze`` is False.

        Raises ValueError unless they are a matrix.
        """
        if embeddings.dim() != 2:
            raise ValueError(f"EmbeddingBag.from_pretrained: a matrix expected, got shape {tuple(embeddings.shape)}")
        made = cls(*embeddings.shape, _weight=embeddings, **options)  # type: ignore[misc]
        made.weight.requires_grad_(not freeze)
        return made

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        text += self._options({"max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False})
        return f"{text}, mode={self.mode!r}{self._options({'padding_idx': None})}"


class Bilinear(Module):
    """``y_k = x₁ᵀ A_k x₂ + b_k``: (…, in1), (…, in2) -> (…, out); every product of two features has a weight.

    Raises ValueError unless ``in1_features`` is positive.

    >>> nn.Bilinear(3, 4, 2)(mg.zeros(5, 3), mg.zeros(5, 4)).shape
    (5, 2)
    """

    def __init__(self, in1_features, in2_features, out_features, bias: bool = True, device=None, dtype=None):
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be positive, got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = empty_parameter(out_features, in1_features, in2_features, device=device, dtype=dtype)
        self.register_parameter("bias", empty_parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"
