"""The model of a picture: nodes, edges and nested clusters, independent of how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnet.formulas import Formula


@dataclass
class Output:
    """One result of an op that has several."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    value: np.ndarray | None = None
    gradient: np.ndarray | None = None


@dataclass(slots=True)
class GraphNode:
    """One box. ``value`` and ``gradient`` are arrays, or None where they are not known (yet).

    ``kind`` is "parameter", "input", "constant" (an array that is no tensor), "op", "output", "module" or "failed".
    """

    key: str
    kind: str
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
    name: str = ""  # its name in formulas: the user's, or v1, v2, … for computed values
    mark: str = ""  # "path": highlighted; "changed" between two steps; "copy" of a shared leaf; "gradient": of backward
    needs_gradient: bool = True
    outputs: list[Output] = field(default_factory=list)  # all of them, of an op that has several
    kept: dict[str, int] = field(default_factory=dict)  # what it saved for backward, in bytes
    step: Any = field(default=None, repr=False, compare=False)  # the call that it stands for


@dataclass(slots=True, unsafe_hash=True)
class GraphEdge:
    """From a value to the op that uses it as ``argument``; two edges may connect the same two nodes.

    ``symbol`` is the local derivative ∂target/∂source with the names of the picture, where the op works element by
    element; ``local`` its numbers, where the operands are known too. ``statement`` is the gradient that flows back
    along the edge, of an op on whole arrays: ∂L/∂W = gᵀ·x. ``output`` is the number of the source's result.
    """

    source: str
    target: str
    argument: str = ""
    symbol: Formula | None = None
    local: np.ndarray | None = field(default=None, compare=False)
    mark: str = ""
    output: int = 0
    needs_gradient: bool = True
    statement: str = ""


@dataclass
class Graph:
    """Nodes in the order of computation, and the edges between them."""

    nodes: list[GraphNode] = field(default_factory=list)
    edges: list[GraphEdge] = field(default_factory=list)
    title: str = ""
    keys: dict[int, str] = field(default_factory=dict)  # id of a tensor or of its Node, position of a Value -> key
    notes: list[str] = field(default_factory=list)  # what the picture leaves out, and how to see it

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

    def without(self, unwanted: set[str]) -> "Graph":
        """The graph without the nodes of these keys, and without their edges."""
        nodes = [node for node in self.nodes if node.key not in unwanted]
        edges = [edge for edge in self.edges if edge.source not in unwanted and edge.target not in unwanted]
        return Graph(nodes, edges, self.title, self.keys, list(self.notes))
