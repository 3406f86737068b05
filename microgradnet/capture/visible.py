"""What a step can see besides its arguments: closures, globals, attributes, containers, modules and their modes.

``look`` walks from the function over all that its code names and gives a ``Sight``: a key that changes with any of it
(but for the numbers in tensors, which a replay reads anew), and a list of cheap checks that tell whether it may have
changed. What can be neither compared nor named is ``opaque``: a step that uses it is not replayed.
"""

import abc
import builtins
import functools
import inspect
import os
import sys
import types
from collections import defaultdict, deque
from collections.abc import Iterable
from operator import is_
from pathlib import PurePath
from typing import Any

import numpy as np

from .. import dtypes, structure
from ..beside import told_as_one
from ..primitive import Primitive
from ..random import Generator
from ..tensor import Tensor
from .libraries import OURS, class_from_library, from_library, library_of
from .names import BY_STRING, names_of

PLAIN = (type(None), bool, int, str, bytes, complex, type(...), np.dtype, range, slice)
EXACT = {float, *PLAIN}
LARGEST = 1 << 16  # elements of an array outside of the step whose content is compared at each call
MOST = 20_000  # values to look at
# What tells an optimizer's or a schedule's numbers to the code of a step; ``step`` alone is called anew at each replay.
TOLD = {"param_groups", "state", "defaults", "last_epoch", "get_last_lr", "get_lr", "base_lrs"}
TOLD_AS_ONE = told_as_one(lambda: None).__code__
NAMESPACES = {"Namespace", "SimpleNamespace"}  # of the standard library: nothing but attributes
# Functions that reach what no name in the code tells.
DYNAMIC = {"eval", "exec", "globals", "__import__", "import_module", "_getframe", "currentframe", "get_objects"}
DYNAMIC |= {"get_referrers", "walk_stack"}
# Attributes that do.
FRAMES = {"f_back", "f_globals", "f_locals", "tb_frame", "gi_frame", "__globals__"}
DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType)
# Of a class: what is not its code, or is made by Python itself when it is asked for.
STANDARD = {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__qualname__", "__slots__"}
STANDARD |= {"__parameters__", "__orig_bases__", "__abstractmethods__", "_abc_impl", "__firstlineno__"}
STANDARD |= {"__static_attributes__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__match_args__"}
# Functions and attributes that read an array of NumPy without any of its methods, ufuncs or array functions being
# called.
UNSEEN = {
    "array",
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "asfortranarray",
    "frombuffer",
    "from_dlpack",
    "require",
}
UNSEEN |= {"memoryview", "bytes", "bytearray", "copyto", "asarray_chkfinite", "asmatrix", "matrix", "nditer", "ndarray"}
UNSEEN_ATTRIBUTES = {"flat", "base", "ctypes", "as_strided", "__array__", "__array_interface__", "__array_struct__"}
UNSEEN_ATTRIBUTES |= {"choice", "shuffle", "permutation", "permuted", "multinomial", "unpack_from", "from_buffer"}
STANDARD |= {"__dataclass_fields__", "__dataclass_params__"}
_NOTHING = object()


class Sight:
    """What was seen once.

    Attributes:
        key: a tuple that is equal where what is seen is.
        opaque: what can be neither compared nor refused by name, as (where, type); None if all can.
        named: path of each thing seen -> its part of the key, to say what has changed.
        generators: generators of random numbers other than the default one.
    """

    def __init__(self):
        self.named: dict[str, Any] = {}
        self.opaque: tuple[str, str] | None = None
        self.generators: list[Generator] = []
        self.catches = False  # whether its code handles errors
        self.unseen: set[str] = set()  # functions in use that read an array without telling
        self.alive: list = []  # what an id in the key names must not be freed
        self.tensors: set[int] = set()  # ids of the tensors
        self.memory: set[int] = set()  # ids of the arrays that own their memory
        self.names: frozenset[str] = frozenset()  # that the code met on the way names
        self.count = structure.count
        self.registered = abc.get_cache_token()
        self.default = dtypes.default
        self._slots: list[tuple] = []  # (mapping, name, value that was there)
        self._cells: list[tuple] = []  # (cell, content)
        self._codes: list[tuple] = []  # (function, its code, its defaults, those by name)
        self._kinds: list[tuple] = []  # (object, its class)
        self._containers: list[tuple] = []  # (container, copy of what it held)
        self._arrays: list[tuple] = []  # (array, copy of its numbers)
        self.key: tuple = ()
        self.number: int = -1  # of the key, among those of one step

    def holds(self) -> bool:
        """Whether nothing has changed since, as far as cheap checks can tell: False may be a false alarm."""
        if structure.count != self.count or dtypes.default is not self.default:
            return False
        if abc.get_cache_token() != self.registered:
            return False
        for mapping, name, value in self._slots:
            if mapping.get(name, _NOTHING) is not value:
                return False
        for cell, value in self._cells:
            if _content(cell) is not value:
                return False
        for function, code, defaults, by_name in self._codes:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return False
            if function.__kwdefaults__ is not by_name:
                return False
        for value, kind in self._kinds:
            if type(value) is not kind:
                return False
        for container, held in self._containers:
            if len(container) != len(held) or not all(map(is_, container, held)):
                return False
        return all(same_bits(array, copy) for array, copy in self._arrays)

    def difference(self, other: "Sight") -> str:
        """The path of the first thing that is not as it was in ``other``."""
        for path, part in self.named.items():
            if other.named.get(path, _NOTHING) != part:
                return path
        return next((path for path in other.named if path not in self.named), "what it reads")


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are the same bit for bit."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.nbytes < 1 << 12 or a.dtype.kind not in "fiub":
        return a.tobytes() == b.tobytes()
    return bool((a.view(f"u{a.itemsize}") == b.view(f"u{b.itemsize}")).all())


def look(function: Any, names: Iterable[str] = ()) -> Sight:
    """All that ``function`` can see now. ``names`` are those that its code named at an earlier look."""
    walker = _Walker(set(names))
    walker.visit(function, getattr(function, "__name__", "step"))
    while walker.asked < len(walker.names):  # code that was met late names more of what was looked at before
        walker = _Walker(walker.names)
        walker.visit(function, getattr(function, "__name__", "step"))
    walker.sight.names = frozenset(walker.names)
    walker.sight.key = (dtypes.default.name, walker.sight.registered, *walker.sight.named.items())
    return walker.sight


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _NOTHING


def root(array: Any) -> Any:
    """The object that owns the memory of ``array``."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


class _Walker:
    """Walks over what can be seen, each object once."""

    def __init__(self, names: set[str]):
        self.sight = Sight()
        self.seen: dict[int, str] = {}
        self.names = set(names)  # all that the code met so far names
        self.asked = len(names)  # of these, how many there were when they first decided what was looked at
        self._has_asked = False
        self.queue: deque[tuple[Any, str]] = deque()

    def visit(self, root: Any, path: str) -> None:
        """Walks from ``root``, functions first, since what they name decides what of an object matters."""
        self.queue.append((root, path))
        later: list[tuple[Any, str]] = []
        while self.queue or later:
            if not self.queue:
                self.queue.extend(later)
                later = []
                while self.queue:
                    self._one(*self.queue.popleft(), objects=True)
                continue
            value, path = self.queue.popleft()
            if not self._one(value, path, objects=False):
                later.append((value, path))
            if len(self.seen) > MOST:
                self._refuse(path, f"more than {MOST:,} values")
                return

    def _note(self, path: str, part: Any) -> None:
        self.sight.named[path] = part

    def _asks(self) -> None:
        """Says that the names known so far decide what is looked at."""
        if not self._has_asked:
            self._has_asked, self.asked = True, len(self.names)

    def _refuse(self, path: str, what: str) -> None:
        self.sight.opaque = self.sight.opaque or (path, what)

    def _one(self, value: Any, path: str, objects: bool) -> bool:
        """Looks at one value; False if it is an object whose turn comes when all functions have been met."""
        if type(value) is float or isinstance(value, np.floating):
            self._note(path, ("float", float(value).hex(), type(value).__name__))
        elif type(value) in EXACT or isinstance(value, np.dtype):
            self._note(path, (type(value).__name__, repr(value)))
        elif isinstance(value, np.generic):
            self._note(path, (value.dtype.str, value.tobytes()))
        elif id(value) in self.seen:
            self._note(path, ("as", self.seen[id(value)]))
        elif isinstance(value, types.FunctionType | types.MethodType | type) or not objects:
            return self._function(value, path)
        else:
            self._first(value, path)
            self._object(value, path)
        return True

    def _first(self, value: Any, path: str) -> None:
        self.seen[id(value)] = path
        self.sight.alive.append(value)

    # ---- code

    def _function(self, value: Any, path: str) -> bool:
        if isinstance(value, types.MethodType):
            self._note(path, "method")
            self.queue.append((value.__func__, f"{path}.__func__"))
            self.queue.append((value.__self__, path.rpartition(".")[0] or "self"))
            return True
        if isinstance(value, types.FunctionType):
            self._first(value, path)
            self._note(path, ("function", id(value), id(value.__code__)))
            if value.__code__ is TOLD_AS_ONE:  # called anew at each replay
                return True
            if value is os.getenv:
                self.queue.append((os.environ._data, "os.environ"))
            inner = getattr(value, "__wrapped__", None)
            if not (library_of(value.__globals__) and from_library(value.__module__)):  # ``wraps`` copies the name
                self._code(value, path)
            elif inner is not None:
                self.queue.append((inner, path))
            else:  # such as a decorator's: the user's function may be in its closure
                held = [(_content(cell), path) for cell in value.__closure__ or ()]
                self.queue += [(content, path) for content, path in held if callable(content)]
            return True
        if isinstance(value, type):
            self._first(value, path)
            self._note(path, ("class", id(value)))
            if not class_from_library(value):
                self._class(value, path)
            return True
        return False

    def _code(self, function: types.FunctionType, path: str) -> None:
        names = names_of(function.__code__)
        self.names |= names.attributes
        self.sight.catches |= names.catches
        self.sight._codes.append((function, function.__code__, function.__defaults__, function.__kwdefaults__))
        self.sight.unseen |= names.attributes & UNSEEN_ATTRIBUTES
        if reached := names.attributes & FRAMES:
            self._refuse(f"{path}: {min(reached)}", "an attribute that reaches the variables of other code")
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            content = _content(cell)
            self.sight._cells.append((cell, content))
            if content is not _NOTHING:
                self.queue.append((content, name))
        for name in sorted(names.globals):
            known = function.__globals__.get(name, _NOTHING)
            self.sight._slots.append((function.__globals__, name, known))
            if known is not _NOTHING:
                self.queue.append((known, name))
                continue
            built_in = vars(builtins).get(name, _NOTHING)
            self.sight._slots.append((vars(builtins), name, built_in))
            if name in UNSEEN:
                self.sight.unseen.add(name)
            elif name in DYNAMIC:
                self._refuse(name, "a function that reads whatever it is told to")
            elif isinstance(built_in, types.FunctionType):
                self.queue.append((built_in, name))
            else:
                self._note(name, ("builtin", id(built_in)))
        for name, level in names.modules:
            self._imported(name, level, function)
        for position, default in enumerate(function.__defaults__ or ()):
            self.queue.append((default, f"{path}'s default {position}"))
        if function.__kwdefaults__:
            defaults = function.__kwdefaults__
            self.sight._containers.append((defaults.values(), tuple(defaults.values())))
            self.queue += [(default, f"{path}'s default {name}") for name, default in defaults.items()]
        if vars(function):
            self._members(vars(function), path)

    def _imported(self, name: str, level: int, function: types.FunctionType) -> None:
        """A module that is imported inside of a function."""
        package = function.__globals__.get("__package__") or ""
        if level:
            package = package.rsplit(".", level - 1)[0]
        full = f"{package}.{name}".strip(".") if level else name
        module = sys.modules.get(full)
        if module is not None:
            self.queue.append((module, full))
            for inner in sorted(self.names):  # from package import module
                if (part := sys.modules.get(f"{full}.{inner}")) is not None and not from_library(full):
                    self.queue.append((part, f"{full}.{inner}"))
        elif not from_library(full):
            self._refuse(full, "a module that is imported inside")

    def _members(self, members: Any, path: str) -> None:
        """The attributes of a function, an object or a class: all of them, and which there are."""
        self._note(f"{path}'s attributes", tuple(members))
        self.sight._containers.append((members.values(), tuple(members.values())))
        for name in list(members):
            self.queue.append((members[name], f"{path}.{name}"))

    def _class(self, kind: type, path: str) -> None:
        for base in [*kind.__mro__, *inspect.getmro(type(kind))]:
            if class_from_library(base):
                continue
            members = vars(base)
            self.sight._containers.append((members.values(), tuple(members.values())))
            self._note(f"{path}'s attributes", tuple(members))
            for name, value in list(members.items()):
                if name not in STANDARD:
                    self._member(value, f"{path}.{name}")

    def _member(self, value: Any, path: str) -> None:
        """An attribute of a class: functions inside of descriptors, too."""
        if isinstance(value, staticmethod | classmethod):
            self.queue.append((value.__func__, path))
        elif isinstance(value, property):
            self.queue += [(part, path) for part in (value.fget, value.fset, value.fdel) if part is not None]
        elif isinstance(value, functools.cached_property):
            self.queue.append((value.func, path))
        elif not isinstance(value, DESCRIPTORS) and type(value).__name__ != "_tuplegetter":
            self.queue.append((value, path))

    # ---- objects

    def _object(self, value: Any, path: str) -> None:
        if isinstance(value, Tensor):
            hooks = bool(value.extras and value.extras.get("hooks"))
            self._note(path, ("tensor", id(value), value.requires_grad, hooks))
            self.sight.tensors.add(id(value))
            self.sight.memory.add(id(root(value._array)))
            if not class_from_library(type(value)):
                self._plain_object(value, path)
        elif isinstance(value, np.ndarray):
            self._array(value, path)
        elif isinstance(value, types.ModuleType):
            self._module_file(value, path)
        elif isinstance(value, list | tuple | deque | set | frozenset | dict):
            self._container(value, path)
        elif value is os.environ:
            self.queue.append((os.environ._data, path))
        elif isinstance(value, Generator):
            self._note(path, ("generator", id(value)))
            self.sight.generators.append(value)
        elif hasattr(value, "named_modules"):
            self._nn_module(value, path)
        elif isinstance(value, types.BuiltinFunctionType | types.MethodDescriptorType | np.ufunc | property):
            self._note(path, ("builtin", id(value)))
            owner = getattr(value, "__self__", None)
            if owner is not None and not isinstance(owner, types.ModuleType | type):
                self.queue.append((owner, path))
        elif hasattr(value, "func") and hasattr(value, "keywords"):  # functools.partial
            self._note(path, "partial")
            for part, name in ((value.func, "func"), (value.args, "args"), (value.keywords, "keywords")):
                self.queue.append((part, f"{path}.{name}"))
                self.sight._slots.append((_Slots(value), name, part))
        elif _of_ours(value):
            self._ours(value, path)
        elif isinstance(value, PurePath):
            self._note(path, ("path", str(value)))
        elif isinstance(value, (float, *PLAIN)):  # of a class of one's own
            base: Any = next(kind for kind in type(value).__mro__ if kind in EXACT)
            self._note(path, ("number", id(type(value)), float.hex(value) if base is float else base.__repr__(value)))
            self._plain_object(value, path)
        elif _shows_its_attributes(value):
            self._note(path, ("object", id(value), id(type(value))))
            self._plain_object(value, path)
        else:
            self._note(path, ("opaque", id(value)))
            self._refuse(path, type(value).__name__)

    def _plain_object(self, value: Any, path: str) -> None:
        """An object of a class of one's own: its class, its attributes and its slots."""
        self.sight._kinds.append((value, type(value)))
        self.queue.append((type(value), f"class {type(value).__name__}"))
        if hasattr(value, "__dict__"):
            self._members(vars(value), path)
        self._slots_of(value, path)

    def _array(self, value: np.ndarray, path: str) -> None:
        if type(value) not in (np.ndarray, np.memmap):
            self._note(path, ("opaque", id(value)))
            self._refuse(path, type(value).__name__)
        elif value.dtype.hasobject:
            self._refuse(path, "an array of objects")
        elif value.size > LARGEST:
            self._refuse(path, f"an array of {value.size:,} numbers: pass it as an argument")
        else:
            self._note(path, ("array", value.dtype.str, value.shape, value.strides, value.tobytes()))
            self.sight._arrays.append((value, value.copy()))

    def _module_file(self, module: types.ModuleType, path: str) -> None:
        self._note(path, ("module", id(module)))
        library = from_library(module.__name__)
        self._asks()
        if module is np:
            self.sight.unseen |= self.names & UNSEEN
        names = self.names & vars(module).keys()
        if not library:
            if self.names & BY_STRING:
                names |= {name for name in vars(module) if not name.startswith("__")}
            if "__getattr__" in vars(module):
                names.add("__getattr__")
            if type(module) is not types.ModuleType:
                self.queue.append((type(module), f"class {type(module).__name__}"))
            for name in self.names - vars(module).keys():  # may appear later
                self.sight._slots.append((vars(module), name, _NOTHING))
        for name in sorted(names):
            value = vars(module)[name]
            self.sight._slots.append((vars(module), name, value))
            if not library:
                self.queue.append((value, f"{path}.{name}"))
            elif name in DYNAMIC:
                self._refuse(f"{path}.{name}", "a function that reads whatever it is told to")
            elif isinstance(value, (*PLAIN, float, list, dict, types.FunctionType)):
                self.queue.append((value, f"{path}.{name}"))
            else:
                self._note(f"{path}.{name}", id(value))
        if module is os and self.names & {"environ", "getenv"}:
            self.queue.append((os.environ._data, "os.environ"))

    def _container(self, value: Any, path: str) -> None:
        self._note(path, (type(value).__name__, id(type(value)), len(value)))
        if not class_from_library(type(value)):
            self._plain_object(value, path)
        elif getattr(value, "__dict__", None) is not None:
            self._members(vars(value), path)
        if isinstance(value, defaultdict):
            self.queue.append((value.default_factory, f"{path}'s default"))
        if isinstance(value, dict):
            self.sight._containers += [(value.values(), tuple(value.values())), (value.keys(), tuple(value))]
            for i, (key, held) in enumerate(value.items()):
                self.queue.append((key, f"{path}'s key {i}"))
                name = repr(key) if type(key) in EXACT else f"key {i}"
                self.queue.append((held, f"{path}[{name:.40}]"))
            return
        if not isinstance(value, tuple | frozenset):
            self.sight._containers.append((value, tuple(value)))
        for i, held in enumerate(value):
            self.queue.append((held, f"{path}[{i}]"))

    def _slots_of(self, value: Any, path: str) -> None:
        for base in type(value).__mro__:
            for name, descriptor in () if class_from_library(base) else list(vars(base).items()):
                if isinstance(descriptor, types.MemberDescriptorType):
                    held = getattr(value, name, _NOTHING)
                    self.sight._slots.append((_Slots(value), name, held))
                    if held is not _NOTHING:
                        self.queue.append((held, f"{path}.{name}"))

    def _nn_module(self, value: Any, path: str) -> None:
        """A module: its class, its mode, its own attributes; its parts are reached through these."""
        self._note(path, ("nn", id(value), id(type(value)), value.training))
        self.sight._kinds.append((value, type(value)))
        self.queue.append((type(value), f"class {type(value).__name__}"))
        for name, held in vars(value).items():
            if name in ("_parameters", "_buffers", "_modules"):  # a change of these is counted in ``structure``
                self._note(f"{path}.{name}", tuple(held))
                for part, of in held.items():
                    self.queue.append((of, f"{path}.{part}"))
            elif name.endswith("_hooks"):
                self._note(f"{path}.{name}", tuple(held))
            elif name not in ("training", "_label", "_transient"):
                self.queue.append((held, f"{path}.{name}"))

    def _ours(self, value: Any, path: str) -> None:
        """Another object of this library: itself, and what of it the step's code can tell."""
        self._note(path, ("ours", id(value), id(type(value))))
        self.sight._kinds.append((value, type(value)))
        self._asks()
        if isinstance(value, Primitive):
            return
        inner = getattr(value, "__wrapped__", None)
        if inner is not None:  # another captured step: its counters are its own
            self.queue.append((inner, path))
            return
        attributes = getattr(value, "__dict__", None)
        if attributes is None:
            self._refuse(path, type(value).__name__)
        elif not hasattr(value, "step"):
            self._members(attributes, path)
        else:  # an optimizer or a schedule, whose step is called anew at each replay
            for i, group in enumerate(attributes.get("param_groups") or ()):
                self._note(f"{path}.param_groups[{i}]['params']", tuple(map(id, group["params"])))
                self.sight._containers.append((group["params"], tuple(group["params"])))
            if not class_from_library(type(value)):
                self.queue.append((type(value), f"class {type(value).__name__}"))
            asked = self.names & attributes.keys()
            if self.names & BY_STRING or (TOLD & self.names and TOLD & self.names & set(dir(value))):
                asked |= TOLD & attributes.keys()
            for name in sorted(asked):
                self.sight._slots.append((attributes, name, attributes[name]))
                self.queue.append((attributes[name], f"{path}.{name}"))
            for name, held in attributes.items():
                self.queue += [(function, f"{path}.{name}") for function in _functions_in(held)]


def _shows_its_attributes(value: Any) -> bool:
    """Whether an object is what its attributes and slots say."""
    if class_from_library(type(value)):
        return type(value).__name__ in NAMESPACES
    return hasattr(value, "__dict__") or isinstance(getattr(type(value), "__slots__", None), tuple | list)


def _of_ours(value: Any) -> bool:
    """Whether this library says what an object does: its own objects, and optimizers derived from its own."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == OURS:
        return True
    return hasattr(value, "param_groups") and any(b.__module__.partition(".")[0] == OURS for b in kind.__mro__)


def _functions_in(value: Any) -> list:
    """The user's functions in an attribute of an optimizer or a schedule: hooks, and rules of a rate."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [f for held in value for f in _functions_in(held)]
    return [value] if isinstance(value, types.FunctionType | types.MethodType) else []


class _Slots:
    """An object's attributes that lie in no dict, under the one method of a mapping that ``Sight.holds`` asks."""

    __slots__ = ("owner",)

    def __init__(self, owner: Any):
        self.owner = owner

    def get(self, name: str, default: Any) -> Any:
        return getattr(self.owner, name, default)
