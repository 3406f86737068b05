"""Gradients that are Values themselves: backward recorded on the tape, so that it can be differentiated again."""

import ast
import copy
import functools
from collections.abc import Sequence

import numpy as np

from ..backends import source
from ..primitive import registry
from . import opcodes
from .value import Value, handle, record


def grad(output: Value, inputs: Sequence[Value] | Value) -> list[Value] | Value:
    """∂output/∂input for each input, as Values on the same tape: differentiate them again for f″, f‴ and so on.

    The gradient of a Value that the output does not depend on is the leaf 0. ``grad`` attributes are not changed.
    Raises ValueError for an input on another tape.

    >>> x = Value(2.0)
    >>> first = grad(x**3, x)
    >>> second = grad(first, x)
    >>> third = grad(second, x)
    >>> first.data, second.data, third.data
    (12.0, 12.0, 6.0)
    """
    wanted = [inputs] if isinstance(inputs, Value) else list(inputs)
    tape = output.tape
    strangers = [v for v in wanted if not isinstance(v, Value) or v.tape is not tape]
    if strangers:
        raise ValueError(f"grad: inputs on the output's tape expected, got {strangers[0]!r}")
    gradients: dict[int, Value] = {output.serial: Value.constant(tape, 1.0)}
    needed = _between(tape, output, wanted)
    for position in needed:
        serial = tape.serial(position)
        upstream = gradients.get(serial)
        if upstream is None:
            continue
        for operand, local in zip(tape.operands(serial), local_derivatives(handle(tape, serial)), strict=True):
            if not isinstance(local, Value) and local == 0:
                continue
            contribution = upstream if not isinstance(local, Value) and local == 1 else upstream * local
            before = gradients.get(operand)
            gradients[operand] = contribution if before is None else before + contribution
    results = [gradients.get(v.serial) for v in wanted]
    results = [Value.constant(tape, 0.0) if g is None else g for g in results]
    return results[0] if isinstance(inputs, Value) else results


def local_derivatives(value: Value) -> list:
    """∂value/∂operand for each of its operands, in their order: Values, or numbers where they are constant."""
    code, operands = value.tape.opcode(value.serial), value.operands
    if code == opcodes.SUM:
        return [1.0] * len(operands)
    if code == opcodes.DOT:
        half = len(operands) // 2
        return [*operands[half:], *operands[:half]]
    if code == opcodes.LEAF:
        return []
    tape = value.tape
    numbers = tape.operand_positions(tape.position(value.serial), numbers=True)[len(operands) :]
    given = [*operands, *(float(tape.columns[-1][place]) for place in numbers)]
    element = dict(zip(opcodes.operand_names(code), given, strict=True)) | {"out": value}
    return [partial(*(element[name] for name in needs)) for partial, needs in _partials(code)]


def _between(tape, output: Value, inputs: list[Value]) -> list[int]:
    """Positions of the nodes that lie on a path from an input to the output, last one first."""
    root = tape.position(output.serial)
    leads = np.zeros(root + 1, bool)
    leads[[p for v in inputs if (p := tape.position(v.serial)) <= root]] = True
    reached = np.zeros(root + 1, bool)
    reached[root] = True
    order = []
    for position in range(root, -1, -1):
        if reached[position]:
            order.append(position)
            reached[tape.operand_positions(position)] = True
    for position in reversed(order):
        leads[position] |= leads[tape.operand_positions(position)].any()
    return [position for position in order if leads[position]]


@functools.cache
def _partials(code: int) -> list[tuple]:
    """For each operand of an op its local derivative as a function of Values, and the names of what it needs."""
    functions = []
    for tree, partial, needs in opcodes.OPS[code].partials.values():
        tree = _OnValues().visit(copy.deepcopy(tree))
        names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        renamed = {name: _function(name) for name in names if name not in _OWN}
        functions.append((source.to_python(tree, partial, renamed | _OWN), needs))
    return functions


class _OnValues(ast.NodeTransformer):
    """A comparison uses the numbers: its result is not a Value, as it has no derivative."""

    def visit_Compare(self, node):
        node = self.generic_visit(node)
        node.left = ast.Call(ast.Name("scalar_number", ast.Load()), [node.left], [])
        node.comparators = [ast.Call(ast.Name("scalar_number", ast.Load()), [c], []) for c in node.comparators]
        return node


def scalar_number(x):
    """The number of a Value, as a NumPy float, whose comparisons can be combined with & and ~."""
    return np.float64(x.data if isinstance(x, Value) else x)


def scalar_where(condition, x, y):
    """One of the two."""
    return x if condition else y


_OWN = {"scalar_number": scalar_number, "where": scalar_where, "exact_where": scalar_where}


def _function(name: str):
    """A public op as a function of Values and numbers."""
    op = registry.get(name) or registry[name.lstrip("_")]

    def apply(*arguments):
        if not any(isinstance(a, Value) for a in arguments):
            return float(op(*(np.float64(a) for a in arguments)))
        if op.name not in opcodes.CODES and op.differentiable:
            raise NotImplementedError(f"grad: the derivative of {op.name} is not known, so it cannot be recorded")
        if op.name not in opcodes.CODES:  # a question, such as isnan
            return op(*(scalar_number(a) for a in arguments))
        return record(opcodes.CODES[op.name], list(arguments), op.name)

    apply.__name__ = f"scalar_{name}"
    return apply
