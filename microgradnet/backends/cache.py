"""Compiled kernels on disk: one module file per kernel, named by a hash of everything that it depends on.

A module holds a kernel's whole source (with the functions it calls and the flags), so any change gives another name and
a stale kernel is never loaded. The file is there for readers and tracebacks: what runs is the text in memory.
"""

import atexit
import contextlib
import functools
import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
import threading
import time
from pathlib import Path

from . import threads

CONTRACT = ", fastmath={'contract'}"  # a·b + c with one rounding; NaN, Inf and -0.0 stay IEEE
FLAGS = f"cache=True, nogil=True, error_model='numpy'{CONTRACT}"
HEADER = (
    "import math\nimport numpy as np\nfrom numba import float32, float64, prange\n"
    "from microgradnet.backends.compiled import njit\n"
)
_lock = threading.RLock()  # a second thread must not see a module that the first is still executing


@functools.cache
def folder() -> Path | None:
    """The cache folder: ``MICROGRADNET_CACHE``, else one next to this file, else the user's cache folder.

    None, said once, if none can be written. Raises PermissionError for a ``MICROGRADNET_CACHE`` that others may write
    to: the compiled kernels in it are run.
    """
    wanted = os.environ.get("MICROGRADNET_CACHE")
    if wanted:
        choices = [Path(wanted).absolute()]
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "microgradnet"
        # Whoever may write next to this file may change the file itself: nothing to check there.
        beside = Path(__file__).parent / "__pycache__"
        if _writable(beside):
            return beside
        choices = [beside, user.absolute()]
    path = choices[-1]
    if _writable(path):
        danger = unsafe(path)
        if danger is None:
            return path
        if wanted:
            raise PermissionError(
                f"MICROGRADNET_CACHE={wanted!r}: {danger}, and could put code there that this program would run; "
                "name a folder that only you can write to"
            )
    _say(
        f"no folder for compiled kernels can be written safely ({', '.join(map(str, choices))}): every run compiles "
        "them again; set MICROGRADNET_CACHE to a folder of your own"
    )
    return None


def unsafe(path: Path) -> str | None:
    """Who besides this user and root may write to ``path`` or replace it, or None; always None on Windows."""
    if not hasattr(os, "getuid"):
        return None
    real = path.resolve()
    for part in dict.fromkeys((real, *real.parents, path, *path.parents)):
        owner, status = part.lstat().st_uid, part.stat()
        for user in (owner, status.st_uid):  # of a link, and of what it leads to
            if user not in (0, os.getuid()):
                return f"{part} belongs to another user (id {user})"
        # In a sticky folder such as /tmp only the owner of an entry can replace it.
        if part not in (real, path) and status.st_mode & stat.S_ISVTX:
            continue
        if status.st_mode & stat.S_IWOTH:
            return f"everybody may write to {part}"
        # A group with its user's own number has no other member.
        if status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getuid()):
            return f"group {status.st_gid} may write to {part}"
    return None


def _writable(path: Path) -> bool:
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def load(name: str, source: str, header: str = HEADER):
    """The module with ``source``; ``name`` makes the cache folder readable."""
    import numba

    threads.choose_layer()
    text = f"# numba {numba.__version__}\n{header}\n{source}\n"
    module_name = f"mg_{name}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    with _lock:
        if module_name in sys.modules:
            return sys.modules[module_name]
        path = (folder() or Path("kernels")) / f"{module_name}.py"
        if folder() is not None and not _holds(path, text):
            write(path, text.encode())
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(module_name, None, origin=str(path)))
        module.__file__ = str(path)
        sys.modules[module_name] = module  # numba finds a kernel's module by name when it loads machine code
        try:
            exec(compile(text, str(path), "exec"), module.__dict__)
        except BaseException:
            del sys.modules[module_name]
            raise
        return module


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def write(path: Path, content: bytes) -> None:
    """Puts ``content`` into the file in one step, or leaves it as it was and says why, once for all files."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        _say(f"compiled kernels cannot be kept in {path.parent} ({error.strerror}): later runs compile them again")


@functools.cache
def _say(line: str) -> None:
    if sys.stderr is not None:
        print(f"microgradnet: {line}", file=sys.stderr, flush=True)


class compiled:
    """What this process has compiled. After a second of it, stderr says once that runs that need no new kernel are
    faster; a terminal shows the count as it grows.
    """

    seconds, count, told, quiet = 0.0, 0, False, False


def count_compilation(seconds: float) -> None:
    """One more kernel was compiled, not read from disk."""
    compiled.seconds += seconds
    compiled.count += 1
    if compiled.seconds <= 1 or compiled.quiet or sys.stderr is None:
        return
    line = (
        f"microgradnet: {compiled.count} kernel{'s' * (compiled.count > 1)} compiled on first use and kept for later "
        "runs (all ahead: python -m microgradnet warm-up)"
    )
    if sys.stderr.isatty():
        print(f"\r{line}", end="", file=sys.stderr, flush=True)
        if not compiled.told:
            atexit.register(print, file=sys.stderr)
    elif not compiled.told:
        print(f"{line} ...", file=sys.stderr, flush=True)
    compiled.told = True


class counted:
    """Context around a call that compiles beside ``compiled.njit``: on a GPU, at the first launch."""

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, *exception):
        took = time.perf_counter() - self.start
        if took > 0.02:  # else read from disk
            count_compilation(took)
