"""Sums and dot products of any length as single nodes."""

from collections.abc import Iterable

from . import opcodes
from .value import Value, record


def sum(values: Iterable) -> Value:
    """``Σ vᵢ`` as one node, where Python's ``sum`` makes one for each addition. Values and numbers, at least one Value.

    >>> sum([Value(1.0), Value(2.0), 3.0]).data
    6.0
    """
    return record(opcodes.SUM, list(values), "sum")


def dot(w: Iterable, x: Iterable) -> Value:
    """``Σ wᵢ·xᵢ`` as one node. Raises ValueError where the lengths differ.

    >>> w = Value(2.0)
    >>> y = dot([w, Value(3.0)], [10.0, w])
    >>> y.backward()
    >>> y.data, w.grad
    (26.0, 13.0)
    """
    w, x = list(w), list(x)
    if len(w) != len(x):
        raise ValueError(f"dot: two sequences of one length expected, got {len(w)} and {len(x)}")
    return record(opcodes.DOT, [*w, *x], "dot")
