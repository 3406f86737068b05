"""A layered layout, left to right, in plain Python, for pages that must work without a layout engine.

Sugiyama, Tagawa and Toda 1981: a node's layer is the longest path to it; an edge over several layers gets a place in
each layer that it passes, so that it runs between the boxes; within a layer everything is ordered by the mean place of
its neighbours, in alternating sweeps, to reduce crossings.
"""

import itertools

from ..record.graph import Graph

WIDTH, HEIGHT, GAP_X, GAP_Y = 176, 74, 64, 22
LANE = 20  # height of an edge in a layer that it passes

SWEEPS = 12


class Layout:
    """All positions. ``corners``: each box's top left corner, by key; ``bends``: each edge's route, by number.

    A route is the list of points that the edge passes, from left to right, between its two boxes.
    """

    def __init__(self, graph: Graph):
        self.corners: dict[str, tuple[float, float]] = {}
        self.bends: list[list[tuple[float, float]]] = [[] for _ in graph.edges]
        layers, before, after = _layers(graph)
        _order(layers, before, after)
        heights = [sum(HEIGHT + GAP_Y if isinstance(item, str) else LANE for item in items) for items in layers]
        for depth, items in enumerate(layers):
            x, y = depth * (WIDTH + GAP_X), (max(heights) - heights[depth]) / 2
            for item in items:
                if isinstance(item, str):
                    self.corners[item] = (x, y)
                    y += HEIGHT + GAP_Y
                else:
                    self.bends[item[0]].append((x + WIDTH / 2, y + LANE / 2))
                    y += LANE


def _layers(graph: Graph) -> tuple[list[list], dict, dict]:
    """By layer, the keys of nodes and (edge, layer) for passing edges; and the neighbours of each on both sides."""
    sources: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    targets: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    for edge in graph.edges:
        sources[edge.target].append(edge.source)
        targets[edge.source].append(edge.target)
    depth: dict[str, int] = {}
    for node in graph.nodes:  # in the order of computation, so that sources come first
        depth[node.key] = max((depth[s] + 1 for s in sources[node.key] if s in depth), default=0)
    for node in graph.nodes:  # an input is placed right before its first use
        if not sources[node.key] and targets[node.key]:
            depth[node.key] = max(0, min(depth[t] for t in targets[node.key]) - 1)
    layers: list[list] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    before: dict = {}
    after: dict = {}
    for node in graph.nodes:
        layers[depth[node.key]].append(node.key)
    for number, edge in enumerate(graph.edges):
        way = [(number, d) for d in range(depth[edge.source] + 1, depth[edge.target])]
        for item in way:
            layers[item[1]].append(item)
        chain = [edge.source, *way, edge.target]
        for left, right in itertools.pairwise(chain):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)
    return layers, before, after


def _order(layers: list[list], before: dict, after: dict) -> None:
    """Orders each layer by the mean place of its neighbours, from left to right and back."""
    place = {item: i / max(len(items), 1) for items in layers for i, item in enumerate(items)}
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        neighbours = before if forwards else after
        for items in layers if forwards else reversed(layers):
            wanted = {
                item: sum(place[n] for n in neighbours[item]) / len(neighbours[item])
                if item in neighbours
                else place[item]
                for item in items
            }
            items.sort(key=wanted.__getitem__)
            place.update({item: (i + 0.5) / len(items) for i, item in enumerate(items)})
