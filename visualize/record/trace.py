"""From a tensor or a tape to the model of a picture. Reads only public attributes of Node, Tensor and Tape.

``skeleton`` makes the boxes and the edges; ``describe`` writes formulas and derivatives into those that are drawn.
"""

import functools
import itertools
from pathlib import Path

import numpy as np

from microgradnet.backends.device import host, is_array, read
from microgradnet.history import kept_bytes

from .collection import uncollected
from .describe import Operand, Step, describe
from .graph import Graph, GraphEdge, GraphNode, Output

OURS = str(Path(__file__).parents[1])
PARTLY = "operands that need no gradient are not kept by a tensor: record with mg.Tape() and draw the tape to see them"


def trace(x, model=None, title: str = "", *, gradient_only: bool = False, inputs: dict | None = None) -> Graph:
    """The graph of a Tensor (all that it was computed from) or of a Tape (all that ran while it recorded).

    A tape knows every op with its value and, after backward, its gradient. A tensor alone knows the ops that lead to a
    gradient, the values of its leaves, and its own. ``model`` gives its parameters their names, ``inputs`` (tensor →
    name) those of its inputs. ``gradient_only`` leaves out what needs no gradient.
    """
    return describe(skeleton(x, model, title, gradient_only=gradient_only, inputs=inputs))


@uncollected
def skeleton(x, model=None, title: str = "", *, gradient_only: bool = False, inputs: dict | None = None) -> Graph:
    """As ``trace``, without formulas and derivatives: for a graph of which only a part will be drawn."""
    names = {id(p): name for name, p in model.named_parameters()} if model is not None else {}
    names |= {id(tensor): name for tensor, name in (inputs or {}).items()}
    graph = (_OfTape if hasattr(x, "calls") else _OfTensor)(x, names, title).graph
    if not gradient_only:
        return graph
    hidden = {node.key for node in graph.nodes if not node.needs_gradient and node.kind != "failed"}
    for node in graph.nodes:
        node.step = node.step and node.step.without(hidden)
    return graph.without(hidden)


class _Tracer:
    """Collects boxes and edges."""

    def __init__(self, names: dict[int, str], title: str):
        self.names = names
        self.graph = Graph(title=title)
        self.keys = self.graph.keys
        self.shown: dict[str, GraphNode] = {}
        self.leaves = itertools.count()
        self.constants = itertools.count(1)
        self.used: set[str] = set()

    def _add(self, node: GraphNode) -> None:
        self.graph.nodes.append(node)
        self.shown[node.key] = node

    def _leaf(self, tensor, name: str, value, gradient) -> str:
        """The box of a tensor that no op made; one without a name or a gradient is a constant."""
        key, needs = f"leaf{next(self.leaves)}", bool(tensor.requires_grad)
        name = name or self.names.get(id(tensor), "")
        kind = "parameter" if type(tensor).__name__ == "Parameter" or (needs and id(tensor) in self.names) else "input"
        if not name and not needs and kind == "input":
            kind, name = "constant", f"c{next(self.constants)}"
        shape, dtype, device = tuple(value.shape), tensor.dtype.name, str(getattr(tensor, "device", "cpu"))
        box = GraphNode(key, kind, name or kind, None, shape, dtype, value, gradient, device=device)
        box.needs_gradient = needs
        self._add(box)
        return key

    def _constant(self, array: np.ndarray) -> str:
        number = next(self.constants)
        key, shape, dtype = f"constant{number}", tuple(array.shape), array.dtype.name
        self._add(GraphNode(key, "constant", f"c{number}", None, shape, dtype, array, needs_gradient=False))
        return key

    def _op(self, key: str, op, node, arguments: list[Operand], **box) -> GraphNode:
        """Adds the box of an op and its edges."""
        parents = {} if node is None else dict(zip(node.argument_names, node.parents, strict=True))
        step = Step(op, node, tuple(arguments))
        shown = GraphNode(key, box.pop("kind", "output"), box.pop("label"), step=step, **box)
        self._add(shown)
        for argument in arguments:
            if argument.key is not None:
                self.used.add(argument.key)
                needs = parents.get(argument.name) is not None
                edge = GraphEdge(argument.key, key, argument.name, None, None, "", argument.output, needs)
                self.graph.edges.append(edge)
        return shown

    def _operand(self, name: str, value, key: str | None = None, output: int = 0) -> Operand:
        if key is None:
            return Operand(name, value, None, 0, "")
        node = self.shown[key]
        called = node.outputs[output].name if node.outputs else node.name or node.label
        return Operand(name, value, key, output, called)

    def _finish(self) -> None:
        """Drops integers that nobody reads or named (indices that an op gives too), and finds the results."""
        read = self.used | {node.key for node in self.graph.nodes[-1:]}
        unread = {
            node.key
            for node in self.graph.nodes
            if node.kind == "output" and node.key not in read and _is_byproduct(node)
        }
        if unread:
            self.graph.nodes = [node for node in self.graph.nodes if node.key not in unread]
            self.graph.edges = [edge for edge in self.graph.edges if edge.target not in unread]
        for node in self.graph.nodes:
            if node.kind == "output" and node.key in self.used:
                node.kind = "op"


def _may_be_left_out(op, name: str) -> bool:
    """Whether an argument's default is None, as that of a bias is: then none may have been given."""
    parameters = getattr(op, "parameters", ())
    return name in parameters and op.defaults[parameters.index(name)] is None


def _is_byproduct(node: GraphNode) -> bool:
    return not node.needs_gradient and np.dtype(node.dtype).kind in "iub" and node.name == f"v{int(node.key[2:]) + 1}"


class _OfTape(_Tracer):
    """All calls that a tape heard, in order."""

    def __init__(self, tape, names: dict[int, str], title: str):
        super().__init__(names, title)
        self.tape = tape
        self.sources: dict[int, str] = {}  # id of a leaf's Source -> key
        self.versions: dict[int, int] = {}  # id of a leaf -> how many boxes it has
        for number, call in enumerate(tape.calls):
            self._call(call, f"op{number}")
        if tape.failure is not None:
            self._failure(tape.failure)
        self._finish()

    def _call(self, call, key: str) -> None:
        name = self.tape.name(call)
        arguments = [self._argument(argument) for argument in call.arguments]
        node, several = call.node, len(call.values) > 1
        gradient = None if node is None else self.tape.gradient(node)
        gradients = gradient if isinstance(gradient, tuple | list) else [gradient] * len(call.values)
        outputs = [
            Output(self._name(call, i), tuple(v.shape), v.dtype.name, v, None if g is None else host(g))
            for i, (v, g) in enumerate(zip(call.values, gradients, strict=True))
            if several and v is not None
        ]
        value = next(v for v in call.values if v is not None)
        self._op(
            key,
            call.op,
            node,
            arguments,
            label=call.title,
            shape=tuple(value.shape),
            dtype=_dtype_name(value.dtype),
            value=value,
            gradient=next((g for g in gradients if g is not None), None),
            module=tuple(call.module),
            line=_users(call.line),
            name=call.name if several else name,
            needs_gradient=node is not None,
            outputs=outputs,
            kept=call.kept,
        )
        if node is not None:
            self.keys[id(node)] = key
        self.sources[id(call)] = key

    def _name(self, call, i: int) -> str:
        """The name of one of several results: the user's, or the op's own for it, behind the name of the call."""
        return getattr(call.results[i], "name", None) or f"{call.name}.{call.op.outputs[i]}"

    def _argument(self, argument) -> Operand:
        name, value, source = argument
        if source is None:
            drawn = isinstance(value, np.ndarray) and value.size > 1
            return self._operand(name, value, self._constant(value) if drawn else None)
        if source.call is not None:
            return self._operand(name, value, self.sources[id(source.call)], source.output)
        key = self.sources.get(id(source))
        if key is None:
            tensor = source.tensor
            gradient = self.tape.gradients.get(tensor)
            if gradient is None and tensor.grad is not None:
                gradient = np.array(read(tensor.grad))
            called = self.tape.leaf_name(tensor)
            called = tensor.name or self.names.get(id(tensor)) or ("" if called == "leaf" else called)
            version = self.versions[id(tensor)] = self.versions.get(id(tensor), 0) + 1
            if version > 1:  # code beside the ops has written into it in between
                called = f"{called or 'leaf'}{str(version).translate(_SUBSCRIPTS)}"
            key = self.sources[id(source)] = self._leaf(tensor, called, value, gradient)
            self.keys[id(tensor)] = key
        return self._operand(name, value, key)

    def _failure(self, failure) -> None:
        arguments = [self._argument(argument) for argument in failure.arguments]
        given = [f"{a.name}: {_shape(a.value)}" for a in arguments if isinstance(a.value, np.ndarray)]
        module = tuple(failure.module)
        label = failure.op.name if failure.op is not None else module[-1] if module else "forward"
        box = self._op("failed", failure.op, None, arguments, label=label, kind="failed", module=module)
        box.line, box.needs_gradient = _users(failure.line), False
        box.details = [f"{type(failure.error).__name__}: {failure.error}", *given]


class _OfTensor(_Tracer):
    """All that a tensor was computed from, as far as its Nodes keep it."""

    def __init__(self, x, names: dict[int, str], title: str):
        super().__init__(names, title)
        self.x = x
        nodes = [node for node in _reachable(x.grad_fn) if node.op.name != "output"]
        left_out = False
        for number, node in enumerate(nodes):
            left_out |= self._node(node, f"op{number}", number + 1)
        if not nodes:
            self._of_leaf(x)
        if left_out:
            self.graph.notes.append(PARTLY)
        self._finish()

    def _node(self, node, key: str, number: int) -> bool:
        """Adds one op; returns whether an operand is missing of which no number is known, or several."""
        self.keys[id(node)] = key
        known, missing = saved_on_host(node), False
        arguments = []
        for name, parent in zip(node.argument_names, node.parents, strict=True):
            value = known.pop(name, None)
            if parent is None:
                arguments.append(self._operand(name, value))
                missing |= not _may_be_left_out(node.op, name) if value is None else np.size(value) > 1
                continue
            made = _maker(parent)
            source = self._of_leaf(parent) if hasattr(parent, "grad_fn") else self.keys.get(id(made))
            output = parent.saved["index"] if made is not parent and parent.saved else 0
            arguments.append(self._operand(name, value, source, output))
        arguments += [self._operand(name, value) for name, value in known.items()]
        is_root = node is self.x.grad_fn
        shape, dtype = tuple(node.shape), _dtype_name(node.dtype)
        self._op(
            key,
            node.op,
            node,
            arguments,
            label=node.op.name,
            shape=shape,
            dtype=dtype,
            value=host(self.x.array) if is_root and is_array(self.x.array) else None,
            module=tuple(node.module),
            line=_users(node.line),
            name=(is_root and self.x.name) or f"v{number}",
            kept=kept_bytes(node),
        )
        return bool(missing)

    def _of_leaf(self, tensor) -> str:
        if id(tensor) not in self.keys:
            # Copies: an optimizer overwrites parameters, and the picture shows the present values.
            gradient = None if tensor.grad is None else np.array(read(tensor.grad))
            self.keys[id(tensor)] = self._leaf(tensor, tensor.name or "", np.array(read(tensor)), gradient)
        return self.keys[id(tensor)]


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@functools.cache
def _dtype_name(dtype) -> str:
    return dtype.name  # which NumPy writes anew each time


def saved_on_host(node) -> dict:
    """What a node saved for backward, with GPU arrays copied to the host."""
    return {name: host(value) if is_array(value) else value for name, value in (node.saved or {}).items()}


def _users(line: str | None) -> str | None:
    """A source line, unless it is this package's own."""
    return None if line is None or line.startswith(OURS) else line


def _shape(value: np.ndarray) -> str:
    return f"{'×'.join(map(str, value.shape)) or 'scalar'} {value.dtype.name}"


def _maker(node):
    """The op itself, for a Node that stands for one of an op's several results."""
    return node.parents[0] if hasattr(node, "op") and node.op.name == "output" else node


def _reachable(root) -> list:
    """All nodes that ``root`` was computed from, oldest first, without recursion."""
    seen, stack = ({root}, [root]) if root is not None else (set(), [])
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and not hasattr(parent, "grad_fn") and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=lambda node: node.sequence)
