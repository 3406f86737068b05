"""A step length that satisfies the strong Wolfe conditions. Nocedal and Wright 2006, algorithms 3.5 and 3.6."""

import math
from collections.abc import Callable
from typing import NamedTuple

from ..backends.device import np


class Point(NamedTuple):
    """The loss at step length ``t``, its gradient, and its slope along the direction."""

    t: float
    loss: float
    gradient: np.ndarray
    slope: float


def cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic through two points with their slopes is smallest in [low, high]; the middle if it has no minimum.

    Nocedal and Wright 2006, equation 3.59.
    """
    a, b = (a, b) if a.t <= b.t else (b, a)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    d2 = math.sqrt(square) if square >= 0 else math.nan
    divisor = b.slope - a.slope + 2 * d2
    if math.isnan(d2) or divisor == 0:
        return (low + high) / 2
    return min(max(b.t - (b.t - a.t) * (b.slope + d2 - d1) / divisor, low), high)


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, length: float, iterations: int,
    c1: float = 1e-4, c2: float = 0.9, tolerance: float = 1e-9,
) -> tuple[Point, int]:  # fmt: skip
    """A point with sufficient decrease (c1) and a small enough slope (c2), and the number of calls of ``evaluate``.

    Args:
        evaluate: loss and gradient at a step length.
        start: the point at step length 0; its slope is negative.
        t: the first step length to try.
        length: largest element of the direction; the search ends when the bracket times it falls below ``tolerance``.
        iterations: maximum number of points tried after the first; then the best is taken.
    """

    def descends(point: Point) -> bool:
        return point.loss <= start.loss + c1 * point.t * start.slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    previous, point, tried = start, evaluate(t), 0
    while tried < iterations:  # go further until the bracket contains a minimum
        if not descends(point) or (tried > 1 and point.loss >= previous.loss):
            break
        if is_flat(point):
            return point, tried + 1
        if point.slope >= 0:
            break
        further = cubic_minimum(previous, point, point.t + 0.01 * (point.t - previous.t), 10 * point.t)
        previous, point, tried = point, evaluate(further), tried + 1
    else:
        previous = start

    low, high = (previous, point) if previous.loss <= point.loss else (point, previous)
    close_before = False
    while tried < iterations and abs(high.t - low.t) * length >= tolerance:
        left, right = sorted((low.t, high.t))
        t, margin = cubic_minimum(low, high, left, right), 0.1 * (right - left)
        close = min(right - t, t - left) < margin
        if close and (close_before or t >= right or t <= left):  # too little progress: step inside
            t, close = (right - margin if right - t < t - left else left + margin), False
        close_before = close
        point, tried = evaluate(t), tried + 1
        if not descends(point) or point.loss >= low.loss:
            low, high = (low, point) if low.loss <= point.loss else (point, low)
        elif is_flat(point):
            return point, tried + 1
        else:
            low, high = point, low if point.slope * (high.t - low.t) >= 0 else high
    return low, tried + 1
