"""ScalarTape: what was computed, number by number, in flat arrays."""

import threading
from array import array

import numpy as np

from .opcodes import LEAF, kernels


class ScalarTape:
    """Opcode, two operand indices and value of every number, in the order of computation: 25 bytes each.

    ``with ScalarTape() as tape:`` records there; outside of any block, on one tape for the thread. ``mark`` and
    ``truncate`` drop a step's numbers and keep the parameters made before it.
    """

    def __init__(self):
        self.ops, self.a, self.b, self.values = array("B"), array("q"), array("q"), array("d")
        self.grads = np.zeros(0)
        self.dropped = 0  # how often it was truncated, so that an old Value is noticed

    def append(self, op: int, a: int, b: int, value: float) -> int:
        """Records a number and returns its index."""
        self.ops.append(op)
        self.a.append(a)
        self.b.append(b)
        self.values.append(value)
        return len(self.values) - 1

    def leaf(self, value: float) -> int:
        """Records an input."""
        return self.append(LEAF, 0, 0, value)

    def __len__(self) -> int:
        return len(self.values)

    def gradient(self, index: int) -> float:
        return float(self.grads[index]) if index < len(self.grads) else 0.0

    def set_gradient(self, index: int, value: float) -> None:
        self._grow()
        self.grads[index] = value

    def backward(self, root: int) -> None:
        """Adds to the gradient of every number that ``root`` was computed from."""
        self._grow()
        fresh, reached = np.zeros(root + 1), np.zeros(root + 1, bool)
        fresh[root], reached[root] = 1.0, True
        views = [np.frombuffer(v, t) for v, t in ((self.ops, np.uint8), (self.a, np.int64), (self.b, np.int64))]
        kernels().backward(*views, np.frombuffer(self.values), fresh, reached, root)
        self.grads[: root + 1] += fresh

    def mark(self) -> int:
        """The present length, to truncate to."""
        return len(self.values)

    def truncate(self, mark: int) -> None:
        """Drops all numbers recorded since ``mark``; a Value of one of them raises when it is used."""
        for column in (self.ops, self.a, self.b, self.values):
            del column[mark:]
        self.grads = self.grads[:mark]
        self.dropped += 1

    def _grow(self) -> None:
        if len(self.grads) < len(self.values):
            grown = np.zeros(len(self.values))
            grown[: len(self.grads)] = self.grads
            self.grads = grown

    def __enter__(self) -> "ScalarTape":
        _thread.tapes = (*_thread.tapes, self)
        return self

    def __exit__(self, *exception) -> None:
        _thread.tapes = _thread.tapes[:-1]


class _Thread(threading.local):
    def __init__(self):
        self.tapes = (ScalarTape(),)


_thread = _Thread()


def current_tape() -> ScalarTape:
    """The tape that this thread records on."""
    return _thread.tapes[-1]
