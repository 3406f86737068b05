"""Losses with a margin: for pairs, triplets, or a distance and a bound."""

from collections.abc import Callable

from ....choice import where
from ....tensor import Tensor
from ...elementwise.arithmetic import minimum
from ...linalg.distance import cosine_similarity, pairwise_distance
from .reduction import reduced, reduction_name


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The distance ``input`` where target is 1, ``max(0, margin − input)`` where it is −1."""
    reduction = reduction_name("hinge_embedding_loss", reduction, size_average, reduce)
    losses = where(target != 1, (margin - input).relu(), 0) + where(target != -1, input, 0)
    return reduced(losses, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, −target·(input1 − input2) + margin)``: for target 1 input1 should be larger, for −1 input2.

    Raises ValueError unless all have the same number of dimensions.
    """
    reduction = reduction_name("margin_ranking_loss", reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        shapes = ", ".join(str(tuple(x.shape)) for x in (input1, input2, target))
        raise ValueError(f"margin_ranking_loss: tensors of as many dimensions expected, got shapes {shapes}")
    return reduced((-target * (input1 - input2) + margin).relu(), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 − cos`` where target is 1, ``max(0, cos − margin)`` where it is −1: (N, D), (N, D), (N), or (D), (D), ().

    Raises ValueError for other shapes.
    """
    reduction = reduction_name("cosine_embedding_loss", reduction, size_average, reduce)
    if target.ndim not in (0, 1) or input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        shapes = ", ".join(str(tuple(x.shape)) for x in (input1, input2, target))
        raise ValueError(f"cosine_embedding_loss: (N, D), (N, D), (N) or (D), (D), () expected, got {shapes}")
    cosine = cosine_similarity(input1, input2, target.ndim, 1e-12)
    return reduced(where(target == 1, 1 - cosine, 0) + where(target == -1, (cosine - margin).relu(), 0), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) − d(anchor, negative) + margin)``, d the ``pairwise_distance`` (N, D) -> (N).

    ``swap`` uses the distance from positive to negative where it is smaller. Balntas et al. 2016.
    """
    reduction = reduction_name("triplet_margin_loss", reduction, size_average, reduce)
    return _triplet("triplet_margin_loss", anchor, positive, negative, margin, swap, reduction, p, eps)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with a custom distance function: two tensors -> one of distances."""
    name = "triplet_margin_with_distance_loss"
    reduction = reduction_name(name, reduction)
    return _triplet(name, anchor, positive, negative, margin, swap, reduction, distance=distance_function)


def _triplet(name, anchor, positive, negative, margin, swap, reduction, p=2.0, eps=1e-6, distance=None):
    if margin <= 0:
        raise ValueError(f"{name}: margin must be positive, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        shapes = ", ".join(str(tuple(x.shape)) for x in (anchor, positive, negative))
        raise ValueError(f"{name}: tensors of as many dimensions expected, got shapes {shapes}")
    distance = distance or (lambda a, b: pairwise_distance(a, b, p, eps))
    far = distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced((distance(anchor, positive) - far + margin).relu(), reduction)
