"""What a step does besides computing: changes of Python objects, clocks, other random generators, printing."""

import gc
import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from .libraries import OURS, from_library, library_of
from .visible import Sight, look

# Functions whose result or effect a replay would not have: by module, and by name among the built-in ones.
CLOCKS = {"time", "_datetime", "datetime", "posix", "nt", "_socket", "_io", "_warnings", "sys", "gc", "_thread"}
# These read the memory of an array without asking it.
CLOCKS |= {
    "_struct",
    "zlib",
    "binascii",
    "_hashlib",
    "_md5",
    "_sha1",
    "_sha2",
    "_sha3",
    "_blake2",
    "_pickle",
    "_ctypes",
}
BUILTINS = {"print", "open", "input"}
COMPILERS = {OURS, "numba", "llvmlite", "numpy", "threadpoolctl", "importlib", "warnings"}


class Surroundings:
    """Context around a recording; afterwards ``problem`` says what of it a replay could not repeat, if anything."""

    def __init__(self, function: Callable, sight: Sight):
        self.function, self.sight = function, sight
        self.problem: str | None = None

    def __enter__(self) -> "Surroundings":
        self.random = _states(self.sight)
        self.collecting = gc.isenabled()
        gc.disable()  # what others do when garbage is collected is not the step's
        self.profile = sys.getprofile()
        sys.setprofile(self._called)
        return self

    def __exit__(self, *exception: Any) -> None:
        sys.setprofile(self.profile)
        if self.collecting:
            gc.enable()
        if self.problem is None and _states(self.sight) != self.random:
            self.problem = "it draws random numbers from a generator that a replay would not draw from"
        after = look(self.function, self.sight.names)
        if self.problem is None and after.key != self.sight.key:
            self.problem = f"it changes {after.difference(self.sight)}"

    def _called(self, frame: FrameType, event: str, function: Any) -> None:
        if self.problem is not None:
            return
        if event == "call" and frame.f_globals.get("__name__") == "logging":
            self._refuse("logging", frame)
        if event != "c_call":
            return
        name, module = getattr(function, "__name__", ""), getattr(function, "__module__", None)
        owner = getattr(function, "__self__", None)
        if module is None and owner is not None:
            module = (owner if isinstance(owner, type) else type(owner)).__module__
        foreign = getattr(function, "__module__", None) is not None and not from_library(module)
        if not (foreign or module in CLOCKS or (module == "builtins" and name in BUILTINS)):
            return
        self._refuse(name, frame)

    def _refuse(self, name: str, frame: FrameType | None) -> None:
        """Refuses a call from ``frame`` if it is the step's own, and not one that compiles a kernel."""
        while frame is not None and (library := library_of(frame.f_globals)) and library not in COMPILERS:
            frame = frame.f_back
        if frame is not None and not library:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            self.problem = f"it calls {name}, which a replay would not, at {place}"


def _states(sight: Sight) -> list:
    """The states of the random generators that are not the default one."""
    numpy_state: Any = np.random.get_state(legacy=False)
    return [
        random.getstate(),
        numpy_state["state"]["key"].tobytes() + bytes([numpy_state["state"]["pos"] % 256]),
        numpy_state["state"]["pos"],
        *[generator.get_state() for generator in sight.generators],
    ]
