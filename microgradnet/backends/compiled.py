"""numba's ``njit`` for the kernel modules, with machine code kept in files that are verified before they are read.

A file is the SHA-256 of what follows, and a compiled signature as numba pickles it. One that is damaged, cut short or
empty counts as absent: the kernel is compiled again. A file that cannot be written costs a compilation in each process.
"""

import hashlib
import pickle
import sys
import time
from pathlib import Path

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.core.typeinfer import register_dispatcher

from . import cache

_DIGEST = hashlib.sha256().digest_size
_PYTHON = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"


class Kept(NullCache):
    """Compiled signatures of one function on disk, by the protocol that numba's dispatcher expects of a cache."""

    def __init__(self, function) -> None:
        self.function, self.began = function, 0.0

    def file(self, signature, codegen) -> Path | None:
        """Where the code of a signature for this processor and this Python stands; None without a cache folder."""
        folder = cache.folder()
        if folder is None:
            return None
        key = hashlib.sha256(repr((signature, codegen.magic_tuple(), _PYTHON)).encode()).hexdigest()[:16]
        return folder / f"{self.function.__module__}.{self.function.__name__}.{key}.nbc"

    def load_overload(self, signature, target_context):
        target_context.refresh()
        payload = self._read(self.file(signature, target_context.codegen()))
        if payload is not None:
            return CompileResult._rebuild(target_context, *payload)
        self.began = time.perf_counter()
        return None

    def _read(self, path: Path | None):
        try:
            content = b"" if path is None else path.read_bytes()
        except OSError:
            return None
        data = memoryview(content)[_DIGEST:]
        if hashlib.sha256(data).digest() != content[:_DIGEST]:
            return None
        try:
            return pickle.loads(data)
        except Exception:  # written by other versions of the libraries that numba is made of
            return None

    def save_overload(self, signature, result) -> None:
        cache.count_compilation(time.perf_counter() - self.began)
        path = self.file(signature, result.codegen)
        # As in numba: code with addresses of this process in it is of no use to another.
        if path is None or result.lifted or result.library.has_dynamic_globals:
            return
        data = dumps(result._reduce())
        cache.write(path, hashlib.sha256(data).digest() + data)


def njit(*signatures: str, cache: bool = False, **flags):
    """``numba.njit``, compiled at once for each of ``signatures``; ``cache=True`` keeps the code in verified files."""

    def decorate(function):
        dispatcher = numba.njit(**flags)(function)
        if isinstance(dispatcher, type(function)):  # NUMBA_DISABLE_JIT
            return function
        if cache:
            dispatcher._cache = Kept(function)
        if signatures:
            with register_dispatcher(dispatcher):
                for signature in signatures:
                    dispatcher.compile(signature)
                dispatcher.disable_compile()
        return dispatcher

    return decorate
