"""Losses that are more than a line of other ops."""

import numpy as np

from ..primitive import primitive
from .comparison import where
from .reduction import log_softmax, mean, sum


@primitive(formula="−log p[target]")
def _nll(log_probabilities, target, weight):
    """Per-sample negative log-likelihood: log_probabilities (N, C, *rest), target (N, *rest), weight (N, *rest)."""
    picked = np.take_along_axis(log_probabilities, np.expand_dims(target, 1), 1)
    return -picked.squeeze(1) * weight


@primitive(formula="zeros, [target] = −g")
def _nll_gradient(g, target, weight, shape):
    out = np.zeros(shape, g.dtype)
    np.put_along_axis(out, np.expand_dims(target, 1), np.expand_dims(-g * weight, 1), 1)
    return out


_nll.vjp(
    log_probabilities=lambda g, target, weight, log_probabilities_shape: _nll_gradient(
        g, target, weight, log_probabilities_shape
    )
)
_nll_gradient.vjp(g=lambda h, target, weight: _nll(h, target, weight))


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """Negative log-likelihood of the classes in ``target`` under log-probabilities ``input``.

    Args:
        input: (C), (N, C) or (N, C, d1, …), log-probabilities along the class dimension.
        target: (), (N) or (N, d1, …), int64 class numbers in [0, C), or ``ignore_index``.
        weight: (C), a factor for each class; the mean is then the weighted mean.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        TypeError: labels that are not integers. ValueError: shapes that do not fit, an unknown reduction.
        IndexError: a label outside of [0, C).
    """
    check_reduction("nll_loss", reduction)
    if input.ndim == 1:
        loss = nll_loss(input.reshape(1, -1), target.reshape(1), weight, ignore_index, reduction)
        return loss.reshape(()) if reduction == "none" else loss
    labels = check_labels("nll_loss", input, target, ignore_index)
    counted = labels != ignore_index
    factors = counted.astype(input.dtype)
    if weight is not None:
        factors *= weight.array[np.where(counted, labels, 0)]
    losses = _nll(input, np.where(counted, labels, 0), factors)
    if reduction == "none":
        return losses
    total = sum(losses)
    return total if reduction == "sum" else total / float(factors.sum())


def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """``−Σ_k q_k log softmax(input)_k`` with q the target distribution; input are logits, any real numbers.

    Args:
        input: (C), (N, C) or (N, C, d1, …).
        target: class numbers as for ``nll_loss``, or the distribution itself, floating, of the input's shape.
        weight, ignore_index, reduction: as for ``nll_loss`` (a distribution has nothing to ignore).
        label_smoothing: ε mixes in the uniform distribution: ``q = (1 − ε)·target + ε/C``. Szegedy et al. 2015.

    Raises: as ``nll_loss``, and ``ValueError`` for a smoothing outside of [0, 1].
    """
    check_reduction("cross_entropy", reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    if input.ndim == 0:
        raise ValueError("cross_entropy: the input needs a class dimension, got a 0-d tensor")
    dim = 0 if input.ndim == 1 else 1
    log_probabilities = log_softmax(input, dim)
    per_class = None if weight is None else weight.reshape((-1, *(1,) * (input.ndim - dim - 1)))
    if target.shape == input.shape and target.dtype.kind == "f":
        q = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
        losses = -sum(log_probabilities * q if per_class is None else log_probabilities * q * per_class, dim)
        if reduction == "none":
            return losses
        return sum(losses) if reduction == "sum" else sum(losses) / float(input.array.size / input.shape[dim])
    hard = nll_loss(log_probabilities, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return hard
    counted = target != ignore_index
    uniform = -sum(log_probabilities if per_class is None else log_probabilities * per_class, dim)
    uniform = where(counted, uniform, 0)
    if reduction != "none":
        uniform = sum(uniform)
    if reduction == "mean":
        labels = target.array[counted.array]
        uniform = uniform / float(labels.size if weight is None else weight.array[labels].sum())
    return hard * (1 - label_smoothing) + uniform * (label_smoothing / input.shape[dim])


def mse_loss(input, target, reduction="mean"):
    """``(input − target)²``, averaged, summed, or as it is (``reduction="none"``)."""
    check_reduction("mse_loss", reduction)
    if tuple(input.shape) != tuple(target.shape):
        raise ValueError(f"mse_loss: input {tuple(input.shape)} and target {tuple(target.shape)} must have one shape")
    difference = input - target
    squares = difference * difference
    return squares if reduction == "none" else sum(squares) if reduction == "sum" else mean(squares)


def check_reduction(op: str, reduction: str) -> None:
    """Raises ValueError for a reduction that does not exist."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{op}: reduction is 'mean', 'sum' or 'none', got {reduction!r}")


def check_labels(op: str, input, target, ignore_index: int) -> np.ndarray:
    """The labels as an array, checked against ``input`` (N, C, …)."""
    labels = target.array
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{op}: labels must be integers (class numbers), got {labels.dtype.name}: convert with .long()")
    expected = (input.shape[0], *input.shape[2:])
    if labels.shape != expected:
        raise ValueError(f"{op}: input {tuple(input.shape)} needs labels of shape {expected}, got {labels.shape}")
    wrong = (labels != ignore_index) & ((labels < 0) | (labels >= input.shape[1]))
    if wrong.any():
        raise IndexError(
            f"{op}: label {labels[wrong].flat[0]} is outside of [0, {input.shape[1]}) for {input.shape[1]} classes"
        )
    return labels
