"""From a tensor or a tape to the model of a picture. Reads public attributes of Node and Tensor, and nothing else."""

import itertools

from .graph import Graph, GraphEdge, GraphNode

AGGREGATE_ABOVE = 300  # boxes; beyond, nobody can read them, and the layout takes seconds


def trace(x, model=None, title: str = "") -> Graph:
    """The graph of a Tensor (all that it was computed from) or of a Tape (all that ran while it recorded).

    A tape knows the value and, after backward, the gradient of every node. A tensor alone knows those of its leaves,
    and its own value. ``model`` gives its parameters their names.
    """
    tape = x if hasattr(x, "nodes") else None
    if tape is None and not hasattr(x, "grad_fn"):
        raise TypeError(f"draw: a Tensor or a Tape expected, got {type(x).__name__}")
    names = {id(p): name for name, p in model.named_parameters()} if model is not None else {}
    nodes = list(tape.nodes) if tape is not None else _reachable(x.grad_fn)
    nodes = [node for node in nodes if node.op.name != "output"]
    used = {id(_maker(parent)) for node in nodes for parent in node.parents}
    graph = Graph(title=title)
    keys: dict[int, str] = {}
    numbers = itertools.count()
    parameters = {id(p) for p in model.parameters()} if model is not None else set()

    def leaf(tensor) -> str:
        if id(tensor) not in keys:
            keys[id(tensor)] = f"leaf{next(numbers)}"
            kind = "parameter" if id(tensor) in parameters or type(tensor).__name__ == "Parameter" else "input"
            graph.nodes.append(
                GraphNode(
                    keys[id(tensor)],
                    kind,
                    tensor.name or names.get(id(tensor)) or kind,
                    shape=tuple(tensor.shape),
                    dtype=tensor.dtype.name,
                    value=tensor.array,
                    gradient=None if tensor.grad is None else tensor.grad.array,
                )
            )
        return keys[id(tensor)]

    for number, node in enumerate(nodes):
        key = keys[id(node)] = f"op{number}"
        sources = [
            (leaf(p) if hasattr(p, "grad_fn") else keys.get(id(_maker(p))), name)
            for p, name in zip(node.parents, node.argument_names, strict=True)
            if p is not None
        ]
        value = tape.value(node) if tape is not None else x.array if node is x.grad_fn else None
        gradient = tape.gradient(node) if tape is not None else None
        graph.nodes.append(
            GraphNode(
                key,
                "op" if id(node) in used else "output",
                node.op.name,
                node.op.formula,
                tuple(node.shape),
                node.dtype.name,
                _first(value),
                _first(gradient),
                tuple(node.module),
                node.line,
            )
        )
        graph.edges += [GraphEdge(source, key, name) for source, name in sources if source is not None]
    if not nodes:
        leaf(x)
    return aggregate(graph) if len(graph.nodes) > AGGREGATE_ABOVE else graph


def _maker(node):
    """The op itself, for a Node that stands for one of an op's several results."""
    return node.parents[0] if hasattr(node, "op") and node.op.name == "output" else node


def _first(value):
    """The first result that there is, of an op with several."""
    return next((v for v in value if v is not None), None) if isinstance(value, tuple | list) else value


def _reachable(root) -> list:
    """All nodes behind ``root``, oldest first, without recursion."""
    seen, stack = ({root}, [root]) if root is not None else (set(), [])
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and not hasattr(parent, "grad_fn") and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=lambda node: node.sequence)


def aggregate(graph: Graph) -> Graph:
    """One box for each module (and one for what ran outside of any), with how many ops and parameters it stands for."""
    small = Graph(title=graph.title)
    group_of: dict[str, str] = {}
    consumer = {edge.source: edge.target for edge in reversed(graph.edges)}
    modules = {node.key: node.module for node in graph.nodes}
    boxes: dict[tuple, GraphNode] = {}
    counts: dict[str, list[int]] = {}
    for node in graph.nodes:
        path = node.module or modules.get(consumer.get(node.key, ""), ())
        if path not in boxes:
            boxes[path] = GraphNode(
                f"group{len(boxes)}", "module", path[-1] if path else "outside of modules", module=path[:-1]
            )
            small.nodes.append(boxes[path])
            counts[boxes[path].key] = [0, 0]
        group_of[node.key] = boxes[path].key
        counts[boxes[path].key][0] += node.kind in ("op", "output")
        counts[boxes[path].key][1] += node.value.size if node.kind == "parameter" else 0
    for box in small.nodes:
        ops, size = counts[box.key]
        box.details = [f"{ops:,} ops", f"{size:,} parameters"]
    joined = dict.fromkeys((group_of[e.source], group_of[e.target]) for e in graph.edges)
    small.edges = [GraphEdge(source, target) for source, target in joined if source != target]
    return small
