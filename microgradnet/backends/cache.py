"""Compiled kernels on disk: one module file per kernel, named by a hash of everything that it depends on.

A module holds a kernel's whole source (with the functions it calls and the flags), so any change gives another name and
a stale kernel is never loaded. numba keeps the machine code next to the file and checks the CPU itself.
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
_lock = threading.RLock()  # a second thread must not see a module that the first is still executing


def folder() -> Path:
    """The cache folder: ``MICROGRADNET_CACHE``, else one next to this file, else the user's cache folder."""
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
    """The module with ``source``, new or from the cache; ``name`` makes the folder readable."""
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
        except Exception:  # a truncated or foreign cache file: rewrite it, once
            for stale in path.parent.glob(f"__pycache__/{module_name}.*"):
                stale.unlink(missing_ok=True)
            return _execute(module_name, path)


class compiling:
    """Context around code that may compile kernels. After a second, says once on stderr that the first run takes
    longer.

    Compiled kernels are kept on disk, so later runs pass quickly.
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
