"""Why does a gradient have its value? Every path from a number to the loss, its product of local derivatives, their
sum.

The chain rule over many paths: ∂L/∂w = Σ over the paths from w to L of Π over the edges of a path of ∂target/∂source.
"""

import heapq
import html
from dataclasses import dataclass, field, replace
from pathlib import Path as File

import numpy as np

from microgradnet.formulas.tree import CHOICE, JOINED

from ..record.formula import in_formula, number_text
from ..record.graph import Graph, GraphEdge
from ..record.trace import trace
from ..record.trace_scalar import trace_scalar
from .draw import Picture
from .engine import RenderError, render, write
from .latex import name_latex, number_latex, to_latex

SHOWN = 20  # paths
LONGEST = 20  # factors of one path that are written out


@dataclass
class Path:
    """One path from the source to the target: its edges in order, and the product of their local derivatives."""

    edges: list[GraphEdge]
    product: float


@dataclass
class Paths:
    """The paths from ``source`` to ``target``, the largest products first.

    ``count`` is the number of all paths, ``total`` the sum of all products, including those not listed: the gradient.
    ``checked`` is the same by finite differences, (L(w + h) − L(w − h)) / 2h, or None if an op on a path cannot be
    recomputed; then ``unchecked`` says which.
    """

    graph: Graph
    source: str
    target: str
    listed: list[Path]
    count: int
    total: float
    checked: float | None
    unchecked: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.count

    def __str__(self) -> str:
        """As text: each path as a product in symbols and in numbers, the sum, and the check."""
        root, leaf = self.names[self.target], self.names[self.source]
        lines = [f"∂{root}/∂{leaf}: {self.count:,} path{'s' * (self.count != 1)} from {leaf} to {root}", ""]
        for number, path in enumerate(self.listed, 1):
            way = " → ".join(_shortened([leaf, *(self.names[edge.target] for edge in path.edges)]))
            partials, symbols, figures = self._factors(path)
            rows = [partials, *([symbols] if symbols != figures else []), figures]
            steps = [" · ".join(_shortened(row)) for row in rows]
            product = number_text(path.product)
            lines.append(f"{number}. {way}")
            lines += [f"   {'=' if i else ' '} {step}" for i, step in enumerate(steps)]
            lines += [] if steps[-1] == product else [f"   = {product}"]
        hidden = self.count - len(self.listed)
        if hidden:
            rest = self.total - sum(path.product for path in self.listed)
            lines.append(f"and {hidden:,} smaller ones, which add up to {number_text(rest)}")
        lines += ["", f"sum: ∂{root}/∂{leaf} = {number_text(self.total)}"]
        lines.append(self._check())
        return "\n".join(lines) + "\n"

    def _check(self) -> str:
        if self.checked is None:
            return f"not checked by finite differences: {self.unchecked}"
        apart = abs(self.checked - self.total)
        return f"by finite differences: {number_text(self.checked)} (apart by {apart:.1e})"

    def _factors(self, path: Path) -> tuple[list[str], list[str], list[str]]:
        """For each edge, from the target back: ∂a/∂b, the local derivative in symbols, and in numbers."""
        backwards = path.edges[::-1]
        partials = [f"∂{self.names[e.target]}/∂{self.names[e.source]}" for e in backwards]
        figures = [in_formula(e.local) for e in backwards]
        symbols = [
            f if e.symbol is None else e.symbol.as_factor() if len(backwards) > 1 else str(e.symbol)
            for e, f in zip(backwards, figures, strict=True)
        ]
        return partials, symbols, figures

    def latex(self) -> str:
        """The derivation as an ``align*`` of LaTeX's amsmath: the sum of products in symbols and in numbers."""
        root, leaf = name_latex(self.names[self.target]), name_latex(self.names[self.source])
        rows = {"partials": [], "symbols": [], "figures": []}
        for path in self.listed:
            backwards = path.edges[::-1]
            names = [(name_latex(self.names[e.target]), name_latex(self.names[e.source])) for e in backwards]
            rows["partials"].append(" ".join(rf"\frac{{\partial {t}}}{{\partial {s}}}" for t, s in names))
            level = JOINED if len(backwards) > 1 else CHOICE
            figures = [number_latex(in_formula(e.local)) for e in backwards]
            symbols = [
                f if e.symbol is None else to_latex(e.symbol, level) for e, f in zip(backwards, figures, strict=True)
            ]
            rows["symbols"].append(r" \cdot ".join(symbols))
            rows["figures"].append(r" \cdot ".join(figures))
        dots = r" + \cdots" if self.count > len(self.listed) else ""
        lines = [r" \\ &\quad + ".join(row) + dots for row in rows.values()]
        lines.append(number_latex(number_text(self.total)))
        start = rf"\frac{{\partial {root}}}{{\partial {leaf}}}"
        return "\\begin{align*}\n" + start + " &= " + " \\\\\n &= ".join(lines) + "\n\\end{align*}\n"

    def picture(self, number: int | None = None) -> Picture:
        """The graph with one path marked (1 is the largest), or all that are listed."""
        chosen = self.listed if number is None else [self.listed[number - 1]]
        edges = {id(edge) for path in chosen for edge in path.edges}
        nodes = {self.source} | {edge.target for path in chosen for edge in path.edges}
        graph = Graph(
            [replace(node, mark="path" if node.key in nodes else "") for node in self.graph.nodes],
            [replace(edge, mark="path" if id(edge) in edges else "") for edge in self.graph.edges],
            self.graph.title or f"paths from {self.names[self.source]} to {self.names[self.target]}",
        )
        return Picture(graph)

    def html(self) -> str:
        """A page with the text and the graph; works offline. Names are escaped."""
        try:
            drawn = render(self.picture().dot, "svg").decode()
            drawn = drawn[drawn.index("<svg") :]
        except RenderError as error:
            drawn = f"<p>{html.escape(str(error))}</p>"
        title = html.escape(f"∂{self.names[self.target]}/∂{self.names[self.source]}, path by path")
        return PAGE.replace("{{title}}", title).replace("{{text}}", html.escape(str(self))).replace("{{graph}}", drawn)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def save(self, path) -> File:
        """Writes text (.txt), a page (.html), LaTeX (.tex) or the marked graph (.svg, .png, .pdf, .dot, .mmd)."""
        path = File(path)
        texts = {".txt": self.__str__, ".html": self.html, ".tex": self.latex}
        if path.suffix in texts:
            write(path, texts[path.suffix]().encode())
            return path
        return self.picture().save(path)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1rem/1.5 Helvetica, Arial, sans-serif; margin: 0 auto; padding: 1rem; max-width: 80rem; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95rem; }
  .graph { overflow: auto; background: #fff; }
</style>
<h1>{{title}}</h1>
<pre>{{text}}</pre>
<div class="graph" tabindex="0" role="img" aria-label="the graph with the paths marked">{{graph}}</div>
</html>
"""


def paths(source, target, shown: int = SHOWN) -> Paths:
    """Every path from ``source`` to ``target`` with its product, their sum, and a check by finite differences.

    If there are more than ``shown`` paths, those with the largest products (in absolute value) are listed; the sum is
    over all of them, by dynamic programming, and exact.

    Args:
        source: a Value, or a tensor of one element.
        target: what was computed from it, of one element: a Value, or a tensor whose graph has not been freed by
            backward (call this before ``backward``, or pass ``retain_graph=True`` there).

    Raises TypeError or ValueError if there are no such paths; an op on arrays on a path is named.
    """
    graph, start, end = _graph(source, target)
    names = {node.key: node.name or node.label for node in graph.nodes}
    after = _between(graph, start, end)
    if start != end and start not in after:
        raise ValueError(f"paths: {names[end]} was not computed from {names[start]}")
    unknown = next((e for edges in after.values() for e in edges if e.local is None or e.local.size != 1), None)
    if unknown is not None:
        op = graph.node(unknown.target).label
        raise ValueError(
            f"paths: {op} works on arrays, or what it saved was freed, so its derivative is not one number: "
            "open the computation with scalar.to_scalar, or call this before backward"
        )
    order = [node.key for node in graph.nodes if node.key in after or node.key == end]
    count, total, largest = _sums(order, after, end)
    listed = _largest(start, end, after, largest, shown)
    checked, unchecked = _finite_difference(graph, start, end)
    return Paths(graph, start, end, listed, count[start], total[start], checked, unchecked, names)


def _shortened(parts: list[str]) -> list[str]:
    return parts if len(parts) <= LONGEST else [*parts[:5], f"… ({len(parts) - 10} more) …", *parts[-5:]]


def _number(value) -> float:
    """The one number in an array of any dimensions."""
    return float(np.reshape(value, ()))


def _graph(source, target) -> tuple[Graph, str, str]:
    if hasattr(source, "tape") and hasattr(target, "tape"):
        graph = trace_scalar(target)
        keys = graph.keys.get(source.tape.position(source.serial)), f"n{target.tape.position(target.serial)}"
    elif hasattr(source, "grad_fn") and hasattr(target, "grad_fn"):
        for name, tensor in (("source", source), ("target", target)):
            if tensor.array.size != 1:
                raise ValueError(
                    f"paths: {name} must be one number, got shape {tuple(tensor.shape)}: "
                    "scalar.to_scalar opens a computation on arrays into Values"
                )
        graph = trace(target)
        made_by = source if source.grad_fn is None else source.grad_fn
        keys = graph.keys.get(id(made_by)), graph.keys.get(id(target.grad_fn if target.grad_fn else target))
    else:
        raise TypeError(
            f"paths: two Values or two Tensors expected, got {type(source).__name__} and {type(target).__name__}"
        )
    if None in keys:
        raise ValueError("paths: the target was not computed from the source")
    return graph, *keys  # type: ignore[return-value]


def _between(graph: Graph, start: str, end: str) -> dict[str, list[GraphEdge]]:
    """The outgoing edges of each node between the two, by node."""
    reached, leads = {start}, {end}
    for edge in graph.edges:  # in the order of computation
        if edge.source in reached:
            reached.add(edge.target)
    for edge in reversed(graph.edges):
        if edge.target in leads:
            leads.add(edge.source)
    after: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        if edge.source in reached and edge.target in leads:
            after.setdefault(edge.source, []).append(edge)
    return after


def _sums(order: list[str], after: dict, end: str) -> tuple[dict, dict, dict]:
    """From each node to the end: the number of paths, the sum of their products, and the largest absolute product."""
    count, total, largest = {end: 1}, {end: 1.0}, {end: 1.0}
    for key in reversed(order):
        if key != end:
            edges = after[key]
            count[key] = sum(count[e.target] for e in edges)
            total[key] = float(sum(_number(e.local) * total[e.target] for e in edges))
            largest[key] = max(abs(_number(e.local)) * largest[e.target] for e in edges)
    return count, total, largest


def _largest(start: str, end: str, after: dict, largest: dict, shown: int) -> list[Path]:
    """The ``shown`` paths with the largest products: best-first search, bounded by the largest product that the rest of
    a path can reach.
    """
    number = 0
    waiting = [(-largest[start], number, start, (), 1.0)]
    found = []
    while waiting and len(found) < shown:
        _, _, key, edges, product = heapq.heappop(waiting)
        if key == end:
            found.append(Path(list(edges), product))
            continue
        for edge in after[key]:
            number += 1
            longer = product * _number(edge.local)
            most = abs(longer) * largest[edge.target]
            heapq.heappush(waiting, (-most, number, edge.target, (*edges, edge), longer))
    return found


def _finite_difference(graph: Graph, start: str, end: str) -> tuple[float | None, str]:
    """(L(w + h) − L(w − h)) / 2h, recomputing every node after w in float64."""
    values = {node.key: node.value for node in graph.nodes}
    incoming: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    known = values[start] is not None
    at = float(np.asarray(values[start]).reshape(())) if known else 0.0
    h = 1e-6 * max(1.0, abs(at))
    results = []
    for moved in (at + h, at - h):
        new = {start: np.float64(moved)}
        for node in graph.nodes:
            edges = incoming.get(node.key, [])
            if node.key == start or not edges:
                continue
            given = {e.argument: new.get(e.source, values[e.source]) for e in edges}
            if not known or node.compute is None or any(value is None for value in given.values()):
                return None, f"{node.label} cannot be computed again from what the graph keeps"
            new[node.key] = node.compute({n: np.asarray(v, np.float64) for n, v in given.items()})
        results.append(float(np.asarray(new[end]).reshape(())))
    return (results[0] - results[1]) / (2 * h), ""
