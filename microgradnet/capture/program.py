"""A recorded step as a list of calls without arguments, each bound to the arrays that it reads and fills.

Nothing is allocated and no graph is built when they run. Views were made once, while recording; everything else fills
the arrays that the recorded run made.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from ..arguments import MISTAKES, explain
from ..backends.device import flat
from ..backends.sums import is_long, product, sum_rows
from ..elementwise import Elementwise
from ..primitive import Primitive, sum_to
from ..tensor import Tensor
from . import fusion
from .arguments import arrays_in
from .recorder import Instruction, Recorder
from .visible import same_bits


class Stale(Exception):
    """The program's arrays are no longer those that the step uses."""


class Program:
    """The calls of one recorded step; ``run`` replays it.

    Attributes:
        calls: the calls, in order.
        lines: one line of text for each call.
    """

    def __init__(self, recorder: Recorder, kept: list[np.ndarray], made_anew: list[tuple] | None = None):
        self.recorder = recorder  # holds the arrays
        self.made_anew = made_anew or []  # (array that each run makes and writes to, what it holds first)
        self.lines: list[str] = []
        self.calls: list[Callable] = []
        self.tensors = [
            (t, t._array) for t in [*recorder.constants.values(), *recorder.leaves] if isinstance(t, Tensor)
        ]
        self.looked_at = recorder.looked_at
        leaves = recorder.leaves
        self.fresh_at_start = [(leaf, recorder.had_gradient.get(leaf, False)) for leaf in leaves]
        self._used = {id(o) for i in recorder.instructions for o in fusion.arrays_read(i)}
        self.kept_gradients = [
            (i.op, i.settings["grad"]._array)
            for i in recorder.instructions
            if i.kind == "gradient" and not i.settings["fresh"]
        ]
        self.stored: set[int] = set()  # ids of the arrays that a replay fills
        for step in fusion.fused(recorder.instructions, kept):
            call = self._call(step) if isinstance(step, Instruction) else step.call()
            self.stored |= {id(a) for a in (step.outputs if isinstance(step, Instruction) else step.stored)}
            if call is not None:
                self.calls.append(call)
                self.lines.append(self._line(step))

    def check(self) -> None:
        """Raises Stale if a parameter's memory was replaced, or a gradient is None that was not, or the reverse."""
        for tensor, array in self.tensors:
            if tensor._array is not array:
                raise Stale
        for leaf, had in self.fresh_at_start:
            if (leaf._grad is not None) is not had:
                raise Stale
        for leaf, array in self.kept_gradients:
            grad = leaf._grad
            if grad is None or grad._array.shape != array.shape or grad._array.dtype != array.dtype:
                raise Stale
            if grad._array is not array and (id(array) in self._used or grad.grad_fn is not None):
                raise Stale
        for tensor, numbers in self.looked_at:
            if not same_bits(tensor._array, numbers):
                raise Stale

    def run(self) -> None:
        """Runs every call; call ``check`` first."""
        for array, first in self.made_anew:
            np.copyto(array, first)
        for call in self.calls:
            call()

    def _line(self, step) -> str:
        if not isinstance(step, Instruction):
            return str(step)
        numbers = self.recorder.numbers

        def name(operand) -> str:
            if isinstance(operand, list | tuple):
                return ", ".join(map(name, operand))
            known = id(operand) in numbers
            return f"v{numbers[id(operand)]}" if known else repr(operand) if np.ndim(operand) == 0 else "constant"

        what = (
            {
                "fused": f"backward of {getattr(step.op, 'name', '')}",
                "add": "add",
                "part": "add into a part",
                "gradient": "set .grad" if step.settings.get("fresh") else "add to .grad",
                "assign": "assign .grad",
                "forget": "forget .grad",
                "write": "write",
                "copy": "copy for backward",
                "product": "product of linear",
            }.get(step.kind)
            or getattr(step.op, "name", None)
            or step.op.__qualname__
        )
        made = ", ".join(f"v{numbers[id(a)]}" for a in step.outputs)
        return f"{made + ' = ' if made else ''}{what}({', '.join(map(name, step.operands))})"

    def _call(self, i: Instruction) -> Callable | None:
        """The call for one instruction; None if there is nothing to do."""
        return getattr(self, f"_{i.kind}")(i)

    def _op(self, i: Instruction) -> Callable | None:
        out = i.outputs[0]
        if len(i.outputs) == 1:
            arrays = [o for o in i.operands if isinstance(o, np.ndarray)]
            if i.op.view and any(np.may_share_memory(out, a) for a in arrays):
                return None
            ufunc = getattr(i.op, "ufunc", None)
            if ufunc is not None and all(a.dtype == out.dtype for a in arrays):
                return partial(ufunc, *i.operands, out=out)
            kernel = elementwise_kernel(i)
            if kernel is not None:
                return kernel
            if i.op.name == "matmul":
                a, b = i.operands
                return partial(product if is_long(arrays[0]) else np.matmul, a, b, out=out)
            if i.op is sum_to and _sums_rows(arrays[0], out):
                return partial(sum_rows, arrays[0].reshape(-1, out.size), out=out.reshape(-1))
        return partial(_recompute, i.op, i.operands, i.settings["settings"], i.outputs)

    def _product(self, i: Instruction) -> Callable:
        x, weight = i.operands
        return partial(product if is_long(x) else np.matmul, x, weight.T, out=i.outputs[0])

    def _fused(self, i: Instruction) -> Callable:
        kernel = elementwise_kernel(i)
        if kernel is not None:
            return kernel
        g, *saved = i.operands
        needed, given = i.settings["needed"], i.settings["given"]
        return partial(_recompute_given, partial(i.op.fused.function, g, needed, *saved), given, i.outputs)

    def _add(self, i: Instruction) -> Callable:
        return partial(np.add, *i.operands, out=i.outputs[0])

    def _part(self, i: Instruction) -> Callable:
        before, _ = i.operands
        total = i.outputs[0]
        start = None if not i.settings["fresh"] else 0 if before is None else before
        return partial(_add_part, i.op, start, total)

    def _gradient(self, i: Instruction) -> Callable:
        leaf, (gradient,) = i.op, i.operands
        if not i.settings["fresh"]:
            return partial(_accumulate, leaf, gradient)
        return partial(_set_gradient, leaf, i.settings["grad"], gradient if i.outputs else None)

    def _assign(self, i: Instruction) -> Callable:
        return partial(_set_gradient, i.op, i.settings["grad"], None)

    def _forget(self, i: Instruction) -> Callable:
        return partial(setattr, i.op, "_grad", None)

    def _write(self, i: Instruction) -> Callable:
        return partial(_write_in_place, i.op, i.outputs[0], i.operands[0])

    def _copy(self, i: Instruction) -> Callable:
        return partial(np.copyto, i.outputs[0], i.operands[0])

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _again(self, i: Instruction) -> Callable:
        return partial(_call_again, partial(i.op, *i.settings["args"], **i.settings["kwargs"]), i.outputs)  # type: ignore[misc, operator]


def elementwise_kernel(i: Instruction) -> Callable | None:
    """The compiled loop of an elementwise op or of its backward, bound to flat arrays; None if it does not apply."""
    op = i.op
    if not isinstance(op, Elementwise) or (op.numpy is not None and i.kind == "op") or len(i.outputs) != 1:
        return None
    out = i.outputs[0]
    dtype = out.dtype
    arrays = [o for o in i.operands if isinstance(o, np.ndarray)]
    numbers = [o for o in i.operands if not isinstance(o, np.ndarray)]
    if dtype.name not in ("float32", "float64") or not loopable(out, arrays):
        return None
    if i.kind == "op":
        if len(arrays) != len(op.array_names):  # a number in place of an array
            return None
        kernel = op.forward_kernel(dtype)
    else:
        kernel = op.backward_kernel(dtype)
    return partial(kernel, *(flat(a, dtype) for a in arrays), flat(out, dtype), *numbers)


def loopable(out: np.ndarray, arrays: list[np.ndarray]) -> bool:
    """Whether one flat loop can read ``arrays`` and fill ``out``, without a copy of any."""
    return all(a.shape == out.shape and a.dtype is out.dtype and a.flags.carray for a in (*arrays, out))


def _recompute(op: Primitive, operands: tuple, settings: dict, outputs: tuple) -> None:
    try:
        results = op.forward(*operands, **settings)
    except MISTAKES as error:
        explain(op, error, operands, settings)
    _fill(outputs, results if isinstance(results, tuple | list) else (results,), op.name)


def _fill(outputs: tuple, results: Iterable, name: str) -> None:
    """Copies results into the buffers. Raises RuntimeError for one of another shape than the recorded."""
    for out, result in zip(outputs, results, strict=True):
        if np.shape(result) != out.shape:
            raise RuntimeError(
                f"capture: {name} gave shape {np.shape(result)} in a replay and {out.shape} when it was recorded: "
                "a result whose shape depends on numbers cannot be replayed: please report it"
            )
        np.copyto(out, result)


def _recompute_given(function: Callable, given: list[bool], outputs: tuple) -> None:
    results = [r for r, there in zip(function(), given, strict=True) if there]
    for out, result in zip(outputs, results, strict=True):
        np.copyto(out, np.broadcast_to(result, out.shape))


def _add_part(part, start, total) -> None:
    if start is not None:
        total[...] = start
    part.add_into(total)


def _set_gradient(leaf: Tensor, grad: Tensor, copied) -> None:
    if copied is not None:
        np.copyto(grad._array, copied)
    leaf._grad = grad


def _accumulate(leaf: Tensor, gradient: np.ndarray) -> None:
    total = leaf._grad._array
    np.add(total, gradient, out=total)


def _write_in_place(tensor: Tensor, target: np.ndarray, source: np.ndarray) -> None:
    np.copyto(target, source)
    tensor.version[0] += 1


def _call_again(function: partial, outputs: tuple) -> None:
    _fill(outputs, arrays_in(function()), function.func.__name__)


def _sums_rows(x: np.ndarray, out: np.ndarray) -> bool:
    """Whether ``out`` is the sum of ``x`` over all but its last dimensions."""
    fits = x.ndim > out.ndim and x.shape[x.ndim - out.ndim :] == out.shape
    return fits and x.flags.c_contiguous and x.dtype.itemsize > 2 and x.size > 0
