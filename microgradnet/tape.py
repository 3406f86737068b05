"""The tape: every operation in the order in which it ran, and the one walk that reads it backwards.

Each op that needs a gradient appends a ``Node`` with an increasing sequence number. An op's inputs exist before its
output, so visiting nodes in descending sequence number is the tape read backwards: each node is met after all nodes
that used its result, when its cotangent (the gradient of the root with respect to that result) is complete.
"""

import itertools
import sys
import threading
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .backends import device
from .hooks import RemovableHandle


class _State(threading.local):
    """What each thread has of its own; the class attributes are the values that a new thread starts with."""

    grad_enabled = True
    module: tuple[str, ...] = ()  # path of the module whose forward is running, for pictures and error messages
    recorder = None  # notes what a step does to arrays while it is captured; see capture
    watchers: tuple = ()  # who is told of forward(node, value), backward(step) and accumulate(leaf, gradient)


state = _State()
_next_sequence = itertools.count().__next__


class Node:
    """One operation that ran: which op, on what, and what backward needs of it. It never holds its own output."""

    __slots__ = (
        "__weakref__",
        "after",  # hooks that are called with what this node contributes
        "checks",  # (tensor name, its version counter, the count when it was saved)
        "dtype",
        "hooks",
        "line",
        "module",
        "op",
        "parents",  # for each array argument: the Node that made it, the leaf Tensor itself, or None
        "retained",  # weak reference to the output, if its .grad was asked for
        "saved",  # name -> array or number, as the op's rules ask; None once freed
        "sequence",
        "shape",
    )

    def __init__(self, op, parents, saved, checks, shape, dtype):
        self.op, self.parents, self.saved, self.checks = op, parents, saved, checks
        self.shape, self.dtype, self.module = shape, dtype, state.module
        self.sequence = _next_sequence()
        self.hooks = self.after = self.retained = self.line = None

    @property
    def argument_names(self) -> tuple[str, ...]:
        """Names of the array arguments, parallel to ``parents``."""
        return self.op.argument_names(len(self.parents))

    @property
    def next_functions(self) -> tuple:
        """The parents, as PyTorch lists them."""
        return tuple((parent, 0) for parent in self.parents)

    def name(self) -> str:
        return self.op.name

    def __repr__(self):
        return f"<Node {self.sequence} {self.op.name} {tuple(self.shape)}>"

    def register_prehook(self, hook) -> RemovableHandle:
        """Calls ``hook(cotangent)`` before this node's backward; what it returns, if anything, replaces it."""
        self.hooks = {} if self.hooks is None else self.hooks
        return RemovableHandle(self.hooks, hook)

    def register_hook(self, hook) -> RemovableHandle:
        """Calls ``hook(contributions, (cotangent,))`` after this node's backward; what it returns replaces the former.

        Both hooks see the arrays in flight (Tensors under ``create_graph``), with None where no gradient is needed.
        """
        self.after = {} if self.after is None else self.after
        return RemovableHandle(self.after, hook)

    def release(self) -> None:
        """Frees what was saved for backward."""
        if self.saved:
            self.saved = self.checks = None


class Step(NamedTuple):
    """One step of backward: ``node``'s cotangent ``upstream``, and what it contributes to each parent."""

    node: Node
    upstream: object
    contributions: list


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


class PartOf:
    """A contribution that is zero but in one part: added into place, a loop over parts costs what the whole does.

    ``add(total, g)`` adds ``g`` to its part of ``total``, an array of ``shape``.
    """

    __slots__ = ("add", "g", "shape")

    def __init__(self, g: np.ndarray, shape: tuple[int, ...], add):
        self.g, self.shape, self.add = g, shape, add

    def add_into(self, total: np.ndarray) -> None:
        self.add(total, self.g)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.whole()

    def whole(self) -> np.ndarray:
        """The contribution with its zeros."""
        whole = device.filled(self.shape, 0, self.g)
        self.add_into(whole)
        return whole


def reachable(roots) -> list[Node]:
    """Every Node that the roots were computed from, oldest first."""
    seen = {root for root in roots if isinstance(root, Node)}
    stack = list(seen)
    while stack:
        for parent in stack.pop().parents:
            if isinstance(parent, Node) and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=lambda node: node.sequence)


def walk(gradients: dict, *, retain_graph=False, create_graph=False, wanted=None) -> Iterator[tuple]:
    """Reads the tape backwards; yields what a ``Step`` is made of, for each node.

    ``gradients`` maps the roots (Nodes or leaf Tensors) to their cotangents and holds every gradient in flight. At the
    end each leaf's is added to its ``.grad``. With ``wanted`` given nothing is added: only the part of the graph that
    leads to those Nodes and leaves is visited, and their gradients are left in ``gradients``. With ``create_graph``
    the gradients are Tensors whose making is recorded.
    """
    nodes = reachable(gradients)
    useful = None
    if wanted is not None:
        useful = set(wanted)
        for node in nodes:
            if any(parent in useful for parent in node.parents):
                useful.add(node)
    recorder = state.recorder
    owned: set = set()  # entries whose array nobody else can see, so that a sum may be formed in place
    while nodes:
        node = nodes.pop()
        upstream = gradients.get(node)
        if upstream is None:
            continue
        if node.hooks is not None:
            for hook in tuple(node.hooks.values()):
                changed = hook(upstream)
                upstream = upstream if changed is None else changed
        if wanted is None or node not in wanted:
            del gradients[node]
            owned.discard(node)
        else:
            gradients[node] = upstream
        if useful is not None and not any(parent in useful for parent in node.parents):
            continue
        if node.retained is not None and (tensor := node.retained()) is not None:
            tensor.accumulate_grad(upstream)
        pull = node.op.pull if recorder is None or create_graph else recorder.pull
        if device.loaded:
            with device.use(device.first_of(upstream)):
                contributions = pull(node, upstream, useful, create_graph)
        else:
            contributions = pull(node, upstream, useful, create_graph)
        if state.watchers or node.after is not None:
            contributions = [c.whole() if type(c) is PartOf else c for c in contributions]
        for hook in tuple(node.after.values()) if node.after is not None else ():
            changed = hook(tuple(contributions), (upstream,))
            contributions = contributions if changed is None else list(changed)
        step = (node, upstream, contributions)
        count = len(node.parents)
        repeated = count > 1 and len(set(map(id, node.parents))) < count
        for parent, contribution in zip(node.parents, contributions, strict=True):
            if contribution is not None:
                if repeated:
                    owned.discard(parent)  # x·x: the step shows both contributions as they are, no sum in one
                before = None if recorder is None else gradients.get(parent)
                _add(gradients, owned, parent, contribution, upstream)
                if recorder is not None:
                    recorder.added(before, contribution, gradients[parent])
        if not retain_graph:
            node.release()
        for watcher in state.watchers:
            watcher.backward(Step(*step))
        yield step
    if wanted is None:
        for leaf, total in gradients.items():
            leaf.accumulate_grad(total, owned=leaf in owned)


def _add(gradients: dict, owned: set, key, contribution, upstream) -> None:
    """Adds to the running sum of one gradient."""
    before = gradients.get(key)
    if type(contribution) is PartOf:
        if key not in owned:
            before = device.filled(contribution.shape, 0, contribution.g) if before is None else before.copy()
            gradients[key] = before
            owned.add(key)
        contribution.add_into(before)
    elif before is None:
        gradients[key] = contribution
        # A rule may hand its upstream on as it is, or a view of it; anything else it has just made.
        if _is_array(contribution) and contribution.base is None and contribution is not upstream:
            owned.add(key)
    elif type(before) is list:  # the cotangents of an op with several outputs, one place for each
        gradients[key] = [
            b if c is None else c if b is None else b + c for b, c in zip(before, contribution, strict=True)
        ]
    elif key in owned and _is_array(before) and before.ndim:
        np.add(before, contribution, out=before)
    else:
        gradients[key] = before + contribution
        owned.add(key)


def _is_array(value) -> bool:
    return type(value) is np.ndarray or (device.loaded and device.is_array(value))


class Tape:
    """Keeps what runs inside ``with Tape() as tape:`` in order, with every value and gradient, to look at.

    ``print(tape)`` shows it as a Wengert list; ``tape.steps(loss)`` plays backward one node at a time;
    ``visualize.draw(tape)`` draws it. Recording copies nothing, but keeps every value alive and looks up each op's
    source line, so it is for teaching and not for training.
    """

    def __init__(self):
        self.nodes: list[Node] = []
        self._values: dict[Node, np.ndarray] = {}
        self._gradients: dict[Node, np.ndarray] = {}

    def __enter__(self) -> "Tape":
        state.watchers += (self,)
        return self

    def __exit__(self, *exception) -> None:
        state.watchers = tuple(w for w in state.watchers if w is not self)

    def forward(self, node: Node, value) -> None:
        node.line = user_line()
        self.nodes.append(node)
        self._values[node] = value

    def backward(self, step: Step) -> None:
        self._gradients[step.node] = getattr(step.upstream, "array", step.upstream)

    def value(self, node: Node):
        """What ``node`` computed (a tuple, for an op with several outputs)."""
        return self._values[node]

    def gradient(self, node: Node):
        """The gradient of the root with respect to ``node``'s output, or None while backward has not come by."""
        return self._gradients.get(node)

    def steps(self, root, gradient=None) -> "Iterator[PlayedStep]":
        """Plays ``root.backward(gradient)`` node by node; the graph is kept, and the leaves get their gradients."""
        sums = root.seed(gradient)
        for step in itertools.starmap(Step, walk(sums, retain_graph=True)):
            if self not in state.watchers:
                self.backward(step)
            names = step.node.argument_names
            pairs = zip(names, step.contributions, strict=True)
            yield PlayedStep(
                step.node,
                np.array(device.host(step.upstream)) if device.is_array(step.upstream) else step.upstream,
                step.node.op.local_derivatives(step.node),
                {name: np.array(device.host(c)) for name, c in pairs if c is not None and not isinstance(c, list)},
                {key: np.array(device.host(value)) for key, value in sums.items() if not isinstance(value, list)},
            )

    def __str__(self) -> str:
        names = {node: f"v{i}" for i, node in enumerate(self.nodes, 1)}
        rows = [("#", "op", "inputs", "shape", "value", "formula", "line")]
        for node in self.nodes:
            inputs = ", ".join(
                names.get(p) or getattr(p, "name", None) or ("·" if p is None else "leaf") for p in node.parents
            )
            value = np.array2string(np.asarray(device.host(self._values[node])), precision=4, threshold=6, edgeitems=2)
            value = value.replace("\n", "") if node.op.outputs is None else "…"
            shape = "×".join(map(str, node.shape)) or "scalar"
            rows.append((names[node], node.op.name, inputs, shape, value[:40], node.op.formula or "", node.line or ""))
        widths = [max(len(row[i]) for row in rows) for i in range(7)]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def user_line() -> str | None:
    """``file:line`` of the innermost frame that is not this package's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "microgradnet":
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None
