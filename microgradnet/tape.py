"""The tape: every operation in the order in which it ran, and the one walk that reads it backwards.

Each op with an input that needs a gradient makes a ``Node`` with an increasing sequence number; these numbers are the
tape, there is no list. An op's inputs exist before its output, so visiting nodes in descending order reads the tape
backwards: each node is met after all nodes that used its result, when its cotangent (the gradient of the root with
respect to that result) is complete. The outputs of an op with several are Nodes of their own, whose contribution to
the op's Node is a list with one place for each output; so the cotangent of that Node is such a list.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .backends import device
from .events import state, tell
from .hooks import RemovableHandle
from .part_of import PartOf

_next_sequence = itertools.count().__next__
_sequence = operator.attrgetter("sequence")


class Node:
    """One operation that ran: which op, on what, and what backward needs of it. It never holds its output Tensor."""

    __slots__ = (
        "__weakref__",
        "after",  # hooks that are called with what this node contributes
        "checks",  # of each tensor in saved: (name, its version counter, the count then)
        "dtype",
        "hooks",  # hooks that are called with the cotangent
        "line",  # file:line of the user's code, where a listener has looked it up
        "module",
        "op",
        "parents",  # for each array argument: the Node that made it, the leaf Tensor itself, or None
        "retained",  # weak reference to the output, if its .grad was asked for
        "saved",  # name -> array or number, as the op's rules ask; None once freed
        "sequence",
        "shape",
    )
    saved: dict[str, Any] | None
    checks: Any
    hooks: dict | None
    after: dict | None
    retained: Any
    line: str | None

    def __init__(
        self, op: Any, parents: tuple, saved: dict | None, checks: Any, shape: tuple[int, ...], dtype: Any
    ) -> None:
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
        """The op's name."""
        return self.op.name

    def __repr__(self) -> str:
        return f"<Node {self.sequence} {self.op.name} {tuple(self.shape)}>"

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(cotangent)`` before this node's backward; what it returns, if anything, replaces it."""
        self.hooks = {} if self.hooks is None else self.hooks
        return RemovableHandle(self.hooks, hook)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(contributions, (cotangent,))`` after this node's backward; what it returns replaces the former.

        Both hooks see the arrays in flight (Tensors under ``create_graph``), with None where no gradient is needed.
        """
        self.after = {} if self.after is None else self.after
        return RemovableHandle(self.after, hook)

    def release(self) -> None:
        """Frees what was saved for backward."""
        if self.saved:
            self.saved = self.checks = None


def walk(
    gradients: dict, *, retain_graph: bool = False, create_graph: bool = False, wanted: Any = None
) -> Iterator[Node]:
    """Reads the tape backwards and yields each node once it has passed its cotangent on.

    ``gradients`` maps the roots (Nodes or leaf Tensors) to their cotangents and holds every gradient in flight. A
    leaf's gradient is added to its ``.grad`` as soon as its last contribution is in. With ``wanted``, a set or dict of
    Nodes and leaves, no leaf's is: only what was computed from those is pulled, and their gradients are left in
    ``gradients``. With ``create_graph`` the gradients are Tensors whose making is recorded.
    """
    nodes, last_uses = reachable(gradients)
    useful = None if wanted is None else _leading_to(wanted, nodes)
    sums = Sums(gradients, last_uses if wanted is None else None)
    while nodes:
        node = nodes.pop()
        upstream = sums.take(node, keep=wanted is not None and node in wanted)
        if upstream is None or (useful is not None and useful.isdisjoint(node.parents)):
            sums.passed(node)
            continue
        contributions = _pull(node, upstream, useful, create_graph)
        if state.listeners or node.after is not None:
            contributions = _told(node, upstream, contributions)
        for parent, contribution in zip(node.parents, contributions, strict=True):
            if contribution is not None:
                sums.add(parent, contribution, upstream)
        sums.passed(node)
        if not retain_graph:
            node.release()
        yield node
    sums.finish()


def reachable(roots: Iterable) -> tuple[list[Node], dict]:
    """Every Node that the roots were computed from, oldest first, and for each leaf the oldest of them that used it."""
    seen = {root for root in roots if isinstance(root, Node)}
    last_uses: dict = {}
    stack = list(seen)
    while stack:
        node = stack.pop()
        for parent in node.parents:
            if parent is None:
                continue
            if isinstance(parent, Node):
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
            elif parent not in last_uses or node.sequence < last_uses[parent].sequence:
                last_uses[parent] = node
    return sorted(seen, key=_sequence), last_uses


def _leading_to(wanted: Any, nodes: list[Node]) -> set:
    """The ``wanted`` Nodes and leaves, and those of ``nodes`` (oldest first) that were computed from them."""
    useful = set(wanted)
    for node in nodes:
        if not useful.isdisjoint(node.parents):
            useful.add(node)
    return useful


def _pull(node: Node, upstream: Any, useful: set | None, create_graph: bool) -> list:
    """What ``node`` contributes to each parent, computed on the device where its cotangent is."""
    if node.retained is not None and (tensor := node.retained()) is not None:
        tensor.accumulate_grad(upstream)
    if not device.loaded:
        return node.op.pull(node, upstream, useful, create_graph)
    with device.use(device.first_of(upstream)):
        return node.op.pull(node, upstream, useful, create_graph)


def _told(node: Node, upstream: Any, contributions: list) -> list:
    """``contributions`` once the node's hooks have seen and perhaps replaced them; listeners are told."""
    if node.after is not None:
        contributions = [c.whole() if type(c) is PartOf else c for c in contributions]
        for hook in tuple(node.after.values()):
            changed = hook(tuple(contributions), (upstream,))
            # Views: the hook's own arrays are not for the walk to add into.
            contributions = contributions if changed is None else [c if c is None else c[...] for c in changed]
    tell("backward", node, upstream, contributions)
    return contributions


class Sums:
    """The gradients in flight: each Node's and leaf's, as the sum of the contributions that have arrived."""

    def __init__(self, gradients: dict, last_uses: dict | None) -> None:
        self.gradients = gradients
        self.last_uses = last_uses  # leaf -> the node that the walk meets last of those that used it; None: no .grad
        self.completes: dict = {}  # node -> the leaves that are complete once it has passed its cotangent on
        for leaf, node in (last_uses or {}).items():
            self.completes.setdefault(node, []).append(leaf)
        self.owned: set = set()  # keys whose array nobody else can see, so that a sum may be formed in place

    def take(self, node: Node, keep: bool) -> Any:
        """The complete cotangent of ``node``, changed by its hooks; None if nothing depends on its output."""
        upstream = self.gradients.get(node)
        if upstream is None:
            return None
        for hook in tuple(node.hooks.values()) if node.hooks is not None else ():
            changed = hook(upstream)
            upstream = upstream if changed is None else changed
        if keep:
            self.gradients[node] = upstream
        else:
            del self.gradients[node]
            self.owned.discard(node)
        return upstream

    def add(self, key: Any, contribution: Any, upstream: Any) -> None:
        """Adds to the gradient of ``key`` what came from a node with the cotangent ``upstream``."""
        gradients, before = self.gradients, self.gradients.get(key)
        if type(contribution) is PartOf:
            self._add_part(key, before, contribution)
        elif before is None:
            gradients[key] = contribution
            # A rule may pass its upstream on as it is, or a view of it; any other array it has just made, for this one.
            passed_on = contribution is upstream or (type(upstream) is list and _holds(upstream, contribution))
            if _is_array(contribution) and contribution.base is None and not passed_on:
                self.owned.add(key)
        elif type(before) is list:  # the cotangents of an op with several outputs, one place for each
            gradients[key] = [device.plus(b, c) for b, c in zip(before, contribution, strict=True)]
        elif key in self.owned and _is_array(before) and before.ndim:
            np.add(before, contribution, out=before)
        else:
            gradients[key] = device.plus(before, contribution)
            self.owned.add(key)
        if state.listeners:  # where the sum was formed in place, ``before`` is the sum by now
            tell("add", key, before, contribution, gradients[key])

    def _add_part(self, key: Any, before: Any, contribution: PartOf) -> None:
        if key not in self.owned:
            before = device.filled(contribution.shape, 0, contribution.g) if before is None else before.copy()
            self.gradients[key] = before
            self.owned.add(key)
        contribution.add_into(before)

    def passed(self, node: Node) -> None:
        """``node`` will contribute nothing more: a leaf that waited for it alone is complete."""
        for leaf in self.completes.get(node, ()):
            self._complete(leaf)

    def finish(self) -> None:
        """Completes the roots that are leaves themselves."""
        if self.last_uses is not None:
            for leaf in [key for key in self.gradients if not isinstance(key, Node) and key not in self.last_uses]:
                self._complete(leaf)

    def _complete(self, leaf: Any) -> None:
        if leaf in self.gradients:
            leaf.accumulate_grad(self.gradients[leaf], owned=leaf in self.owned)


def _holds(values: list, value: Any) -> bool:
    return any(v is value for v in values)


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray or (device.loaded and device.is_array(value))
