"""The audit of a replay: the step runs plainly from the same state, and every bit must be the same."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..random import default_generator
from ..tensor import Tensor
from .arguments import arrays_in, twin
from .libraries import OURS
from .program import Program
from .recorder import Instruction, Recorder


def audit(program: Program, run: Callable, plain: Callable, arguments: list[np.ndarray], name: str) -> Any:
    """What ``plain(recorder, inputs)`` returns, after ``run()`` from the same state gave the same bits.

    The state afterwards is that of the plain step. Raises RuntimeError where one differs from the other.
    """
    before = state_of(program)
    try:
        replayed = run()
    except Exception:  # the step raises it, too, or catches it
        before.restore()
        return plain(Recorder([twin(a) for a in arguments]), list(map(twin, arguments)))
    told = [np.array(a) for a in arrays_in(replayed)]
    values = before.values()
    made = [[np.array(a) for a in i.outputs] for i in program.recorder.instructions]
    before.restore()
    recorder = Recorder([twin(a) for a in arguments], tuple(program.recorder.leaves))
    result = plain(recorder, recorder.inputs)
    for place, ours, theirs in [
        *(("result", a, b) for a, b in zip(told, arrays_in(result), strict=False)),
        *((what, a, b) for (what, a), (_, b) in zip(values, before.values(), strict=False)),
    ]:
        if not _same(ours, theirs):
            raise RuntimeError(
                f"capture: a replay of {name} gave another {place} than the step itself"
                f"{_first_difference(program, made, recorder)}: please report it; the step runs plainly from now on"
            )
    return result


def state_of(program: Program) -> "Snapshot":
    """Everything that a replay of ``program`` may change, as it is now."""
    buffers = {id(a) for i in program.recorder.instructions for a in _made_by(i)}
    buffers |= {id(array) for array in program.recorder.inputs}
    return Snapshot(_roots(program), buffers | {id(array) for array, _ in program.made_anew})


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and bool(np.all(_bits(a) == _bits(b)))
    return a is b or a == b


def _bits(a: np.ndarray) -> np.ndarray:
    """The numbers as integers of the same bits, every NaN as one."""
    if a.dtype.kind != "f":
        return a
    return np.where(np.isnan(a), np.array(np.nan, a.dtype), a).view(f"i{a.itemsize}")


def _first_difference(program: Program, made: list, recorder: Recorder) -> str:
    """Which op gave something else first, as far as its result is kept by the replay."""
    theirs = [i for i in recorder.instructions if i.kind == "op"]
    ours = [(i, m) for i, m in zip(program.recorder.instructions, made, strict=True) if i.kind == "op"]
    if [i.op for i, _ in ours] != [i.op for i in theirs]:
        return ": it did other operations"
    for (mine, arrays), other in zip(ours, theirs, strict=True):
        stored = id(mine.outputs[0]) in program.stored
        if stored and not all(_same(a, b) for a, b in zip(arrays, other.outputs, strict=True)):
            return f", first in {_name(mine)}"
    return ""


def _name(instruction: Instruction) -> str:
    return getattr(instruction.op, "name", instruction.kind)


def _made_by(instruction: Instruction) -> tuple:
    """The buffers that an instruction fills: a replay's own, which the plain step does not touch."""
    return () if instruction.kind == "write" else instruction.outputs


def _roots(program: Program) -> list:
    """Everything that a replay of ``program`` may change."""
    recorder = program.recorder
    roots: list = [*recorder.constants.values(), *recorder.leaves, *recorder.written]
    for i in recorder.instructions:
        if i.kind == "again":
            roots += [i.settings["args"], i.settings["kwargs"], getattr(i.op, "__self__", None)]
    return roots


class Snapshot:
    """The numbers and attributes of objects of this library and of containers, to be put back in place."""

    def __init__(self, roots: list, buffers: set[int]):
        self._buffers = buffers
        self._seen: dict[int, Any] = {}
        self._arrays: list[tuple[np.ndarray, np.ndarray]] = []
        self._tensors: list[tuple] = []
        self._gradients: set[int] = set()  # ids of tensors that are another's .grad: compared as that
        self._containers: list[tuple] = []
        self.random = default_generator.get_state()
        stack = list(roots)
        while stack:
            stack.extend(self._keep(stack.pop()))

    def _keep(self, value: Any) -> list:
        """Keeps one value, and says what to look at next."""
        if value is None or isinstance(value, int | float | str | type) or id(value) in self._seen:
            return []
        self._seen[id(value)] = value
        if isinstance(value, np.ndarray):
            self._arrays.append((value, value.copy()))
        elif isinstance(value, Tensor):
            self._tensors.append((value, value._array, value._grad, value.version[0], value._requires_grad))
            self._gradients.add(id(value._grad))
            return [value._array, value._grad]
        elif isinstance(value, dict):
            self._containers.append((value, dict(value)))
            return [*value.keys(), *value.values()]
        elif isinstance(value, list | set):
            self._containers.append((value, type(value)(value)))
            return list(value)
        elif isinstance(value, tuple):
            return list(value)
        elif hasattr(value, "__dict__") and (
            type(value).__module__.partition(".")[0] == OURS or hasattr(value, "param_groups")
        ):
            return [vars(value)]
        return []

    def values(self) -> list[tuple[str, Any]]:
        """What the tensors and numbers are now, in an order that does not change."""
        found: list[tuple[str, Any]] = []
        for tensor, array, *_ in self._tensors:
            if id(tensor) in self._gradients or id(array) in self._buffers:
                continue
            name = tensor.name or type(tensor).__name__.lower()
            found.append((f"{name} of shape {tuple(tensor.shape)}", np.array(tensor._array)))
            gradient = tensor._grad
            found.append((f"gradient of {name} of shape {tuple(tensor.shape)}", _array_or_none(gradient)))
        for container, _ in self._containers:
            if isinstance(container, dict):
                for key, value in container.items():
                    if isinstance(value, int | float | np.ndarray):
                        found.append((str(key), np.array(value)))
        found.append(("state of the random generator", repr(default_generator.get_state())))
        return found

    def restore(self) -> None:
        """Puts everything back."""
        for array, numbers in self._arrays:
            if array.flags.writeable:
                array[...] = numbers
        for tensor, array, gradient, version, requires_grad in self._tensors:
            tensor._array, tensor._grad, tensor._requires_grad = array, gradient, requires_grad
            tensor.version[0] = version
        for container, held in self._containers:
            if isinstance(container, list):
                container[:] = held
            else:
                container.clear()
                container.update(held)
        default_generator.set_state(self.random)


def _array_or_none(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else np.array(tensor._array)
