"""From the model of a picture to DOT text. Every label is escaped: what comes from a user stays text."""

import html

import graphviz
import numpy as np

from .graph import Graph, GraphNode
from .style import CLUSTER_BORDER, CLUSTER_FILL, FAINT, FILL, FONT, INK

LONGEST = 60  # characters of one label
ELEMENTS = 6  # an array of at most so many is written out


def to_dot(graph: Graph) -> str:
    """The graph from left to right, modules as nested boxes."""
    dot = graphviz.Digraph(
        graph_attr={
            "rankdir": "LR",
            "fontname": FONT,
            "fontsize": "11",
            "fontcolor": INK,
            "nodesep": "0.18",
            "ranksep": "0.45",
            "labelloc": "t",
            "label": f"<{_text(graph.title)}>" if graph.title else "",
            "bgcolor": "white",
            "pad": "0.2",
        },
        node_attr={"shape": "plain", "fontname": FONT, "fontsize": "10", "fontcolor": INK},
        edge_attr={"color": FAINT, "fontname": FONT, "fontsize": "8", "fontcolor": FAINT, "arrowsize": "0.6"},
    )
    tree: dict = {"nodes": [], "inside": {}}
    for node in graph.nodes:
        place = tree
        for name in node.module:
            place = place["inside"].setdefault(name, {"nodes": [], "inside": {}})
        place["nodes"].append(node)
    _add(dot, tree, "cluster")
    several = _ops_with_several_arguments(graph)
    for edge in graph.edges:
        dot.edge(edge.source, edge.target, label=f"<{_text(edge.argument)}>" if edge.target in several else "")
    return dot.source


def _ops_with_several_arguments(graph: Graph) -> set[str]:
    targets = [edge.target for edge in graph.edges if edge.argument]
    return {target for target in targets if targets.count(target) > 1} if len(targets) < 2000 else set()


def _add(dot: graphviz.Digraph, place: dict, path: str) -> None:
    for node in place["nodes"]:
        dot.node(node.key, label=_table(node))
    for number, (name, inside) in enumerate(place["inside"].items()):
        inner = f"{path}_{number}"
        with dot.subgraph(name=inner) as sub:
            sub.attr(label=f"<{_text(name)}>", style="rounded,filled", fillcolor=CLUSTER_FILL, color=CLUSTER_BORDER)
            sub.attr(fontname=FONT, fontsize="10", fontcolor=FAINT, labeljust="l", margin="10")
            _add(sub, inside, inner)


def _table(node: GraphNode) -> str:
    fill, border = FILL[node.kind]
    style = "ROUNDED" if node.kind in ("op", "output", "module") else "SOLID"
    head = f"<B>{_text(node.label)}</B>"
    if node.formula and node.formula != node.label:
        head += f'  <FONT COLOR="{FAINT}">{_text(node.formula)}</FONT>'
    lines = [head]
    if node.kind != "module":
        shape = "×".join(map(str, node.shape)) or "scalar"
        lines.append(f'<FONT COLOR="{FAINT}" POINT-SIZE="8">{shape} {_text(node.dtype)}</FONT>')
        if node.value is not None:
            lines.append(f"data  {_text(numbers(node.value))}")
        lines.append(f"grad  {_text(numbers(node.gradient)) if node.gradient is not None else 'not computed yet'}")
    lines += [_text(detail) for detail in node.details]
    rows = "".join(f'<TR><TD ALIGN="LEFT" BALIGN="LEFT">{line}</TD></TR>' for line in lines)
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="{style}" '
        f'BGCOLOR="{fill}" COLOR="{border}">{rows}</TABLE>>'
    )


def numbers(array) -> str:
    """A number, a short list, or mean, spread and range: four significant digits."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{array.item():.4g}"
    if array.size <= ELEMENTS:
        return np.array2string(array, formatter={"float_kind": lambda v: f"{v:.4g}"}, separator=", ").replace("\n", "")
    with np.errstate(all="ignore"):
        mean, std = array.mean(dtype=np.float64), array.std(dtype=np.float64)
    return f"{mean:.3g} ± {std:.3g}, {array.min():.3g} to {array.max():.3g}"


def _text(text: str) -> str:
    """Escaped for an HTML-like label, one line, not too long."""
    text = " ".join(str(text).split())
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return html.escape("".join(c if c.isprintable() else "�" for c in text))
