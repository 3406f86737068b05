"""The backward pass as the computation that it is: gradients as values, from the result back to the leaves."""

from .graph import Graph, GraphEdge, GraphNode


def backward_of(graph: Graph) -> Graph:
    """The graph of what backward computes of a described ``graph``.

    There is a box for the gradient with respect to each value, and an edge from ∂L/∂v to ∂L/∂x for each op that made v
    from x, with what the op's rule multiplies by. A value with several uses has a sum. The order is backward's own.

    Raises ValueError for a graph in which nothing needs a gradient.
    """
    roots = [node for node in graph.nodes if node.kind in ("op", "output") and node.needs_gradient]
    if not roots:
        raise ValueError("draw: there is no backward pass to draw: no op of this graph needs a gradient")
    ends = [node for node in roots if node.kind == "output"] or roots
    root = ends[-1]
    incoming: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        if edge.needs_gradient:
            incoming.setdefault(edge.target, []).append(edge)
    reached = {root.key}
    for node in reversed(graph.nodes):
        if node.key in reached:
            reached.update(edge.source for edge in incoming.get(node.key, ()))
    users: dict[str, list[GraphNode]] = {}
    edges = []
    for node in reversed(graph.nodes):
        if node.key in reached:
            for edge in incoming.get(node.key, ()):
                users.setdefault(edge.source, []).append(node)
                edges.append(
                    GraphEdge(node.key, edge.source, "", edge.symbol, edge.local, edge.mark, statement=edge.statement)
                )
    called = root.name or root.label
    boxes = [
        _box(node, called, users.get(node.key, []), node is root)
        for node in reversed(graph.nodes)
        if node.key in reached
    ]
    notes = [
        *graph.notes,
        f"the backward pass of {called}: each box is a gradient, each edge what an op's rule adds to it",
    ]
    others = [node.name or node.label for node in ends[:-1]]
    if others:
        notes.append(f"not drawn: the backward pass of {', '.join(others[:5])}{', …' * (len(others) > 5)}")
    title = graph.title and f"{graph.title}: backward"
    return Graph(boxes, edges, title, graph.keys, notes)


def _box(node: GraphNode, root: str, users: list[GraphNode], is_root: bool) -> GraphNode:
    """The gradient with respect to what ``node`` stands for."""
    is_leaf = node.kind in ("parameter", "input")
    said = []
    if len(users) > 1:
        said.append(f"Σ of {len(users)} ways")
    if not is_leaf and node.kept:
        said.append(f"{node.label}'s rule reads {', '.join(node.kept)}")
    elif not is_leaf:
        said.append(f"{node.label}'s rule is next")
    kind = "input" if is_root else "output" if is_leaf else "op"
    return GraphNode(
        node.key,
        kind,
        f"∂{root}/∂{node.name or node.label}",
        shape=node.shape,
        dtype=node.dtype,
        gradient=node.gradient,
        module=(users[0].module if users else ()) if is_leaf else node.module,
        line=node.line,
        details=said,
        device=node.device,
        mark="gradient",
    )
