"""Reduction of the losses of all elements: mean, sum or none."""

import warnings

from ...reduce.reduction import mean, sum


def reduction_name(op: str, reduction: str, size_average=None, reduce=None, more: tuple = ()) -> str:
    """``reduction``, checked; PyTorch's older ``size_average`` and ``reduce`` win if they are given.

    Raises ValueError for a reduction that does not exist.
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction not in ("mean", "sum", "none", *more):
        names = ", ".join(map(repr, ("mean", "sum", *more)))
        raise ValueError(f"{op}: reduction is {names} or 'none', got {reduction!r}")
    return reduction


def reduced(losses, reduction: str, weight=None):
    """The mean of ``losses`` (weighted by ``weight``, if given), their (weighted) sum, or all of them."""
    if weight is not None:
        losses = losses * weight
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    return mean(losses) if weight is None else sum(losses) / sum(weight)


def warn_of_broadcast(op: str, input, target) -> None:
    """Warns where input and target differ in shape: they broadcast, which is seldom intended."""
    if tuple(input.shape) != tuple(target.shape):
        warnings.warn(
            f"{op}: the target's shape {tuple(target.shape)} differs from the input's {tuple(input.shape)}: they are "
            "broadcast against each other, which is probably not what is meant",
            stacklevel=3,
        )
