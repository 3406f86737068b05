"""Compiled kernels on disk: one module file for each kernel, named by the hash of all that it depends on.

A module holds a kernel's whole source (the functions it calls, the flags), so a change anywhere gives another name
and a stale kernel cannot be met. numba keeps the machine code beside the file and checks the CPU itself.
"""

import atexit
import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from . import threads

CONTRACT = ", fastmath={'contract'}"  # a·b + c with one rounding; NaN, Inf and -0.0 stay IEEE
FLAGS = f"cache=True, nogil=True, error_model='numpy'{CONTRACT}"
HEADER = "import math\nimport numpy as np\nfrom numba import float32, float64, njit, prange\n"
_folder: Path | None = None
_lock = threading.RLock()  # a second thread must not meet a module that the first is still executing


def folder() -> Path:
    """Where kernels are kept: ``MICROGRADNET_CACHE``, else beside this file, else the user's cache folder."""
    global _folder
    if _folder is None:
        user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "microgradnet"
        wanted = os.environ.get("MICROGRADNET_CACHE")
        choices = [Path(wanted)] if wanted else [Path(__file__).parent / "__pycache__", user]
        _folder = next((c for c in choices if _writable(c)), None) or Path(tempfile.mkdtemp(prefix="microgradnet-"))
    return _folder


def _writable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def load(name: str, source: str, header: str = HEADER):
    """The module made of ``source``, compiled now or before; ``name`` is for the reader of the folder."""
    import numba

    threads.choose_layer()
    text = f"# numba {numba.__version__}\n{header}\n{source}\n"
    module_name = f"mg_{name}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    with _lock:
        if module_name in sys.modules:
            return sys.modules[module_name]
        path = folder() / f"{module_name}.py"
        if not path.exists() or path.read_bytes() != text.encode():
            _write(path, text)
        try:
            return _execute(module_name, path)
        except Exception:  # a cache file that was cut short, or written by something else: make it anew, once
            for stale in path.parent.glob(f"__pycache__/{module_name}.*"):
                stale.unlink(missing_ok=True)
            return _execute(module_name, path)


class compiling:
    """Context around what may compile kernels. Says on stderr that the first run takes longer, once it has by a second.

    What is compiled is kept on disk, so a later run does not come here for long.
    """

    seconds, count, depth, told = 0.0, 0, 0, False

    def __enter__(self):
        self.start = time.perf_counter()
        compiling.depth += 1

    def __exit__(self, *exception):
        compiling.depth -= 1
        if compiling.depth:
            return
        took = time.perf_counter() - self.start
        if took < 0.02:  # read from disk
            return
        compiling.seconds += took
        compiling.count += 1
        if compiling.seconds > 1 and sys.stderr is not None:
            line = f"microgradnet: compiling {compiling.count} kernels, first run only"
            if sys.stderr.isatty():
                print(f"\r{line}", end="", file=sys.stderr, flush=True)
                if not compiling.told:
                    atexit.register(print, file=sys.stderr)
            elif not compiling.told:
                print(f"{line} ...", file=sys.stderr, flush=True)
            compiling.told = True


def _execute(module_name: str, path: Path):
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # numba finds a kernel's module by name when it loads machine code
    try:
        with compiling():
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)
