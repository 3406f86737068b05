"""What a step does, as a list of instructions on arrays.

While a step runs with ``state.recorder`` set, the tape reports to it: each op that ran, each sum of gradients, each
gradient that reached a leaf, each write in place. The recorder keeps every array alive. They become the program's
buffers: an instruction is run again by computing the same op from the same arrays into the same array.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..primitive import Primitive
from ..random import default_generator
from ..tape import Node, PartOf, state
from ..tensor import Tensor


@dataclass
class Instruction:
    """One thing to do: ``kind``, the op or function, its operands in order, and the arrays that it fills.

    ``kind`` is "op" (a forward on arrays), "fused" (an op's fused backward), "add", "part" (a gradient added into its
    place), "gradient" (a leaf's ``.grad`` is there), "forget" (it becomes None), "write" (in place), "again" (a call
    of a function as a whole) or "product" (a linear layer without its bias).
    """

    kind: str
    op: object
    operands: tuple
    outputs: tuple = ()
    settings: dict = field(default_factory=dict)


class Recorder:
    """Notes one run of a step. ``problem`` says why it cannot be replayed, if so."""

    def __init__(self, inputs: list[np.ndarray], leaves: tuple[Tensor, ...] = ()):
        self.instructions: list[Instruction] = []
        self.problem: str | None = None
        self.numbers: dict[int, int] = {}  # id of an array -> its number, in the order in which they came
        self.arrays: list[np.ndarray] = []
        self.varying: set[int] = set()  # numbers of arrays that depend on the step's inputs
        self.constants: dict[int, object] = {}  # number -> the Tensor or array that the step did not compute
        self.leaves: dict[Tensor, None] = {}  # tensors that got a gradient
        self.modules: dict = {}  # that ran, and whether they were in training mode
        self.random_state = default_generator.numpy.bit_generator.state  # as it is left by calls noted as a whole
        self.had_gradient = {leaf: leaf.grad is not None for leaf in leaves}  # when the step began
        self.believed = dict(self.had_gradient)  # by the instructions so far
        for array in inputs:
            self.varying.add(self._made(array))

    # ---- what the tape reports

    def ran(self, op: Primitive, args: tuple, statics: dict | None, out, result) -> None:
        """``op`` computed ``out``, wrapped as ``result``, from ``args``."""
        if not hasattr(op, "forward"):
            return self.refuse(f"{op.name} is not an op of the library's own pattern")
        operands = tuple(self._operand(a) for a in args)
        outputs = result if isinstance(result, tuple) else (result,)
        arrays = tuple(o.array for o in outputs)
        # A saved output may be the bare number that NumPy gave for a 0-d result.
        values = out if isinstance(out, tuple | list) else (out,)
        self._note("op", op, operands, arrays, statics=statics or {})
        for value, array in zip(values, arrays, strict=True):
            self.numbers.setdefault(id(value), self.numbers[id(array)])
            self.arrays.append(value)
        return None

    def pull(self, node: Node, g, useful, create_graph: bool) -> list:
        """``node.op.pull``, with each op of its rules reported like those of forward."""
        op = node.op
        if not isinstance(op, Primitive) or node.hooks or node.after or node.retained:
            what = "a Function of one's own" if not isinstance(op, Primitive) else "a hook or retain_grad"
            self.refuse(f"{op.name} has {what} in its backward")
            return op.pull(node, g, useful, create_graph)
        needed = [p is not None and (useful is None or p in useful) for p in node.parents]
        if op.fused is not None:
            contributions = op.pull(node, g, useful, create_graph)
            operands = (self._operands(g), *(self._operands(node.saved[n]) for n in op.fused.needs))
            arrays = tuple(c for c in contributions if isinstance(c, np.ndarray))
            if not any(isinstance(c, PartOf) for c in contributions):
                self._note("fused", op, operands, arrays, needed=needed, given=[c is not None for c in contributions])
            return contributions
        saved, grad_enabled, state.grad_enabled = node.saved, state.grad_enabled, False
        node.saved = {name: self._wrapped(value) for name, value in saved.items()}
        try:
            contributions = op.pull(node, self._wrapped(g), useful, create_graph)
        finally:
            node.saved, state.grad_enabled = saved, grad_enabled
        return [_unwrapped(c) for c in contributions]

    def added(self, before, contribution, after) -> None:
        """``before + contribution`` became ``after``, perhaps in the memory of ``before``."""
        if isinstance(contribution, PartOf):
            start = None if before is None else self._operand(before)
            self._note(
                "part", contribution, (start, self._operand(contribution.g)), (after,), fresh=before is not after
            )
        elif isinstance(contribution, list):
            for b, c, a in zip(before or [None] * len(after), contribution, after, strict=True):
                if c is not None:
                    self.added(b, c, a)
        elif isinstance(after, Tensor):
            return  # under create_graph the sum is an op, and was reported as one
        elif before is not None:
            self._note("add", np.add, (self._operand(before), self._operand(contribution)), (after,))

    def accumulated(self, leaf: Tensor, before: Tensor | None, gradient, hooked: bool) -> None:
        """``gradient`` was added to ``leaf.grad``, which was ``before``."""
        if hooked or isinstance(gradient, Tensor):
            self.refuse("a gradient has a hook, or was made with create_graph=True")
            return
        self.leaves[leaf] = None
        if before is None and self.believed.get(leaf):  # it was set to None by hand since
            self._note("forget", leaf, (), ())
        copied = leaf.grad.array is not gradient
        made = (leaf.grad.array,) if copied and before is None else ()
        operands = (self._operand(gradient),)
        self._note("gradient", leaf, operands, made, fresh=before is None, grad=leaf.grad)
        self.believed[leaf] = True

    def wrote(self, tensor: Tensor, result: Tensor) -> None:
        """``result`` was copied into the memory of ``tensor``."""
        operands = (self._operand(result),)
        self._operand(tensor)
        self._note("write", tensor, operands, (tensor.array,))

    def scratch(self, array: np.ndarray) -> None:
        """``array`` is memory for an op to fill."""
        self.varying.add(self._made(array))

    def called(self, function: Callable, args: tuple, kwargs: dict, result) -> None:
        """A function that is called again as a whole; see ``as_one_call``."""
        made = tuple(arrays_in(result))
        self._note("again", function, (), made, args=args, kwargs=kwargs)
        self.varying.update(self.numbers[id(array)] for array in made)
        self.random_state = default_generator.numpy.bit_generator.state
        for leaf in self.believed:
            self.believed[leaf] = leaf.grad is not None

    def finished(self) -> None:
        """The step is over: notes gradients that were set to None by hand at its end."""
        self.check_random()
        for leaf, believed in self.believed.items():
            if believed and leaf.grad is None:
                self._note("forget", leaf, (), ())

    def check_random(self) -> None:
        """Refuses a step that drew random numbers other than in a call that is repeated as a whole."""
        if default_generator.numpy.bit_generator.state != self.random_state:
            self.refuse("it draws random numbers, which a replay would not draw anew")

    def refuse(self, problem: str) -> None:
        """This step cannot be replayed, for the first such reason."""
        self.problem = self.problem or problem

    def read(self, array: np.ndarray, how: str, where: str) -> None:
        """Python has looked at numbers of ``array``: a decision may hang on them."""
        if self.numbers.get(id(array)) in self.varying:
            self.refuse(f"{how} reads numbers that the step computed or was given, at {where}")

    # ---- numbering

    def _note(self, kind: str, op, operands: tuple, outputs: tuple, **settings) -> None:
        self.instructions.append(Instruction(kind, op, operands, outputs, settings))
        varying = any(n in self.varying for o in operands for n in _numbers_in(o, self.numbers))
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
        """An operand as the array itself; what is new is a constant of the step."""
        array = value.array if isinstance(value, Tensor) else value
        if isinstance(array, np.ndarray | np.generic) and id(array) not in self.numbers:
            self.constants[self._made(array)] = value
        return array

    def _operands(self, value):
        return [self._operand(v) for v in value] if isinstance(value, list | tuple) else self._operand(value)

    def _wrapped(self, value):
        """Arrays as Tensors, so that what a rule computes from them is reported."""
        if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
            return type(value)(map(self._wrapped, value))
        if isinstance(value, np.generic) and id(value) in self.numbers:
            value = self.arrays[self.numbers[id(value)]]
        return Tensor.made(value) if isinstance(value, np.ndarray) else value

    def signature(self) -> list:
        """The instructions and constants without what may change, to compare two runs of one step."""
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
            return self.numbers.get(id(value.array), id(value))
        if isinstance(value, list | tuple):
            return [self._described(v) for v in value]
        if isinstance(value, dict):
            return {k: self._described(v) for k, v in value.items()}
        if isinstance(value, int | float | str | slice | np.dtype | type(None) | type(...)):
            return repr(value)
        return id(value)

    def differing_constant(self, other: "Recorder") -> str | None:
        """Of two runs with one signature: what constant of this one is another in ``other``, in words."""
        for number, value in self.constants.items():
            theirs = other.constants.get(number)
            if value is theirs:
                continue
            a, b = (np.asarray(getattr(v, "array", v)) for v in (value, theirs))
            if a.shape != b.shape or a.dtype != b.dtype or a.tobytes() != b.tobytes():
                return f"an array of shape {a.shape} that the step makes outside of the library's ops changes"
        return None


def _unwrapped(value):
    if isinstance(value, list):
        return [_unwrapped(v) for v in value]
    return value.array if isinstance(value, Tensor) else value


def arrays_in(value) -> list[np.ndarray]:
    """The arrays of a tensor, or of all tensors in a tuple or list."""
    if isinstance(value, Tensor | np.ndarray):
        return [getattr(value, "array", value)]
    return [a for v in value for a in arrays_in(v)] if isinstance(value, tuple | list) else []


def _numbers_in(operand, numbers: dict) -> list[int]:
    if isinstance(operand, list):
        return [n for o in operand for n in _numbers_in(o, numbers)]
    return [numbers[id(operand)]] if id(operand) in numbers else []


# Where the library itself may look at a tensor's array while a step is captured: these report what they do with it.
_REPORTING = ("primitive.py", "elementwise.py", "views.py", "tape.py", "fitting.py", "gradient.py")
_LOOKING = {"item", "tolist", "numpy", "__array__", "__bool__", "__float__", "__int__", "__index__", "data"}


class watching_reads:
    """Context in which a look at a tensor's numbers, from outside of the tape, is reported to the recorder.

    ``Tensor.array`` is a slot; for this while a property of the same name stands in front of it.
    """

    _one_at_a_time = threading.Lock()  # two threads that record would put back each other's property

    def __enter__(self):
        self._one_at_a_time.acquire()
        slot = Tensor.__dict__["array"]
        self.slot = slot

        def get(tensor):
            array = slot.__get__(tensor)
            recorder = state.recorder
            if recorder is not None:
                frame = sys._getframe(1)
                code = frame.f_code
                place = code.co_filename.replace("\\", "/")
                ours = "/microgradnet/" in place
                inside = place.endswith(_REPORTING) or "/microgradnet/replay/" in place
                if place.endswith("/microgradnet/device.py"):
                    inside = code.co_name != "read"
                if place.endswith("/microgradnet/tensor.py"):
                    inside = code.co_name not in _LOOKING
                    while frame.f_back is not None and "/microgradnet/tensor.py" in frame.f_code.co_filename:
                        frame = frame.f_back
                if not inside:
                    name = code.co_name if ours else "an access to .array"
                    recorder.read(array, name, f"{frame.f_code.co_filename}:{frame.f_lineno}")
            return array

        Tensor.array = property(get, slot.__set__)

    def __exit__(self, *exception):
        Tensor.array = self.slot
        self._one_at_a_time.release()
