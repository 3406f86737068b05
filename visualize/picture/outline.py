"""From the model of a picture to plain text: one line for each box, in the order of computation."""

from ..record.formula import number_text
from ..record.graph import Graph


def to_text(graph: Graph) -> str:
    """A table: name, what it is computed from, shape, data and gradient; modules as headings."""
    incoming: dict[str, list] = {}
    for edge in graph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    names = _names(graph)
    rows, module = [], ()
    lines = [graph.title] if graph.title else []
    for node in graph.nodes:
        if node.module != module:
            module = node.module
            rows.append(None if not module else " / ".join(module))  # type: ignore[arg-type]
        sources = [names[edge.source] for edge in incoming.get(node.key, [])]
        made = f"{node.label}({', '.join(sources)})" if sources else node.label if node.kind == "module" else node.kind
        shape = ", ".join(node.details) if node.kind == "module" else "×".join(map(str, node.shape)) or "scalar"
        numbers = ["", ""] if node.kind == "module" else [number_text(node.value), number_text(node.gradient)]
        rows.append([names[node.key], made, node.formula or "", shape, *numbers])
    head = ["name", "computed as", "formula", "shape", "data", "gradient"]
    cells = [head, *(row for row in rows if isinstance(row, list))]
    widths = [min(40, max(len(row[i]) for row in cells)) for i in range(len(head))]
    for row in [head, *rows]:
        if row is None or isinstance(row, str):
            lines.append(f"-- {row or 'outside of modules'}")
        else:
            lines.append("  ".join(_fit(c, w) for c, w in zip(row, widths, strict=True)).rstrip())
    return "\n".join(lines) + "\n"


def _names(graph: Graph) -> dict[str, str]:
    return {node.key: node.name or " ".join(node.label.split()) for node in graph.nodes}


def _fit(text: str, width: int) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
