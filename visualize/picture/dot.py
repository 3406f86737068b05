"""From the model of a picture to DOT text. Every label is escaped."""

import html
import math

import graphviz
import numpy as np

from ..record.formula import number_text
from ..record.graph import Graph, GraphEdge, GraphNode
from . import style

LONGEST = 60  # characters of one label


def to_dot(graph: Graph, dark: bool = False) -> str:
    """The graph from left to right, modules as nested boxes; a legend explains the colours."""
    return _Drawing(graph, dark).source


class _Drawing:
    def __init__(self, graph: Graph, dark: bool):
        self.dark = dark
        self.ink, self.faint = (style.DARK_INK, style.DARK_FAINT) if dark else (style.INK, style.FAINT)
        self.fill, self.sizes = (style.DARK_FILL, style.DARK_SIZES) if dark else (style.FILL, style.SIZES)
        self.scale = _Scale(graph)
        dot = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR", "fontname": style.FONT, "fontsize": "11", "fontcolor": self.ink,
                "nodesep": "0.18", "ranksep": "0.45", "labelloc": "t", "pad": "0.2",
                "label": f"<{_text(graph.title)}>" if graph.title else "",
                "bgcolor": style.DARK_PAGE if dark else "white",
            },
            node_attr={"shape": "plain", "fontname": style.FONT, "fontsize": "10", "fontcolor": self.ink},
            edge_attr={
                "color": self.faint, "fontname": style.FONT, "fontsize": "8", "fontcolor": self.faint,
                "arrowsize": "0.6",
            },
        )  # fmt: skip
        self.uses = _uses(graph)
        self._add(dot, graph.clusters(), "cluster")
        several = _ops_with_several_arguments(graph)
        for edge in graph.edges:
            dot.edge(edge.source, edge.target, **self._edge(edge, edge.target in several))
        if self.scale.known:
            dot.node("legend", label=self._legend())
        self.source = dot.source

    def _edge(self, edge: GraphEdge, named: bool) -> dict[str, str]:
        """The argument's name and the local derivative in symbols and numbers; dashed where it is negative."""
        words = [edge.argument] if named and edge.argument else []
        attributes = {}
        if edge.local is not None and edge.local.size == 1:
            number = number_text(edge.local)
            words.append(
                "∂ = "
                + (f"{edge.symbol.as_side()} = {number}" if edge.symbol and str(edge.symbol) != number else number)
            )
            if edge.local < 0:
                attributes |= {"style": "dashed", "arrowhead": "onormal"}
        elif edge.symbol:
            words.append(f"∂ = {edge.symbol}")
        if edge.mark:
            attributes |= {"color": style.MARKED, "fontcolor": style.MARKED, "penwidth": "2.2"}
        text = "<BR/>".join(_text(w) for w in words)
        return {"label": f"<{text}>" if text else "", **attributes}

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
        corners = "ROUNDED" if node.kind in ("op", "output", "module") else "SOLID"
        head = f"<B>{_text(node.label)}</B>"
        if node.formula and node.formula != node.label:
            head += f'  <FONT COLOR="{self.faint}">{_text(node.formula)}</FONT>'
        if node.name:
            head = f"<B>{_text(node.name)}</B>  =  {head}"
        rows = [(head, "")]
        if node.kind != "module":
            rows.append((f'<FONT COLOR="{self.faint}" POINT-SIZE="8">{_text(self._kind(node))}</FONT>', ""))
            if node.value is not None:
                rows.append((f"data  {_text(number_text(node.value))}", ""))
            known = node.gradient is not None
            gradient = f"grad  {_text(number_text(node.gradient)) if known else 'not computed yet'}"
            uses = self.uses.get(node.key, 0)
            if known and uses > 1:
                gradient += f'  <FONT COLOR="{self.faint}" POINT-SIZE="8">Σ of {uses} ways</FONT>'
            rows.append((gradient, self.scale.colour(node.gradient, self.sizes) if known else ""))
        rows += [(_text(detail), "") for detail in node.details]
        width = "1"
        if node.mark:
            border, width = style.MARKED, "3"
        cells = "".join(
            f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"{f" BGCOLOR={chr(34)}{c}{chr(34)}" if c else ""}>{line}</TD></TR>'
            for line, c in rows
        )
        if corners == "ROUNDED":  # or the last row's colour would stick out of them
            cells += '<TR><TD HEIGHT="3" CELLPADDING="0"></TD></TR>'
        return (
            f'<<TABLE BORDER="{width}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="{corners}" '
            f'BGCOLOR="{fill}" COLOR="{border}">{cells}</TABLE>>'
        )

    def _kind(self, node: GraphNode) -> str:
        shape = "×".join(map(str, node.shape)) or "scalar"
        words = [f"{shape} {node.dtype}, {node.device}"]
        if node.kind == "parameter" and node.value is not None:
            words.append(f"{node.value.size:,} parameter{'s' * (node.value.size != 1)}")
        uses = self.uses.get(node.key, 0)
        if node.kind in ("parameter", "input") and uses > 1:
            words.append(f"shared, used {uses}×")
        return ", ".join(words)

    def _legend(self) -> str:
        low, high = self.scale.ends
        cells = "".join(f'<TD BGCOLOR="{colour}">    </TD>' for colour in self.sizes)
        note = f'<FONT COLOR="{self.faint}" POINT-SIZE="8">'
        return (
            f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"><TR>'
            f"<TD>{note}size of the gradient, log scale: {low:.1e}</FONT></TD>{cells}<TD>{note}{high:.1e}</FONT></TD>"
            f'</TR><TR><TD COLSPAN="{len(self.sizes) + 2}" ALIGN="LEFT">{note}'
            f"∂: local derivative; a dashed edge with an open arrow: negative</FONT></TD></TR></TABLE>>"
        )


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
