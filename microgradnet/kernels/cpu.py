"""CPU loops: one function of one element, run over arrays by one thread or by all.

``elementwise`` serves every activation, every derivative and every optimizer: it is given the source of a function
of one element and which of its arguments are arrays, and gives back a launcher that picks the serial or the parallel
loop by size.
"""

import ast
import functools
import inspect
import textwrap
import threading

import numpy as np

from . import cache

# Below this many elements one thread is faster than waking the others (measured, 2 cores: python -m tests.benchmarks).
PARALLEL_FROM = 1 << 19

# numba's portable thread pool must not be entered by two threads at once; who finds it busy runs the serial loop.
_pool = threading.Lock()


def elementwise(name: str, functions: dict[str, str], call: str, dtype: str, arrays: list[str], scalars: list[str]):
    """A launcher ``run(*arrays, *scalars)`` for ``call`` applied at every index.

    Args:
        name: for the reader of the cache folder.
        functions: source of each function of one element, callees first (``source.scalar_source``).
        call: one statement, with each array ``a`` read or written as ``a[i]``, e.g. ``out[i] = exp_float32(x[i])``.
        dtype: ``"float32"`` or ``"float64"``.
        arrays: names of the arrays, all contiguous, one-dimensional, of one size and of this dtype.
        scalars: names of the arguments that are one number for the whole array.
    """
    types = ", ".join([f"{dtype}[::1]"] * len(arrays) + [dtype] * len(scalars))
    # LLVM does not inline the longer ones by itself, and a loop with a call in it is not vectorised.
    flags = cache.FLAGS.replace("cache=True", "forceinline=True")
    helpers = "\n".join(f"@njit({flags})\n{text}\n" for text in functions.values())

    @functools.cache
    def compiled(parallel: bool):
        loop, flag = ("prange", ", parallel=True") if parallel else ("range", "")
        body = (
            f"{helpers}\n@njit('void({types})', {cache.FLAGS}{flag})\n"
            f"def run({', '.join(arrays + scalars)}):\n    for i in {loop}({arrays[0]}.size):\n        {call}\n"
        )
        return cache.load(f"{name}_{dtype}{'_parallel' if parallel else ''}", body).run

    def run(*arguments):
        if arguments[0].size >= PARALLEL_FROM and _pool.acquire(blocking=False):
            try:
                return compiled(True)(*arguments)
            finally:
                _pool.release()
        return compiled(False)(*arguments)

    return run


def loop(function=None, *, parallel: bool = False):
    """Decorator: a numba loop over whole arrays, compiled (and cached on disk) when it is first called.

    The function may use ``np``, ``math``, ``prange`` and other functions decorated so, by name. With ``parallel``
    the loop over ``prange`` runs on all threads when the first argument is large.
    """
    if function is None:
        return functools.partial(loop, parallel=parallel)

    def source_of(target, flag: str) -> str:
        tree = ast.parse(textwrap.dedent(inspect.getsource(target))).body[0]
        tree.decorator_list = []
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - {target.__name__}
        used = [target.__globals__[n] for n in sorted(names) if hasattr(target.__globals__.get(n), "loop_source")]
        return "\n".join([u.loop_source("") for u in used] + [f"@njit({cache.FLAGS}{flag})\n{ast.unparse(tree)}"])

    @functools.cache
    def compiled(threads: bool):
        flag = ", parallel=True" if threads else ""
        module = cache.load(function.__name__ + ("_parallel" if threads else ""), source_of(function, flag))
        return getattr(module, function.__name__)

    @functools.wraps(function)
    def run(*arguments):
        if parallel and arguments[0].size >= PARALLEL_FROM and _pool.acquire(blocking=False):
            try:
                return compiled(True)(*arguments)
            finally:
                _pool.release()
        return compiled(False)(*arguments)

    run.loop_source = functools.partial(source_of, function)
    return run


def flat(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """``array`` as a contiguous vector of ``dtype``, without a copy where it is one already."""
    if type(array) is not np.ndarray or array.dtype is not dtype or not array.flags.c_contiguous:
        array = np.ascontiguousarray(array, dtype)
    return array.reshape(-1)
