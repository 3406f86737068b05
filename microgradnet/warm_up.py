"""Compiles kernels before they are needed: those of the elementwise ops, and all that the examples in the docstrings of
layers, losses and optimizers call, forward and backward, in float32 and float64, on one thread and on all.

A loop over arrays is compiled for the memory layouts it is called with; one that no example has shown it (a transposed
view, say) is compiled when it first appears.
"""

import concurrent.futures
import contextlib
import doctest
import functools
import inspect
import io
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import nn, optim, scalar
from .backends import cache, loops, threads
from .elementwise import Elementwise
from .events import Listener, leave, listen
from .primitive import registry
from .tensor import Tensor

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


@functools.cache
def names() -> dict[str, Callable[[], None]]:
    """What can be compiled ahead, by name, in the order in which it is best done."""
    found: dict[str, Callable[[], None]] = {}
    for name, op in registry.items():
        if isinstance(op, Elementwise) and (op.numpy is None or op.has_derivative):
            found[name] = functools.partial(_compile_elementwise, op)
    for name, thing in vars(optim).items():
        if inspect.isclass(thing) and issubclass(thing, optim.Optimizer) and thing is not optim.Optimizer:
            found[name] = functools.partial(_step, thing)
    for package in (nn, nn.functional, scalar):
        for name, thing in vars(package).items():
            if not name.startswith("_") and not inspect.ismodule(thing) and ">>>" in (inspect.getdoc(thing) or ""):
                found.setdefault(name, functools.partial(_run_example, thing))
    return found


def run(chosen: list[str]) -> None:
    """Compiles what is ``chosen`` on all cores, and shows how far it is. Raises PermissionError for an unsafe cache
    folder.
    """
    folder = cache.folder()
    if folder is None:
        return
    start, compiled, last = time.perf_counter(), 0, 0.0
    print(f"Compiling kernels into {folder}: {len(chosen)} ops, layers and optimizers ...", flush=True)
    context = multiprocessing.get_context("spawn")  # numba's threads do not survive a fork
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context) as pool:
        jobs = {pool.submit(_warm, name): name for name in chosen}
        for done, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            compiled += job.result()
            now = time.perf_counter() - start
            if sys.stdout.isatty():
                print(f"\r{done} of {len(chosen)}, {compiled} kernels compiled, {now:.0f} s", end=" ", flush=True)
            elif now - last > 10:
                print(f"{done} of {len(chosen)}, {compiled} kernels compiled, {now:.0f} s", flush=True)
                last = now
    end = "\n" if sys.stdout.isatty() else ""
    print(f"{end}{compiled} kernels compiled in {time.perf_counter() - start:.0f} s; the others were there.")


def _warm(name: str) -> int:
    cache.compiled.quiet = True
    before = cache.compiled.count
    names()[name]()
    return cache.compiled.count - before


def _compile_elementwise(op: Elementwise) -> None:
    for dtype in _DTYPES:
        kernels = [op.forward_kernel(dtype)] if op.numpy is None else []
        if op.has_derivative and op.fused is not None:
            kernels.append(op.backward_kernel(dtype))
        for kernel in kernels:
            for parallel in (False, True):
                kernel.compiled(parallel)


class _Again(Listener):
    """Calls each op a second time: in both dtypes, with every gradient wanted, on one thread and on all."""

    def call(self, op: Any, arguments: tuple, settings: dict | None, result: Any, node: Any) -> None:
        leave(self)
        try:
            for dtype in _DTYPES:
                for parallel in (False, True):
                    with _all_parallel() if parallel else contextlib.nullcontext():
                        made = op(*(_like(a, dtype) for a in arguments), **(settings or {}))
                        for out in made if isinstance(made, tuple) else (made,):
                            if isinstance(out, Tensor) and out.requires_grad:
                                out.backward(Tensor(np.ones_like(out.array)), retain_graph=True)
        except Exception:
            pass  # an op that does not take these arguments in another dtype: nothing to compile
        finally:
            listen(self)


def _like(argument: Any, dtype: np.dtype) -> Any:
    array = argument.array if isinstance(argument, Tensor) else argument
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return argument
    return Tensor(array.astype(dtype), requires_grad=True) if array is not argument else array.astype(dtype)


@contextlib.contextmanager
def _all_parallel():
    """Loops run on all threads, however small the arrays are."""
    before = threads.PARALLEL_FROM, [run.parallel_from for run in loops.known]
    threads.PARALLEL_FROM = 1
    for run in loops.known:
        run.parallel_from = 1
    try:
        yield
    finally:
        threads.PARALLEL_FROM = before[0]
        for run, value in zip(loops.known, before[1], strict=True):
            run.parallel_from = value


def _step(optimizer: type[optim.Optimizer]) -> None:
    """Two steps with a short parameter, one with a matrix: the loops over many parameters, and over one."""
    for dtype in _DTYPES:
        for shape in ((3,), (80, 60)):
            p = Tensor(np.ones(shape, dtype), requires_grad=True)
            with contextlib.suppress(TypeError):  # one around another optimizer, or whose step takes a closure
                rate = inspect.signature(optimizer).parameters.get("lr")
                options: dict[str, Any] = {"lr": 0.1} if rate and rate.default is rate.empty else {}
                made = optimizer([p], **options)
                for _ in range(2):
                    p.grad = Tensor(np.ones(shape, dtype))
                    made.step()


def _run_example(thing: Any) -> None:
    import microgradnet as mg

    scope = {"mg": mg, "nn": nn, "optim": optim, "F": nn.functional, "init": nn.init, "np": np}
    again = _Again()
    listen(again)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for example in doctest.DocTestParser().get_examples(inspect.getdoc(thing) or ""):
                exec(compile(example.source, "<example>", "single"), scope)
    except Exception:
        pass  # some examples show an error
    finally:
        leave(again)
