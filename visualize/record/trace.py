"""From a tensor or a tape to the model of a picture. Reads only public attributes of Node and Tensor."""

import itertools

import numpy as np

from microgradnet.backends.device import host, is_array, read
from microgradnet.formulas import formula_of

from .formula import in_picture, partials_in_picture
from .graph import Graph, GraphEdge, GraphNode


def trace(x, model=None, title: str = "") -> Graph:
    """The graph of a Tensor (all that it was computed from) or of a Tape (all that ran while it recorded).

    A tape knows the value and, after backward, the gradient of every node. A tensor alone knows those of its leaves,
    and its own value. ``model`` gives its parameters their names.
    """
    return _Tracer(x, model, title).graph


class _Tracer:
    def __init__(self, x, model, title: str):
        self.x, self.tape = x, x if hasattr(x, "nodes") else None
        self.names = {id(p): name for name, p in model.named_parameters()} if model is not None else {}
        self.graph = Graph(title=title)
        self.keys = self.graph.keys
        self.shown: dict[str, GraphNode] = {}
        self.leaves = itertools.count()
        nodes = list(self.tape.nodes) if self.tape is not None else _reachable(x.grad_fn)
        nodes = [node for node in nodes if node.op.name != "output"]
        used = {id(_maker(parent)) for node in nodes for parent in node.parents}
        for number, node in enumerate(nodes):
            self._op(node, f"op{number}", "op" if id(node) in used else "output")
        if not nodes and self.tape is None:
            self._leaf(x)

    def _add(self, node: GraphNode) -> None:
        self.graph.nodes.append(node)
        self.shown[node.key] = node

    def _leaf(self, tensor) -> str:
        if id(tensor) not in self.keys:
            key = self.keys[id(tensor)] = f"leaf{next(self.leaves)}"
            kind = "parameter" if id(tensor) in self.names or type(tensor).__name__ == "Parameter" else "input"
            name = tensor.name or self.names.get(id(tensor)) or kind
            # Copies: an optimizer overwrites parameters, and the picture shows the present values.
            gradient = None if tensor.grad is None else np.array(read(tensor.grad))
            shape, dtype, value = tuple(tensor.shape), tensor.dtype.name, np.array(read(tensor))
            device = str(getattr(tensor, "device", "cpu"))
            known = {"shape": shape, "dtype": dtype, "value": value, "gradient": gradient, "device": device}
            self._add(GraphNode(key, kind, name, **known))
        return self.keys[id(tensor)]

    def _op(self, node, key: str, kind: str) -> None:
        self.keys[id(node)] = key
        sources = [
            (self._leaf(p) if hasattr(p, "grad_fn") else self.keys.get(id(_maker(p))), name)
            for p, name in zip(node.parents, node.argument_names, strict=True)
            if p is not None
        ]
        value = self.tape.value(node) if self.tape is not None else self.x.array if node is self.x.grad_fn else None
        gradient = self.tape.gradient(node) if self.tape is not None else None
        self._add(
            GraphNode(
                key,
                kind,
                node.op.name,
                _formula(node, self.tape),
                tuple(node.shape),
                node.dtype.name,
                _first(value),
                _first(gradient),
                tuple(node.module),
                node.line,
                name=self._called(key, node),
                compute=_computation(node, self.tape),
            )
        )
        sources = [(source, name) for source, name in sources if source is not None]
        local = self._local_derivatives(node, key, dict((name, source) for source, name in sources))  # type: ignore[misc]
        called = {name: self._called(source) for source, name in sources} | {"out": self._called(key)}  # type: ignore[arg-type]
        partials = partials_in_picture(node.op, known_arguments(node, self.tape), called)
        for source, name in sources:
            self.graph.edges.append(GraphEdge(source, key, name, partials.get(name), local.get(name)))  # type: ignore[arg-type]

    def _called(self, key: str, node=None) -> str:
        """A value's name in formulas: a leaf's or the drawn tensor's own, v1, v2, … for computed values."""
        if node is not None and self.tape is None and node is self.x.grad_fn and self.x.name:
            return self.x.name
        return self.shown[key].label if key.startswith("leaf") else f"v{int(key.removeprefix('op')) + 1}"

    def _local_derivatives(self, node, key: str, sources: dict[str, str]) -> dict[str, np.ndarray]:
        """By argument, for an elementwise op whose operands are known: saved for backward, or in the picture."""
        partials = getattr(node.op, "partials", None) or {}
        values = {name: self.shown[source].value for name, source in sources.items()}
        values = {name: value for name, value in values.items() if value is not None} | known_arguments(node, self.tape)
        if self.shown[key].value is not None:
            values["out"] = self.shown[key].value
        found = {}
        for name, (_, partial, needs) in partials.items():
            if name in sources and all(need in values for need in needs):
                with np.errstate(all="ignore"):
                    found[name] = np.asarray(partial(*(np.asarray(values[need]) for need in needs)))
        return found


def _formula(node, tape) -> str | None:
    """An op's formula in its arguments, with its numeric arguments filled in: x³ for xⁿ."""
    formula = formula_of(node.op)
    if formula is None:
        return node.op.formula
    varied = {name: name for name, p in zip(node.argument_names, node.parents, strict=True) if p is not None}
    return str(in_picture(formula, node.op, known_arguments(node, tape), varied))


def saved_on_host(node) -> dict:
    """What a node saved for backward, with GPU arrays copied to the host."""
    return {name: host(value) if is_array(value) else value for name, value in (node.saved or {}).items()}


def known_arguments(node, tape=None) -> dict:
    """What is known of a node's arguments: all of them where a tape kept the call, else what backward needs."""
    kept = {argument.name: argument.value for argument in tape.call_of(node).arguments} if tape is not None else {}
    return saved_on_host(node) | kept


def _computation(node, tape):
    """How to compute an elementwise op again: from its operands, and what is known of its constants."""
    if not getattr(node.op, "partials", None):
        return None
    parameters, defaults, fixed = node.op.parameters, node.op.defaults, known_arguments(node, tape)

    def compute(given: dict):
        known = dict(zip(parameters, defaults, strict=True)) | fixed | given
        with np.errstate(all="ignore"):
            return node.op.forward(*(known[name] for name in parameters))

    absent = [n for n, p in zip(node.argument_names, node.parents, strict=True) if p is None and n not in fixed]
    return None if absent else compute


def _maker(node):
    """The op itself, for a Node that stands for one of an op's several results."""
    return node.parents[0] if hasattr(node, "op") and node.op.name == "output" else node


def _first(value):
    """The first existing result of an op with several, on the host."""
    value = next((v for v in value if v is not None), None) if isinstance(value, tuple | list) else value
    return host(value) if is_array(value) else value


def _reachable(root) -> list:
    """All nodes that ``root`` was computed from, oldest first, without recursion."""
    seen, stack = ({root}, [root]) if root is not None else (set(), [])
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and not hasattr(parent, "grad_fn") and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=lambda node: node.sequence)
