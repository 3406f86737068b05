"""The model of a picture: nodes, edges and nested clusters, independent of how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from microgradnet.formulas import Formula


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
    compute: Callable[[dict], object] | None = None  # computes its value from its arguments, if all are known
    device: str = "cpu"
    name: str = ""  # its name in formulas: v1, v2, … for computed values
    mark: str = ""  # "path" for a highlighted node, "changed" for one that differs between two steps


@dataclass(frozen=True)
class GraphEdge:
    """From a value to the op that uses it as ``argument``; two edges may connect the same two nodes.

    ``symbol`` is the local derivative ∂target/∂source with the names of the picture, where the op works element by
    element; ``local`` its numbers, where the operands are known too.
    """

    source: str
    target: str
    argument: str = ""
    symbol: Formula | None = None
    local: np.ndarray | None = field(default=None, compare=False)
    mark: str = ""


@dataclass
class Graph:
    """Nodes in the order of computation, and the edges between them."""

    nodes: list[GraphNode] = field(default_factory=list)
    edges: list[GraphEdge] = field(default_factory=list)
    title: str = ""
    keys: dict[int, str] = field(default_factory=dict)  # id of a tensor or of its Node, position of a Value -> key

    def clusters(self) -> dict:
        """Nodes by module, nested: ``{"nodes": [...], "inside": {module: {...}}}``."""
        tree: dict = {"nodes": [], "inside": {}}
        for node in self.nodes:
            place = tree
            for name in node.module:
                place = place["inside"].setdefault(name, {"nodes": [], "inside": {}})
            place["nodes"].append(node)
        return tree

    def node(self, key: str) -> GraphNode:
        """The node with this key."""
        return next(node for node in self.nodes if node.key == key)
