"""Compiles kernels to PTX, which needs numba-cuda and NVVM, but no GPU: ``python -m tests.cuda.compile_kernels LIST``.

LIST is what the simulator's run launched (``conftest.py``): each kernel's module and the types of its arguments. The
modules are compiled as they would be for a GPU, with the shuffles between lanes that the simulator does without.

To compile all of them takes minutes, so ``compiled.json`` remembers those that were, with the versions of the compiler.
A kernel's module is named by a hash of its source: what has changed since is not among them. ``--all`` compiles them
nevertheless, and ``--remember`` writes them down.
"""

import argparse
import ast
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

from microgradnet.backends import cache
from microgradnet.backends.cuda import translation as cuda_source

ARCHITECTURE = (8, 0)  # Ampere
MEMORY = Path(__file__).with_name("compiled.json")


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


def remembered() -> dict[tuple, bool]:
    """The kernels that these versions have compiled before, and whether there are shuffles in each."""
    if not MEMORY.exists():
        return {}
    memory = json.loads(MEMORY.read_text())
    return {tuple(key): shuffles for *key, shuffles in memory["kernels"]} if memory["versions"] == versions() else {}


def versions() -> str:
    return f"numba {metadata.version('numba')}, numba-cuda {metadata.version('numba-cuda')}"


def main() -> None:
    from numba.cuda import dispatcher

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lists", nargs="+", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--remember", action="store_true")
    options = parser.parse_args()
    # A device function asks the GPU at hand for its architecture.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=ARCHITECTURE)
    launched = sorted({tuple(key) for file in options.lists for key in json.loads(file.read_text())})
    known = {} if options.all else {key: shuffles for key, shuffles in remembered().items() if key in launched}
    failed = []
    for key in launched:
        if key in known:
            continue
        module, *names = key
        try:
            known[key] = "shfl.sync" in ptx(module, names)
        except Exception as error:
            failed.append(f"{module}({', '.join(names)}): {type(error).__name__}: {str(error)[:300]}")
    if options.remember:
        lines = ",\n".join(json.dumps([*key, shuffles]) for key, shuffles in sorted(known.items()))
        MEMORY.write_text(f'{{"versions": "{versions()}", "kernels": [\n{lines}\n]}}\n')
    print(f"compiled {len(launched) - len(failed)} of {len(launched)}, {sum(known.values())} with shuffles")
    print("\n".join(failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
