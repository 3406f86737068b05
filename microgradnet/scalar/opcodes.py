"""Opcodes of the scalar tape, and the compiled loops over it, generated from the registry of elementwise ops.

Every elementwise op of one or two arguments is an opcode: its function of one element and its local derivatives are the
ones that the tensor kernels are made of, so nothing is written twice.
"""

import functools
import inspect

from .. import ops  # noqa: F401 (declares the ops)
from ..elementwise import Elementwise
from ..kernels import cache, source
from ..primitive import registry

LEAF = 0
OPS = [
    op
    for op in registry.values()
    if isinstance(op, Elementwise) and 1 <= len(op.array_names) <= 2 and op.has_derivative
]
CODES = {op.name: code for code, op in enumerate(OPS, 1)}


def _arguments(op) -> list[str]:
    """How the kernel passes an op's arguments: operands x and y, then its numbers' defaults."""
    defaults = inspect.signature(op.function).parameters
    return [*"xy"[: len(op.array_names)], *(repr(float(defaults[n].default)) for n in op.scalar_names)]


@functools.cache
def kernels():
    """The compiled module: ``apply(op, x, y)`` and ``backward(op, a, b, value, grad, reached, root)``."""
    functions: dict[str, str] = {}
    forward, backward = [], []
    for op, code in zip(OPS, CODES.values(), strict=True):
        try:
            pieces: dict[str, str] = dict(functions)
            source.add_function(op.name, op, "float64", pieces)
            names = dict(zip([*op.array_names, *op.scalar_names], _arguments(op), strict=True)) | {"out": "z"}
            lines = []
            for operand, (tree, partial, needs) in zip("ab", op.partials.values(), strict=False):
                source.scalar_source(tree.name, tree, partial.__globals__, "float64", pieces)
                given = ", ".join(names[n] for n in needs)
                lines.append(f"            grad[{operand}[i]] += g * {tree.name}_float64({given})")
        except (NameError, AttributeError, KeyError, TypeError, SyntaxError):
            continue  # an op that has no function of one float64 (a NumPy ufunc alone)
        functions = pieces
        forward.append(f"    if op == {code}:\n        return {op.name}_float64({', '.join(_arguments(op))})")
        reach = [f"            reached[{operand}[i]] = True" for operand in "ab"[: len(op.array_names)]]
        backward.append("\n".join([f"        elif op[i] == {code}:", *lines, *reach]))
    helpers = "\n".join(f"@njit(error_model='numpy')\n{text}\n" for text in functions.values())
    body = (
        f"{helpers}\n@njit('float64(int64, float64, float64)', {cache.FLAGS})\ndef apply(op, x, y):\n"
        + "\n".join(forward)
        + f"\n    return np.nan\n\n@njit({cache.FLAGS})\n"
        "def backward(op, a, b, value, grad, reached, root):\n"
        "    for i in range(root, -1, -1):\n"
        "        if not reached[i] or op[i] == 0:\n            continue\n"
        "        g, z = grad[i], value[i]\n        x, y = value[a[i]], value[b[i]]\n"
        "        if False:\n            pass\n" + "\n".join(backward)
    )
    return cache.load("scalar_tape", body)
