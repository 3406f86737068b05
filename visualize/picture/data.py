"""A graph as plain data: what ``draw(…).save("graph.json")`` writes, and what the interactive page carries.

``format`` is "microgradnet graph", ``version`` 1. Keys whose value is empty, false or 1 (count, run) are left out;
numbers that are not finite are null.

- ``title``, ``notes`` (what was left out), ``ops``, ``parameters``, ``kept`` (bytes that all ops keep for backward;
  an array that several ops keep counts for each of them).
- ``boxes``: what opens, each after the one that it is in; ``boxes[0]`` is the whole, of the kind "root". ``kind``:
  "module" (consecutive ops of it; ``run`` counts such boxes of the same module), "repeat" (``count`` times), "turn"
  (of a repeat), "stretch" (many ops, or turns). ``label``; ``parent``, a place in ``boxes``; ``ops``, ``parameters``
  and ``kept`` of what is in it; ``shape`` of its last result; ``first`` and ``last``, the numbers of its ops.
- ``nodes``, in the order of computation. ``kind``: "parameter", "input", "constant", "op", "output", "failed" (or
  "module", drawn closed). ``key``; ``label``: a leaf's name, an op's; ``name``: of an op's result; ``box``, a place in
  ``boxes``; ``number`` of an op; ``formula``, ``shape``, ``dtype``, ``device``, ``line`` (file:line); ``value`` and
  ``gradient``, see below; ``kept``: bytes by name; ``details``: lines of text; ``constant``: true where no gradient is
  needed; ``outputs`` of an op with several: ``name``, ``shape``, ``dtype``, ``value``, ``gradient``.
- ``edges``: ``source`` and ``target``, places in ``nodes``; ``argument``; ``output``, which result of the source;
  ``derivative``, the local one in symbols; ``local``, its value where it is one number; ``statement``, the gradient
  that flows back, of an op on whole arrays; ``constant``: true where no gradient flows.
- A value is {``text``, and ``number`` or ``mean``, ``std``, ``rms``, ``zeros`` (a share), ``not_finite`` (a share),
  ``low``, ``high``, ``counts`` (a histogram from low to high; of a sample, of large arrays), ``numbers`` (all, in
  row-major order, of arrays up to 256 numbers)}.
"""

import math

import numpy as np

from ..flow.statistics import moments
from ..record.collection import uncollected
from ..record.describe import describe
from ..record.formula import number_text
from ..record.graph import Graph, GraphEdge, GraphNode, Output
from ..record.tree import Tree

DESCRIBED = 20_000  # nodes with formulas, derivatives and histograms
CELLS = 256  # numbers of an array that are all written down


@uncollected
def to_data(graph: Graph) -> dict:
    """The graph, and the boxes that it opens in, as dicts and lists ready for JSON."""
    notes = list(graph.notes)
    whole = len(graph.nodes) <= DESCRIBED
    if whole:
        describe(graph)
    else:
        notes.append(
            f"{len(graph.nodes):,} nodes: formulas, derivatives and histograms are left out; "
            "draw(…, part=(1, 1000)) has them for the first thousand ops"
        )
    tree = Tree(graph)
    boxes = tree.boxes()
    numbers = {id(box): i for i, box in enumerate(boxes)}
    places = {node.key: i for i, node in enumerate(graph.nodes)}
    listed = [_box(box.kind, box.label, box.count) for box in boxes]
    for box, data in zip(boxes, listed, strict=True):
        if box.parent is not None:
            data["parent"] = numbers[id(box.parent)]
    nodes, op = [], 0
    for node in graph.nodes:
        is_op = node.kind in ("op", "output", "failed")
        op += is_op
        data = _node(node, whole)
        data["box"] = numbers[id(tree.home[node.key])]
        if is_op:
            data["number"] = op
        nodes.append(data)
        _count(listed, data["box"], node, op if is_op else 0)
    return {
        "format": "microgradnet graph",
        "version": 1,
        "title": graph.title,
        "notes": notes,
        "ops": op,
        "parameters": listed[0].get("parameters", 0),
        "kept": listed[0].get("kept", 0),
        "boxes": listed,
        "nodes": nodes,
        "edges": [_edge(edge, places) for edge in graph.edges],
    }


def _box(kind: str, label: str, count: int) -> dict:
    data: dict = {"kind": kind, "label": label}
    if count > 1:
        data["count" if kind == "repeat" else "run"] = count
    return data


def _count(boxes: list[dict], place: int | None, node: GraphNode, op: int) -> None:
    """Adds a node to the counts of the box that it is in, and of those around it."""
    kept = sum(node.kept.values())
    parameters = node.value.size if node.kind == "parameter" and node.value is not None and node.mark != "copy" else 0
    while place is not None:
        box = boxes[place]
        for name, more in (("ops", bool(op)), ("kept", kept), ("parameters", parameters)):
            if more:
                box[name] = box.get(name, 0) + int(more)
        if op:
            box.setdefault("first", op)
            box["last"], box["shape"] = op, list(node.shape)
        place = box.get("parent")


def _node(node: GraphNode, whole: bool) -> dict:
    said = {
        "name": node.name,
        "formula": node.formula if node.formula != node.label else "",
        "shape": list(node.shape),
        "device": node.device if node.device != "cpu" else "",
        "line": node.line,
        "value": _numbers(node.value, whole),
        "gradient": _numbers(node.gradient, whole),
        "kept": node.kept,
        "details": node.details,
        "mark": node.mark,
        "constant": not node.needs_gradient,
        "outputs": [_output(output, whole) for output in node.outputs],
    }
    data = {"key": node.key, "kind": node.kind, "label": node.label, "dtype": node.dtype}
    return data | {name: value for name, value in said.items() if value}


def _output(output: Output, whole: bool) -> dict:
    data = {"name": output.name, "shape": list(output.shape), "dtype": output.dtype}
    said = {"value": _numbers(output.value, whole), "gradient": _numbers(output.gradient, whole)}
    return data | {name: value for name, value in said.items() if value}


def _edge(edge: GraphEdge, places: dict[str, int]) -> dict:
    data = {"source": places[edge.source], "target": places[edge.target]}
    local = None if edge.local is None or np.size(edge.local) != 1 else _finite(np.asarray(edge.local).item())
    said = {
        "argument": edge.argument,
        "output": edge.output,
        "derivative": str(edge.symbol) if edge.symbol else "",
        "statement": edge.statement,
        "mark": edge.mark,
        "constant": not edge.needs_gradient,
    }
    return data | {name: value for name, value in said.items() if value} | ({} if local is None else {"local": local})


def _numbers(array, whole: bool) -> dict | None:
    if array is None:
        return None
    array = np.asarray(array)
    data: dict = {"text": number_text(array)}
    if array.size == 1:
        number = array.reshape(()).astype(np.float64).item() if array.dtype.kind in "fiub" else math.nan
        return data if (known := _finite(number)) is None else data | {"number": known}
    if not whole or not array.size or array.dtype.kind not in "fiub":
        return data
    m = moments(array)
    said = {"mean": m.mean, "std": m.std, "rms": m.rms, "zeros": m.zeros, "not_finite": m.not_finite}
    data |= {name: _finite(value) for name, value in said.items() if value}
    data |= {"low": _finite(m.edges[0]), "high": _finite(m.edges[-1]), "counts": m.counts.tolist()}
    if array.size <= CELLS:
        data["numbers"] = [_finite(number) for number in array.astype(np.float64).ravel().tolist()]
    return data


def _finite(number: float) -> float | None:
    """A number with six significant digits, None where it is not finite."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
