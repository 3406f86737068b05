"""Two training steps in one layout: what the second one changed."""

from dataclasses import replace

import numpy as np

from ..record.formula import number_text
from ..record.graph import Graph, GraphNode
from .draw import Picture, draw

TOLERANCE = 1e-6  # relative to the larger size, on average


def diff(first, second, title: str = "", tolerance: float = TOLERANCE) -> Picture:
    """One picture of two runs of the same computation: every box with its numbers before and after.

    A box is marked if its data or its gradient changed by more than ``tolerance`` of its size, with the numbers before
    and after and their difference; a box that only one of the runs has is labelled so.

    Args:
        first, second: Pictures, or what ``draw`` takes. A picture keeps the tape's numbers from when it was drawn; an
        optimizer overwrites the parameters, so draw the first step before taking the second.
        tolerance: mean absolute change, divided by the mean absolute number, above which a box counts as changed.

    >>> before = visualize.draw(tape)
    >>> visualize.diff(before, visualize.draw(next_tape)).save("diff.svg")
    """
    before, after = (x.graph if isinstance(x, Picture) else draw(x).graph for x in (first, second))
    old = {node.key: node for node in before.nodes}
    nodes = [_compared(old.get(node.key), node, tolerance) for node in after.nodes]
    now = {node.key: node for node in after.nodes}
    gone = [n for n in before.nodes if n.key not in now or _other(n, now[n.key])]
    renamed = {n.key: f"gone_{n.key}" for n in gone}
    for node in gone:
        details = [*node.details, "only in the first"]
        nodes.append(replace(node, key=renamed[node.key], details=details, mark="changed"))
    edges = list(after.edges)
    for edge in before.edges:
        if edge.source in renamed or edge.target in renamed:
            source, target = (renamed.get(key, key) for key in (edge.source, edge.target))
            edges.append(replace(edge, source=source, target=target, mark="changed"))
    changed = sum(bool(node.mark) for node in nodes)
    heading = title or f"{changed} of {len(nodes)} boxes changed by more than {_percent(tolerance)}"
    return Picture(Graph(nodes, edges, heading))


def _other(a: GraphNode, b: GraphNode) -> bool:
    return (a.label, a.shape, a.kind) != (b.label, b.shape, b.kind)


def _compared(old: GraphNode | None, node: GraphNode, tolerance: float) -> GraphNode:
    if old is None or _other(old, node):
        return replace(node, details=[*node.details, "only in the second"], mark="changed")
    details, changed = list(node.details), False
    for what, was, is_now in (("data", old.value, node.value), ("grad", old.gradient, node.gradient)):
        if was is None and is_now is None:
            continue
        if was is None or is_now is None:
            details.append(f"{what} was {number_text(was)}")
            changed = True
            continue
        a, b = np.asarray(was, np.float64), np.asarray(is_now, np.float64)
        size = max(_mean_size(a), _mean_size(b))
        apart = _mean_size(b - a)
        if not np.array_equal(a, b, equal_nan=True) and not apart <= tolerance * size:
            details.append(f"{what} was {number_text(was)}")
            if np.isfinite(apart):
                by = number_text(b - a) if a.size == 1 else f"{number_text(apart)} on average"
                details.append(f"changed by {by} ({apart / size:.2g} of its size)")
            changed = True
    return replace(node, details=details, mark="changed" if changed else "")


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"


def _mean_size(array: np.ndarray) -> float:
    return float(np.mean(np.abs(array))) if array.size else 0.0
