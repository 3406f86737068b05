"""Losses as modules. The maths of each is written once, in ``ops/nn/losses``; ``reduction`` is mean, sum or none.

Losses are tensors: ``0.3 * a(x, y) + b(x, z)`` joins two of them into one graph; whatever both depend on gets the sum
of their gradients. Where a docstring names no shapes, input and target have the same shape, any (*).
"""

from ..ops.nn.losses.reduction import reduction_name
from ..tensor import Tensor
from . import functional as F
from .distance import PairwiseDistance
from .module import Module


class _Loss(Module):
    """Base of the losses: ``reduction``, with PyTorch's older ``size_average`` and ``reduce``."""

    more_reductions: tuple[str, ...] = ()

    def __init__(self, size_average=None, reduce=None, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction_name(type(self).__name__, reduction, size_average, reduce, self.more_reductions)


class L1Loss(_Loss):
    """``|x − y|``: its gradient is ±1 for errors of any size, so outliers pull no harder; 0 at the kink.

    >>> nn.L1Loss()(mg.tensor([1.0, 5.0]), mg.tensor([0.0, 2.0])).item()
    2.0
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """``(x − y)²``, gradient ``2·(x − y)``: the negative log-likelihood of Gaussian errors, up to constants; one
    outlier can dominate.

    After a sigmoid or tanh it stops learning where the unit is saturated and wrong: use a cross-entropy there.

    >>> nn.MSELoss()(mg.tensor([1.0, 5.0]), mg.tensor([0.0, 2.0])).item()
    5.0
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """``d²/(2β)`` where ``|d| < β``, else ``|d| − β/2``, with d = x − y: MSE near 0, L1 far away. Girshick 2015, eq. 3.

    Raises ValueError for β < 0.

    >>> nn.SmoothL1Loss()(mg.tensor([0.5, 3.0]), mg.zeros(2)).item()
    1.3125
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta: float = 1.0):
        super().__init__(size_average, reduce, reduction)
        if beta < 0:
            raise ValueError(f"SmoothL1Loss: beta must not be negative, got {beta}")
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """``d²/2`` where ``|d| < δ``, else ``δ·(|d| − δ/2)``, with d = x − y: SmoothL1Loss times δ. Huber 1964.

    Raises ValueError unless δ > 0.

    >>> nn.HuberLoss()(mg.tensor([0.5, 3.0]), mg.zeros(2)).item()
    1.3125
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        if not delta > 0:
            raise ValueError(f"HuberLoss: delta must be positive, got {delta}")
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class NLLLoss(_Loss):
    """``−weight[y]·x[y]`` for log-probabilities x (N, C, …) and classes y (N, …); the mean is weighted.

    ``ignore_index`` leaves samples out. Feed it the output of a LogSoftmax, or use CrossEntropyLoss, which does both.

    >>> nn.NLLLoss()(mg.tensor([[-0.5, -2.0]]), mg.tensor([1])).item()
    2.0
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average=None,
        ignore_index: int = -100,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    """``−log softmax(x)[y]``: logits x (N, C, …), classes y (N, …) or probabilities (N, C, …).

    Its gradient is ``softmax(x) − onehot(y)``: it never saturates while the answer is wrong. Do not put a softmax
    before it: it takes logits. ``label_smoothing`` mixes the target with the uniform distribution (Szegedy et al. 2016,
    section 7). Raises ValueError for a ``label_smoothing`` outside [0, 1].

    >>> round(nn.CrossEntropyLoss()(mg.zeros(1, 4), mg.tensor([2])).item(), 4)  # log 4
    1.3863
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average=None,
        ignore_index: int = -100,
        reduce=None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(size_average, reduce, reduction)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"CrossEntropyLoss: label_smoothing must be in [0, 1], got {label_smoothing}")
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(_Loss):
    """``−y·log p − (1 − y)·log(1 − p)`` for probabilities p in [0, 1]; logarithms are clamped at −100.

    After a sigmoid, use BCEWithLogitsLoss instead: the composition loses its gradient once the sigmoid rounds to 0 or
    1.

    >>> round(nn.BCELoss()(mg.tensor([0.5]), mg.tensor([1.0])).item(), 4)  # log 2
    0.6931
    """

    def __init__(self, weight: Tensor | None = None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of ``σ(x)``, computed from the logit x: ``max(x, 0) − x·y + log(1 + e^−|x|)``, gradient ``σ(x) − y``.

    ``pos_weight`` multiplies the positive term, to trade precision for recall.

    >>> round(nn.BCEWithLogitsLoss()(mg.tensor([0.0]), mg.tensor([1.0])).item(), 4)  # log 2
    0.6931
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average=None,
        reduce=None,
        reduction="mean",
        pos_weight: Tensor | None = None,
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """``y·(log y − x)`` for log-probabilities x and probabilities y (their logarithms with ``log_target``).

    ``reduction="batchmean"`` is the Kullback-Leibler divergence; "mean" also divides by the number of classes.

    >>> nn.KLDivLoss(reduction="batchmean")(mg.tensor([[0.5, 0.5]]).log(), mg.tensor([[0.5, 0.5]])).item()
    0.0
    """

    more_reductions = ("batchmean",)

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target: bool = False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """``eˣ − y·x``, the negative log-likelihood of counts y at rate eˣ.

    With ``log_input=False``: ``x − y·log(x + eps)``. ``full`` adds Stirling's approximation of log y!.

    >>> nn.PoissonNLLLoss()(mg.zeros(1), mg.tensor([3.0])).item()
    1.0
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average=None,
        eps: float = 1e-8,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """``½·(log v + (x − y)²/v)`` with the variance v predicted too and clamped to at least ``eps``. Nix and Weigend
    1994.

    ``full`` adds ½·log 2π. Raises ValueError unless ``eps`` > 0.

    >>> nn.GaussianNLLLoss()(mg.zeros(1), mg.tensor([2.0]), mg.ones(1)).item()
    2.0
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        if not eps > 0:
            raise ValueError(f"GaussianNLLLoss: eps must be positive, got {eps}")
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """``x`` where the target is 1, ``max(0, margin − x)`` where it is −1, for distances x of pairs that are similar or
    not.

    >>> nn.HingeEmbeddingLoss()(mg.tensor([0.5, 0.25]), mg.tensor([1.0, -1.0])).item()
    0.625
    """

    def __init__(self, margin: float = 1.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """``log(1 + e^(−y·x))`` for targets ±1, any shape (*): the logistic loss.

    >>> round(nn.SoftMarginLoss()(mg.zeros(1), mg.ones(1)).item(), 4)  # log 2
    0.6931
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """``Σ max(0, 1 − (x[yⱼ] − x[i]))/C`` over a sample's classes yⱼ and all other classes i: (N, C) or (C).

    The target lists classes up to the first −1.

    >>> nn.MultiLabelMarginLoss()(mg.tensor([0.1, 0.2, 0.4, 0.8]), mg.tensor([3, 0, -1, 1])).item()
    0.8500000238418579
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_Loss):
    """BCEWithLogitsLoss averaged over the classes: (N, C) logits, each class present or not.

    >>> round(nn.MultiLabelSoftMarginLoss()(mg.zeros(1, 3), mg.ones(1, 3)).item(), 4)  # log 2
    0.6931
    """

    def __init__(self, weight: Tensor | None = None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_Loss):
    """``Σ_{i≠y} max(0, margin − x[y] + x[i])ᵖ/C``: the multi-class hinge loss. Crammer and Singer 2001.

    x (N, C), y (N), or without the N. Raises ValueError unless p is 1 or 2.

    >>> nn.MultiMarginLoss()(mg.tensor([[0.0, 2.0]]), mg.tensor([0])).item()
    1.5
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average=None,
        reduce=None,
        reduction="mean",
    ):
        super().__init__(size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p is 1 or 2, got {p}")
        self.p, self.margin = p, margin
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MarginRankingLoss(_Loss):
    """``max(0, −y·(x₁ − x₂) + margin)``: y = 1 means x₁ should rank above x₂, y = −1 below; all (N) or ().

    >>> nn.MarginRankingLoss()(mg.tensor([1.0]), mg.tensor([3.0]), mg.tensor([1.0])).item()
    2.0
    """

    def __init__(self, margin: float = 0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """``1 − cos(x₁, x₂)`` where the target is 1, ``max(0, cos(x₁, x₂) − margin)`` where it is −1.

    x₁ and x₂ (N, D), target (N), or without the N.

    >>> nn.CosineEmbeddingLoss()(mg.tensor([[1.0, 0.0]]), mg.tensor([[0.0, 1.0]]), mg.tensor([1])).item()
    1.0
    """

    def __init__(self, margin: float = 0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """``max(0, ‖a − p‖ − ‖a − n‖ + margin)``: the anchor should be nearer to the positive than to the negative. Balntas
    et al. 2016.

    (N, D) each. ``swap`` measures the distance from positive to negative where that is smaller. Raises ValueError
    unless ``margin`` > 0.

    >>> nn.TripletMarginLoss()(mg.zeros(1, 2), mg.zeros(1, 2), mg.full((1, 2), 9.0)).item()
    0.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average=None,
        reduce=None,
        reduction="mean",
    ):
        super().__init__(size_average, reduce, reduction)
        if not margin > 0:
            raise ValueError(f"TripletMarginLoss: margin must be positive, got {margin}")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """TripletMarginLoss with a custom distance: a function of two (N, D) tensors that returns (N).

    Raises ValueError unless ``margin`` > 0.

    >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(p=1))
    >>> loss(mg.zeros(1, 2), mg.zeros(1, 2), mg.full((1, 2), 9.0)).item()
    0.0
    """

    def __init__(self, *, distance_function=None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        if not margin > 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin must be positive, got {margin}")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CTCLoss(_Loss):
    """``−log Σ`` of the probabilities of all alignments of a label sequence to T frames, with blanks in between. Graves
    et al. 2006.

    Log-probabilities (T, N, C) or (T, C). A target too long for its input has an infinite loss; ``zero_infinity`` makes
    it 0, with gradient 0.

    >>> loss = nn.CTCLoss()(mg.full((2, 1, 2), 0.5).log(), mg.tensor([[1]]), (2,), (1,))
    >>> round(loss.item(), 4)  # three of the four alignments: log 4/3
    0.2877
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths, target_lengths) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
