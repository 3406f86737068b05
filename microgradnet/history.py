"""Tape: a listener that keeps what ran, with every value as it was when it was made, and the user's line behind it."""

import ast
import functools
import linecache
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from .backends import device
from .events import Listener, leave, listen, state
from .tape import Node, walk
from .tensor import Tensor

OURS = __package__.partition(".")[0]


class Source(NamedTuple):
    """The origin of an argument: result number ``output`` of ``call``, or a tensor that no op on the tape made."""

    call: "Call | None"
    output: int = 0
    tensor: Tensor | None = None


class Argument(NamedTuple):
    """One argument of a call: its name, its value then (a copy, or a plain number), and its source if a tensor."""

    name: str
    value: Any
    source: Source | None

    @property
    def is_leaf(self) -> bool:
        """Whether it is a tensor that no op on the tape made."""
        return self.source is not None and self.source.call is None


class Failure(NamedTuple):
    """What raised ``error``: the op (None for other code, in the forward of the innermost ``module``), what it was
    given, and where.
    """

    op: Any
    arguments: tuple[Argument, ...]
    error: Exception
    module: tuple[str, ...]
    line: str | None


class Call:
    """One op that ran.

    Attributes:
        op, arguments: what ran, and on what.
        values: each result, copied when it was made; None for results that are not tensors.
        results: the tensors themselves, whose numbers may have changed since.
        node: the Node, None where no gradient was needed.
        module: path of the module whose forward ran.
        line: ``file:line`` of the user's code.
        wrote: the tensor that the result was then written into, in place; else None.
        kept: what the node saved for backward, by name, in bytes.
    """

    def __init__(self, number: int, op, arguments: tuple[Argument, ...], results: tuple, node: Node | None):
        self.number, self.op, self.arguments, self.results, self.node = number, op, arguments, results, node
        self.values = tuple(map(_copied, results))
        self.module, self.line = state.module, None
        self.kept = {} if node is None else kept_bytes(node)
        self.wrote: Tensor | None = None
        self.name: str = ""  # as the user calls the result; "" until the tape has looked

    @property
    def value(self) -> np.ndarray:
        """The first result."""
        return self.values[0]

    @property
    def title(self) -> str:
        """The op's name, with PyTorch's underscore where the result was written in place."""
        return f"{self.op.name}_" if self.wrote is not None else self.op.name

    def __repr__(self) -> str:
        return f"<Call {self.number} {self.title} {tuple(self.value.shape)}>"


class PlayedStep(NamedTuple):
    """A step of backward as ``Tape.steps`` plays it: upstream × local derivative = contribution, added to a sum.

    ``local_derivatives`` and ``contributions`` are by argument name; an op that is not elementwise has no local
    derivative to show. ``sums`` are the gradients so far, by Node or leaf. All arrays are copies.
    """

    node: Node
    upstream: np.ndarray
    local_derivatives: dict[str, np.ndarray]
    contributions: dict[str, np.ndarray]
    sums: dict


class Tape(Listener):
    """Keeps what runs inside ``with Tape() as tape:`` in order, with every value and gradient, to look at.

    ``print(tape)`` shows it as a Wengert list; ``tape.steps(loss)`` plays backward one node at a time;
    ``visualize.draw(tape)`` draws it. ``tape.calls`` has every op with all its arguments, those that need no gradient
    and plain numbers too. It copies every value and looks up each op's source line, so it is for teaching and not for
    training.
    """

    def __init__(self):
        self.calls: list[Call] = []
        self.failure: Failure | None = None  # what ended the recording, if an exception did
        self._failed: Failure | None = None  # the last op that raised
        self._open: list[tuple] = []  # the modules whose forward is running, and what they were given
        self.leaves: dict[int, Tensor] = {}  # id -> tensor that no op on the tape made
        self.gradients: dict[Tensor, np.ndarray | None] = {}  # leaf -> its .grad after the last change
        self._names: dict[int, str] = {}  # id of a leaf -> the variable that held it
        self._sources: dict[int, Source] = {}  # id of a tensor -> what it stands for now
        self._arrays: dict[int, Source] = {}  # id of its array, for tensors that share one
        self._calls: dict[Node, Call] = {}
        self._cotangents: dict[Node, Any] = {}
        self._contributions: list = []
        self._alive: list = []  # what an id above names must not be freed
        self._places: list[tuple] = []  # frame, line and position in the code, of each call
        self._versions: dict[str, int] = {}  # name -> how many results it was given to
        self._written: dict[int, str] = {}  # id of a tensor -> the name that it was given
        self._named = 0  # how many of the calls have their name

    def __enter__(self) -> "Tape":
        listen(self)
        return self

    def __exit__(self, kind, error, traceback) -> None:
        leave(self)
        if error is None:
            return
        self.failure = self._failed
        if self._failed is None or self._failed.error is not error:
            module, given = self._open[-1] if self._open else ((), ())
            arguments = tuple(self._argument(f"input{i}", value, None) for i, value in enumerate(given))
            self.failure = Failure(None, arguments, error, module, None)

    # ---- what it hears

    def call(self, op, arguments, settings, result, node) -> None:
        """Keeps one call; see ``Listener.call``."""
        if op.name == "output":
            return
        frame = user_frame()
        given = self._arguments(op, arguments, settings, frame)
        results = result if isinstance(result, tuple) else (result,)
        call = Call(len(self.calls) + 1, op, given, results, node)
        if frame is not None:
            call.line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        self._places.append((id(frame), call.line, frame.f_lasti if frame is not None else 0))
        if node is not None:
            node.line = call.line
            self._calls[node] = call
        self.calls.append(call)
        for i, tensor in enumerate(results):
            if isinstance(tensor, Tensor):
                self._stands_for(tensor, Source(call, i))

    def failed(self, op, arguments, settings, error) -> None:
        """Keeps what failed; see ``Listener.failed``."""
        frame = user_frame()
        line = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else None
        self._failed = Failure(op, self._arguments(op, arguments, settings, frame), error, state.module, line)

    def enter(self, module, arguments) -> None:
        """Keeps which module is running; one that raised has not left."""
        self._open = [*self._open[: len(state.module) - 1], (state.module, arguments)]

    def leave(self, module, arguments, output) -> None:
        """Keeps which module is running."""
        self._open = self._open[: len(state.module)]

    def write(self, name, target, value) -> None:
        """From now on the tensor ``target`` stands for ``value``."""
        source = self._sources.get(id(value))
        if source is not None and source.call is not None:
            source.call.wrote = target
            self._stands_for(target, source)

    def follow(self, view, renewed) -> None:
        """A view of something that was written to."""
        source = self._sources.get(id(renewed))
        if source is not None:
            self._stands_for(view, source)

    def backward(self, node, upstream, contributions) -> None:
        """Keeps the cotangent; see ``Listener.backward``."""
        self._cotangents[node] = _copied(upstream)
        self._contributions = [None if c is None or isinstance(c, list) else _copied(c) for c in contributions]

    def accumulate(self, leaf, before, contribution, after) -> None:
        """Keeps a leaf's gradient as it is now."""
        self.gradients[leaf] = None if after is None else _copied(after)

    def outside(self, function, arguments, keywords, result, writes) -> None:
        """A value written outside the ops is a new one, made by no op."""
        for tensor in writes:
            self._sources.pop(id(tensor), None)
            self._arrays.pop(id(getattr(tensor, "_array", tensor)), None)

    def _arguments(self, op, arguments, settings, frame) -> tuple[Argument, ...]:
        names = op.argument_names(len(arguments)) if settings is not None else _parameters(op, len(arguments))
        given = [self._argument(name, value, frame) for name, value in zip(names, arguments, strict=True)]
        return (*given, *(Argument(name, value, None) for name, value in (settings or {}).items()))

    def _argument(self, name: str, value, frame) -> Argument:
        if not isinstance(value, Tensor):
            return Argument(name, _copied(value), None)
        return Argument(name, _copied(value), self._source_of(value, frame))

    def _source_of(self, tensor: Tensor, frame) -> Source:
        known = self._sources.get(id(tensor)) or self._arrays.get(id(tensor._array))
        if known is None:
            known = Source(None, 0, tensor)
            self.leaves[id(tensor)] = tensor
            self._names[id(tensor)] = variable_name(frame, tensor) or ""
            self._stands_for(tensor, known)
        return known

    def _stands_for(self, tensor: Tensor, source: Source) -> None:
        self._sources[id(tensor)] = self._arrays[id(tensor._array)] = source
        self._alive += (tensor, tensor._array)

    # ---- what can be asked

    @property
    def nodes(self) -> list[Node]:
        """The Nodes of the calls that need a gradient, in order."""
        return [call.node for call in self.calls if call.node is not None]

    def call_of(self, node: Node) -> Call:
        """The call that made ``node``. Raises KeyError for a node that ran elsewhere."""
        return self._calls[node]

    def value(self, node: Node):
        """What ``node`` computed, as it was then (a tuple, for an op with several outputs)."""
        call = self._calls[node]
        return call.value if node.op.outputs is None else call.values

    def gradient(self, node: Node):
        """The gradient of the root with respect to ``node``'s output, or None before backward has reached it."""
        return self._cotangents.get(node)

    def name(self, what: "Call | Source") -> str:
        """A result's or leaf's name: its ``.name``, or the variable that it was assigned to; else v1, v2, …"""
        if isinstance(what, Source):
            return self.leaf_name(what.tensor) if what.call is None else self._output_name(what.call, what.output)  # type: ignore[arg-type]
        return self._output_name(what, 0)

    def leaf_name(self, tensor: Tensor) -> str:
        """The name of a tensor that no op on the tape made; "leaf" if it has none."""
        return tensor.name or self._names.get(id(tensor)) or "leaf"

    def _output_name(self, call: Call, output: int) -> str:
        self._name_calls()
        result = call.results[output]
        own = result.name if isinstance(result, Tensor) else None
        if own or len(call.results) == 1 or call.name != f"v{call.number}":
            return own or call.name
        return f"{call.name}.{output}"

    def _name_calls(self) -> None:
        """Gives each call that has none yet its name: the last one of a statement is what the statement assigns."""
        for i in range(self._named, len(self.calls)):
            call = self.calls[i]
            if i + 1 == len(self.calls) and state.listeners and self in state.listeners:
                following: tuple = ()  # its statement may not be over
            else:
                following = self._places[i + 1] if i + 1 < len(self.calls) else (None, None, -1)
            frame, line, position = self._places[i]
            over = not following or following[:2] != (frame, line) or following[2] < position
            names = assigned_names(call.line) if over else ()
            name = names[0] if len(names) == 1 else self._written.get(id(call.wrote), "")
            if name:
                first = id(call.wrote) in self._names and name == self.leaf_name(call.wrote)  # type: ignore[arg-type]
                self._versions[name] = self._versions.get(name, int(first)) + 1  # a leaf is the first version itself
                if call.wrote is not None:
                    self._written[id(call.wrote)] = name
                elif call.results[0] is not None:
                    self._written[id(call.results[0])] = name
            version = self._versions.get(name, 1)
            call.name = (name + (str(version).translate(_SUBSCRIPTS) if version > 1 else "")) or f"v{call.number}"
            self._named = i + 1

    def steps(self, root: Tensor, gradient=None) -> "Iterator[PlayedStep]":
        """Plays ``root.backward(gradient)`` node by node; the graph is kept, and the leaves get their gradients."""
        sums = root.seed(gradient)
        playing = walk(sums, retain_graph=True)
        while True:
            listening = self in state.listeners
            if not listening:
                listen(self)
            try:
                node = next(playing, None)
            finally:
                if not listening:
                    leave(self)
            if node is None:
                return
            pairs = zip(node.argument_names, self._contributions, strict=True)
            yield PlayedStep(
                node,
                self._cotangents[node],
                local_derivatives(node),
                {name: c for name, c in pairs if c is not None},
                {key: _copied(value) for key, value in sums.items() if not isinstance(value, list)},
            )

    def __str__(self) -> str:
        rows = [("#", "op", "inputs", "shape", "value", "formula", "line")]
        for call in self.calls:
            shown = [a for a in call.arguments if not _is_default(call.op, a)]
            inputs = ", ".join(_shown(a.value) if a.source is None else self.name(a.source) for a in shown)
            if len(call.values) > 1:
                value = "…"
            else:
                value = np.array2string(call.value, precision=4, threshold=6, edgeitems=2).replace("\n", "")
            shape = "×".join(map(str, call.value.shape)) or "scalar"
            rows.append(
                (self.name(call), call.title, inputs, shape, value[:40], call.op.formula or "", call.line or "")
            )
        widths = [max(len(row[i]) for row in rows) for i in range(7)]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _is_default(op, argument: Argument) -> bool:
    """Whether an argument has the op's default value."""
    if argument.source is not None or argument.name not in getattr(op, "parameters", ()):
        return False
    default = op.defaults[op.parameters.index(argument.name)]
    return argument.value is default or (type(argument.value) is type(default) and argument.value == default)


def _parameters(op, count: int) -> tuple[str, ...]:
    """Names of all the arguments, of an op with a fixed number of them."""
    return getattr(op, "parameters", None) or op.argument_names(count)


def local_derivatives(node: Node) -> dict[str, np.ndarray]:
    """∂output/∂argument by the argument's name, element by element: an elementwise op's rules for ones."""
    if not getattr(node.op, "has_derivative", False) or node.saved is None:
        return {}
    kept = node.saved
    saved = next((value for value in kept.values() if hasattr(value, "strides")), np.empty(0))
    on_cpu = isinstance(saved, np.ndarray | np.generic)
    ones = np.ones(node.shape, node.dtype) if on_cpu else device.filled(node.shape, 1, saved).astype(node.dtype)
    return {
        name: _copied(rule.function(ones, *(kept[need] for need in rule.needs)))
        for (name, rule), parent in zip(node.op.rules.items(), node.parents, strict=True)
        if parent is not None
    }


def kept_bytes(node: Node) -> dict[str, int]:
    """How many bytes of arrays a node keeps for backward, by name; nothing once they are freed."""
    kept = {}
    for name, value in (node.saved or {}).items():
        held = [tensor for tensor, _ in value._saved] if hasattr(value, "_saved") else value
        arrays = held if isinstance(held, tuple | list) else [held]
        size = sum(int(getattr(array, "nbytes", 0)) for array in (getattr(a, "_array", a) for a in arrays))
        kept |= {name: size} if size else {}
    return kept


def _copied(value):
    """A copy in the CPU's memory of a tensor's or an array's numbers; anything else as it is."""
    if isinstance(value, list):
        return [_copied(v) for v in value]
    if hasattr(value, "whole"):  # a contribution to one slice
        value = value.whole()
    value = getattr(value, "_array", value)
    if type(value) is np.ndarray:
        return value.copy()
    plain = value is None or isinstance(value, int | float | tuple | str)
    return value if plain or not device.is_array(value) else np.array(device.host(value))


def _shown(value) -> str:
    """A constant argument in a few characters."""
    if isinstance(value, np.ndarray):
        return f"{value.item():.4g}" if value.size == 1 else f"constant {'×'.join(map(str, value.shape))}"
    text = f"{value:.4g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 16 else f"{text[:15]}…"


def user_frame() -> FrameType | None:
    """The innermost frame that is not this package's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == OURS:
        frame = frame.f_back
    return frame


def user_line() -> str | None:
    """``file:line`` of the innermost frame that is not this package's."""
    frame = user_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None


def variable_name(frame: FrameType | None, value: object) -> str | None:
    """What the code of ``frame`` calls the object ``value``, if a variable holds it."""
    if frame is None:
        return None
    for variables in (frame.f_locals, frame.f_globals):
        for name, held in variables.items():
            if held is value and not name.startswith("_"):
                return name
    return None


@functools.lru_cache(maxsize=64)
def _assignments(filename: str) -> dict[int, tuple[str, ...]]:
    """For each line of a file inside of an assignment: the names on its left."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target: ast.expr = statement.targets[0]
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
            target = statement.target
        else:
            continue
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        if all(isinstance(part, ast.Name | ast.Attribute) for part in parts):
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                found[line] = tuple(map(ast.unparse, parts))
    return found


def assigned_names(line: str | None) -> tuple[str, ...]:
    """The names on the left of the assignment at ``file:line``; empty where that line assigns nothing."""
    filename, _, number = (line or "").rpartition(":")
    return _assignments(filename).get(int(number), ()) if number.isdecimal() else ()
