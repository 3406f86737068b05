"""``@loop``: a function over whole arrays, compiled for the device that its arguments are on.

The same source runs on one thread of the CPU, on all of them, or on a GPU; ``lanes`` says how.
"""

import ast
import copy
import functools
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import cache, lanes, scalar_math, source, threads
from .cuda import launcher as cuda
from .cuda import translation as cuda_source

known: list = []  # every loop


def loop(
    function=None,
    *,
    parallel: bool | int = False,
    reassociate: bool = False,
    inline: bool = False,
    on_host: bool = False,
):
    """Decorator: a loop over whole arrays, compiled (and cached on disk) when it is first called.

    The function may use ``np``, ``math``, ``prange``, the functions of ``lanes``, other functions decorated like this
    and, imported under any name, the float64 functions of ``scalar_math``, which become those of the first argument's
    dtype.

    Args:
        parallel: whether the loop over ``prange`` runs on all threads when the first argument has many elements; a
            number is that threshold: for loops that do much per element.
        reassociate: sums may be reordered, which allows SIMD.
        inline: inlines the function into the loops that call it, which could not use SIMD otherwise.
        on_host: GPU arrays are copied to the host and back, for a loop that allocates memory.

    ``run.on_gpu(other)`` sets another implementation for GPU arrays, and ``run.written_for_gpu(other)`` another source,
    where code for a CPU's SIMD would scatter a GPU's reads.
    """
    if function is None:
        return functools.partial(loop, parallel=parallel, reassociate=reassociate, inline=inline, on_host=on_host)
    flags = cache.FLAGS.replace("{'contract'}", "{'contract', 'reassoc'}") if reassociate else cache.FLAGS
    flags = flags.replace("cache=True", "forceinline=True") if inline else flags

    @functools.cache
    def compiled(several: bool, dtype: str):
        name = f"{function.__name__}_{dtype}" + ("_parallel" if several else "")
        texts = [part.on_cpu(several and key == function.__name__) for key, part in run.parts(dtype).items()]
        return getattr(cache.load(name, "\n\n".join(texts)), function.__name__)

    @functools.cache
    def on_gpu(dtype: str):
        *callees, (_, own) = run.parts(dtype).items()
        helpers = {name: part.gpu_tree or part.tree for name, part in callees}
        return cuda.loop(f"{function.__name__}_{dtype}", helpers, own.tree)

    @functools.wraps(function)
    def run(*arguments):
        dtype = "float64" if arguments[0].dtype == np.float64 else "float32"
        if type(arguments[0]) is not np.ndarray and not isinstance(arguments[0], np.generic):
            return run.gpu(dtype)(*arguments)
        if parallel and arguments[0].size >= (run.parallel_from or threads.PARALLEL_FROM) and threads.enter_pool():
            try:
                return compiled(True, dtype)(*arguments)
            finally:
                threads.leave_pool()
        return compiled(False, dtype)(*arguments)

    def replace(other):
        run.gpu = lambda dtype: other
        return other

    def rewrite(other):
        run.gpu_source = other
        return run

    run.parallel_from = None if isinstance(parallel, bool) else parallel
    known.append(run)
    run.parts, run.gpu_source = (lambda dtype: _parts(function, flags, dtype, run.gpu_source)), None
    run.gpu, run.on_gpu, run.written_for_gpu = on_gpu, replace, rewrite
    if on_host:
        replace(functools.partial(_on_host, run))
    return run


def _on_host(run, *arguments) -> None:
    copies = [a.get() if hasattr(a, "get") else a for a in arguments]
    run(*copies)
    for array, filled in zip(arguments, copies, strict=True):
        if hasattr(array, "get"):
            array.set(filled)


class Part(NamedTuple):
    """One of a loop's functions, for one dtype."""

    tree: ast.FunctionDef
    flags: str
    gpu_tree: ast.FunctionDef | None = None

    def on_cpu(self, parallel: bool) -> str:
        """Its source for numba, where one thread does all lanes."""
        tree = cuda_source.OnCpu().visit(ast.parse(ast.unparse(self.tree)))
        return f"@njit({self.flags}{', parallel=True' if parallel else ''})\n{ast.unparse(tree)}"


class Imported(NamedTuple):
    """A function that the module of a loop imports: see ``emitted``."""

    line: str

    def on_cpu(self, parallel: bool) -> str:
        return self.line


def _parts(function, flags: str, dtype: str, gpu_source=None) -> dict[str, Part]:
    """``function``, preceded by all functions that it calls; ``gpu_source`` is its source for a GPU."""
    tree = source.function_ast(function)
    done: dict[str, Part] = {}
    renamed = {}
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    local = {n.id for n in names if isinstance(n.ctx, ast.Store)} | {a.arg for a in tree.args.args}
    for name in sorted({n.id for n in names} - local - {function.__name__, *vars(lanes)}):
        value = function.__globals__.get(name)
        if hasattr(value, "parts"):
            done |= value.parts(dtype)
        elif getattr(value, "__module__", None) == scalar_math.__name__:
            renamed[name] = f"{value.__name__.removesuffix('_float64')}_{dtype}"
            functions: dict[str, str] = {}
            source.add_intrinsic(renamed[name], functions)
            done |= {key: Part(ast.parse(text).body[0], cache.FLAGS) for key, text in functions.items()}
    tree = ast.parse(ast.unparse(tree)).body[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in renamed:
            node.id = renamed[node.id]
    gpu_tree = None if gpu_source is None else copy.deepcopy(source.function_ast(gpu_source))
    if gpu_tree is not None:
        gpu_tree.name = function.__name__
    done[function.__name__] = Part(tree, flags, gpu_tree)
    return done


def emitted(module: str, name: str):
    """The function that a loop calls by this name, which ``cpu.module`` builds from LLVM instructions.

    The module is read, not imported: it needs numba, which only compiled kernels import.
    """

    def parts(dtype: str) -> dict[str, Imported]:
        text = hashlib.sha256(_with_imports(module).encode()).hexdigest()
        return {name: Imported(f"# {text}\nfrom {__package__}.cpu.{module} import {name}")}

    def stand_in(*arguments):
        raise TypeError(f"{name} exists in compiled loops only")

    stand_in.parts = parts
    return stand_in


def _with_imports(module: str) -> str:
    """The text of a module of ``cpu`` and of its sibling modules that it imports from."""
    text = Path(__file__).with_name("cpu").joinpath(f"{module}.py").read_text(encoding="utf-8")
    return text + "".join(map(_with_imports, re.findall(r"^from \.(\w+) import", text, re.MULTILINE)))
