"""From the model of a picture to Mermaid text, which Markdown pages render."""

from ..record.formula import number_text
from ..record.graph import Graph, GraphNode

LONGEST = 60


def to_mermaid(graph: Graph) -> str:
    """A flowchart from left to right, modules as subgraphs; labels are quoted and escaped."""
    numbers = {node.key: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    _add(lines, graph.clusters(), numbers, "m", 1)
    for edge in graph.edges:
        arrow = "-.->" if edge.local is not None and edge.local.size == 1 and edge.local < 0 else "-->"
        known = edge.local is not None and edge.local.size == 1
        words = [number_text(edge.local)] * known
        if edge.symbol:
            words.insert(0, edge.symbol.as_side() if known else str(edge.symbol))
        label = f"|{_text('∂ = ' + ' = '.join(dict.fromkeys(words)))}|" if words else ""
        lines.append(f"    {numbers[edge.source]} {arrow}{label} {numbers[edge.target]}")
    return "\n".join(lines) + "\n"


def _add(lines: list[str], place: dict, numbers: dict[str, str], path: str, depth: int) -> None:
    space = "    " * depth
    for node in place["nodes"]:
        opening, closing = ("(", ")") if node.kind in ("op", "output", "module") else ("[", "]")
        lines.append(f"{space}{numbers[node.key]}{opening}{_label(node)}{closing}")
    for i, (name, inside) in enumerate(place["inside"].items()):
        lines.append(f"{space}subgraph {path}{i}[{_text(name)}]")
        _add(lines, inside, numbers, f"{path}{i}_", depth + 1)
        lines.append(f"{space}end")


def _label(node: GraphNode) -> str:
    words = [node.label if not node.formula or node.formula == node.label else f"{node.label}: {node.formula}"]
    if node.kind != "module":
        if node.value is not None:
            words.append(f"data {number_text(node.value)}")
        words.append(f"grad {number_text(node.gradient)}")
    return _text("\n".join([*words, *node.details]))


def _text(text: str) -> str:
    """Quoted, with every character that is special to Mermaid or HTML as a numeric entity."""
    lines = [line if len(line) <= LONGEST else line[: LONGEST - 1] + "…" for line in text.split("\n")][:6]
    escaped = [
        "".join(c if c.isalnum() or c in " .,:=+()/" else f"#{ord(c)};" if c.isprintable() else " " for c in line)
        for line in lines
    ]
    return f'"{"<br/>".join(escaped)}"'
