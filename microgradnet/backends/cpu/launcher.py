"""CPU loops: one function of one element, run over arrays by one thread or by all.

``elementwise`` serves every activation, every derivative and every optimizer: from the source of a function of one
element and the names of its array arguments it builds a launcher that picks the serial or the parallel loop by size.
"""

import functools

from .. import cache, threads
from . import contraction


def elementwise(
    name: str,
    functions: dict[str, str],
    call: str,
    dtype: str,
    arrays: list[str],
    scalars: list[str],
    exact: frozenset[str] = frozenset(),
    rows: frozenset[str] = frozenset(),
):
    """A launcher ``run(*arrays, *scalars)`` for ``call`` applied at every index.

    Args:
        name: makes the cache folder readable.
        functions: source of each function of one element, callees first (``source.scalar_source``).
        call: one statement, with each array ``a`` read or written as ``a[i]``, e.g. ``out[i] = exp_float32(x[i])``.
        dtype: ``"float32"`` or ``"float64"``.
        arrays: names of the arrays, all contiguous vectors of the same size and this dtype.
        scalars: names of the arguments that are one number for all elements.
        exact: functions in which each product and each sum is rounded by itself, as NumPy does. In the others a
            product is contracted with the sum that it goes into, as ``contraction`` says.
        rows: arrays shared by all rows of the others, such as a bias. With any, the others are matrices, and ``call``
            accesses ``a[r, j]`` of those and ``b[j]`` of these.
    """
    form = "[:, ::1]" if rows else "[::1]"
    types = ", ".join([f"{dtype}{'[::1]' if a in rows else form}" for a in arrays] + [dtype] * len(scalars))
    # LLVM does not inline the longer ones by itself, and a loop that contains a call is not vectorized.
    flags = cache.FLAGS.replace(cache.CONTRACT, "")
    inlined = flags.replace("cache=True", "forceinline=True")

    @functools.cache
    def compiled(parallel: bool):
        loop, flag = ("prange", ", parallel=True") if parallel else ("range", "")
        lines = [f"for i in {loop}({arrays[0]}.size):", f"    {call}"]
        if rows:
            lines = [
                f"for r in {loop}({arrays[0]}.shape[0]):",
                f"    for j in range({arrays[0]}.shape[1]):",
                f"        {call}",
            ]
        helpers = "\n".join(
            f"@njit({inlined})\n{text if function in exact else contraction.written_out(text)}\n"
            for function, text in functions.items()
        )
        body = f"{contraction.import_line()}{helpers}\n@njit('void({types})', {flags}{flag})\n"
        body += f"def run({', '.join(arrays + scalars)}):\n"
        body += "".join(f"    {line}\n" for line in lines)
        return cache.load(f"{name}_{dtype}{'_parallel' if parallel else ''}", body).run

    def run(*arguments):
        if arguments[0].size >= threads.PARALLEL_FROM and threads.enter_pool():
            try:
                return compiled(True)(*arguments)
            finally:
                threads.leave_pool()
        return compiled(False)(*arguments)

    def first(*arguments):
        run.serial = compiled(False)
        return run.serial(*arguments)

    run.compiled = compiled
    run.serial = first  # the loop of one thread, for callers that have looked at the size themselves
    return run
