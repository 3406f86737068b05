"""Zoom levels: modules below a depth are closed to one box each; repeats are drawn once; a part is drawn alone."""

from collections import Counter
from dataclasses import replace

from .collection import uncollected
from .graph import Graph, GraphEdge, GraphNode
from .repeats import Piece, pieces, repetition

READABLE = 450  # what one picture may hold, see ``size``
SCALARS = 1200  # the same for graphs of single numbers, which are drawn on demand
LOOSE = 200  # ops outside of closed modules that stay open
DRAWABLE = 3000  # what the layout of static pictures can take in seconds


def size(graph: Graph) -> float:
    """How much a picture holds: boxes, and edges, which cost less to lay out and to read."""
    return len(graph.nodes) + len(graph.edges) / 3


@uncollected
def readable(graph: Graph, limit: float = READABLE) -> Graph:
    """The graph itself if it is readable, else with modules closed below the largest depth at which it is.

    Repeats are drawn once, and ops that are in no module are put together. A note says what was left out.
    """
    if size(graph) <= limit:
        return graph
    whole, graph = graph, fold_open(graph)
    if size(graph) <= limit:
        return _noted(whole, graph, None)
    deepest = max((len(node.module) for node in graph.nodes), default=0)
    for depth in range(deepest - 1, 0, -1):
        closed = fold_repeats(close_modules(graph, depth))
        if size(closed) <= limit:
            return _noted(whole, closed, depth)
    return _noted(whole, fold_repeats(close_modules(graph)), 0)


def _noted(graph: Graph, small: Graph, depth: int | None) -> Graph:
    """``small`` with a note of how much of ``graph`` it shows, and how to see the rest."""
    hidden = [node for node in small.nodes if node.kind == "module"]
    ops = sum(node.kind in ("op", "output") for node in graph.nodes)
    ways = []
    if depth is None:
        ways.append("repeats, marked ×, are drawn once; draw(…, level='op') draws each")
    elif closed := [node.label for node in hidden if not node.label.startswith("ops ") and " → " not in node.label]:
        ways += [f"draw(…, depth={depth + 1}) opens the next modules", f"draw(…, part={closed[0]!r}) draws one alone"]
    if any(detail.startswith("ops ") for node in hidden for detail in (node.label, *node.details)):
        ways.append("draw(…, part=(1, 100)) draws the first hundred ops")
    boxes = _counted(len(small.nodes), "box", "boxes")
    small.notes.append(f"{_counted(ops, 'op')} drawn as {boxes}: {'; '.join(ways)}")
    return small


def part_of(graph: Graph, part) -> Graph:
    """What ran in the module named ``part``, or the ops from number ``part[0]`` to ``part[1]``, with what they read.

    Raises ValueError for a part that has no ops.
    """
    if isinstance(part, str):
        inside = {n.key for n in graph.nodes if _is_in(n.module, part)}
    else:
        first, last = part
        ops = [node.key for node in graph.nodes if node.kind in ("op", "output", "failed")]
        inside = set(ops[max(first, 1) - 1 : last])
    if not inside:
        known = ", ".join(dict.fromkeys(name for node in graph.nodes for name in node.module)) or "none"
        raise ValueError(f"draw: no op is in part={part!r}; the modules are: {known:.300}")
    read = {edge.source for edge in graph.edges if edge.target in inside}
    small = graph.without({node.key for node in graph.nodes if node.key not in inside | read})
    small.edges = [edge for edge in small.edges if edge.target in inside]
    shared = min((len(n.module) for n in small.nodes if n.key in inside), default=0)
    small.notes.append(f"a part: {len(inside):,} of {sum(n.kind in ('op', 'output') for n in graph.nodes):,} ops")
    small.nodes = [replace(node, module=()) if node.key not in inside and shared else node for node in small.nodes]
    return small


def _is_in(module: tuple[str, ...], part: str) -> bool:
    """Whether a path has the module: by its label, its attribute (the label before the colon), or dotted attributes."""
    if part in module or any(part in label.split(": ") for label in module):
        return True
    dotted = ".".join(label.partition(": ")[0] for label in module[1:])
    return f".{dotted}.".startswith(f".{part}.")


def fold_open(graph: Graph) -> Graph:
    """The graph with consecutive similar modules drawn once, open, their name marked, for example, ``× 12``."""
    depth = 0
    while depth < max((len(node.module) for node in graph.nodes), default=0):
        closed, group_of = _closed(graph, depth)
        folded = {key: first for key, first in _folded(closed).items() if key != first}
        inside: dict[str, list[GraphNode]] = {}
        for node in graph.nodes:
            inside.setdefault(group_of[node.key], []).append(node)
        instead = {}  # node in a repeat -> the same one in the module that is drawn
        times = Counter()
        for key, first in folded.items():
            if [n.label for n in inside[key] if n.step] == [n.label for n in inside[first] if n.step]:
                steps = ([n.key for n in inside[box] if n.step] for box in (key, first))
                instead |= dict(zip(*steps, strict=True))
                instead |= {node.key: "" for node in inside[key] if not node.step}
                times[first] += 1
        graph = _instead(graph, instead)
        marks = {
            n.key: f"{n.module[depth]} × {times[group_of[n.key]] + 1}"
            for n in graph.nodes
            if times[group_of[n.key]] and len(n.module) > depth
        }
        graph.nodes = [
            replace(n, module=(*n.module[:depth], marks[n.key], *n.module[depth + 1 :])) if n.key in marks else n
            for n in graph.nodes
        ]
        depth += 1
    return graph


def _instead(graph: Graph, instead: dict[str, str]) -> Graph:
    """The graph without the nodes that another one (or, where "", none) stands for."""
    small = graph.without(set(instead))
    known = {node.key: place for place, node in enumerate(small.nodes)}
    results = {instead[node.key] for node in graph.nodes if node.kind == "output" and node.key in instead}
    small.nodes = [replace(node, kind="output") if node.key in results else node for node in small.nodes]
    seen = {(edge.source, edge.target, edge.argument) for edge in small.edges}
    for edge in graph.edges:
        source, target = instead.get(edge.source, edge.source), instead.get(edge.target, edge.target)
        moved = (source, target) != (edge.source, edge.target)
        if not moved or target != edge.target or known.get(source, len(known)) >= known[target]:
            continue
        if (source, target, edge.argument) not in seen:
            seen.add((source, target, edge.argument))
            small.edges.append(replace(edge, source=source))
    return small


def close_modules(graph: Graph, depth: int = 0) -> Graph:
    """One box for every module nested in more than ``depth`` others, with the counts of its ops and parameters.

    ``depth=0`` closes the outermost modules; with ``depth=1`` these are open, and the modules in them are closed. Ops
    directly in an open module, or in none, stay open if they are few; else those that repeat become one box, and the
    others one box for each stretch.
    """
    return _closed(graph, depth)[0]


def _closed(graph: Graph, depth: int) -> tuple[Graph, dict[str, str]]:
    """The graph with modules closed, and the box that each node is in."""
    consumer = {edge.source: edge.target for edge in reversed(graph.edges)}
    modules = {node.key: node.module for node in graph.nodes}
    paths = {}
    for node in graph.nodes:
        owned = node.kind in ("parameter", "constant")
        owner = modules.get(consumer.get(node.key, ""), ()) if owned else node.module
        paths[node.key] = owner[: depth + 1]
    loose = Counter(path for path in paths.values() if len(path) <= depth)
    together = {path: _together(graph, paths, path) for path, count in loose.items() if count > LOOSE}
    small, boxes, group_of = Graph(title=graph.title, keys=graph.keys, notes=list(graph.notes)), {}, {}
    placed: set[str] = set()
    for node in graph.nodes:
        path = paths[node.key]
        piece = together.get(path, {}).get(node.key) if len(path) <= depth else None
        if len(path) <= depth and piece is None:
            group_of[node.key] = node.key
            small.nodes.append(node)
            continue
        box = (path, piece)
        if box not in boxes:
            label, inside = (path[-1], path[:-1]) if piece is None else (piece.label, path)
            boxes[box] = GraphNode(f"group{len(boxes)}", "module", label, module=inside)
        group_of[node.key] = boxes[box].key
        if node.step is not None or node.kind in ("op", "output"):
            if boxes[box].key not in placed:  # where its first op is, after what this reads
                small.nodes.append(boxes[box])
            placed.add(boxes[box].key)
    small.nodes += [node for node in boxes.values() if node.key not in placed]
    _count(graph, small, group_of)
    for (_, piece), node in boxes.items():
        if piece is not None:
            node.details += piece.details
    joined: dict[tuple, GraphEdge] = {}
    for edge in graph.edges:
        source, target = group_of[edge.source], group_of[edge.target]
        if source == target:
            continue
        if (source, target) == (edge.source, edge.target):
            joined[source, target, edge.argument] = edge
        elif (source, target, "") not in joined:
            joined[source, target, ""] = GraphEdge(source, target, needs_gradient=edge.needs_gradient)
        elif edge.needs_gradient and not joined[source, target, ""].needs_gradient:
            joined[source, target, ""] = GraphEdge(source, target)
    small.edges = list(joined.values())
    return small, group_of


def _together(graph: Graph, paths: dict, path: tuple) -> dict[str, Piece]:
    """For many ops that are directly in one module, or in none: the piece that each is drawn in.

    A leaf is in the piece of the ops that read it; one that several pieces read stays a box of its own.
    """
    ops = [node for node in graph.nodes if paths[node.key] == path and node.kind in ("op", "output", "failed")]
    found = {node.key: piece for piece in pieces(ops, LOOSE // 4) for node in piece.nodes}
    readers: dict[str, set] = {}
    for edge in graph.edges:
        if paths[edge.source] == path and edge.source not in found:
            readers.setdefault(edge.source, set()).add(id(found.get(edge.target)) if edge.target in found else None)
    home = {id(piece): piece for piece in found.values()}
    for key, places in readers.items():
        if len(places) == 1 and (place := next(iter(places))) is not None:
            found[key] = home[place]
    return found


def _count(graph: Graph, small: Graph, group_of: dict[str, str]) -> None:
    """Writes into each box the counts of what it contains, and the shape of its last result."""
    ops, sizes, shapes, kept, needs = {}, {}, {}, {}, set()
    for node in graph.nodes:
        box = group_of[node.key]
        ops[box] = ops.get(box, 0) + (node.kind in ("op", "output"))
        sizes[box] = sizes.get(box, 0) + (node.value.size if node.kind == "parameter" else 0)
        if node.kind in ("op", "output"):
            shapes[box] = node.shape
        if node.kept:
            kept[box] = kept.get(box, 0) + sum(node.kept.values())
        if node.needs_gradient:
            needs.add(box)
    for node in small.nodes:
        if node.kind == "module":
            node.shape, node.needs_gradient = shapes.get(node.key, ()), node.key in needs
            shape = "×".join(map(str, node.shape)) or "scalar"
            node.kept = {"all of it": kept[node.key]} if node.key in kept else {}
            node.details = [_counted(ops[node.key], "op"), _counted(sizes[node.key], "parameter"), f"gives {shape}"]


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def fold_repeats(graph: Graph) -> Graph:
    """Consecutive similar modules become one box, marked, for example, ``× 12``.

    Similar modules have the same class and as many ops and parameters, and each is fed by the one before, and besides
    only by what feeds all of them. A repeat may consist of several: Linear, ReLU, Linear, ReLU is Linear, ReLU twice.
    """
    folded = _folded(graph)
    times = Counter(folded.values())
    nodes = [
        replace(node, details=[*node.details, f"× {times[node.key]}"]) if times[node.key] > 1 else node
        for node in graph.nodes
    ]
    return _without(replace(graph, nodes=nodes), folded)


def _folded(graph: Graph) -> dict[str, str]:
    """For each module the one that is drawn for it: itself, or the first of the repeats."""
    nodes = {node.key: node for node in graph.nodes}
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source, []).append(edge.target)
        before.setdefault(edge.target, []).append(edge.source)
    likeness = {node.key: _likeness(node) for node in graph.nodes if node.kind == "module"}

    def is_side(source: str, target: str) -> bool:
        """Whether ``source`` feeds every module like ``target`` that it feeds at all, as a mask or a memory does."""
        alike = sum(likeness.get(key) == likeness[target] for key in after[source])
        return alike > 1

    def chain_from(node: GraphNode) -> list[GraphNode]:
        chain = [node]
        while True:
            following = after.get(chain[-1].key, [])
            if len(following) != 1 or nodes[following[0]].kind != "module":
                return chain
            target = following[0]
            fed = [s for s in before[target] if nodes[s].kind == "module" and not is_side(s, target)]
            if len(fed) != 1:
                return chain
            chain.append(nodes[target])

    folded: dict[str, str] = {}
    for node in graph.nodes:
        if node.kind == "module" and node.key not in folded:
            chain = chain_from(node)
            period, count = repetition([likeness[n.key] for n in chain])
            for i, member in enumerate(chain[: period * count]):
                folded[member.key] = chain[i % period].key
    return folded


def _likeness(node: GraphNode) -> tuple:
    return node.label.partition(": ")[2] or node.label, tuple(node.details), node.module


def _without(graph: Graph, folded: dict[str, str]) -> Graph:
    """The graph with each folded box replaced by its representative."""
    kept = [n for n in graph.nodes if folded.get(n.key, n.key) == n.key]
    small = Graph(kept, title=graph.title, keys=graph.keys, notes=list(graph.notes))
    place = {node.key: i for i, node in enumerate(small.nodes)}
    seen = set()
    for edge in graph.edges:
        source, target = folded.get(edge.source, edge.source), folded.get(edge.target, edge.target)
        moved = (source, target) != (edge.source, edge.target)
        if not moved or (place[source] < place[target] and (source, target) not in seen):
            small.edges.append(replace(edge, source=source, target=target))
            seen.add((source, target))
    return small
