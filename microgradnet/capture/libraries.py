"""Which code is a library's: its globals are not looked at, and what it calls is not the step's own doing."""

import os
import sys

# Packages whose objects do not change what a step does, other than through what is looked at here.
OURS = __package__.partition(".")[0]
LIBRARIES = {OURS, "numpy", "numba", "llvmlite", "threadpoolctl", *sys.stdlib_module_names}
STDLIB = os.path.dirname(os.__file__)
HEAP_TYPE = 1 << 9  # in a class's ``__flags__``: made while Python runs, not compiled in


def from_library(module_name: str | None) -> bool:
    """Whether a module's code belongs to a library, whose globals are not looked at: a user's code.py does not."""
    first = (module_name or "builtins").partition(".")[0]
    if first not in LIBRARIES:
        return False
    if first not in sys.stdlib_module_names:
        return True
    module = sys.modules.get(first)
    file = getattr(module, "__file__", None)
    return module is not None and (file is None or file.startswith(STDLIB))


def class_from_library(kind: type) -> bool:
    """Whether a class belongs to a library. Where a namespace has no name, its classes say that they are built in."""
    if kind.__module__ == "builtins":
        return not kind.__flags__ & HEAP_TYPE
    return from_library(kind.__module__)


def library_of(namespace: dict) -> str:
    """The library whose module has these globals; empty for a user's."""
    name = namespace.get("__name__")
    if name is None or not from_library(name):
        return ""
    return name.partition(".")[0] if getattr(sys.modules.get(name), "__dict__", None) is namespace else ""
