"""What a step does, as a list of instructions on arrays.

The recorder listens while a step runs: to each op, each sum of gradients, each gradient that reached a leaf, each write
in place. It keeps every array alive. They become the program's buffers: an instruction is replayed by computing the
same op from the same arrays into the same array.
"""

from dataclasses import dataclass, field

import numpy as np

from ..events import Listener
from ..history import user_line
from ..part_of import PartOf
from ..primitive import Primitive
from ..random import default_generator
from ..tensor import Tensor
from ..wrapping import array_of
from .arguments import arrays_in
from .visible import LARGEST, root

RAISING = {"raise", "call"}  # what NumPy may do about an overflow, and a replay's loops cannot
# Ops whose result has a shape that depends on numbers.
SIZED_BY_NUMBERS = {"argwhere", "bincount", "masked_select", "repeat_interleave", "unique", "unique_consecutive"}


@dataclass
class Instruction:
    """One instruction: ``kind``, the op or function, its operands in order, and the arrays that it fills.

    ``kind`` is "op" (a forward on arrays), "fused" (an op's fused backward), "add", "part" (a gradient added into its
    place), "gradient" (a leaf's ``.grad`` is there), "assign" (``.grad`` is set by hand), "forget" (it becomes None),
    "write" (in place), "copy" (of what is overwritten), "again" (a call of a function as a whole) or "product" (a
    linear layer without its bias).
    """

    kind: str
    op: object
    operands: tuple
    outputs: tuple = ()
    settings: dict = field(default_factory=dict)


class Recorder(Listener):
    """Records one run of a step. ``problem`` says why it cannot be replayed, if it cannot."""

    rules = True

    def __init__(self, inputs: list[np.ndarray], leaves: tuple[Tensor, ...] = ()):
        self.instructions: list[Instruction] = []
        self.problem: str | None = None
        self.numbers: dict[int, int] = {}  # id of an array -> its number, in the order in which they came
        self.arrays: list[np.ndarray] = []
        self.varying: set[int] = set()  # numbers of arrays that depend on the step's inputs
        self.constants: dict[int, object] = {}  # number -> the Tensor or array that the step did not compute
        self.leaves: dict[Tensor, None] = {}  # tensors that got a gradient

        self.random_state = default_generator.numpy.bit_generator.state  # as it is left by calls noted as a whole
        self.had_gradient = {leaf: leaf._grad is not None for leaf in leaves}  # when the step began
        self.believed = dict(self.had_gradient)  # by the instructions so far
        self.inputs = inputs
        self.begun: list[str] = []  # names of functions that are called as a whole, and have not returned
        self._alive: list[np.ndarray] = []
        self.written: dict[Tensor, None] = {}  # tensors that the step writes to, in an op or beside them
        self.overwritten: dict[int, np.ndarray] = {}  # number of a constant that is written to -> what it held before
        self.looked_at: list[tuple[Tensor, np.ndarray]] = []  # constants that Python code read, and their numbers then
        for array in inputs:
            self.varying.add(self._made(array))

    # ---- what it hears

    def call(self, op, arguments, settings, result, node) -> None:
        """Notes an op; see ``Listener.call``."""
        if not isinstance(op, Primitive):
            return self.refuse(f"{op.name} is a Function of one's own")
        if not RAISING.isdisjoint(np.geterr().values()):
            return self.refuse(f"an overflow is an error inside it, at {user_line()}")
        if op.name in SIZED_BY_NUMBERS or (op.name == "getitem" and _has_mask(arguments)):
            return self.refuse(f"how many elements {op.name} gives depends on numbers, at {user_line()}")
        operands = tuple(self._operand(a) for a in arguments)
        outputs = result if isinstance(result, tuple) else (result,)
        self._note("op", op, operands, tuple(o._array for o in outputs), settings=settings or {})
        return None

    def failed(self, op, arguments, settings, error) -> None:
        """An op raised an error: with other numbers it may not."""
        self.refuse(f"{op.name} raised an error that the step caught, at {user_line()}")

    def backward(self, node, upstream, contributions) -> None:
        """Notes a fused backward; what the rules of other ops call was noted op by op."""
        op = node.op
        if not isinstance(op, Primitive) or node.hooks or node.after or node.retained:
            what = "a Function of one's own" if not isinstance(op, Primitive) else "a hook or retain_grad"
            return self.refuse(f"{op.name} has {what} in its backward")
        if op.fused is None or isinstance(upstream, Tensor):
            return None
        operands = (self._operands(upstream), *(self._operands(node.saved[n]) for n in op.fused.needs))
        arrays = tuple(c for c in contributions if isinstance(c, np.ndarray))
        given = [c is not None for c in contributions]
        if not any(isinstance(c, PartOf) for c in contributions):
            self._note("fused", op, operands, arrays, needed=given, given=given)
        return None

    def add(self, key, before, contribution, after) -> None:
        """Notes that ``before + contribution`` became ``after``, perhaps in the memory of ``before``."""
        if isinstance(contribution, PartOf):
            start = None if before is None else self._operand(before)
            self._note(
                "part", contribution, (start, self._operand(contribution.g)), (after,), fresh=before is not after
            )
        elif isinstance(contribution, list):
            for b, c, a in zip(before or [None] * len(after), contribution, after, strict=True):
                if c is not None:
                    self.add(key, b, c, a)
        elif isinstance(after, Tensor):
            return  # under create_graph the sum is an op, and was told as one
        elif before is not None:
            self._note("add", np.add, (self._operand(before), self._operand(contribution)), (after,))

    def accumulate(self, leaf, before, contribution, after) -> None:
        """Notes a leaf's gradient; see ``Listener.accumulate``."""
        if contribution is None:
            self._assigned(leaf, after)
            return
        hooked = leaf.extras is not None and leaf.extras.get("hooks")
        if hooked or isinstance(contribution, Tensor):
            self.refuse("a gradient has a hook, or was made with create_graph=True")
            return
        self.leaves[leaf] = None
        if before is None and self.believed.get(leaf):  # it was set to None by hand since
            self._note("forget", leaf, (), ())
        copied = after._array is not contribution
        made = (after._array,) if copied and before is None else ()
        operands = (self._operand(contribution),)
        self._note("gradient", leaf, operands, made, fresh=before is None, grad=after)
        self.believed[leaf] = True

    def _assigned(self, leaf: Tensor, after: Tensor | None) -> None:
        self.leaves[leaf] = None
        if after is None:
            self._note("forget", leaf, (), ())
        else:
            self._note("assign", leaf, (self._operand(after),), (), grad=after)
        self.believed[leaf] = after is not None

    def overwrite(self, target) -> None:
        """Keeps what the constants in that memory hold: if they are made anew by each call, a replay must do so too."""
        self._operand(target)
        for number, constant in self.constants.items():
            array = getattr(constant, "_array", constant)
            if number not in self.overwritten and np.may_share_memory(array, target._array):
                self.overwritten[number] = np.array(array)

    def keep(self, array, copy) -> None:
        """Notes a copy for backward."""
        self._note("copy", np.copyto, (self._operand(array),), (copy,))

    def write(self, name, target, value) -> None:
        """Notes that ``value`` was copied into the memory of ``target``."""
        operands = (self._operand(value),)
        self._operand(target)
        self.written[target] = None
        self._note("write", target, operands, (target._array,))

    def room(self, array) -> None:
        """Notes memory for an op to fill."""
        self.varying.add(self._made(array))

    def enter(self, module, arguments) -> None:
        """Refuses a module whose hooks a replay would not call."""
        if module._forward_pre_hooks or module._forward_hooks or module._backward_hooks or module._backward_pre_hooks:
            self.refuse(f"{type(module).__name__} has hooks, which a replay would not call")

    def before_outside(self, function) -> None:
        """Such a call redraws its random numbers when replayed; those drawn before it were drawn elsewhere."""
        self.check_random()
        self.begun.append(function.__name__)

    def outside(self, function, arguments, keywords, result, writes) -> None:
        """Notes a function that is called again as a whole; see ``beside.told_as_one``."""
        self.begun.pop()
        made = tuple(arrays_in(result))
        for argument in (*arguments, *keywords.values()):
            if isinstance(argument, Tensor | np.ndarray):
                self._operand(argument)
        self.written.update(dict.fromkeys(writes))
        self._note("again", function, (), made, args=arguments, kwargs=keywords)
        self.varying.update(self.numbers[id(array)] for array in made)
        self.random_state = default_generator.numpy.bit_generator.state
        for leaf in self.believed:
            self.believed[leaf] = leaf._grad is not None

    def read(self, tensor, how: str) -> None:
        """Python code has read numbers: a decision may depend on them."""
        number = self.numbers.get(id(tensor._array))
        known = number is not None and number not in self.constants
        if known or tensor.requires_grad or tensor.grad_fn is not None or tensor.numel() > LARGEST:
            self.refuse(f"{how} reads numbers that the step computed or was given, at {user_line()}")
        else:
            self.looked_at.append((tensor, np.array(tensor._array)))

    def looked(self, array: np.ndarray, how: str) -> None:
        """Python has computed with the numbers of an argument."""
        self.refuse(f"{how} reads numbers that the step computed or was given, at {user_line()}")

    def refuse(self, reason: str) -> None:
        """Marks the step as not replayable; the first reason is kept."""
        self.problem = self.problem or reason

    def finished(self) -> None:
        """The step is over. Refuses one that has read what it changes."""
        self.check_random()
        if self.begun:
            self.refuse(f"{self.begun[-1].strip('_')} raised an error that the step caught")
        changing = {id(t._array) for t in [*self.written, *self.leaves]}
        for tensor, _ in self.looked_at:
            if id(tensor._array) in changing or any(np.may_share_memory(tensor._array, t._array) for t in self.written):
                self.refuse("it changes a tensor whose numbers it reads in Python")

    def check_random(self) -> None:
        """Refuses a step that drew random numbers other than in a call that is repeated as a whole."""
        if default_generator.numpy.bit_generator.state != self.random_state:
            self.refuse("it draws random numbers, which a replay would not draw anew")

    # ---- numbering

    def _note(self, kind: str, op, operands: tuple, outputs: tuple, **settings) -> None:
        self.instructions.append(Instruction(kind, op, operands, outputs, settings))
        varying = any(n in self.varying for o in operands for n in self._numbers_in(o))
        for array in outputs:
            number = self._made(array)
            if varying:
                self.varying.add(number)

    def _made(self, array: np.ndarray) -> int:
        """The number of an array that the step computes."""
        if id(array) not in self.numbers:
            self.numbers[id(array)] = len(self.arrays)
            self.arrays.append(array)
        return self.numbers[id(array)]

    def _operand(self, value):
        """An operand's array; a new one is a constant of the step."""
        array = value._array if isinstance(value, Tensor) else value
        if isinstance(array, np.ndarray | np.generic) and id(array) not in self.numbers:
            same = next((a for a in self.inputs if a is getattr(array, "base", None)), None)
            if same is not None and _same_place(array, same):  # an argument, as NumPy hands it on
                self.numbers[id(array)] = self.numbers[id(same)]
                self._alive.append(array)
            elif self._lives_in(array) is None:
                self.constants[self._made(array)] = value
            else:
                self._alive.append(array)
        return array

    def _lives_in(self, array) -> int | None:
        """The number of an array that the step computes, if ``array`` is a view of it that NumPy made."""
        base = getattr(array, "base", None)
        number = None if base is None else self.numbers.get(id(base))
        return None if number in self.constants else number

    def _operands(self, value):
        return type(value)([self._operand(v) for v in value]) if type(value) in (list, tuple) else self._operand(value)

    def _numbers_in(self, operand) -> list[int]:
        if isinstance(operand, list | tuple):
            return [n for o in operand for n in self._numbers_in(o)]
        number = self.numbers.get(id(operand), self._lives_in(operand))
        return [] if number is None else [number]

    def signature(self) -> list:
        """The instructions and constants, without the parts that may change, to compare two runs of a step."""
        lines = []
        for i in self.instructions:
            made = [(self.numbers[id(a)], a.shape, a.dtype.name) for a in i.outputs]
            what = id(i.op) if i.kind in ("op", "fused", "gradient", "forget", "again") else None
            settings = {k: self._described(v) for k, v in i.settings.items() if k != "grad"}
            lines.append((i.kind, what, self._described(i.operands), made, settings))
        return lines

    def _described(self, value):
        if isinstance(value, np.ndarray | np.generic):
            if id(value) in self.numbers:
                return self.numbers[id(value)]
            base = value.base if isinstance(value, np.ndarray) else None
            if base is not None and id(base) in self.numbers:
                offset = value.__array_interface__["data"][0] - base.__array_interface__["data"][0]
                return "view", self.numbers[id(base)], offset, value.shape, value.strides
            return value.shape, value.dtype.name, value.tobytes()
        if isinstance(value, Tensor):
            return self.numbers.get(id(value._array), id(value))
        if isinstance(value, list | tuple):
            return [self._described(v) for v in value]
        if isinstance(value, dict):
            return {k: self._described(v) for k, v in value.items()}
        if isinstance(value, int | float | str | slice | np.dtype | type(None) | type(...)):
            return repr(value)
        return id(value)

    def made_anew(self, other: "Recorder") -> list[tuple[np.ndarray, np.ndarray]]:
        """Of two runs with one signature: the arrays that each makes and then writes to, and what they held before."""
        arrays = ((array_of(self.constants[n]), array_of(other.constants[n]), held) for n, held in self._kept(other))
        return [(array, held) for array, theirs, held in arrays if root(array) is not root(theirs)]

    def _kept(self, other: "Recorder") -> list[tuple[int, np.ndarray]]:
        return [(n, held) for n, held in self.overwritten.items() if n in other.constants]

    def differing_constant(self, other: "Recorder") -> str | None:
        """For two runs with the same signature: which constant differs in ``other``, in words."""
        for number, value in self.constants.items():
            theirs = other.constants.get(number)
            if value is theirs:
                continue
            a, b = (np.asarray(array_of(v)) for v in (value, theirs))
            if root(a) is not root(b) and number in self.overwritten and number in other.overwritten:
                a, b = self.overwritten[number], other.overwritten[number]
            if a.shape != b.shape or a.dtype != b.dtype or a.tobytes() != b.tobytes():
                return f"an array of shape {a.shape} that the step makes outside of the library's ops changes"
        return None


def _has_mask(arguments: tuple) -> bool:
    """Whether an index has a mask in it."""
    parts = [part for a in arguments[1:] if isinstance(a, tuple) for part in a]
    return any(isinstance(part, np.ndarray) and part.dtype == bool for part in parts)


def _same_place(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are the same memory in the same layout."""
    return a.ctypes.data == b.ctypes.data and a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype
