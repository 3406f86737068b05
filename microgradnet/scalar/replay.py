"""Replay: a recorded computation run again with new numbers, forward and backward, at a few nanoseconds per node."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from . import opcodes
from .tape import ScalarTape
from .value import Value, handle


class Batch(NamedTuple):
    """The result of many samples: ``values`` (samples,), and for each Value asked for its gradient (samples,)."""

    values: np.ndarray
    gradients: dict[Value, np.ndarray]


class Replay:
    """The recorded computation of ``root``, to be run again. Leaves may change, the operations do not.

    A replay writes the new values and gradients onto the tape, where ``data`` and ``grad`` of every Value show them; a
    gradient is that of this run only, not added to the previous one. Decisions that a program made from numbers (an
    ``if``) are part of the recording. The tape is no longer collected, and must not be truncated to before the root.

    Args:
        root: the result; everything that it was computed from is replayed.

    >>> x = Value(2.0)
    >>> y = x * x + x
    >>> again = Replay(y)
    >>> again({x: 5.0}), x.grad
    (30.0, 11.0)
    """

    def __init__(self, root: Value):
        self.root, self.tape = root, root.tape
        self.tape.keep()
        end = self.tape.position(root.serial) + 1
        op, a, b, more, value = self.tape.columns
        reached = np.zeros(end, bool)
        reached[-1] = True
        largest = int(op[:end].max())
        opcodes.loops("tape", largest).backward(op, a, b, more, value, np.zeros(end), reached, end - 1)
        op = np.where(reached, op[:end], opcodes.LEAF).astype(np.uint8)
        self._end, self._largest, self._reached = end, largest, reached
        self._nodes = op, a[:end].copy(), b[:end].copy(), more.copy()
        self._ops = _paired(*self._nodes[:3])
        self._compact = None  # for batches: the reached nodes alone, and where each node stands among them

    def __len__(self) -> int:
        """The number of nodes from the first one of the tape to the root."""
        return self._end

    def __call__(self, inputs: Mapping[Value, float] | None = None) -> float:
        """Sets the given leaves, runs forward and backward, and returns the root's value.

        Raises ValueError for an input that is not a leaf before the root, and RuntimeError if the root was dropped.
        """
        value, grad = self._columns()
        for leaf, number in (inputs or {}).items():
            value[self._leaf(leaf)] = number
        opcodes.loops("replay", self._largest).run(*self._ops, *self._nodes[1:], value, grad, self._end)
        return float(value[self._end - 1])

    def batch(self, inputs: Mapping[Value, np.ndarray], gradients: Sequence[Value] = ()) -> Batch:
        """The same computation for many samples, in SIMD lanes and on all threads.

        Args:
            inputs: leaves and their values (samples,), all of one length. Other leaves keep theirs.
            gradients: the Values whose gradients are wanted, one per sample: sum them for a shared parameter.

        Nothing on the tape changes. Raises ValueError for arrays of other shapes.
        """
        arrays = [np.asarray(array, np.float64) for array in inputs.values()]
        if not arrays or any(array.ndim != 1 or array.shape != arrays[0].shape for array in arrays):
            shapes = ", ".join(str(array.shape) for array in arrays) or "none"
            raise ValueError(f"batch: for each input an array of one length (samples,) expected, got {shapes}")
        value, _ = self._columns()
        if self._compact is None:
            self._compact = _compacted(*self._nodes, self._reached)
        nodes, moved = self._compact  # type: ignore[misc]
        places = moved[[self._leaf(leaf) for leaf in inputs]]
        wanted = moved[[self._place(v) for v in gradients]]  # -1 for one that the root does not depend on
        arrays, used = np.stack(arrays)[places >= 0], np.flatnonzero(wanted >= 0)
        outputs, result = np.empty(arrays.shape[1]), np.zeros((len(wanted), arrays.shape[1]))
        found = np.empty((len(used), arrays.shape[1]))
        constants, root = value[: self._end][self._reached], len(nodes[0]) - 1
        opcodes.batch_loop(nodes[0])(*nodes, constants, root, places[places >= 0], arrays, wanted[used], outputs, found)
        result[used] = found
        return Batch(outputs, dict(zip(gradients, result, strict=True)))

    def train(self, parameters: Sequence[Value], rates: Sequence[float]) -> np.ndarray:
        """Gradient descent in one call: for each rate η a step ``p ← p − η·∂root/∂p``; returns the losses before each.

        Bit for bit the same as the loop with ``backward`` and ``p.data -= rate * p.grad``.
        """
        value, grad = self._columns()
        places = np.array([self._leaf(p) for p in parameters], np.int64)
        rates = np.asarray(rates, np.float64)
        losses = np.empty(len(rates))
        train = opcodes.loops("replay", self._largest).train
        train(*self._ops, *self._nodes[1:], value, grad, self._end, places, rates, losses)
        return losses

    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        """The tape's present values and gradients; growing may have moved them."""
        if self.tape.position(self.root.serial) + 1 != self._end:
            raise self.tape.dropped("replay")
        self.tape.grow_gradients()
        return self.tape.columns[-1], self.tape.gradients

    def _place(self, v: Value) -> int:
        place = self.tape.position(v.serial) if v.tape is self.tape else self._end
        if place >= self._end:
            raise ValueError(f"replay: a Value from before the root expected, got {v!r}")
        return place

    def _leaf(self, v: Value) -> int:
        place = self._place(v)
        if self._nodes[0][place] != opcodes.LEAF:
            raise ValueError(f"replay: only a leaf can be set, got the result of {v.op}: {v!r}")
        return place


def _paired(op, a, b) -> tuple[np.ndarray, np.ndarray]:
    """The opcodes for the way forward and for the way back, with each product and the sum right after it as a PAIR."""
    add, mul = opcodes.CODES["add"], opcodes.CODES["mul"]
    before = np.arange(len(op) - 1)
    first = before[(op[:-1] == mul) & (op[1:] == add) & (b[1:] == before) & (a[1:] != before)]
    forward, backward = op.copy(), op.copy()
    forward[first], backward[first + 1] = opcodes.PAIR, opcodes.PAIR
    return forward, backward


def _compacted(op, a, b, more, reached) -> tuple[tuple, np.ndarray]:
    """The reached nodes alone, and for each node its place among them, or -1."""
    moved = np.where(reached, np.cumsum(reached) - 1, -1)
    op, a, b = op[reached], a[reached], b[reached]
    plain = (op != opcodes.LEAF) & ~opcodes.LISTED[op]
    a[plain], b[plain] = moved[a[plain]], moved[b[plain]]
    return (op, a, b, moved[more].astype(np.int32)), moved


def replay(tape: ScalarTape, inputs: Mapping[Value, float] | None = None) -> float:
    """Runs forward and backward of the last node again, with new values of the given leaves; see ``Replay``."""
    last = tape.serial(len(tape) - 1)
    if tape.last_replay is None or tape.last_replay.root.serial != last:
        tape.last_replay = Replay(handle(tape, last))
    return tape.last_replay(inputs)


# Attached here: a Replay is made of Values, and these of the tape.
ScalarTape.replay = replay
