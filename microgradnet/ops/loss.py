"""Losses that are more than a line of other ops."""

import numpy as np

from ..primitive import primitive
from .reduction import log_softmax, sum


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


def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """``nll_loss(log_softmax(input), target)``: input are logits, any real numbers; shapes and errors as there."""
    if input.ndim == 0:
        raise ValueError("cross_entropy: the input needs a class dimension, got a 0-d tensor")
    return nll_loss(log_softmax(input, 0 if input.ndim == 1 else 1), target, weight, ignore_index, reduction)


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
