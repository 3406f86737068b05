"""An optimizer's maths as one function of one parameter, compiled to one pass over all of them.

    def update(p, g, momentum_buffer, lr, momentum):
        momentum_buffer = momentum * momentum_buffer + g
        return p - lr * momentum_buffer, momentum_buffer

The arguments are the parameter, its gradient, the state kept for it, and the hyperparameters; the results are the new
parameter and the new state, in their order. Each array is read once and written once.
"""

import functools
import inspect

import numpy as np

from ..kernels import cpu, source


@functools.cache
def _kernel(update, states: tuple[str, ...], dtype: np.dtype):
    dtype = dtype.name
    parameters = list(inspect.signature(update).parameters)
    if parameters[: 2 + len(states)] != ["p", "g", *states]:
        raise TypeError(f"{update.__qualname__}: arguments p, g, {', '.join(states)} and then hyperparameters expected")
    name = update.__qualname__.replace(".", "_").lower()
    functions: dict[str, str] = {}
    source.scalar_source(name, source.function_ast(update), update.__globals__, dtype, functions)
    scalars = parameters[2 + len(states) :]
    targets = ", ".join(f"{a}[i]" for a in ("p", *states))
    call = f"{targets} = {name}_{dtype}({', '.join([f'{a}[i]' for a in ('p', 'g', *states)] + scalars)})"
    return cpu.elementwise(name, functions, call, dtype, ["p", "g", *states], scalars)


def apply(update, p: np.ndarray, g: np.ndarray, states: dict[str, np.ndarray], hyperparameters: tuple) -> None:
    """Runs ``update`` over the arrays, in place; ``p`` may have any strides, float32 or float64."""
    flat = cpu.flat(p, p.dtype)
    kernel = _kernel(update, tuple(states), p.dtype)
    kernel(flat, cpu.flat(g, p.dtype), *(s.reshape(-1) for s in states.values()), *hyperparameters)
    if not p.flags.c_contiguous:
        p[...] = flat.reshape(p.shape)
