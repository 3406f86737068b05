"""The model of a picture: nodes, edges and nested clusters, with no word of how they are drawn."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class GraphNode:
    """One box. ``value`` and ``gradient`` are arrays, or None where they are not known (yet)."""

    key: str
    kind: str  # "parameter", "input", "op", "output" or "module"
    label: str
    formula: str | None = None
    shape: tuple[int, ...] = ()
    dtype: str = ""
    value: np.ndarray | None = None
    gradient: np.ndarray | None = None
    module: tuple[str, ...] = ()
    line: str | None = None
    details: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class GraphEdge:
    """From a value to the op that uses it, as its argument ``argument``; two edges may join the same two nodes."""

    source: str
    target: str
    argument: str = ""


@dataclass
class Graph:
    """Nodes in the order of computation, and the edges between them."""

    nodes: list[GraphNode] = field(default_factory=list)
    edges: list[GraphEdge] = field(default_factory=list)
    title: str = ""

    def node(self, key: str) -> GraphNode:
        """The node with this key."""
        return next(node for node in self.nodes if node.key == key)
