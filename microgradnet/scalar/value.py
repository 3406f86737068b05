"""Value: a number that remembers how it was computed. micrograd's API, in float64."""

import math

from .opcodes import CODES, OPS, kernels
from .tape import current_tape

_ADD, _SUB, _MUL, _DIV, _POW, _NEG = (CODES[name] for name in ("add", "sub", "mul", "div", "pow", "neg"))


class Value:
    """A number on the tape: ``data``, ``grad``, arithmetic, and every elementwise function as a method.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> L = (a * b + 10).tanh()
    >>> L.backward()
    >>> round(b.grad / (1 - L.data**2), 6)
    2.0
    """

    __slots__ = ("_dropped", "index", "label", "tape")

    def __init__(self, data, label: str = ""):
        self.tape = current_tape()
        self.index, self.label, self._dropped = self.tape.leaf(float(data)), label, self.tape.dropped

    def _check(self) -> int:
        if self._dropped != self.tape.dropped and self.index >= len(self.tape):
            raise RuntimeError("this Value was dropped from its tape by truncate(): compute it again")
        return self.index

    @property
    def data(self) -> float:
        return self.tape.values[self._check()]

    @data.setter
    def data(self, value: float) -> None:
        self.tape.values[self._check()] = value

    @property
    def grad(self) -> float:
        return self.tape.gradient(self._check())

    @grad.setter
    def grad(self, value: float) -> None:
        self.tape.set_gradient(self._check(), value)

    @property
    def _op(self) -> str:
        code = self.tape.ops[self._check()]
        return OPS[code - 1].name if code else ""

    @property
    def _prev(self) -> set:
        code, index = self.tape.ops[self._check()], self.index
        operands = (self.tape.a[index], self.tape.b[index])[: len(OPS[code - 1].array_names)] if code else ()
        return {_handle(self.tape, i) for i in operands}

    def backward(self) -> None:
        """Adds to ``grad`` of every Value that this one was computed from; this one's becomes 1."""
        self.tape.backward(self._check())

    def _with(self, other, code: int, value: float, swapped: bool = False) -> "Value":
        a, b = self.index, other.index
        return _handle(self.tape, self.tape.append(code, *((b, a) if swapped else (a, b)), value))

    def _operand(self, other) -> "Value":
        if not isinstance(other, Value):
            return _handle(self.tape, self.tape.leaf(float(other)))
        if other.tape is not self.tape:
            raise RuntimeError("two Values of different tapes cannot meet in one operation")
        other._check()
        return other

    def __add__(self, other):
        other = self._operand(other)
        return self._with(other, _ADD, self.data + other.data)

    def __sub__(self, other):
        other = self._operand(other)
        return self._with(other, _SUB, self.data - other.data)

    def __mul__(self, other):
        other = self._operand(other)
        return self._with(other, _MUL, self.data * other.data)

    def __truediv__(self, other):
        other = self._operand(other)
        return self._with(other, _DIV, kernels().apply(_DIV, self.data, other.data))

    def __pow__(self, other):
        other = self._operand(other)
        return self._with(other, _POW, kernels().apply(_POW, self.data, other.data))

    def __neg__(self):
        return _handle(self.tape, self.tape.append(_NEG, self._check(), self.index, -self.data))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return self._operand(other) - self

    def __rtruediv__(self, other):
        return self._operand(other) / self

    def __rpow__(self, other):
        return self._operand(other) ** self

    def __float__(self) -> float:
        return self.data

    def __lt__(self, other) -> bool:
        return self.data < float(other)

    def __gt__(self, other) -> bool:
        return self.data > float(other)

    def __eq__(self, other) -> bool:
        return isinstance(other, Value) and self.tape is other.tape and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self.tape), self.index))

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


def _handle(tape, index: int) -> Value:
    value = Value.__new__(Value)
    value.tape, value.index, value.label, value._dropped = tape, index, "", tape.dropped
    return value


def _method(name: str, code: int):
    def method(self):
        x = self.data
        return _handle(self.tape, self.tape.append(code, self.index, self.index, kernels().apply(code, x, math.nan)))

    method.__name__, method.__doc__ = name, OPS[code - 1].__doc__
    return method


for _name, _code in CODES.items():
    if len(OPS[_code - 1].array_names) == 1 and not hasattr(Value, _name) and not _name.startswith("_"):
        setattr(Value, _name, _method(_name, _code))
