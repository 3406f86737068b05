"""Losses for binary targets, one or several per sample."""

from ....backends.device import add_at, np, read
from ....beside import told_as_one
from ....choice import where
from ....elementwise import elementwise
from ....tensor import Tensor
from ...elementwise.activation import logsigmoid, sigmoid
from ...elementwise.exponential import exp, log, log1p
from ...elementwise.rounding import abs
from ...reduce.reduction import mean, sum
from .reduction import reduced, reduction_name


@elementwise(
    formula="−t·max(ln p, −100) − (1 − t)·max(ln(1 − p), −100)",
    derivative_formula="(p − t)/max(p·(1 − p), 10⁻¹²), max(ln(1 − p), −100) − max(ln p, −100)",
    integers="float",
)
def _binary_cross_entropy(p, t):
    yes, no = where(log(p) < -100, -100, log(p)), where(log1p(-p) < -100, -100, log1p(-p))
    return (t - 1) * no - t * yes


@_binary_cross_entropy.derivative
def _(p, t):
    spread = where((1 - p) * p < 1e-12, 1e-12, (1 - p) * p)
    yes, no = where(log(p) < -100, -100, log(p)), where(log1p(-p) < -100, -100, log1p(-p))
    return (p - t) / spread, no - yes


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``−t·log p − (1 − t)·log(1 − p)`` for probabilities p and targets t in [0, 1]; the logarithms are clamped at
    −100.

    Raises ValueError for a probability outside [0, 1] or different shapes.
    """
    reduction = reduction_name("binary_cross_entropy", reduction, size_average, reduce)
    _same_shape("binary_cross_entropy", input, target)
    _check_probabilities(input)
    losses = _binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


@told_as_one
def _check_probabilities(input) -> None:
    values = getattr(input, "_array", input)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            "binary_cross_entropy: probabilities in [0, 1] expected: pass logits to binary_cross_entropy_with_logits"
        )


@elementwise(formula="max(x, 0) − x·t + ln(1 + e^(−|x|))", derivative_formula="σ(x) − t, −x", integers="float")
def _logit_cross_entropy(x, t):
    return where(x > 0, x, 0) - x * t + log1p(exp(-abs(x)))


@_logit_cross_entropy.derivative
def _(x, t):
    return sigmoid(x) - t, -x


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy(sigmoid(input), target)`` without its overflow, for logits.

    ``pos_weight`` multiplies the term of the positive class; it broadcasts, one per label (last dimension).
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_name(name, reduction, size_average, reduce)
    _same_shape(name, input, target)
    if pos_weight is None:
        losses = _logit_cross_entropy(input, target)
    else:
        losses = (1 - target) * input - ((pos_weight - 1) * target + 1) * logsigmoid(input)
    return reduced(losses if weight is None else losses * weight, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """``log(1 + exp(−target·input))`` for targets −1 and 1."""
    reduction = reduction_name("soft_margin_loss", reduction, size_average, reduce)
    return reduced(-logsigmoid(input * target), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``binary_cross_entropy_with_logits`` of several labels, (N, C), averaged over them, then reduced."""
    reduction = reduction_name("multilabel_soft_margin_loss", reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(mean(losses if weight is None else losses * weight, -1), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """``Σ_{j label, i not} max(0, 1 − (x_j − x_i)) / C``: each label should score above every other class by 1.

    Args:
        input: (N, C) or (C), scores. target: the same shape, int64: class indices, ended by −1.

    Raises ValueError for another rank, IndexError for a label outside [−1, C).
    """
    reduction = reduction_name("multilabel_margin_loss", reduction, size_average, reduce)
    _same_shape("multilabel_margin_loss", input, target)
    if input.ndim not in (1, 2):
        raise ValueError(f"multilabel_margin_loss: 1 or 2 dimensions expected, got shape {tuple(input.shape)}")
    classes = input.shape[-1]
    x = input.reshape((-1, classes))
    labels = read(target).reshape(-1, classes)
    if ((labels < -1) | (labels >= classes)).any():
        raise IndexError(f"multilabel_margin_loss: labels in [-1, {classes}) expected, got {labels}")
    given = (labels < 0).cumsum(axis=1) == 0
    times = np.zeros(labels.shape, x.dtype)  # how often each class occurs among the labels
    add_at(times, (np.nonzero(given)[0], labels[given]), 1)
    pairs = times[:, :, None] * (1 - np.minimum(times, 1))[:, None, :]
    gap = (1 - x.reshape((*x.shape, 1)) + x.reshape((x.shape[0], 1, classes))).relu()
    losses = sum(gap * pairs, (1, 2)) / classes
    return reduced(losses if input.ndim == 2 else losses.reshape(()), reduction)


def _same_shape(op: str, input, target) -> None:
    if tuple(input.shape) != tuple(target.shape):
        raise ValueError(f"{op}: input {tuple(input.shape)} and target {tuple(target.shape)} must have one shape")
