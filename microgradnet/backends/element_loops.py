"""The two loops of an elementwise op, from its function and its derivative: forward, and backward in one pass."""

import functools
from typing import Any

import numpy as np

from . import source


@functools.cache
def forward(op: Any, dtype: np.dtype, loops: Any) -> Any:
    """``run(*arrays, out, *numbers)`` over flat arrays, built by ``loops``, the launcher of the CPU or of CUDA."""
    functions: dict[str, str] = {}
    source.add_function(op.name, op, dtype.name, functions)
    element = ", ".join([*(f"{a}[i]" for a in op.array_names), *op.scalar_names])
    call = f"out[i] = {op.name}_{dtype.name}({element})"
    return loops.elementwise(op.name, functions, call, dtype.name, [*op.array_names, "out"], op.scalar_names)


@functools.cache
def backward(op: Any, dtype: np.dtype, loops: Any) -> Any:
    """``run(g, *needed, dx, *numbers)`` over flat arrays: ``dx[i] = g[i] * derivative(...)``."""
    functions: dict[str, str] = {}
    tree, partial, needs = op.partials[op.array_names[0]]
    source.scalar_source(tree.name, tree, partial.__globals__, dtype.name, functions)
    element = ", ".join(n if n in op.scalar_names else f"{n}_[i]" for n in needs)
    call = f"dx[i] = g[i] * {tree.name}_{dtype.name}({element})"
    arrays = ["g", *(f"{n}_" for n in needs if n not in op.scalar_names), "dx"]
    scalars = [n for n in needs if n in op.scalar_names]
    return loops.elementwise(f"{op.name}_backward", functions, call, dtype.name, arrays, scalars)
