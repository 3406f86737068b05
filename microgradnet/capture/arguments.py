"""A step's arguments: the arrays in them, which may change from call to call, and all the rest, which may not.

Tensors and arrays are found in tuples (named ones too), lists, dicts and plain objects such as dataclasses.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tensor import Tensor
from .visible import from_library, look


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

    def __getitem__(self, index: Any) -> Any:
        return self._look("indexing")[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look("indexing")[index] = value

    def __iter__(self) -> Iterator:
        return iter(self._look("iteration"))

    def __bool__(self) -> bool:
        return bool(self._look("bool"))

    def __float__(self) -> float:
        return float(self._look("float"))

    def __int__(self) -> int:
        return int(self._look("int"))

    def item(self, *index: Any) -> Any:
        return self._look("item").item(*index)

    def tolist(self) -> Any:
        return self._look("tolist").tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        return self._look("tobytes").tobytes(order)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        return self._look("astype").astype(*args, **kwargs)

    def copy(self, order: Any = "C") -> Any:
        return self._look("copy").copy(order)


def key_of(value: Any, arrays: list) -> Any:
    """What a call must share with a recorded one; the arrays in ``value`` are gathered on the way.

    Raises Unguarded for an argument whose content cannot be compared.
    """
    if isinstance(value, Tensor):
        arrays.append(value._array)
        return ("tensor", value._requires_grad, *_layout(value._array))
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return ("array", *_layout(value))
    if isinstance(value, float):
        return ("float", float(value).hex())
    if isinstance(value, bool | int | str | bytes | None):
        return (type(value).__name__, value)
    if isinstance(value, tuple | list):
        return (type(value), *[key_of(v, arrays) for v in value])
    if isinstance(value, dict):
        return (type(value), *[(k, key_of(v, arrays)) for k, v in value.items()])
    if _is_record(value):
        return (type(value), *[(k, key_of(v, arrays)) for k, v in vars(value).items()])
    sight = look(value)
    if sight.opaque is not None:
        raise Unguarded(f"an argument is a {type(value).__name__}, whose content cannot be compared")
    return sight.key


class Unguarded(Exception):
    """Something that a step is given cannot be compared from call to call."""


def _layout(array: Any) -> tuple:
    if array.flags.c_contiguous:
        return array.shape, array.dtype
    return array.shape, array.dtype, tuple(sorted(range(array.ndim), key=lambda d: (-array.strides[d], d)))


def _is_record(value: Any) -> bool:
    """Whether ``value`` is an object with tensors or arrays among its attributes."""
    attributes = getattr(value, "__dict__", None)
    if not attributes or hasattr(value, "named_modules") or isinstance(value, type) or callable(value):
        return False
    if from_library(type(value).__module__):
        return False
    return any(isinstance(v, Tensor | np.ndarray) for v in attributes.values())


def replaced(value: Any, arrays: Iterator, listener: Any = None) -> Any:
    """``value`` with other arrays in the places that ``key_of`` found; ``listener`` hears who reads a plain array."""
    if isinstance(value, Tensor):
        return Tensor.made(next(arrays))
    if isinstance(value, np.ndarray):
        array = next(arrays)
        if listener is not None:
            array = array.view(Watched)
            array.listener = listener
        return array
    if isinstance(value, tuple | list):
        return _like(value, [replaced(v, arrays, listener) for v in value])
    if isinstance(value, dict):
        return {k: replaced(v, arrays, listener) for k, v in value.items()}
    if _is_record(value):
        other = copy.copy(value)
        for name, held in vars(value).items():
            object.__setattr__(other, name, replaced(held, arrays, listener))
        return other
    return value


def _like(value: Any, items: list) -> Any:
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def arrays_in(value: Any) -> list[np.ndarray]:
    """The arrays of a tensor, or of all tensors in a tuple, list or dict."""
    if isinstance(value, Tensor | np.ndarray):
        return [getattr(value, "_array", value)]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [a for v in value for a in arrays_in(v)] if isinstance(value, tuple | list) else []


def copied(value: Any) -> Any:
    """A result with its tensors copied out of the buffers."""
    if isinstance(value, Tensor):
        return Tensor.made(np.array(value._array))
    if isinstance(value, np.ndarray):
        return np.array(value)
    if isinstance(value, tuple | list):
        return _like(value, [copied(v) for v in value])
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    return value
