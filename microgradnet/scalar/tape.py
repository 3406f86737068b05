"""ScalarTape: a computation, number by number, in flat arrays."""

import gc
import threading
import weakref
from array import array

import numpy as np

from ..autograd.anomaly import AnomalyError, anomaly_mode
from . import opcodes
from .node import ScalarNode, local_numbers

COLLECT_FROM = 1_000_000  # nodes; smaller tapes are not collected


class ScalarTape:
    """The nodes of a scalar computation in the order in which they were made.

    A node is an opcode and the positions of its operands (9 bytes), a value (8) and, once backward has run, a gradient
    (8): 25 bytes. An operator only appends its row (24 bytes more until the tape is read); values are computed by one
    compiled loop over all new rows when one of them is asked for, in float64, as NumPy does: 1/0 is inf, log(−1) is
    nan. Inside ``autograd.detect_anomaly()`` the first number that is not finite raises ``AnomalyError`` and is named.

    ``with ScalarTape() as tape:`` records there; outside any block, each thread has its own tape, from which nodes that
    no Value can reach any more are removed from time to time (``collect``). One thread at a time may use a tape.

    >>> from microgradnet.scalar import Value
    >>> with ScalarTape() as tape:
    ...     w = Value(3.0)
    ...     start = tape.mark()
    ...     loss = (w * 2 - 5) ** 2
    ...     loss.backward()
    ...     w.data -= 0.1 * w.grad
    ...     tape.truncate(start)  # w stays, the step is gone
    >>> len(tape), w.data
    (1, 2.6)
    """

    def __init__(self):
        # What operators touch: pending rows (opcode, operand, operand), operands as serial numbers, three to a node.
        self.rows, self.pending_leaves, self.pending_more = array("q"), [], array("q")
        self.base = 0  # serial number of the first pending row
        self.low = self.high = 0  # the serial numbers that the last truncation dropped
        # The settled columns; their first _count entries are in use.
        self._count = self._more_count = 0
        self._op, self._a, self._b = np.empty(0, np.uint8), np.empty(0, np.int32), np.empty(0, np.int32)
        self._more = np.empty(0, np.int32)
        self._value, self._grad = np.empty(0), None
        self._holes: list[tuple[int, int]] = []
        self._solid = 0  # serial numbers below it are three times the positions
        self._marked, self.collect_at = False, COLLECT_FROM
        self.last_replay = None  # of the node that was last when one was asked for: see ``replay.replay``
        self.labels: dict[int, str] = {}  # of the nodes that have one, by serial number
        self.handles = weakref.WeakValueDictionary()  # the Values handed out as operands, by serial number

    def __len__(self) -> int:
        """The number of nodes."""
        return self._count + len(self.rows) // 3

    def __repr__(self) -> str:
        return f"ScalarTape({len(self):,} nodes)"

    # Recording (operators of Value append to ``rows`` themselves)

    def leaf(self, value: float) -> int:
        """Records an input, and returns its serial number."""
        self.pending_leaves.append(value)
        self.rows.fromlist([opcodes.LEAF, len(self.pending_leaves) - 1, 0])
        return self.base + len(self.rows) - 3

    def node(self, code: int, operands: list[int]) -> int:
        """Records an op on the nodes with the given serial numbers, and returns its own. Raises RuntimeError for a
        dropped one.
        """
        for operand in operands:
            if self.low <= operand < self.high:
                raise self.dropped()
        if opcodes.LISTED[code]:
            start = len(self.pending_more)
            self.pending_more.extend(operands)
            self.rows.fromlist([code, start, len(operands)])
        else:
            self.rows.fromlist([code, operands[0], operands[-1]])
        return self.base + len(self.rows) - 3

    # Reading

    def position(self, serial: int) -> int:
        """A node's position in the columns, after computing all new nodes. Raises RuntimeError if it was dropped."""
        if self.rows:
            self.compute()
        if serial < self._solid:
            return serial // 3
        dropped = 0
        for start, stop in self._holes:
            if serial >= stop:
                dropped += stop - start
            elif serial >= start:
                raise self.dropped()
        return (serial - dropped) // 3

    def serial(self, position: int) -> int:
        """The serial number of the node at ``position``."""
        serial = 3 * position
        for start, stop in self._holes:
            if serial >= start:
                serial += stop - start
        return serial

    def value(self, serial: int) -> float:
        position = self.position(serial)  # first: it may move the columns
        return float(self._value[position])

    def set_value(self, serial: int, value: float) -> None:
        position = self.position(serial)
        self._value[position] = value

    def gradient(self, serial: int) -> float:
        """0 for a node that no backward has reached."""
        position = self.position(serial)
        return float(self._grad[position]) if self._grad is not None and position < len(self._grad) else 0.0

    def set_gradient(self, serial: int, value: float) -> None:
        position = self.position(serial)
        self.grow_gradients()
        self._grad[position] = value

    @property
    def has_gradients(self) -> bool:
        """Whether a backward has run (or a gradient was set): before, a gradient of 0 is none."""
        return self._grad is not None

    def opcode(self, serial: int) -> int:
        position = self.position(serial)
        return int(self._op[position])

    def operands(self, serial: int) -> list[int]:
        """Serial numbers of the operands, in order and with repetitions; without the numbers given to an op."""
        position = self.position(serial)
        return [self.serial(place) for place in self.operand_positions(position)]

    def operand_positions(self, position: int, numbers: bool = False) -> list[int]:
        """Positions of a node's operands; with ``numbers`` also of those that are an op's numbers."""
        code, a, b = int(self._op[position]), int(self._a[position]), int(self._b[position])
        if code == opcodes.LEAF:
            return []
        listed = opcodes.LISTED[code]
        places = self._more[a : a + b].tolist() if listed else [a, b][: len(opcodes.operand_names(code))]
        return places if numbers or opcodes.OPS[code] is None else places[: len(opcodes.OPS[code].array_names)]

    def node_at(self, position: int) -> ScalarNode:
        """One node in full, for pictures."""
        code, places = int(self._op[position]), self.operand_positions(position)
        rule, kind = opcodes.OPS[code], {opcodes.SUM: "sum", opcodes.DOT: "dot"}.get(code, "")
        half = len(places) // 2
        names = [f"x{i}" for i in range(len(places))]
        if code == opcodes.DOT:
            names = [f"{side}{i}" for side in "wx" for i in range(half)]
        given = self._value[self.operand_positions(position, numbers=True)].tolist()
        return ScalarNode(
            rule.name if rule else kind, self.labels.get(self.serial(position), ""), rule,
            places, rule.array_names if rule else names,
            local_numbers(code, given, self._value[position]), given[len(places) :],
        )  # fmt: skip

    @property
    def columns(self) -> tuple:
        """(opcodes, a, b, more, values): views of the settled columns, with every node computed."""
        self.compute()
        n = self._count
        return self._op[:n], self._a[:n], self._b[:n], self._more[: self._more_count], self._value[:n]

    @property
    def gradients(self) -> np.ndarray | None:
        """The settled nodes' gradients; None before the first backward."""
        return None if self._grad is None else self._grad[: self._count]

    @property
    def nbytes(self) -> int:
        """Bytes that the nodes take, pending ones included."""
        columns = (self._op, self._a, self._b, self._more, self._value, self._grad)
        pending = 8 * (len(self.rows) + len(self.pending_more) + 4 * len(self.pending_leaves))
        return pending + sum(c.nbytes for c in columns if c is not None)

    # Computing

    def compute(self) -> None:
        """Computes the value of every new node. Raises RuntimeError if one uses a dropped node."""
        rows, first = self.rows, self._count
        count = len(rows) // 3
        if not count:
            return
        self._grow(first + count, self._more_count + len(self.pending_more))
        holes = np.array(self._holes, np.int64).reshape(-1, 2)
        pending, more = np.frombuffer(rows, np.int64), np.frombuffer(self.pending_more, np.int64)
        columns = (self._op, self._a, self._b, self._more)
        wrong = opcodes.settling().settle(pending, holes, more, first, *columns, self._more_count)
        leaves = pending[1::3][pending[::3] == opcodes.LEAF]
        if wrong < 0 and len(leaves):
            self._value[first : first + count][pending[::3] == opcodes.LEAF] = np.array(self.pending_leaves)[leaves]
        self._more_count += len(more)
        del pending, more  # an array that NumPy looks at cannot be emptied
        self.base += len(rows)
        self._count += count
        self.rows, self.pending_leaves, self.pending_more = array("q"), [], array("q")
        if wrong >= 0:
            op = opcodes.OPS[self._op[first + wrong]]
            self._cut(self.base - len(rows))
            raise self.dropped(op.name if op else "sum")
        largest = int(self._op[first : self._count].max())
        opcodes.loops("tape", largest).forward(*columns, self._value, first, self._count)
        if anomaly_mode():
            self._check(first)

    def backward(self, serial: int) -> None:
        """Adds to the gradient of every node that this one was computed from; nothing else is touched.

        Raises AnomalyError inside ``detect_anomaly`` for a gradient that is not finite.
        """
        root = self.position(serial)
        fresh, reached = np.zeros(root + 1), np.zeros(root + 1, bool)
        fresh[root], reached[root] = 1.0, True
        op, a, b, more, value = self.columns
        opcodes.loops("tape", int(op[: root + 1].max())).backward(op, a, b, more, value, fresh, reached, root)
        if anomaly_mode() and not np.isfinite(fresh).all():
            bad = int(np.flatnonzero(~np.isfinite(fresh))[-1])
            raise AnomalyError(f"backward: the gradient of {self.describe(bad)} is {fresh[bad]}")
        self.grow_gradients()
        self._grad[: root + 1] += fresh

    def zero_grad(self) -> None:
        """Sets every gradient to 0."""
        if self._grad is not None:
            self._grad[:] = 0.0

    # Dropping

    def mark(self) -> int:
        """The present end, to truncate to."""
        self._marked = True
        return self.base + len(self.rows)

    def truncate(self, mark: int) -> None:
        """Drops all nodes recorded since ``mark``; a Value of one of them raises RuntimeError when it is used.

        Raises ValueError for a number that is not a mark.
        """
        end = self.base + len(self.rows)
        inside = any(start < mark < stop for start, stop in self._holes)
        if not 0 <= mark <= end or mark % 3 or inside:
            raise ValueError(f"truncate: {mark} is no mark of this tape, or was dropped itself; take one with mark()")
        self.compute()
        self._cut(mark)

    def _cut(self, mark: int) -> None:
        """Drops the settled nodes from serial number ``mark`` on; their numbers are never reused."""
        dropped = sum(stop - start for start, stop in self._holes if stop <= mark)
        keep, end = (mark - dropped) // 3, self.base
        if keep == self._count:
            return
        listed = np.flatnonzero(opcodes.LISTED[self._op[keep : self._count]])
        if len(listed):
            self._more_count = int(self._a[keep + listed[0]])
        if self._grad is not None:
            self._grad[keep:] = 0.0
        self._count = keep
        self._holes = [*(hole for hole in self._holes if hole[0] < mark), (mark, end)]
        self.low, self.high, self._solid = mark, end, self._holes[0][0]
        self.labels = {serial: label for serial, label in self.labels.items() if serial < mark}
        self.handles = weakref.WeakValueDictionary({s: v for s, v in self.handles.items() if s < mark})

    def collect(self) -> None:
        """Removes the nodes that no Value can reach any more.

        Called by ``Value.backward`` when the tape has doubled, so that a loop which never truncates does not fill the
        memory. A tape that was marked, or is replayed, is left unchanged: its owner decides what to drop.
        """
        if self._marked or gc.get_freeze_count():  # frozen objects cannot be found
            return
        self.compute()
        n, held = self._count, [v for v in gc.get_objects() if getattr(type(v), "on_scalar_tape", False)]
        held = [v for v in held if v.tape is self]
        places = [self.position(v.serial) for v in held]
        keep = np.zeros(n, bool)
        keep[places] = True
        moved = np.empty(n, np.int64)
        columns = (self._op, self._a, self._b, self._more)
        count, self._more_count = opcodes.settling().compact(*columns, self._value, keep, moved, n)
        if self._grad is not None:
            grad = self._grad[:n][keep[: len(self._grad)]]
            self._grad[:] = 0.0
            self._grad[: len(grad)] = grad
        labels = {3 * int(moved[self.position(s)]): text for s, text in self.labels.items() if keep[self.position(s)]}
        handed = [v for v in self.handles.values() if v.tape is self]
        for value, place in zip(held, places, strict=True):
            value.serial = 3 * int(moved[place])
        self._count, self.base, self._holes, self.low, self.high = count, 3 * count, [], 0, 0
        self._solid = 0
        self.labels, self.handles = labels, weakref.WeakValueDictionary({v.serial: v for v in handed})
        self.collect_at = max(COLLECT_FROM, 2 * count)

    def keep(self) -> None:
        """Keeps every node in place: no automatic ``collect`` from now on."""
        self._marked = True

    # Errors

    def describe(self, position: int) -> str:
        """A node in words, for messages: ``'c' = div(1.0, 0.0)``."""
        op = opcodes.OPS[self._op[position]]
        kind = {opcodes.LEAF: "leaf", opcodes.SUM: "sum", opcodes.DOT: "dot"}.get(int(self._op[position]))
        values = [float(self._value[p]) for p in self.operand_positions(position, numbers=True)[:6]]
        label = self.labels.get(self.serial(position))
        return f"{f'{label!r} = ' if label else ''}{kind or op.name}({', '.join(f'{v:g}' for v in values)})"

    def dropped(self, name: str = "") -> RuntimeError:
        """The error for a Value whose node was dropped."""
        where = f"{name}: " if name else ""
        return RuntimeError(f"{where}this Value was dropped from its tape by truncate(): compute it again")

    def _check(self, first: int) -> None:
        """Raises for the first new number that is not finite."""
        wrong = np.flatnonzero(~np.isfinite(self._value[first : self._count]))
        if len(wrong):
            place = first + int(wrong[0])
            raise AnomalyError(f"forward: {self.describe(place)} is {self._value[place]}")

    # Memory

    def _grow(self, count: int, more: int) -> None:
        if count > len(self._op):
            size = count + count // 8
            for name in ("_op", "_a", "_b", "_value"):
                setattr(self, name, _grown(getattr(self, name), size))
        if more > len(self._more):
            self._more = _grown(self._more, more + more // 8)

    def grow_gradients(self) -> None:
        """Allocates a gradient for every node."""
        if self._grad is None or len(self._grad) < self._count:
            old, self._grad = self._grad, np.zeros(len(self._op))
            if old is not None:
                self._grad[: len(old)] = old

    def __enter__(self) -> "ScalarTape":
        _thread.tapes = (*_thread.tapes, self)
        return self

    def __exit__(self, *exception) -> None:
        _thread.tapes = _thread.tapes[:-1]


def _grown(column: np.ndarray, size: int) -> np.ndarray:
    grown = np.empty(size, column.dtype)
    grown[: len(column)] = column
    return grown


class _Thread(threading.local):
    def __init__(self):
        self.tapes = (ScalarTape(),)


_thread = _Thread()


def current_tape() -> ScalarTape:
    """The tape that this thread records on."""
    return _thread.tapes[-1]
