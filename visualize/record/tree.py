"""The whole graph as a tree of boxes that open: modules, repeats marked × N, stretches of many ops.

Each inner box covers consecutive ops, so that within any box the edges run forwards only, whatever is open.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .graph import Graph, GraphNode
from .repeats import repetitions

MOST = 60  # children of one box
FOLDED = 3  # repeats of a module or a loop that become one box
NAMED = 4  # ops that a label names
LONG = 150  # loose ops, beyond which loops are looked for among them


@dataclass(slots=True, eq=False)
class Box:
    """What opens: a "module" (consecutive ops of it), a "repeat" (× count), one "turn" of it, or a "stretch" of ops.

    ``items`` are boxes and nodes in the order of computation.
    """

    kind: str
    label: str
    items: list = field(default_factory=list)
    count: int = 1  # how often a repeat repeats; of a module, which of its runs this is
    signature: int = 0  # equal for equal content
    parent: "Box | None" = None
    number: tuple[int, int] | None = None  # which turns of a loop it holds, first and last
    names: Counter = field(default_factory=Counter)  # the ops of a stretch


class Tree:
    """The boxes of a graph: ``root``, and ``home``, the innermost box of each node by its key."""

    def __init__(self, graph: Graph):
        self._numbers: dict = {}
        self._weights = _parameters_read(graph)
        self.root = Box("root", "")
        self.home: dict[str, Box] = {}
        _nest(self.root, [node for node in graph.nodes if _ran(node)])
        self._fold()
        self._place()
        self._leaves(graph)

    def boxes(self) -> list[Box]:
        """All boxes, each before those in it."""
        found = [self.root]
        for box in found:
            found += [item for item in box.items if isinstance(item, Box)]
        return found

    def _fold(self) -> None:
        for box in reversed(self.boxes()):  # the innermost first: a box is known by what is in it
            kinds = [self._kind(item) for item in box.items]
            box.signature = self._number((box.label.partition(": ")[2] or box.label, tuple(kinds)))
            box.items = self._shortened(box.items, kinds)

    def _number(self, kind) -> int:
        return self._numbers.setdefault(kind, len(self._numbers))

    def _kind(self, item) -> int:
        if isinstance(item, Box):
            return item.signature
        return self._number((item.label, item.line, item.shape, self._weights.get(item.key)))

    def _shortened(self, items: list, kinds: list[int]) -> list:
        """The items with repeats in one box each, and, if they are still many, in stretches."""
        if not any(isinstance(item, Box) for item in items) and len(items) <= LONG:
            return items
        period, count = repetitions(np.array(kinds, np.int64))
        found, place = [], 0
        while place < len(items):
            p, n = int(period[place]), int(count[place])
            inside = items[place : place + p * n]
            modules = any(isinstance(item, Box) for item in inside)
            if n < FOLDED or (not modules and p * n <= LONG):
                found.append(items[place])
                place += 1
                continue
            found.append(_repeat(inside, p, n))
            place += p * n
        return _split(found)

    def _place(self) -> None:
        for box in self.boxes():
            for item in box.items:
                if isinstance(item, Box):
                    item.parent = box
                else:
                    self.home[item.key] = box

    def _leaves(self, graph: Graph) -> None:
        """Puts a parameter or constant into the innermost box with all its readers, an input outside of modules."""
        readers: dict[str, list[Box]] = {}
        for edge in graph.edges:
            if edge.source not in self.home and edge.target in self.home:
                readers.setdefault(edge.source, []).append(self.home[edge.target])
        paths: dict[int, list[Box]] = {}

        def path(box: Box) -> list[Box]:
            """From the root to the box."""
            if id(box) not in paths:
                paths[id(box)] = [*(path(box.parent) if box.parent else []), box]
            return paths[id(box)]

        first: dict[int, list[GraphNode]] = {}
        for node in graph.nodes:
            if node.key in self.home:
                continue
            way = [self.root]
            if node.key in readers:
                way = path(readers[node.key][0])
                for box in readers[node.key]:
                    other = path(box)
                    common = sum(1 for a, b in zip(way, other, strict=False) if a is b)
                    way = way[:common]
            if node.kind == "input":
                outer = next((i for i, box in enumerate(way) if box.kind == "module"), len(way))
                way = way[:outer]
            while way[-1].kind == "repeat" or (way[-1].number and way[-1].kind == "stretch"):
                way = way[:-1]  # what several turns of a loop share stands outside of it
            self.home[node.key] = way[-1]
            first.setdefault(id(way[-1]), []).append(node)
        for box in self.boxes():
            box.items = [*first.get(id(box), ()), *box.items]


def _ran(node: GraphNode) -> bool:
    return node.step is not None or node.kind in ("op", "output", "failed", "module")


def _parameters_read(graph: Graph) -> dict[str, tuple]:
    """By op, the shapes of the parameters that it reads."""
    shapes = {node.key: node.shape for node in graph.nodes if node.kind == "parameter"}
    found: dict[str, tuple] = {}
    for edge in graph.edges:
        if edge.source in shapes:
            found[edge.target] = (*found.get(edge.target, ()), shapes[edge.source])
    return found


def _nest(root: Box, nodes: list[GraphNode]) -> None:
    """One box for consecutive ops of a module: one that runs again after something else did has another box."""
    stack: list[Box] = [root]
    open_path: tuple[str, ...] = ()
    runs: Counter = Counter()
    for node in nodes:
        same = 0
        for a, b in zip(open_path, node.module, strict=False):
            if a != b:
                break
            same += 1
        del stack[same + 1 :]
        for depth in range(same, len(node.module)):
            path = node.module[: depth + 1]
            runs[path] += 1
            box = Box("module", path[-1], count=runs[path])
            stack[-1].items.append(box)
            stack.append(box)
        open_path = node.module
        stack[-1].items.append(node)


def _repeat(items: list, period: int, count: int) -> Box:
    """A box of ``count`` turns, each a box of its own unless it is one thing."""
    turns = items
    if period > 1:
        turns = [
            Box("turn", f"{i + 1:,} of {count:,}", items[i * period : (i + 1) * period], number=(i + 1, i + 1))
            for i in range(count)
        ]
    names = [item.label for item in items[:period]]
    classes = [name.partition(": ")[2] or name for name in names]
    label = " → ".join(classes[:NAMED]) + (" → …" if period > NAMED else "")
    return Box("repeat", label, _split(turns), count)


def _split(items: list) -> list:
    """At most ``MOST`` items: more are put into stretches of equal length."""
    while len(items) > MOST:
        size = max(2, min(MOST, -(-len(items) // MOST)))
        items = [_stretch(items[i : i + size]) for i in range(0, len(items), size)]
    return items


def _stretch(items: list) -> Box:
    if len(items) == 1 and isinstance(items[0], Box):
        return items[0]
    if all(isinstance(item, Box) and item.number for item in items):  # turns of a loop
        first, last = items[0].number, items[-1].number
        return Box("stretch", f"{first[0]:,} to {last[1]:,}", items, number=(first[0], last[1]))
    box = Box("stretch", "", items)
    for item in items:
        if isinstance(item, Box) and item.kind == "stretch":
            box.names.update(item.names)
        else:
            box.names[item.label.partition(": ")[2] or item.label] += 1
    common = [f"{name} × {many:,}" if many > 1 else name for name, many in box.names.most_common(NAMED)]
    box.label = ", ".join(common) + (", …" if len(box.names) > NAMED else "")
    return box
