"""What the boxes and edges of a graph say: formulas, local derivatives, the gradients of ops on whole arrays.

It is written only into what is drawn: of 100,000 ops in closed modules nobody reads the formulas.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from microgradnet.formulas import formula_of
from microgradnet.formulas.formula import Formula

from .formula import in_picture, partials_in_picture
from .graph import Graph, GraphEdge, GraphNode
from .statement import statement

LARGEST = 1 << 16  # elements of a local derivative that is computed


class Operand(NamedTuple):
    """An argument of a call: its value if known, the box (and the number of the result) that it comes from, its name
    in the picture.
    """

    name: str
    value: object
    key: str | None
    output: int
    called: str


class Step(NamedTuple):
    """The call that a box stands for. ``node`` is None where no gradient was needed."""

    op: Any
    node: Any
    operands: tuple[Operand, ...]

    @property
    def known(self) -> dict:
        """The values that are known, by the argument's name."""
        return {o.name: o.value for o in self.operands if o.value is not None}

    def without(self, hidden: set[str]) -> "Step":
        """The same call where the boxes ``hidden`` are not drawn: their numbers stand in the formulas."""
        kept = [Operand(o.name, o.value, None if o.key in hidden else o.key, o.output, o.called) for o in self.operands]
        return Step(self.op, self.node, tuple(kept))


def describe(graph: Graph) -> Graph:
    """The same graph, with formulas and derivatives in all its boxes and edges."""
    values = {node.key: node.value for node in graph.nodes if not node.outputs}
    nodes = {node.key: node for node in graph.nodes}
    partials: dict[str, dict] = {}
    locals_: dict[str, dict] = {}
    for key, node in nodes.items():
        if node.step is not None:
            node.formula = _formula(node.step)
            node.compute = _computation(node.step)
            partials[key] = _partials(node)
            locals_[key] = _local_derivatives(node, values)
    graph.edges = [
        _described(edge, nodes[edge.target], partials[edge.target], locals_[edge.target])
        if edge.target in partials and edge.argument and edge.needs_gradient
        else edge
        for edge in graph.edges
    ]
    return graph


def _described(edge: GraphEdge, node: GraphNode, partials: dict, local: dict) -> GraphEdge:
    symbol = partials.get(edge.argument)
    said = "" if symbol is not None else statement(node.step, edge.argument, node.name or node.label, node.shape)
    return replace(edge, symbol=symbol, local=local.get(edge.argument), statement=said)


def _formula(step: Step) -> str | None:
    """An op's formula in its arguments, with its numeric arguments filled in: x³ for xⁿ."""
    formula = formula_of(step.op)
    if formula is None:
        return getattr(step.op, "formula", None)
    return str(in_picture(formula, step.op, step.known, {o.name: o.name for o in step.operands if o.key is not None}))


def _partials(node: GraphNode) -> dict[str, Formula]:
    """The local derivatives in symbols, with the names of the picture."""
    step = node.step
    called = {o.name: o.called for o in step.operands if o.key is not None}
    return partials_in_picture(step.op, step.known, called | {"out": node.name or node.label})


def _local_derivatives(node: GraphNode, values: dict) -> dict[str, np.ndarray]:
    """By argument, for an elementwise op whose operands are known: kept by the tape or the op, or in the picture."""
    step = node.step
    shown = {o.name: values.get(o.key) for o in step.operands}
    known = {name: value for name, value in shown.items() if value is not None} | step.known
    if node.value is not None:
        known["out"] = node.value
    found = {}
    for name, (_, partial, needs) in (getattr(step.op, "partials", None) or {}).items():
        if step.node is not None and all(need in known and np.size(known[need]) <= LARGEST for need in needs):
            with np.errstate(all="ignore"):
                found[name] = np.asarray(partial(*(np.asarray(known[need]) for need in needs)))
    return found


def _computation(step: Step):
    """How to compute an elementwise op again: from its operands, and what is known of its constants."""
    op = step.op
    if not getattr(op, "partials", None):
        return None
    fixed = dict(zip(op.parameters, op.defaults, strict=True)) | step.known
    if any(o.key is None and o.value is None and o.name in op.array_names for o in step.operands):
        return None

    def compute(given: dict):
        known = fixed | given
        with np.errstate(all="ignore"):
            return op.forward(*(known[name] for name in op.parameters))

    return compute
