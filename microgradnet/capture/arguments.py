"""A step's arguments: the arrays in them, which may change from call to call, and all the rest, which may not.

Tensors and arrays are found in tuples (named ones too), lists, dicts and plain objects such as dataclasses.
"""

import copy
import types
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tensor import Tensor
from .libraries import class_from_library
from .visible import EXACT, Sight, look, root

EXACT_ARGUMENTS = {bool, int, str, bytes, type(None)}  # compared as they are; classes derived from them are not


class Watched(np.ndarray):
    """A copy of an array argument that tells when code outside of the ops computes with its numbers."""

    listener: Any = None

    def __array_finalize__(self, source: Any) -> None:
        self.listener = getattr(source, "listener", None)

    def _look(self, how: str) -> np.ndarray:
        if self.listener is not None:
            self.listener.looked(self, how)
        return self.view(np.ndarray)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        plain = [v._look(ufunc.__name__) if isinstance(v, Watched) else v for v in inputs]
        outputs = keywords.get("out")
        if outputs is not None:
            keywords["out"] = tuple(v._look(ufunc.__name__) if isinstance(v, Watched) else v for v in outputs)
        return getattr(ufunc, method)(*plain, **keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        self._look(function.__name__)
        return super().__array_function__(function, types, args, kwargs)

    @property
    def data(self) -> Any:
        return self._look("data").data

    def __getitem__(self, index: Any) -> Any:
        return self._look("indexing")[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look("indexing")[index] = value

    def __iter__(self) -> Iterator:
        return iter(self._look("iteration"))


# Methods that read numbers without a word to ``__array_ufunc__`` or ``__array_function__``.
_READING = [
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "astype",
    "byteswap",
    "choose",
    "clip",
    "compress",
    "copy",
    "cumprod",
    "cumsum",
    "dot",
    "dump",
    "dumps",
    "fill",
    "flatten",
    "getfield",
    "item",
    "itemset",
    "max",
    "mean",
    "min",
    "nonzero",
    "partition",
    "prod",
    "ptp",
    "put",
    "repeat",
    "round",
    "searchsorted",
    "sort",
    "std",
    "sum",
    "take",
    "tobytes",
    "tofile",
    "tolist",
    "trace",
    "var",
    "all",
    "any",
    "__bool__",
    "__complex__",
    "__contains__",
    "__copy__",
    "__deepcopy__",
    "__dlpack__",
    "__float__",
    "__format__",
    "__index__",
    "__int__",
    "__reduce__",
    "__reduce_ex__",
    "__repr__",
    "__str__",
]


def _reading(name: str) -> Any:
    def method(self: Watched, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._look(name), name)(*args, **kwargs)

    return method


for _name in _READING:
    if hasattr(np.ndarray, _name):
        setattr(Watched, _name, _reading(_name))


def key_of(value: Any, arrays: list, sight: Sight) -> Any:
    """What a call must share with a recorded one; the arrays in ``value`` are gathered on the way.

    ``sight`` is what the step sees besides. Raises Unguarded for an argument whose content cannot be compared, or
    which the step may reach in another way, too.
    """
    if isinstance(value, Tensor):
        if type(value) is not Tensor or value._requires_grad or value._grad is not None:
            raise Unguarded("an argument is a parameter, requires grad or has a gradient")
        if id(value) in sight.tensors:
            raise Unguarded("an argument is a tensor that the step sees anyway")
        arrays.append(value._array)
        if value.extras:
            return ("tensor", repr(value.extras), *_layout(value._array))
        return ("tensor", *_layout(value._array))
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            raise Unguarded(f"an argument is a {type(value).__name__}: pass a plain array or a tensor")
        if sight.unseen:
            raise Unguarded(f"an argument is an array of NumPy, which {min(sight.unseen)} may read unseen")
        arrays.append(value)
        return ("array", *_layout(value))
    if type(value) is float:
        return (float, value.hex())
    if type(value) in EXACT_ARGUMENTS:
        return (type(value), value)
    if isinstance(value, tuple | list):
        own = _container_key(value, sight)
        return (type(value), *own, *[key_of(v, arrays, sight) for v in value])
    if isinstance(value, dict):
        if any(isinstance(k, Tensor | np.ndarray) for k in value):
            raise Unguarded("an argument is a dict whose keys are tensors")
        own = _container_key(value, sight)
        return (type(value), *own, *[(key_of(k, arrays, sight), key_of(v, arrays, sight)) for k, v in value.items()])
    if _is_record(value):
        members = [(k, key_of(v, arrays, sight)) for k, v in vars(value).items()]
        return (type(value), _class_key(type(value)), *members)
    seen = look(value)
    if seen.opaque is not None:
        raise Unguarded(f"an argument is a {type(value).__name__}, whose content cannot be compared")
    return Held(seen)


class Held(tuple):
    """The key of a sight, which keeps alive what its ids name: a freed object's id may become another's."""

    sight: Sight

    def __new__(cls, sight: Sight) -> "Held":
        held = super().__new__(cls, sight.key)
        held.sight = sight
        return held


def _container_key(value: Any, sight: Sight) -> tuple:
    """What a tuple, list or dict of a class of one's own is besides its items."""
    kind = type(value)
    if kind in (tuple, list, dict):
        return ()
    if class_from_library(kind):
        return (key_of(value.default_factory, [], sight),) if isinstance(value, defaultdict) else ()
    arrays: list = []
    attributes = key_of(dict(getattr(value, "__dict__", {})), arrays, sight)
    if arrays or any(isinstance(m, types.MemberDescriptorType) for base in kind.__mro__ for m in vars(base).values()):
        raise Unguarded(f"an argument is a {kind.__name__} with tensors among its attributes, or with slots")
    return _class_key(kind), attributes


_classes: dict[type, Sight] = {}  # what the methods of a record's class see


def _class_key(kind: type) -> tuple:
    seen = _classes.get(kind)
    if seen is None or not seen.holds():
        seen = _classes[kind] = look(kind)
    if seen.opaque is not None:
        raise Unguarded(f"an argument is a {kind.__name__}, which reads {seen.opaque[0]}")
    return Held(seen)


def shared(arrays: list, values: Any, sight: Sight) -> tuple:
    """How the memory of the arguments is shared among them and with what the step sees; empty where it is not.

    Raises Unguarded for memory that cannot be told apart.
    """
    owners = [id(root(a)) for a in arrays]
    if len(set(owners)) == len(owners) and sight.memory.isdisjoint(owners):
        return ()
    if not all(isinstance(a, np.ndarray) for a in arrays):
        raise Unguarded("arguments on a GPU share memory")
    objects = [id(v) for v in _holders(values)]
    places = [(a.__array_interface__["data"][0], a.strides) for a in arrays]
    start = {owner: min(p for (p, _), o in zip(places, owners, strict=True) if o == owner) for owner in owners}
    return tuple(
        (objects.index(v), owners.index(o), o in sight.memory, p - start[o], strides)
        for v, o, (p, strides) in zip(objects, owners, places, strict=True)
    )


def _holders(value: Any) -> list:
    """The tensors and arrays in ``value``, in the order of ``key_of``."""
    if isinstance(value, Tensor | np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    elif _is_record(value):
        value = list(vars(value).values())
    return [h for v in value for h in _holders(v)] if isinstance(value, tuple | list) else []


class Unguarded(Exception):
    """Something that a step is given cannot be compared from call to call."""


def _layout(array: Any) -> tuple:
    if array.flags.c_contiguous:
        return array.shape, array.dtype
    return array.shape, array.dtype, array.strides


def twin(array: np.ndarray) -> np.ndarray:
    """A copy with the same strides: sums over other strides round otherwise."""
    copied = np.array(array, order="K")
    if copied.strides == array.strides or not array.size:
        return copied
    reach = [stride * (size - 1) for stride, size in zip(array.strides, array.shape, strict=True)]
    first = -sum(r for r in reach if r < 0)
    memory = np.zeros(first + sum(r for r in reach if r > 0) + array.itemsize, np.uint8)
    own: np.ndarray = np.ndarray(array.shape, array.dtype, memory, first, array.strides)
    own[...] = array
    return own


def _is_record(value: Any) -> bool:
    """Whether ``value`` is an object with tensors or arrays among its attributes."""
    attributes = getattr(value, "__dict__", None)
    if not attributes or hasattr(value, "named_modules") or isinstance(value, type) or callable(value):
        return False
    if class_from_library(type(value)):
        return False
    return any(isinstance(v, Tensor | np.ndarray) for v in attributes.values())


def replaced(value: Any, arrays: Iterator, listener: Any = None) -> Any:
    """``value`` with other arrays in the places that ``key_of`` found; ``listener`` hears who reads a plain array.

    What holds no array is left as it is, and what was one object twice remains so.
    """
    return _Replacement(arrays, listener).of(value)


class _Replacement:
    def __init__(self, arrays: Iterator, listener: Any):
        self.arrays, self.listener = arrays, listener
        self.known: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, Tensor | np.ndarray):
            array = next(self.arrays)
            if id(value) not in self.known:
                self.known[id(value)] = self._tensor(value, array) if isinstance(value, Tensor) else self._array(array)
            return self.known[id(value)]
        if not _holders(value):
            return value
        if isinstance(value, tuple | list):
            return _like(value, [self.of(v) for v in value])
        other = copy.copy(value)
        if isinstance(value, dict):
            for key, held in value.items():
                other[key] = self.of(held)
        else:
            for name, held in vars(value).items():
                object.__setattr__(other, name, self.of(held))
        return other

    @staticmethod
    def _tensor(value: Tensor, array: np.ndarray) -> Tensor:
        tensor = Tensor.made(array)
        tensor.extras = value.extras
        return tensor

    def _array(self, array: np.ndarray) -> np.ndarray:
        if self.listener is not None:
            array = array.view(Watched)
            array.listener = self.listener
        return array


def _like(value: Any, items: list) -> Any:
    """A tuple or list as ``value`` is, of other items."""
    if type(value) in (tuple, list):
        return type(value)(items)
    if isinstance(value, list):
        other = copy.copy(value)
        other[:] = items
        return other
    other = tuple.__new__(type(value), items)
    if hasattr(value, "__dict__"):
        vars(other).update(vars(value))
    return other


def arrays_in(value: Any) -> list[np.ndarray]:
    """The arrays of a tensor, or of all tensors in a tuple, list or dict."""
    if isinstance(value, Tensor | np.ndarray):
        return [getattr(value, "_array", value)]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [a for v in value for a in arrays_in(v)] if isinstance(value, tuple | list) else []


def copied(value: Any) -> Any:
    """A result with its tensors copied out of the buffers; what was one tensor twice remains so."""
    if isinstance(value, Tensor):
        array = value._array
        return Tensor.made(np.array(array) if type(array) is np.ndarray else array.copy())
    return _copied(value, {})


def _copied(value: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, Tensor | np.ndarray):
        if id(value) not in known:
            known[id(value)] = copied(value) if isinstance(value, Tensor) else np.array(value)
        return known[id(value)]
    if isinstance(value, tuple | list):
        return _like(value, [_copied(v, known) for v in value])
    if type(value) is dict:
        return {k: _copied(v, known) for k, v in value.items()}
    if isinstance(value, dict):
        other = copy.copy(value)
        for key, held in value.items():
            other[key] = _copied(held, known)
        return other
    return value


def unrepeatable(first: Any, second: Any) -> str | None:
    """Which type in the results of two calls ``copied`` does not make anew, if any."""
    if isinstance(first, Tensor | np.ndarray) and type(first) is type(second):
        return None
    if type(first) is type(second) and isinstance(first, tuple | list | dict) and len(first) == len(second):
        if isinstance(first, dict):
            first, second = ([x for pair in v.items() for x in pair] for v in (first, second))
        found = (unrepeatable(a, b) for a, b in zip(first, second, strict=True))
        return next((kind for kind in found if kind is not None), None)
    if first is second or (type(first) in EXACT and type(first) is type(second) and repr(first) == repr(second)):
        return None
    return type(second).__name__
