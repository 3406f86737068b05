"""Value: a number that remembers how it was computed. micrograd's API, in float64."""

import numpy as np

from . import opcodes
from .tape import ScalarTape, current_tape

_new = object.__new__
_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "relu": "ReLU", "square": "**2", "pow": "**"}


class Value:
    """A number on a tape: ``data``, ``grad``, arithmetic, and every differentiable elementwise op as a method.

    A Value is a handle, a tape and a number on it; the computation is on the tape (``ScalarTape``). Comparisons compare
    the numbers and give a bool, so that a program can branch; ``==`` and ``hash`` compare nodes, so that Values can be
    in sets, as in micrograd.

    Args:
        data: the number; anything that ``float`` takes.
        label: a name for pictures and messages.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> L = (a * b + 10).tanh()
    >>> L.backward()
    >>> round(b.grad / (1 - L.data**2), 6)
    2.0
    """

    __slots__ = ("__weakref__", "serial", "tape")
    __array_ufunc__ = None  # NumPy scalars defer to Value
    on_scalar_tape = True

    def __init__(self, data, label: str = ""):
        self.tape = current_tape()
        self.serial = self.tape.leaf(float(data))
        if label:
            self.tape.labels[self.serial] = label

    @classmethod
    def constant(cls, tape: ScalarTape, data: float) -> "Value":
        """A leaf on a given tape, instead of the current one."""
        return _made(tape, tape.leaf(float(data)))

    @property
    def data(self) -> float:
        """The number. Setting it changes only this node: nodes computed from it keep their values."""
        return self.tape.value(self.serial)

    @data.setter
    def data(self, value: float) -> None:
        self.tape.set_value(self.serial, value)

    @property
    def grad(self) -> float:
        """The sum of all gradients that ``backward`` added here; 0 before."""
        return self.tape.gradient(self.serial)

    @grad.setter
    def grad(self, value: float) -> None:
        self.tape.set_gradient(self.serial, value)

    @property
    def label(self) -> str:
        """A name for pictures and messages."""
        return self.tape.labels.get(self.serial, "")

    @label.setter
    def label(self, text: str) -> None:
        self.tape.position(self.serial)
        self.tape.labels[self.serial] = text

    @property
    def op(self) -> str:
        """The name of the op that made it; empty for a leaf."""
        code = self.tape.opcode(self.serial)
        return {opcodes.LEAF: "", opcodes.SUM: "sum", opcodes.DOT: "dot"}.get(code) or getattr(
            opcodes.OPS[code], "name", ""
        )

    @property
    def operands(self) -> list["Value"]:
        """The Values that it was computed from, in order: x·x has x twice."""
        return [handle(self.tape, serial) for serial in self.tape.operands(self.serial)]

    @property
    def _op(self) -> str:
        return _SYMBOLS.get(self.op, self.op)

    @property
    def _prev(self) -> set["Value"]:
        return set(self.operands)

    def backward(self) -> None:
        """Adds ∂self/∂v to ``v.grad`` for every Value v that this one was computed from; to its own, 1."""
        if len(self.tape) >= self.tape.collect_at:
            self.tape.collect()
        self.tape.backward(self.serial)

    def __neg__(self):
        return self.neg()

    def __abs__(self):
        return self.abs()

    def __pow__(self, other):
        if isinstance(other, Value):
            return self.pow(other)
        return self.square() if other == 2 else self.power(other)

    def __float__(self) -> float:
        return self.data

    def __lt__(self, other) -> bool:
        return self.data < float(other)

    def __le__(self, other) -> bool:
        return self.data <= float(other)

    def __gt__(self, other) -> bool:
        return self.data > float(other)

    def __ge__(self, other) -> bool:
        return self.data >= float(other)

    def __eq__(self, other) -> bool:
        return isinstance(other, Value) and self.tape is other.tape and self.serial == other.serial

    def __hash__(self) -> int:
        return hash((id(self.tape), self.serial))

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


def handle(tape: ScalarTape, serial: int) -> Value:
    """The Value of a node; the same object as long as it is referenced."""
    value = tape.handles.get(serial)
    if value is None:
        value = tape.handles[serial] = _made(tape, serial)
    return value


def _made(tape: ScalarTape, serial: int) -> Value:
    value = _new(Value)
    value.tape, value.serial = tape, serial
    return value


def record(code: int, operands: list, name: str) -> Value:
    """A node of any opcode on Values and numbers, at least one of them a Value. Raises TypeError without a Value."""
    tape = next((v.tape for v in operands if isinstance(v, Value)), None)
    if tape is None:
        raise TypeError(f"{name}: at least one Value expected, got {', '.join(type(v).__name__ for v in operands)}")
    return _made(tape, tape.node(code, [_serial(tape, v, name) for v in operands]))


def _serial(tape: ScalarTape, operand, name: str) -> int:
    """The serial number of a Value, or of the constant leaf that is made for a number."""
    if isinstance(operand, Value):
        if operand.tape is not tape:
            raise RuntimeError(f"{name}: two Values of different tapes cannot meet; make both inside one `with` block")
        return operand.serial
    try:
        return tape.leaf(float(operand))
    except (TypeError, ValueError):
        raise TypeError(f"{name}: Values and numbers expected, got {type(operand).__name__}") from None


def _number(tape: ScalarTape, other) -> int | None:
    """The leaf for a Python or NumPy number; None for anything else, which may implement the operation itself."""
    if type(other) is float or isinstance(other, (int, float, np.number, np.bool_)):
        return tape.leaf(float(other))
    return None


def _operator(name: str, reflected: bool = False):
    """``__add__`` and its like. This is the hot path of recording: it only appends a row."""
    code = opcodes.CODES[name]

    def operator(self, other):
        tape = self.tape
        try:
            if other.tape is not tape:
                _serial(tape, other, name)  # raises
            b = other.serial
        except AttributeError:
            b = _number(tape, other)
            if b is None:
                return NotImplemented
        a, high = self.serial, tape.high
        if (a < high or b < high) and (tape.low <= a < high or tape.low <= b < high):
            raise tape.dropped(name)
        rows = tape.rows
        result = _new(Value)
        result.tape = tape
        result.serial = tape.base + len(rows)
        rows.fromlist([code, a, b])
        return result

    def reflected_operator(self, other):
        leaf = _number(self.tape, other)
        return NotImplemented if leaf is None else operator(_made(self.tape, leaf), self)

    operator.__doc__ = opcodes.OPS[code].__doc__
    return reflected_operator if reflected else operator


def _method(name: str, code: int):
    """An op as a method: its first argument is this Value, others are Values or numbers."""
    op, names, numbers = opcodes.OPS[code], opcodes.operand_names(code), opcodes.defaults(code)

    def unary(self):
        tape, a = self.tape, self.serial
        if tape.low <= a < tape.high:
            raise tape.dropped(name)
        rows = tape.rows
        result = _new(Value)
        result.tape = tape
        result.serial = tape.base + len(rows)
        rows.fromlist([code, a, a])
        return result

    required = [None] * (len(names) - 1 - len(numbers))

    def several(self, *arguments, **named):
        given = dict(zip(names[1:], arguments, strict=False)) | named
        operands = [given.pop(n, default) for n, default in zip(names[1:], [*required, *numbers], strict=True)]
        if given or len(arguments) >= len(names) or None in operands:
            raise TypeError(f"{name} takes {', '.join(names[1:])}; got {arguments} {named or ''}".rstrip())
        return record(code, [self, *operands], name)

    method = unary if len(names) == 1 else several
    method.__name__, method.__qualname__, method.__doc__ = name, f"Value.{name}", op.__doc__
    return method


for _name, _code in opcodes.CODES.items():
    if not hasattr(Value, _name):
        setattr(Value, _name, _method(_name, _code))
for _name, _op in (("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "div")):
    setattr(Value, f"__{_name}__", _operator(_op))
    setattr(Value, f"__r{_name}__", _operator(_op, reflected=True))
Value.__rpow__ = _operator("pow", reflected=True)
Value.max, Value.min = Value.maximum, Value.minimum
