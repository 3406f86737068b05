"""From the model of a picture to DOT text. Every label is escaped."""

import html
import math
import textwrap

import graphviz
import numpy as np

from ..record.formula import number_text
from ..record.graph import Graph, GraphEdge, GraphNode
from . import style
from .arrange import copied, rows
from .memory import WIDEST, bars, kept_by

LONGEST = 60  # characters of one label
LABELS = 40  # derivatives that are written on edges; more are written into boxes
FAILED = 12  # lines of an error's message


def to_dot(graph: Graph, dark: bool = False, memory: int | None = None) -> str:
    """The graph from left to right, modules as nested boxes, in rows if it is long; a legend explains the colours.

    With ``memory``, the bytes that all ops keep for backward, bars beside the graph say which box keeps how many.
    """
    return _Drawing(graph, dark, memory).source


class _Drawing:
    def __init__(self, graph: Graph, dark: bool, memory: int | None):
        self.dark = dark
        self.ink, self.faint = (style.DARK_INK, style.DARK_FAINT) if dark else (style.INK, style.FAINT)
        self.fill, self.sizes = (style.DARK_FILL, style.DARK_SIZES) if dark else (style.FILL, style.SIZES)
        self.scale = _Scale(graph)
        # In a picture of backward, an edge that leaves a box is no use of a value.
        self.uses = {} if any(node.mark == "gradient" for node in graph.nodes) else _uses(graph)
        self.several = _ops_with_several_arguments(graph)
        self.names = {node.key: node.name or node.label for node in graph.nodes}
        whole = copied(graph)
        self.names |= {node.key: node.name or node.label for node in whole.nodes}
        self.ported = {node.key for node in whole.nodes if node.outputs}
        # Labels on edges are most of the work of a layout: where there are many, a box says its derivatives itself.
        self.in_boxes = sum(bool(words) for words in map(self._derivative, whole.edges)) > LABELS
        self.incoming: dict[str, list[GraphEdge]] = {}
        for edge in whole.edges:
            self.incoming.setdefault(edge.target, []).append(edge)
        dot = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR", "fontname": style.FONT, "fontsize": "11", "fontcolor": self.ink,
                "nodesep": "0.18", "ranksep": "0.45", "labelloc": "t", "pad": "0.2", "newrank": "true",
                "label": f"<{_text(graph.title)}>" if graph.title else "",
                "bgcolor": style.DARK_PAGE if dark else "white",
            },
            node_attr={"shape": "plain", "fontname": style.FONT, "fontsize": "10", "fontcolor": self.ink},
            edge_attr={
                "color": self.faint, "fontname": style.FONT, "fontsize": "8", "fontcolor": self.faint,
                "arrowsize": "0.6",
            },
        )  # fmt: skip
        parts = rows(whole, not self.in_boxes)
        dot.node("legend", label=self._legend(graph))
        if memory is not None:
            dot.node("memory", label=self._memory(graph, memory))
        for number, part in reversed(list(enumerate(parts))):  # Graphviz draws the last one on top
            self._add(dot, part.clusters(), "cluster" if len(parts) == 1 else f"cluster_row{number}")
            for edge in part.edges:
                tail = f"{edge.source}:out{edge.output}:e" if edge.source in self.ported else edge.source
                dot.edge(tail, edge.target, **self._edge(edge))
        self.source = dot.source

    def _derivative(self, edge: GraphEdge) -> str:
        """The local derivative in symbols and in numbers, or the gradient of an op on whole arrays."""
        if edge.local is not None and edge.local.size == 1:
            number = number_text(edge.local)
            with_symbol = edge.symbol and str(edge.symbol) != number
            return "∂ = " + (f"{edge.symbol.as_side()} = {number}" if with_symbol else number)
        if edge.symbol:
            return f"∂ = {edge.symbol}"
        return edge.statement

    def _edge(self, edge: GraphEdge) -> dict[str, str]:
        """The argument's name and the derivative; dashed where the local derivative is negative."""
        words = [edge.argument] if edge.target in self.several and edge.argument else []
        attributes: dict[str, str] = {}
        if not self.in_boxes:
            words += self._derivative(edge).split("; ")
        if edge.local is not None and edge.local.size == 1 and edge.local < 0:
            attributes |= {"style": "dashed", "arrowhead": "onormal"}
        if edge.mark:
            attributes |= {"color": style.MARKED, "fontcolor": style.MARKED, "penwidth": "2.2"}
        elif not edge.needs_gradient:
            attributes |= {"penwidth": "0.6", "arrowhead": "vee"}
        text = "<BR/>".join(_text(w) for w in words if w)
        return {"label": f"<{text}>" if text and not self.in_boxes else "", **attributes}

    def _add(self, dot: graphviz.Digraph, place: dict, path: str) -> None:
        fill, border = (
            (style.DARK_CLUSTER_FILL, style.DARK_CLUSTER_BORDER)
            if self.dark
            else (style.CLUSTER_FILL, style.CLUSTER_BORDER)
        )
        for node in place["nodes"]:
            dot.node(node.key, label=self._table(node))
        for number, (name, inside) in enumerate(place["inside"].items()):
            inner = f"{path}_{number}"
            with dot.subgraph(name=inner) as sub:
                sub.attr(label=f"<{_text(name)}>", style="rounded,filled", fillcolor=fill, color=border)
                sub.attr(fontname=style.FONT, fontsize="10", fontcolor=self.faint, labeljust="l", margin="10")
                self._add(sub, inside, inner)

    def _table(self, node: GraphNode) -> str:
        fill, border = self.fill[node.kind]
        corners = "ROUNDED" if node.kind in ("op", "output", "module", "failed", "stub") else "SOLID"
        if node.kind in ("op", "output") and not node.needs_gradient:
            fill = self.fill["constant"][0]
        lines = self._lines(node)
        width = "1"
        if node.mark in ("path", "changed"):
            border, width = style.MARKED, "3"
        cells = "".join(f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"{more}>{line}</TD></TR>' for line, more in lines)
        if corners == "ROUNDED" and node.kind != "stub":  # or the last row's colour would stick out of them
            cells += '<TR><TD HEIGHT="3" CELLPADDING="0"></TD></TR>'
        return (
            f'<<TABLE BORDER="{width}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="{corners}" '
            f'BGCOLOR="{fill}" COLOR="{border}">{cells}</TABLE>>'
        )

    def _lines(self, node: GraphNode) -> list[tuple[str, str]]:
        """The rows of a box: text, and attributes of the cell."""
        head = f"<B>{_text(node.label) or '?'}</B>"
        if node.formula and node.formula != node.label:
            head += f"  {self._small(node.formula, 10)}"
        if node.name:
            head = f"<B>{_text(node.name)}</B>  =  {head}"
        found = [(head, "")]
        if node.kind == "stub":
            return [(self._small(node.label, 9), "")]
        if node.kind == "failed":
            said = [line for detail in node.details for line in textwrap.wrap(detail, LONGEST)]
            return [*found, *((_text(line), "") for line in said[:FAILED])]
        if node.mark == "copy":
            return [*found, *((self._small(detail), "") for detail in node.details)]
        if node.kind != "module":
            found += [(kind, "")] if (kind := self._small(self._kind(node))) else []
            if node.outputs:
                for number, output in enumerate(node.outputs):
                    shape = f"{_by(output.shape)} {output.dtype}"
                    port = f' PORT="out{number}"'
                    found.append(
                        (f"{_text(output.name)}  {self._small(shape)}  {_text(number_text(output.value))}", port)
                    )
                    found += self._gradient(node, output.gradient) if output.gradient is not None else []
            else:
                if node.value is not None:
                    found.append((f"data  {_text(number_text(node.value))}", ""))
                found += self._gradient(node, node.gradient)
            if self.in_boxes:
                for edge in self.incoming.get(node.key, ()):
                    if said := self._derivative(edge):
                        said = (
                            said.replace("∂ =", f"∂/∂{self.names[edge.source]} =", 1) if said.startswith("∂ ") else said
                        )
                        found += [(self._small(part), "") for part in said.split("; ")]
        if node.kept:
            names = "" if node.kind == "module" else f": {', '.join(node.kept)}"
            found.append((self._small(f"keeps {_bytes(kept_by(node))} for backward{names}"), ""))
        return found + [(_text(detail), "") for detail in node.details]

    def _small(self, text: str, points: int = 8) -> str:
        if not text.strip():  # Graphviz refuses an empty FONT
            return ""
        size = f' POINT-SIZE="{points}"' if points != 10 else ""
        return f'<FONT COLOR="{self.faint}"{size}>{_text(text)}</FONT>'

    def _gradient(self, node: GraphNode, gradient) -> list[tuple[str, str]]:
        if not node.needs_gradient and gradient is None:
            return []
        known = gradient is not None
        text = f"grad  {_text(number_text(gradient)) if known else 'not computed yet'}"
        uses = self.uses.get(node.key, 0)
        if known and uses > 1:
            text += f"  {self._small(f'Σ of {uses} ways')}"
        colour = self.scale.colour(gradient, self.sizes) if known else ""
        return [(text, f' BGCOLOR="{colour}"' if colour else "")]

    def _kind(self, node: GraphNode) -> str:
        words = [] if node.outputs else [f"{_by(node.shape)} {node.dtype}, {node.device}"]
        if node.kind == "parameter" and node.value is not None:
            words.append(f"{node.value.size:,} parameter{'s' * (node.value.size != 1)}")
        uses = self.uses.get(node.key, 0)
        if node.kind in ("parameter", "input") and uses > 1:
            words.append(f"shared, used {uses}×")
        if not node.needs_gradient:
            words.append("constant" if node.kind == "constant" else "needs no gradient")
        return ", ".join(words)

    def _legend(self, graph: Graph) -> str:
        """What colours and lines mean, and what the picture leaves out."""
        lines = []
        if self.scale.known:
            low, high = self.scale.ends
            swatches = "".join(f'<TD BGCOLOR="{colour}">    </TD>' for colour in self.sizes)
            start, end = self._small(f"size of the gradient, log scale: {low:.1e}"), self._small(f"{high:.1e}")
            lines.append(f"<TR><TD>{start}</TD>{swatches}<TD>{end}</TD></TR>")
        said = []
        if any(edge.local is not None or edge.symbol for edge in graph.edges):
            said.append("∂: local derivative; a dashed edge with an open arrow: it is negative")
        if any(edge.statement for edge in graph.edges):
            said.append(
                "∂L/∂x = …: the gradient that flows back; g: the gradient of the op's result; ⊙: element by element"
            )
        if any(not edge.needs_gradient for edge in graph.edges):
            said.append("thin edges: no gradient flows there")
        for line in [*said, *graph.notes]:
            lines.append(f'<TR><TD COLSPAN="{len(self.sizes) + 2}" ALIGN="LEFT">{self._whole(line)}</TD></TR>')
        rows_ = "".join(lines) or "<TR><TD></TD></TR>"
        return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows_}</TABLE>>'

    def _memory(self, graph: Graph, total: int) -> str:
        """A bar for each box that keeps something for backward."""
        head = f"<B>kept for backward: {_bytes(total)}</B>"
        lines = [f'<TR><TD COLSPAN="3" ALIGN="LEFT">{head}</TD></TR>']
        shown = bars(graph)
        for name, count, length in shown:
            ends = [(f' BGCOLOR="{style.KEPT}"', length), ("", WIDEST - length)]
            cells = "".join(
                f'<TD{colour} WIDTH="{width}" HEIGHT="8" FIXEDSIZE="TRUE"></TD>' for colour, width in ends if width
            )
            bar = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{cells}</TR></TABLE>'
            lines.append(
                f'<TR><TD ALIGN="LEFT">{_text(name)}</TD><TD ALIGN="LEFT">{bar}</TD>'
                f'<TD ALIGN="RIGHT">{_bytes(count)}</TD></TR>'
            )
        more = sum(bool(node.kept) for node in graph.nodes) - len(shown)
        if more:
            lines.append(f'<TR><TD COLSPAN="3" ALIGN="LEFT">{self._small(f"and {more} smaller ones")}</TD></TR>')
        said = (
            "an array that several ops keep counts for each of them"
            if shown
            else "no op keeps an array, or they are freed"
        )
        lines.append(f'<TR><TD COLSPAN="3" ALIGN="LEFT">{self._small(said)}</TD></TR>')
        table = f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" COLOR="{self.faint}">'
        return f"<{table}{''.join(lines)}</TABLE>>"

    def _whole(self, text: str) -> str:
        """Text in full, in lines."""
        return "<BR/>".join(self._small(line) for line in textwrap.wrap(text, LONGEST))


class _Scale:
    """Maps the sizes of a picture's gradients to a logarithmic scale."""

    def __init__(self, graph: Graph):
        sizes = [s for node in graph.nodes if node.gradient is not None and (s := _size(node.gradient)) > 0]
        self.known = bool(sizes)
        self.ends = (min(sizes), max(sizes)) if sizes else (0.0, 0.0)

    def colour(self, gradient, colours: tuple[str, ...]) -> str:
        size = _size(gradient)
        if not size > 0:
            return ""
        low, high = (math.log(end) for end in self.ends)
        place = (math.log(size) - low) / (high - low) if high > low else 1.0
        return colours[min(int(place * len(colours)), len(colours) - 1)]


def _size(gradient) -> float:
    """The root mean square of an array's finite numbers, the absolute value of a number."""
    array = np.asarray(gradient, np.float64)
    array = array[np.isfinite(array)]
    return float(np.sqrt(np.mean(array * array))) if array.size else 0.0


def _uses(graph: Graph) -> dict[str, int]:
    uses: dict[str, int] = {}
    for edge in graph.edges:
        uses[edge.source] = uses.get(edge.source, 0) + 1
    return uses


def _ops_with_several_arguments(graph: Graph) -> set[str]:
    counts: dict[str, int] = {}
    for edge in graph.edges:
        if edge.argument:
            counts[edge.target] = counts.get(edge.target, 0) + 1
    return {target for target, count in counts.items() if count > 1}


def _text(text: str) -> str:
    """Escaped for an HTML-like label, on one line, truncated."""
    text = " ".join(str(text).split())
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return html.escape("".join(c if c.isprintable() else "�" for c in text))


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _bytes(count: int) -> str:
    """A number of bytes with its unit: 48 B, 1.2 kB, 3.4 MB."""
    size, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{count:,} B" if unit == "B" else f"{size:.3g} {unit}"
