"""What each op keeps for backward, as a bar beside the graph."""

from ..record.graph import Graph, GraphNode

MOST = 40  # bars
WIDEST = 160  # of a bar, in points


def kept_by(node: GraphNode) -> int:
    """The bytes that a box keeps for backward. An array that several ops keep counts for each of them."""
    return sum(node.kept.values())


def bars(graph: Graph) -> list[tuple[str, int, int]]:
    """Name, bytes and length in points of the boxes that keep most, in the order of computation."""
    keeping = sorted((node for node in graph.nodes if node.kept), key=kept_by, reverse=True)[:MOST]
    shown = {node.key for node in keeping}
    most = max((kept_by(node) for node in keeping), default=1)
    return [
        (
            f"{node.name} = {node.label}" if node.name else node.label,
            kept_by(node),
            max(1, WIDEST * kept_by(node) // most),
        )
        for node in graph.nodes
        if node.key in shown
    ]
