"""Chains of elementwise ops as one loop: each array is read once, and intermediate results that nothing else needs are
never written.

The loop computes exactly what the separate loops would, in the same order and with the same rounding: an op that NumPy
computes separately (a product, a sum) is not contracted with its neighbour into a fused multiply-add.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..backends import source
from ..backends.cpu import launcher as cpu
from ..backends.device import flat
from ..elementwise import Elementwise
from ..ops.elementwise.arithmetic import _add as add
from ..ops.linalg.matmul import linear
from .recorder import Instruction

# Of the ops that NumPy computes alone: those of one correctly rounded operation, at NaN, infinities and −0, too.
ROUNDED = {"add", "sub", "mul", "div", "neg", "abs", "sqrt", "square", "floor", "ceil", "trunc"}


class Chain:
    """Neighbouring elementwise instructions over arrays of one shape, run as one loop."""

    def __init__(self, instructions: list[Instruction], needed: set[int]):
        self.instructions = instructions
        first = instructions[0].outputs[0]
        self.dtype = first.dtype
        self.shape = first.shape
        made: set[int] = set()
        self.inputs: list[np.ndarray] = []
        self.numbers: list[float] = []
        self.stored = [i.outputs[0] for i in instructions if id(i.outputs[0]) in needed]
        for i in instructions:
            for o in i.operands:
                if isinstance(o, np.ndarray):
                    if id(o) not in made and all(o is not known for known in self.inputs):
                        self.inputs.append(o)
                else:
                    self.numbers.append(o)
            made.add(id(i.outputs[0]))
        self.inputs.sort(key=lambda a: a.shape != self.shape)  # the first one determines the loop's size
        self.rows = [a for a in self.inputs if a.shape != self.shape]

    def __str__(self) -> str:
        return f"one loop: {', '.join(_name(i) for i in self.instructions)}"

    def call(self) -> Callable:
        """The compiled loop, bound to its arrays."""
        kernel = self._compiled()
        arrays = [flat(a, self.dtype) for a in (*self.inputs, *self.stored)]
        if self.rows:
            arrays = [v if v.size == self.shape[-1] else v.reshape(-1, self.shape[-1]) for v in arrays]
        return partial(kernel, *arrays, *self.numbers)

    def _compiled(self) -> Callable:
        dtype = self.dtype.name
        functions: dict[str, str] = {}
        exact: set[str] = set()
        index = "r, j" if self.rows else "i"
        names = {id(a): f"a{k}[{index if a.shape == self.shape else 'j'}]" for k, a in enumerate(self.inputs)}
        statements, number = [], 0
        for k, i in enumerate(self.instructions):
            operands = []
            for o in i.operands:
                if isinstance(o, np.ndarray):
                    operands.append(names[id(o)])
                else:
                    operands.append(f"s{number}")
                    number += 1
            if i.kind == "op":
                source.add_function(i.op.name, i.op, dtype, functions)
                value = f"{i.op.name}_{dtype}({', '.join(operands)})"
                if i.op.numpy is not None:
                    exact.add(f"{i.op.name}_{dtype}")
            else:
                tree, _, _ = i.op.partials[i.op.array_names[0]]
                source.scalar_source(tree.name, tree, i.op._derivative.__globals__, dtype, functions)
                value = f"{operands[0]} * {tree.name}_{dtype}({', '.join(operands[1:])})"
            statements.append(f"t{k} = {value}")
            names[id(i.outputs[0])] = f"t{k}"
        for k, a in enumerate(self.stored):
            statements.append(f"out{k}[{index}] = {names[id(a)]}")
        arrays = [*(f"a{k}" for k in range(len(self.inputs))), *(f"out{k}" for k in range(len(self.stored)))]
        scalars = [f"s{k}" for k in range(len(self.numbers))]
        name = "chain_" + "_".join(_name(i) for i in self.instructions[:4])
        rows = frozenset(f"a{k}" for k, a in enumerate(self.inputs) if a.shape != self.shape)
        return cpu.elementwise(name, functions, "; ".join(statements), dtype, arrays, scalars, frozenset(exact), rows)


def fused(instructions: list[Instruction], kept: list[np.ndarray]) -> list[Instruction | Chain]:
    """The instructions, with neighbouring elementwise ones joined. ``kept``: the arrays needed afterwards."""
    instructions = [part for i in instructions for part in _apart(i)]
    readers: dict[int, list[int]] = {}
    for position, i in enumerate(instructions):
        for array in arrays_read(i):
            readers.setdefault(id(array), []).append(position)
    always = {id(a) for a in kept}
    views = [i for i in instructions if i.kind == "op" and i.op.view]
    always |= {id(o) for i in views for o in i.operands if isinstance(o, np.ndarray)}
    steps: list[Instruction | Chain] = []
    start = 0
    while start < len(instructions):
        end = start
        while end < len(instructions) and _joins(instructions[start:end], instructions[end]):
            end += 1
        if end - start < 2:
            steps.append(instructions[start])
            start += 1
            continue
        group = instructions[start:end]
        needed = {
            id(i.outputs[0])
            for i in group
            if id(i.outputs[0]) in always or any(not start <= r < end for r in readers.get(id(i.outputs[0]), ()))
        }
        steps.append(Chain(group, needed))
        start = end
    return steps


def _apart(i: Instruction) -> list[Instruction]:
    """A linear layer as its product and the sum with its bias: the latter can join the activation behind it."""
    if i.kind != "op" or i.op is not linear or i.operands[1].ndim != 2 or not i.outputs[0].ndim:
        return [i]
    (x, weight, bias), (out,) = i.operands, i.outputs
    product = Instruction("product", i.op, (x, weight), (out,))
    return [product] if bias is None else [product, Instruction("op", add, (out, bias), (out,))]


def _joins(group: list[Instruction], i: Instruction) -> bool:
    """Whether ``i`` can run in the same loop as ``group``: elementwise, same shape and dtype, flat without copies."""
    op = i.op
    if i.kind not in ("op", "fused") or not isinstance(op, Elementwise) or len(i.outputs) != 1:
        return False
    out = i.outputs[0]
    if out.dtype.name not in ("float32", "float64") or not out.ndim:
        return False
    arrays = [o for o in i.operands if isinstance(o, np.ndarray)]
    numbers = [o for o in i.operands if not isinstance(o, np.ndarray)]
    if not arrays or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        return False
    if not all(a.dtype == out.dtype and a.flags.carray for a in (*arrays, out)):
        return False
    if not all(a.shape == out.shape or (out.ndim > 1 and a.shape == out.shape[-1:]) for a in arrays):
        return False
    if all(a.shape != out.shape for a in arrays) or (out.ndim > 1 and out.size == out.shape[-1]):
        return False
    if i.kind == "op" and not (_rounds_alike(op) and _has_scalar_form(op)):
        return False
    return not group or (group[0].outputs[0].shape == out.shape and group[0].outputs[0].dtype == out.dtype)


def _rounds_alike(op: Elementwise) -> bool:
    """Whether the op's text gives the bits of the function of NumPy that it is run by alone, if any."""
    return op.numpy is None or op.name in ROUNDED


def _has_scalar_form(op: Elementwise) -> bool:
    """Whether the op is a function of one element that compiles: its own text, or one of ``scalar_math``."""
    try:
        source.add_function(op.name, op, "float32", {})
    except (NameError, AttributeError, TypeError):
        return False
    return True


def arrays_read(i: Instruction) -> list[np.ndarray]:
    """The arrays that an instruction reads, those of a list among its operands too."""
    found = []
    for o in i.operands:
        found += [a for a in o if isinstance(a, np.ndarray)] if isinstance(o, list) else []
        found += [o] if isinstance(o, np.ndarray) else []
    return found


def _name(i: Instruction) -> str:
    return i.op.name if i.kind == "op" else f"{i.op.name}_backward"
