"""Repetition in a sequence of ops: what a loop ran many times is shown once."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

PERIOD = 64  # ops of a loop's body that are looked for
NAMED = 4  # ops that a box's label names
PIECES = 60  # boxes for one sequence


@dataclass(eq=False)
class Piece:
    """A stretch of consecutive ops that is drawn as one box."""

    nodes: list
    label: str
    details: list[str] = field(default_factory=list)


def pieces(nodes: list, longest: int) -> list[Piece]:
    """The nodes in order: each repetition is a piece, and the rest is cut into pieces of about ``longest`` ops."""
    numbers: dict = {}
    kinds = np.array([numbers.setdefault((node.label, node.line), len(numbers)) for node in nodes], np.int64)
    period, count = repetitions(kinds)
    worth = (count > 2) | ((count > 1) & (period >= 8))
    found: list[tuple[int, int, int]] = []  # start, period, count
    place = plain = 0
    for start in np.flatnonzero(worth).tolist():
        if start >= place:
            found += [*_stretches(plain, start, longest), (start, int(period[start]), int(count[start]))]
            place = plain = start + int(period[start] * count[start])
    found += _stretches(plain, len(nodes), longest)
    if len(found) > PIECES:
        found = _stretches(0, len(nodes), -(-len(nodes) // PIECES))
    return [_piece(nodes, *part) for part in found]


def repetitions(kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At each place, the period (at most ``PERIOD``) and the count of the repetition there that covers most."""
    best, times = np.ones((2, len(kinds)), np.int64)
    for period in range(1, min(PERIOD, len(kinds) // 2) + 1):
        differs = np.flatnonzero(kinds[:-period] != kinds[period:])
        ends = np.append(differs, len(kinds) - period)  # where a run of equal pairs ends
        places = np.arange(len(kinds) - period)
        count = (ends[np.searchsorted(ends, places)] - places) // period + 1
        more = (count > 1) & (count * period > best[: len(places)] * times[: len(places)])
        best[: len(places)][more], times[: len(places)][more] = period, count[more]
    return best, times


def repetition(kinds: list) -> tuple[int, int]:
    """(period, count) of the repetition at the start, the one that covers most; (1, 1) for none."""
    best = (1, 1)
    for period in range(1, len(kinds) // 2 + 1):
        count = 1
        while kinds[count * period : (count + 1) * period] == kinds[:period]:
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = (period, count)
    return best


def _stretches(start: int, end: int, longest: int) -> list[tuple[int, int, int]]:
    return [(at, min(longest, end - at), 1) for at in range(start, end, longest)]


def _piece(nodes: list, start: int, period: int, count: int) -> Piece:
    inside = nodes[start : start + period * count]
    names = [node.label for node in inside[:period]]
    if count > 1:
        label = " → ".join(names[:NAMED]) + (" → …" if period > NAMED else "")
        return Piece(inside, label, [f"ops {start + 1:,} to {start + len(inside):,}", f"× {count:,}"])
    common = [f"{name} × {many}" if many > 1 else name for name, many in Counter(names).most_common(NAMED)]
    return Piece(inside, f"ops {start + 1:,} to {start + len(inside):,}", [", ".join(common)])
