"""What a large graph needs before Graphviz can lay it out: copies of shared leaves, and rows of a long chain.

One leaf with 40 edges is what makes the layout of an LSTM over 40 steps take a minute; a copy of the leaf for each use
makes it a tenth of a second. A chain is one long strip, which nobody can read: it is cut into rows where the fewest
values cross, and each value that crosses ends in a numbered stub and starts again in the row that uses it.
"""

from dataclasses import replace

from ..record.graph import Graph, GraphEdge, GraphNode

SHARED = 3  # uses of a leaf that are drawn as edges from one box
WIDE, TALL = 230, 92  # of a box, about, in points
LABEL = 70  # what a labelled edge adds to the width of its layer
STRIP = 3.5  # width to height: beyond it a picture is cut into rows
WANTED = 1.8  # width to height of rows together
MOST_ROWS = 40


def copied(graph: Graph) -> Graph:
    """The graph with a copy of each leaf that more than ``SHARED`` ops use, one for each op, in that op's module."""
    fed = {edge.target for edge in graph.edges}
    users: dict[str, dict[str, None]] = {}
    for edge in graph.edges:
        users.setdefault(edge.source, {})[edge.target] = None
    nodes = {node.key: node for node in graph.nodes}
    copies: dict[tuple[str, str], GraphNode] = {}
    made: dict[str, list[GraphNode]] = {}
    for key, targets in users.items():
        if key in fed or nodes[key].kind == "module" or len(targets) <= SHARED:
            continue
        for number, target in enumerate(targets):
            copy = replace(nodes[key], module=nodes[target].module)
            if number:
                said = f"the same, use {number + 1} of {len(targets)}"
                copy = replace(copy, key=f"{key}_{number + 1}", details=[said], mark="copy")
            copies[key, target] = copy
            made.setdefault(key, []).append(copy)
    if not copies:
        return graph
    whole = Graph(title=graph.title, keys=graph.keys, notes=graph.notes)
    placed: dict[str, list[GraphNode]] = {}
    for (_, target), copy in copies.items():
        placed.setdefault(target, []).append(copy)
    for node in graph.nodes:  # a copy is placed before its op, which keeps the order of computation
        whole.nodes += placed.get(node.key, ())
        if node.key not in made:
            whole.nodes.append(node)
    whole.edges = [
        replace(edge, source=copies[edge.source, edge.target].key) if (edge.source, edge.target) in copies else edge
        for edge in graph.edges
    ]
    return whole


def rows(graph: Graph, labelled: bool) -> list[Graph]:
    """The graph as rows of nearly equal length, or as the one row that it is where it is no long strip."""
    depth = _depths(graph)
    layers = max(depth.values(), default=0) + 1
    heights = [0.0] * layers
    for node in graph.nodes:
        heights[depth[node.key]] += TALL if node.kind != "stub" else 20
    width = WIDE + (LABEL if labelled else 0)
    if layers < 10 or layers * width < STRIP * max(heights):
        return [graph]
    crossing = _crossing(graph, depth, layers)
    cuts: list[int] = []
    for count in range(2, min(MOST_ROWS, layers // 3) + 1):
        cuts = _cuts(crossing, layers, count)
        tall = sum(max(heights[a:b]) for a, b in zip([0, *cuts], [*cuts, layers], strict=True))
        wide = width * max(b - a + 2 for a, b in zip([0, *cuts], [*cuts, layers], strict=True))
        if wide <= WANTED * tall:
            break
    return _cut(graph, depth, cuts)


def _depths(graph: Graph) -> dict[str, int]:
    """The layer of each node: the longest path to it, then as late as its first use allows, so that what a step of a
    loop computes of its inputs is in that step's row.
    """
    targets: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    for edge in graph.edges:
        targets[edge.source].append(edge.target)
    depth = dict.fromkeys(targets, 0)
    for node in graph.nodes:
        for target in targets[node.key]:
            depth[target] = max(depth[target], depth[node.key] + 1)
    for node in reversed(graph.nodes):
        if targets[node.key]:
            depth[node.key] = max(0, min(depth[target] for target in targets[node.key]) - 1)
    return depth


def _crossing(graph: Graph, depth: dict[str, int], layers: int) -> list[int]:
    """How many values cross the boundary before each layer."""
    last: dict[str, int] = {}
    for edge in graph.edges:
        last[edge.source] = max(last.get(edge.source, 0), depth[edge.target])
    steps = [0] * (layers + 1)
    for source, end in last.items():
        steps[depth[source] + 1] += 1
        steps[end + 1 if end + 1 <= layers else layers] -= 1
    crossing, count = [], 0
    for step in steps[:layers]:
        count += step
        crossing.append(count)
    return crossing


def _cuts(crossing: list[int], layers: int, count: int) -> list[int]:
    """Where to cut into ``count`` rows: near equal lengths, where the fewest values cross."""
    length, cuts = layers / count, [0]
    for number in range(1, count):
        middle, reach = round(number * length), max(1, int(length * 0.25))
        near = range(max(cuts[-1] + 1, middle - reach), min(layers - 1, middle + reach) + 1)
        if near:
            cuts.append(min(near, key=lambda b: (crossing[b], abs(b - middle))))
    return cuts[1:]


def _cut(graph: Graph, depth: dict[str, int], cuts: list[int]) -> list[Graph]:
    row_of = {key: sum(d >= cut for cut in cuts) for key, d in depth.items()}
    found = [Graph() for _ in range(len(cuts) + 1)]
    for node in graph.nodes:
        found[row_of[node.key]].nodes.append(node)
    names = {node.key: node.name or node.label for node in graph.nodes}
    numbers: dict[tuple[str, int], int] = {}
    ends: dict[tuple[str, int, int], str] = {}  # value and row -> its stub there
    for edge in graph.edges:
        here, there = row_of[edge.source], row_of[edge.target]
        if here == there:
            found[here].edges.append(edge)
            continue
        value = (edge.source, edge.output)
        number = numbers.setdefault(value, len(numbers) + 1)
        if (*value, here) not in ends:
            stub = ends[(*value, here)] = f"out{number}"
            found[here].nodes.append(GraphNode(stub, "stub", f"{names[edge.source]} → {_circled(number)}"))
            found[here].edges.append(
                GraphEdge(edge.source, stub, output=edge.output, needs_gradient=edge.needs_gradient)
            )
        if (*value, there) not in ends:
            stub = ends[(*value, there)] = f"in{number}_{there}"
            found[there].nodes.insert(0, GraphNode(stub, "stub", f"{_circled(number)} → {names[edge.source]}"))
        found[there].edges.append(replace(edge, source=ends[(*value, there)], output=0))
    return found


def _circled(number: int) -> str:
    return chr(0x245F + number) if number <= 20 else f"({number})"
