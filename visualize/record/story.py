"""A computation step by step: forward, backward one edge at a time, the optimizer's update.

The story is plain data (names, numbers, sentences), independent of how it is shown. The step player, the transcript and
the derivation in LaTeX are made from it.
"""

from dataclasses import dataclass, field

import numpy as np

from microgradnet import Tensor
from microgradnet.backends.device import array_of, read
from microgradnet.formulas import formula_of

from . import expression
from .describe import describe
from .formula import UNKNOWN, in_picture, number_text, partials_in_picture
from .graph import Graph
from .trace import skeleton
from .zoom import readable


@dataclass
class Event:
    """One step: ``kind`` is "forward", "start" (of backward), "backward" (along one edge) or "update" (of a leaf).

    Numbers are formatted strings; ``exact`` is the contribution itself if it is one number. ``before`` and ``after``
    are the running sum of the gradient (or, for an update, the value) that the step changes.
    """

    kind: str
    node: str
    title: str
    target: str = ""
    edge: int | None = None
    formula: str = ""
    filled: str = ""
    upstream: str = ""
    local: str = ""
    local_formula: str = ""
    contribution: str = ""
    exact: float | None = None
    before: str = ""
    after: str = ""
    line: str = ""


@dataclass
class Story:
    """A graph and its events, in order."""

    graph: Graph
    events: list[Event] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # of the nodes in formulas, by key
    formulas: dict[str, str] = field(default_factory=dict)  # with the operands' names, by key

    def transcript(self) -> list[str]:
        """Each event as one sentence."""
        return [_sentence(event) for event in self.events]


def tell(tape, loss=None, model=None, optimizer=None, title: str = "") -> Story:
    """Runs backward over what ``tape`` recorded and records every step.

    Args:
        tape: a ``Tape`` that recorded the forward pass, without a backward that has freed what it saved.
        loss: the tensor to start backward from, of one element; default: the last one that was recorded.
        model: its parameters' names label the leaves.
        optimizer: its ``step`` is run after backward and recorded too; it changes parameters and gradients.

    Without an optimizer every ``.grad`` is restored afterwards. Raises TypeError for anything but a Tape, ValueError
    for one that recorded nothing or has no single number to start from.
    """
    if not hasattr(tape, "nodes"):
        raise TypeError(
            f"play: a Tape expected, got {type(tape).__name__}: record the computation inside `with mg.Tape() as tape:`"
        )
    if not tape.nodes:
        raise ValueError("play: nothing was recorded on this tape: no input of the computation requires grad")
    whole = skeleton(tape, model, title)
    graph = describe(readable(whole))
    story = Story(graph)
    if len(graph.nodes) < len(whole.nodes):
        _tell_modules(story)
        return story
    teller = _Teller(tape, story)
    teller.forward()
    leaves = {leaf: leaf.grad for leaf in teller.leaves}
    for leaf in leaves:
        leaf.grad = None
    try:
        teller.backward(loss)
        gradients = {leaf: leaf.grad for leaf in leaves}
    finally:
        for leaf, grad in leaves.items():
            leaf.grad = grad
    if optimizer is not None:
        teller.update(optimizer, gradients)
    return story


class _Teller:
    """Turns the tape's steps into events."""

    def __init__(self, tape, story: Story):
        self.tape, self.story = tape, story
        self.keys = story.graph.keys
        self.by_key = {node.key: node for node in story.graph.nodes}
        self.edges: dict[tuple[str, str], list[int]] = {}
        self.operands: dict[str, list[tuple[str, str]]] = {}  # (argument, the node that it comes from), by node
        for i, edge in enumerate(story.graph.edges):
            self.edges.setdefault((edge.target, edge.argument), []).append(i)
            self.operands.setdefault(edge.target, []).append((edge.argument, edge.source))
        self.leaves = {parent: None for node in tape.nodes for parent in node.parents if hasattr(parent, "grad_fn")}
        self.names = story.names = self._names()
        for shown in story.graph.nodes:  # an update overwrites the values
            shown.value = None if shown.value is None else np.array(shown.value)
            if (shown.line or "").rpartition(":")[0] == expression.__file__:  # a formula was typed: no user's line
                shown.line = None

    def _names(self) -> dict[str, str]:
        """Each node's name in formulas: the user's; v1, v2, … for computed values that have none."""
        return {node.key: node.name or node.label for node in self.story.graph.nodes}

    def forward(self) -> None:
        for shown in self.story.graph.nodes:
            if shown.step is None:
                continue
            key, operands = shown.key, self.operands.get(shown.key, [])
            formula, filled = self._formula(shown.step, operands)
            self.story.formulas[key] = formula
            self.story.events.append(
                Event(
                    "forward",
                    key,
                    f"{self.names[key]} = {shown.label}({', '.join(self.names[source] for _, source in operands)})",
                    formula=f"{self.names[key]} = {formula}",
                    filled=f"{filled} = {number_text(shown.value)}" if filled else number_text(shown.value),
                    after=number_text(shown.value),
                    line=shown.line or "",
                )
            )

    def _formula(self, step, operands: list) -> tuple[str, str]:
        """An op's formula with its operands' names, and with their numbers (only where these are single numbers)."""
        op, formula, sources, known = step.op, formula_of(step.op), dict(operands), step.known
        if formula is None:
            return op.formula or f"{op.name}(…)", ""
        names = {argument: self.names[source] for argument, source in sources.items()}
        arguments = getattr(op, "array_names", None)
        if not arguments:  # of an op on arrays only what all has a name is written with names
            whole = not formula.filled(names).symbols
            return str(in_picture(formula, op, known, names) if whole else formula), ""
        values = {a: self.by_key[sources[a]].value if a in sources else known.get(a) for a in arguments}
        unknown = {a for a, v in values.items() if v is None or np.size(v) != 1}
        names |= {a: UNKNOWN for a in unknown if a not in sources}
        named = str(in_picture(formula, op, known, names))
        if unknown:
            return named, ""
        numbers = {a: number_text(v) for a, v in values.items()}
        return named, in_picture(formula.inlined(), op, known, numbers).as_side()

    def backward(self, loss) -> None:
        from_node = loss.grad_fn if loss is not None else self.tape.nodes[-1]
        root = loss if loss is not None else _tensor_of(self.tape, from_node)
        key = self.keys[id(from_node)]
        self.story.events.append(
            Event(
                "start",
                key,
                f"Backward starts at {self.names[key]}: its gradient with respect to itself is 1.",
                target=key,
                contribution="1",
                before="not computed yet",
                after="1",
            )
        )
        sums: dict[str, np.ndarray] = {key: np.ones(())}
        for step in self.tape.steps(root):
            self._step(step, sums)

    def _step(self, played, sums: dict) -> None:
        key = self.keys.get(id(played.node))
        if key is None:
            return
        step, operands = self.by_key[key].step, self.operands.get(key, [])
        names = {a: self.names[s] for a, s in operands} | {"out": self.names[key]}
        partials = partials_in_picture(step.op, step.known, names)
        values = {a: self.by_key[s].value for a, s in [*operands, ("out", key)]}
        numbers = {a: number_text(v) for a, v in values.items() if v is not None and np.size(v) == 1}
        in_numbers = partials_in_picture(step.op, step.known, names | numbers)
        upstream = played.upstream
        if isinstance(upstream, list | tuple):  # of an op with several outputs
            upstream = next(g for g in upstream if g is not None)
        used: dict[str, int] = {}
        for argument, parent in zip(played.node.argument_names, played.node.parents, strict=True):
            contribution = played.contributions.get(argument)
            if contribution is None or parent is None:
                continue
            places = self.edges.get((key, argument), [])
            number = used.get(argument, 0)
            used[argument] = number + 1
            if number >= len(places):
                continue
            edge = self.story.graph.edges[places[number]]
            target = edge.source
            before = sums.get(target)
            after = contribution if before is None else before + contribution
            sums[target] = after
            local = played.local_derivatives.get(argument)
            self.story.events.append(
                Event(
                    "backward",
                    key,
                    f"From {self.names[key]} back to {self.names[target]}",
                    target=target,
                    edge=places[number],
                    upstream=number_text(upstream),
                    local="" if local is None else number_text(local),
                    local_formula=self._local_formula(key, target, partials.get(argument), in_numbers.get(argument)),
                    contribution=number_text(contribution),
                    exact=float(np.reshape(contribution, ()))
                    if np.size(contribution) == 1 and np.isfinite(contribution).all()
                    else None,
                    before="not computed yet" if before is None else number_text(before),
                    after=number_text(after),
                    line=self.by_key[key].line or "",
                )
            )
            self.by_key[target].gradient = np.array(after)

    def _local_formula(self, key: str, target: str, symbol, in_numbers) -> str:
        """∂v3/∂v2 = 1 − v3² = 1 − 0.4621²; without the last where it is one number or still has a name."""
        text = f"∂{self.names[key]}/∂{self.names[target]}"
        if symbol is None:
            return text
        if str(in_numbers) == str(symbol) or in_numbers.parts[0].number() is not None or in_numbers.labels:
            return f"{text} = {symbol}"
        return f"{text} = {symbol.as_side()} = {in_numbers.inlined().as_side()}"

    def update(self, optimizer, gradients: dict) -> None:
        params = [p for group in optimizer.param_groups for p in group["params"] if p in gradients]
        before = {p: np.array(read(p)) for p in params}
        for p in params:
            p.grad = gradients[p]
        optimizer.step()
        leaf_keys = {id(leaf): key for leaf, key in self._leaf_keys().items()}
        for p in params:
            key = leaf_keys[id(p)]
            self.story.events.append(
                Event(
                    "update",
                    key,
                    f"{type(optimizer).__name__} moves {self.names[key]} against its gradient",
                    target=key,
                    contribution=number_text(read(p) - before[p]),
                    upstream=number_text(read(gradients[p])) if gradients[p] is not None else "",
                    before=number_text(before[p]),
                    after=number_text(read(p)),
                )
            )

    def _leaf_keys(self) -> dict:
        keys = {}
        for node in self.tape.nodes:
            key = self.keys.get(id(node))
            places: dict[str, int] = {}
            for argument, parent in zip(node.argument_names, node.parents, strict=True):
                if not hasattr(parent, "grad_fn") or key is None:
                    continue
                found = self.edges[(key, argument)]
                keys[parent] = self.story.graph.edges[found[min(places.get(argument, 0), len(found) - 1)]].source
                places[argument] = places.get(argument, 0) + 1
        return keys


def _tell_modules(story: Story) -> None:
    """For a graph too large to read: the modules in the order in which they ran, and back."""
    for node in story.graph.nodes:
        if node.kind in ("op", "output", "module"):
            said = ", ".join(node.details) or node.formula or ""
            story.events.append(Event("forward", node.key, f"{node.label} computes", formula=said))
    for node in reversed(story.graph.nodes):
        incoming = [(i, e) for i, e in enumerate(story.graph.edges) if e.target == node.key]
        for i, edge in incoming:
            if not edge.needs_gradient:
                continue
            source = next(n for n in story.graph.nodes if n.key == edge.source)
            title = f"Gradients flow from {node.label} back to {source.label}"
            story.events.append(Event("backward", node.key, title, target=edge.source, edge=i))


def _tensor_of(tape, node):
    """The tensor that a recorded node made, to start backward from."""
    value = tape.value(node)
    if isinstance(value, tuple | list) or np.size(value) != 1:
        raise ValueError(
            f"play: the last thing recorded, {node.op.name}, is not one number: pass the loss to start from"
        )
    result = tape.call_of(node).results[0]  # where it is: the tape's value is a copy on the host
    return Tensor.made(array_of(result), node)


def _sentence(e: Event) -> str:
    if e.kind == "forward":
        return f"{e.formula} = {e.filled}" if e.filled else f"{e.title}: {e.formula}"
    if e.kind == "start":
        return e.title
    if e.kind == "update":
        return f"{e.title}: {e.before} becomes {e.after}."
    if not e.contribution:
        return f"{e.title}."
    product = f"{e.upstream} × {e.local} = {e.contribution}" if e.local else f"contribution {e.contribution}"
    return f"{e.title}: {e.local_formula}; {product}; gradient so far {e.before} → {e.after}."
