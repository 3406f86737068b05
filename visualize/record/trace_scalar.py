"""From a Value or a scalar tape to the model of a picture."""

import numpy as np

from microgradnet.formulas import formula_of

from .formula import in_picture, partials_in_picture
from .graph import Graph, GraphEdge, GraphNode

SYMBOLS = {"sum": "Σ xᵢ", "dot": "Σ wᵢ·xᵢ"}
LIMIT = 200_000  # nodes; each is a Python object here


def trace_scalar(x, model=None, title: str = "") -> Graph:
    """The graph of a Value (all that it was computed from) or of a ScalarTape (all that is on it).

    ``model``, a module of either kind, says which leaves are parameters; one without a label is named by its place in
    the model, ``layers[0].neurons[1].w[2]``.

    Raises ValueError beyond 200,000 nodes.
    """
    tape = getattr(x, "tape", x)
    op, *_, values = tape.columns
    wanted = _reached(tape, tape.position(x.serial)) if hasattr(x, "tape") else list(range(len(op)))
    if len(wanted) > LIMIT:
        raise ValueError(f"draw: {len(wanted):,} scalar nodes are too many for a picture: draw one sample or one unit")
    used = {place for position in wanted for place in tape.operand_positions(position)}
    parameters = _parameters(model, tape)
    graph, names, count = Graph(title=title), {}, 0
    for position in wanted:
        node = tape.node_at(position)
        gradient = tape.gradients[position] if tape.has_gradients and position < len(tape.gradients) else None
        count += bool(node.op)
        label = node.label or (f"v{count}" if node.op else parameters.get(position) or f"{values[position]:.4g}")
        names[position] = label
        graph.keys[position] = f"n{position}"
        kind = "op" if position in used else "output"
        if not node.op:
            known = position in parameters or label.partition("[")[0] in parameters.values()
            kind = "parameter" if known else "input"
        graph.nodes.append(
            GraphNode(
                f"n{position}",
                kind,
                node.op or label,
                SYMBOLS.get(node.op) or _formula(node),
                (),
                "float64",
                np.float64(values[position]),  # type: ignore[arg-type]
                None if gradient is None else np.float64(gradient),  # type: ignore[arg-type]
                name=label if node.op else "",
                compute=node.compute,
            )
        )
        called = dict(zip(node.arguments, (names[p] for p in node.operands), strict=True)) | {"out": label}
        partials = partials_in_picture(node.rule, _numbers(node), called) if node.rule is not None else {}
        for place, argument, local in zip(node.operands, node.arguments, node.local_derivatives, strict=True):
            symbol = partials.get(argument)
            graph.edges.append(GraphEdge(f"n{place}", f"n{position}", argument, symbol, np.float64(local)))  # type: ignore[arg-type]
    return graph


def _parameters(model, tape) -> dict[int, str]:
    """Names by position, of a scalar module's Values; of a module of tensors, the names (at negative positions)."""
    if hasattr(model, "named_parameters"):
        return {-1 - i: name for i, (name, _) in enumerate(model.named_parameters())}
    found, stack = {}, [("", model)] if model is not None else []
    while stack:
        path, held = stack.pop()
        if hasattr(held, "serial"):
            found[tape.position(held.serial)] = path
        elif isinstance(held, list | tuple):
            stack += [(f"{path}[{i}]", item) for i, item in enumerate(held)]
        elif hasattr(held, "parameters"):
            stack += [(f"{path}.{name}".lstrip("."), item) for name, item in vars(held).items()]
    return found


def _formula(node) -> str | None:
    """What a node computes of its arguments, with the op's numbers put in; None for a leaf."""
    formula = formula_of(node.rule)
    if formula is None:
        return None
    return str(in_picture(formula, node.rule, _numbers(node), {name: name for name in node.arguments}))


def _numbers(node) -> dict[str, float]:
    """An op's numeric arguments, in addition to its operands."""
    return dict(zip(node.rule.scalar_names, node.numbers, strict=True))


def _reached(tape, root: int) -> list[int]:
    """The positions of a node and of all that it was computed from, in order."""
    seen, stack = {root}, [root]
    while stack:
        fresh = [p for p in tape.operand_positions(stack.pop()) if p not in seen]
        seen.update(fresh)
        stack += fresh
    return sorted(seen)
