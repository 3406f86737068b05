"""CPU loops: one function of one element, run over arrays by one thread or by all.

``elementwise`` serves every activation, every derivative and every optimizer: it is given the source of a function
of one element and which of its arguments are arrays, and gives back a launcher that picks the serial or the parallel
loop by size.
"""

import ast
import functools
import hashlib
import re
import threading
from pathlib import Path

import numpy as np

from . import cache, scalar_math, source, threads

# Below this many elements one thread is faster than waking the others (measured, 2 cores: python -m tests.benchmarks).
PARALLEL_FROM = 1 << 21
PARALLEL_FROM_OPENMP = 1 << 19  # where its threads wake quickly: threads.choose_layer

# numba's portable thread pool must not be entered by two threads at once; who finds it busy runs the serial loop.
_pool = threading.Lock()


def _enter_pool() -> bool:
    """Whether the thread pool is this thread's until it releases it."""
    if not threads.loops_have_threads() or not _pool.acquire(blocking=False):
        return False
    threads.enter_loop()
    return True


def elementwise(
    name: str,
    functions: dict[str, str],
    call: str,
    dtype: str,
    arrays: list[str],
    scalars: list[str],
    exact: frozenset[str] | None = None,
):
    """A launcher ``run(*arrays, *scalars)`` for ``call`` applied at every index.

    Args:
        name: for the reader of the cache folder.
        functions: source of each function of one element, callees first (``source.scalar_source``).
        call: one statement, with each array ``a`` read or written as ``a[i]``, e.g. ``out[i] = exp_float32(x[i])``.
        dtype: ``"float32"`` or ``"float64"``.
        arrays: names of the arrays, all contiguous, one-dimensional, of one size and of this dtype.
        scalars: names of the arguments that are one number for the whole array.
        exact: functions whose result is rounded by itself and never contracted with what is computed around it; if
            given, the statement too.
    """
    types = ", ".join([f"{dtype}[::1]"] * len(arrays) + [dtype] * len(scalars))
    # LLVM does not inline the longer ones by itself, and a loop with a call in it is not vectorised.
    flags = cache.FLAGS.replace("cache=True", "forceinline=True")
    helpers = "\n".join(
        f"@njit({flags.replace(cache.CONTRACT, '') if function in (exact or ()) else flags})\n{text}\n"
        for function, text in functions.items()
    )
    loop_flags = cache.FLAGS if exact is None else cache.FLAGS.replace(cache.CONTRACT, "")

    @functools.cache
    def compiled(parallel: bool):
        loop, flag = ("prange", ", parallel=True") if parallel else ("range", "")
        body = (
            f"{helpers}\n@njit('void({types})', {loop_flags}{flag})\n"
            f"def run({', '.join(arrays + scalars)}):\n    for i in {loop}({arrays[0]}.size):\n        {call}\n"
        )
        return cache.load(f"{name}_{dtype}{'_parallel' if parallel else ''}", body).run

    def run(*arguments):
        if arguments[0].size >= PARALLEL_FROM and _enter_pool():
            try:
                return compiled(True)(*arguments)
            finally:
                _pool.release()
        return compiled(False)(*arguments)

    return run


def loop(function=None, *, parallel: bool | int = False, reassociate: bool = False):
    """Decorator: a numba loop over whole arrays, compiled (and cached on disk) when it is first called.

    The function may use ``np``, ``math``, ``prange``, other functions decorated so and, imported under any name, the
    float64 functions of ``scalar_math``, which become those of the first argument's dtype. With ``parallel`` the loop
    over ``prange`` runs on all threads when the first argument has many elements (more than ``parallel``, if that is a
    number: for loops that do much with each); with ``reassociate`` sums may be taken in any order, and so with SIMD.
    """
    if function is None:
        return functools.partial(loop, parallel=parallel, reassociate=reassociate)

    def sources(dtype: str, flag: str = "") -> dict[str, str]:
        """The source of the function and, before it, of all that it calls."""
        tree = source.function_ast(function)
        done: dict[str, str] = {}
        renamed = {}
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        local = {n.id for n in names if isinstance(n.ctx, ast.Store)} | {a.arg for a in tree.args.args}
        for name in sorted({n.id for n in names} - local - {function.__name__}):
            value = function.__globals__.get(name)
            if hasattr(value, "loop_sources"):
                done |= value.loop_sources(dtype)
            elif getattr(value, "__module__", None) == scalar_math.__name__:
                renamed[name] = f"{value.__name__.removesuffix('_float64')}_{dtype}"
                functions: dict[str, str] = {}
                source.add_intrinsic(renamed[name], functions)
                done |= {k: f"@njit({cache.FLAGS})\n{text}" for k, text in functions.items()}
        tree = ast.parse(ast.unparse(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in renamed:
                node.id = renamed[node.id]
        flags = cache.FLAGS.replace("{'contract'}", "{'contract', 'reassoc'}") if reassociate else cache.FLAGS
        done[function.__name__] = f"@njit({flags}{flag})\n{ast.unparse(tree)}"
        return done

    @functools.cache
    def compiled(several: bool, dtype: str):
        flag = ", parallel=True" if several else ""
        name = f"{function.__name__}_{dtype}" + ("_parallel" if several else "")
        return getattr(cache.load(name, "\n\n".join(sources(dtype, flag).values())), function.__name__)

    called: set = set()

    def call(several: bool, dtype: str, arguments: tuple):
        if (several, dtype) in called:
            return compiled(several, dtype)(*arguments)
        with cache.compiling():  # numba compiles when it sees the first arguments
            result = compiled(several, dtype)(*arguments)
        called.add((several, dtype))
        return result

    enough = PARALLEL_FROM if isinstance(parallel, bool) else parallel

    @functools.wraps(function)
    def run(*arguments):
        dtype = "float64" if arguments[0].dtype == np.float64 else "float32"
        if parallel and arguments[0].size >= enough and _enter_pool():
            try:
                return call(True, dtype, arguments)
            finally:
                _pool.release()
        return call(False, dtype, arguments)

    run.loop_sources = sources
    return run


def emitted(module: str, name: str):
    """What a loop calls by this name: a function that ``module``, beside this file, builds of numba's intrinsics.

    The module is read, not imported: it needs numba, which only compiled kernels import.
    """

    def sources(dtype: str) -> dict[str, str]:
        text = hashlib.sha256(_with_imports(module).encode()).hexdigest()
        return {name: f"# {text}\nfrom {__package__}.{module} import {name}"}

    def stand_in(*arguments):
        raise TypeError(f"{name} exists in compiled loops only")

    stand_in.loop_sources = sources
    return stand_in


def _with_imports(module: str) -> str:
    """The text of a module beside this file and of those beside it that it imports from."""
    text = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    return text + "".join(map(_with_imports, re.findall(r"^from \.(\w+) import", text, re.MULTILINE)))


def flat(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """``array`` as a contiguous, writable vector of ``dtype``, without a copy where it is one already."""
    if type(array) is not np.ndarray or array.dtype is not dtype or not array.flags.carray:
        array = np.require(array, dtype, ("C", "W"))
    return array.reshape(-1)
