"""Zoom levels: modules below a depth are closed to one box each; repeats are drawn once."""

from dataclasses import replace

from .graph import Graph, GraphEdge, GraphNode

READABLE = 300  # boxes; more are unreadable, and the layout takes seconds


def readable(graph: Graph) -> Graph:
    """The graph itself if it is readable, else with modules closed below the largest depth at which it is."""
    if len(graph.nodes) <= READABLE:
        return graph
    deepest = max((len(node.module) for node in graph.nodes), default=0)
    for depth in range(deepest - 1, 0, -1):
        closed = close_modules(graph, depth)
        if len(closed.nodes) <= READABLE:
            return closed
    return fold_repeats(close_modules(graph))


def close_modules(graph: Graph, depth: int = 0) -> Graph:
    """One box for every module nested in more than ``depth`` others, with the counts of its ops and parameters.

    ``depth=0`` closes the outermost modules; with ``depth=1`` these are open, and the modules in them are closed. Ops
    directly in an open module, or in none, stay open if they are few and become one box otherwise.
    """
    consumer = {edge.source: edge.target for edge in reversed(graph.edges)}
    modules = {node.key: node.module for node in graph.nodes}
    paths = {}
    for node in graph.nodes:
        owner = modules.get(consumer.get(node.key, ""), ()) if node.kind == "parameter" else node.module
        paths[node.key] = owner[: depth + 1]
    loose: dict[tuple, int] = {}
    for path in paths.values():
        loose[path] = loose.get(path, 0) + (len(path) <= depth)
    small, boxes, group_of = Graph(title=graph.title), {}, {}
    for node in graph.nodes:
        path = paths[node.key]
        if len(path) <= depth and loose[path] <= READABLE:
            group_of[node.key] = node.key
            small.nodes.append(node)
            continue
        if path not in boxes:
            name = path[-1] if path else "outside of modules"
            boxes[path] = GraphNode(f"group{len(boxes)}", "module", name, module=path[:-1])
            small.nodes.append(boxes[path])
        group_of[node.key] = boxes[path].key
    _count(graph, small, group_of)
    joined = dict.fromkeys((group_of[e.source], group_of[e.target]) for e in graph.edges)
    whole = {(e.source, e.target): e for e in graph.edges}
    small.edges = [whole.get(pair) or GraphEdge(*pair) for pair in joined if pair[0] != pair[1]]
    return small


def _count(graph: Graph, small: Graph, group_of: dict[str, str]) -> None:
    """Writes into each box the counts of what it contains, and the shape of its last result."""
    ops, sizes, shapes = {}, {}, {}
    for node in graph.nodes:
        box = group_of[node.key]
        ops[box] = ops.get(box, 0) + (node.kind in ("op", "output"))
        sizes[box] = sizes.get(box, 0) + (node.value.size if node.kind == "parameter" else 0)
        if node.kind in ("op", "output"):
            shapes[box] = node.shape
    for node in small.nodes:
        if node.kind == "module":
            node.shape = shapes.get(node.key, ())
            shape = "×".join(map(str, node.shape)) or "scalar"
            node.details = [_counted(ops[node.key], "op"), _counted(sizes[node.key], "parameter"), f"gives {shape}"]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def fold_repeats(graph: Graph) -> Graph:
    """Consecutive similar modules become one box, marked, for example, ``× 12``.

    Similar modules have the same class and as many ops and parameters, and each is fed only by the one before. A repeat
    may consist of several: Linear, ReLU, Linear, ReLU is Linear, ReLU twice.
    """
    nodes = {node.key: node for node in graph.nodes}
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source, []).append(edge.target)
        before.setdefault(edge.target, []).append(edge.source)

    def chain_from(node: GraphNode) -> list[GraphNode]:
        chain = [node]
        while True:
            following = after.get(chain[-1].key, [])
            fed = [s for s in before.get(following[0], []) if nodes[s].kind == "module"] if following else []
            if len(following) != 1 or len(fed) != 1 or nodes[following[0]].kind != "module":
                return chain
            chain.append(nodes[following[0]])

    folded: dict[str, str] = {}
    for node in graph.nodes:
        if node.kind == "module" and node.key not in folded:
            chain = chain_from(node)
            period, count = _repetition([_likeness(n) for n in chain])
            for i, member in enumerate(chain[: period * count]):
                folded[member.key] = chain[i % period].key
            if count > 1:
                for member in chain[:period]:
                    member.details = [*member.details, f"× {count}"]
    return _without(graph, folded)


def _likeness(node: GraphNode) -> tuple:
    return node.label.partition(": ")[2] or node.label, tuple(node.details), node.module


def _repetition(kinds: list) -> tuple[int, int]:
    """(period, count) of the repetition at the start, the one that covers most; (1, 1) for none."""
    best = (1, 1)
    for period in range(1, len(kinds) // 2 + 1):
        count = 1
        while kinds[count * period : (count + 1) * period] == kinds[:period]:
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = (period, count)
    return best


def _without(graph: Graph, folded: dict[str, str]) -> Graph:
    """The graph with each folded box replaced by its representative."""
    small = Graph([n for n in graph.nodes if folded.get(n.key, n.key) == n.key], title=graph.title)
    place = {node.key: i for i, node in enumerate(small.nodes)}
    seen = set()
    for edge in graph.edges:
        source, target = folded.get(edge.source, edge.source), folded.get(edge.target, edge.target)
        moved = (source, target) != (edge.source, edge.target)
        if place[source] < place[target] and not (moved and (source, target) in seen):
            small.edges.append(replace(edge, source=source, target=target))
            seen.add((source, target))
    return small
