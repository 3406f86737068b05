"""What a code object names: all that a step can reach is reached through these names."""

import dis
import functools
import types
from typing import Any, NamedTuple

# What reaches an attribute by a string.
BY_STRING = {"__dict__", "vars", "getattr", "attrgetter", "methodcaller", "__getattribute__", "getmembers"}


class Names(NamedTuple):
    """What a code object, and those nested in it, names."""

    attributes: frozenset[str]  # with the words in strings, where an attribute may be reached by a string
    globals: frozenset[str]
    modules: tuple[tuple[str, int], ...]  # imported inside: (name, level)
    catches: bool  # whether it handles errors


@functools.lru_cache(maxsize=4096)
def names_of(code: types.CodeType) -> Names:
    """The names in ``code`` and in the code nested in it."""
    attributes: set[str] = set()
    found, modules, catches = set(), [], code.co_name == "__exit__"
    handling = False
    before: list[Any] = [None, None]  # the arguments of the two instructions before
    for instruction in dis.get_instructions(code):
        catches |= handling and instruction.opname != "WITH_EXCEPT_START"
        catches |= instruction.opname == "SETUP_FINALLY"  # up to Python 3.10
        handling = instruction.opname == "PUSH_EXC_INFO"
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "IMPORT_FROM"):
            if not (instruction.opname == "STORE_ATTR" and _on_a_new_object(code, before[1])):
                attributes.add(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            modules.append((instruction.argval, before[0] if isinstance(before[0], int) else 0))
        before = [before[1], instruction.argval]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = names_of(constant)
            attributes |= inner.attributes
            found |= inner.globals
            modules += inner.modules
            catches |= inner.catches
    if (found | attributes) & BY_STRING:
        attributes |= {c for c in code.co_consts if isinstance(c, str) and c.isidentifier()} | (found & BY_STRING)
    catches |= "suppress" in found | attributes
    return Names(frozenset(attributes), frozenset(found), tuple(modules), catches)


def _on_a_new_object(code: types.CodeType, loaded: Any) -> bool:
    """Whether what was ``loaded`` is the object that a constructor makes."""
    last = loaded[-1] if isinstance(loaded, tuple) and loaded else loaded
    return code.co_name == "__init__" and code.co_varnames[:1] == (last,)
