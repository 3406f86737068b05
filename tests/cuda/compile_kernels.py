"""Compiles kernels to PTX, which needs numba-cuda and NVVM, but no GPU: ``python -m tests.cuda.compile_kernels LIST``.

LIST is what the simulator's run launched (``conftest.py``): each kernel's module and the types of its arguments. The
modules are compiled as they would be for a GPU, with the shuffles between lanes that the simulator does without.
"""

import ast
import json
import re
import sys
from types import SimpleNamespace

from microgradnet.backends import cache
from microgradnet.backends.cuda import translation as cuda_source

ARCHITECTURE = (8, 0)  # Ampere


def numba_types(names: list[str]) -> tuple:
    """``"float32 2"`` is a contiguous array of two dimensions; a bare name is a number."""
    from microgradnet.backends.cuda.compiler import types

    python = {"bool": types.boolean, "int": types.int64, "float": types.float64}
    found = []
    for name in names:
        dtype, _, ndim = name.partition(" ")
        element = python.get(dtype) or getattr(types, dtype)
        found.append(types.Array(element, int(ndim), "C") if ndim else element)
    return tuple(found)


DEVICE_FUNCTIONS: dict = {}  # source of a device function and of what it calls -> the function, compiled once for all


def ptx(module: str, names: list[str]) -> str:
    """The PTX of one kernel."""
    from microgradnet.backends.cuda.compiler import cuda

    text = (cache.folder() / f"{module}.py").read_text().replace(cuda_source.IN_SIMULATOR, cuda_source.ON_DEVICE)
    text = re.sub(r"^@cuda\.jit(\(cache=True\))?\ndef kernel", "def kernel", text, flags=re.MULTILINE)
    scope: dict = {"__name__": module}
    sources: dict[str, str] = {}
    for statement in ast.parse(text).body:
        source = ast.unparse(statement)
        device_function = isinstance(statement, ast.FunctionDef) and bool(statement.decorator_list)
        if device_function:
            called = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            source = "\n".join([*(sources[name] for name in sorted(called & sources.keys())), source])
            sources[statement.name] = source
            if source in DEVICE_FUNCTIONS:
                scope[statement.name] = DEVICE_FUNCTIONS[source]
                continue
        exec(compile(ast.Module([statement], []), module, "exec"), scope)
        if device_function:
            DEVICE_FUNCTIONS[source] = scope[statement.name]
    return cuda.compile_ptx(scope["kernel"], numba_types(names), cc=ARCHITECTURE)[0]


def main() -> None:
    from microgradnet.backends.cuda.compiler import cuda

    dispatcher = cuda.dispatcher
    # A device function asks the GPU at hand for its architecture.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=ARCHITECTURE)
    with open(sys.argv[1]) as file:
        launched = json.load(file)
    failed, shuffled = [], 0
    for module, *names in launched:
        try:
            shuffled += "shfl.sync" in ptx(module, names)
        except Exception as error:
            failed.append(f"{module}({', '.join(names)}): {type(error).__name__}: {str(error)[:300]}")
    print(f"compiled {len(launched) - len(failed)} of {len(launched)}, {shuffled} with shuffles")
    print("\n".join(failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
