"""What something was called with: in the order of its parameters, and in the words of an error message.

One place checks and explains. An op's arguments are looked at only when it has failed; those of a constructor, which
no loop calls, each time: against its annotations, unless it says in words of its own what is wrong with that argument.
"""

import collections.abc
import functools
import inspect
import numbers
import re
import reprlib
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .backends.device import is_array
from .events import state, tell
from .tensor import Tensor

KEPT = (TypeError, ValueError, IndexError, RuntimeError, NotImplementedError, np.linalg.LinAlgError)
MISTAKES = (  # what Python raises where an argument is not what code counted on
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    BufferError,
    StopIteration,
)
OURS = {
    "microgradnet",
    "visualize",
    "numpy",
    "numba",
    "llvmlite",
    "graphviz",
    "safetensors",
    "matplotlib",
} | sys.stdlib_module_names
_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 40


def bound(op: Any, args: tuple, kwargs: dict) -> tuple:
    """The arguments in the order of the op's parameters, defaults filled in.

    Raises TypeError for an argument that is missing, unknown or given twice.
    """
    if len(args) > len(op.parameters):
        raise TypeError(f"{op.name}: at most {len(op.parameters)} arguments expected, got {len(args)}")
    values = [*args, *op.defaults[len(args) :]]
    for name, value in kwargs.items():
        if name not in op.parameters or op.parameters.index(name) < len(args):
            problem = "given twice" if name in op.parameters else "unknown"
            raise TypeError(f"{op.name}: argument {name!r} is {problem}; it takes {', '.join(op.parameters)}")
        values[op.parameters.index(name)] = value
    if inspect.Parameter.empty in [v for v in values[len(args) :] if isinstance(v, type)]:
        missing = op.parameters[next(i for i, v in enumerate(values) if v is inspect.Parameter.empty)]
        raise TypeError(f"{op.name}: argument {missing!r} is missing")
    return tuple(values)


def explain(op: Any, error: Exception, args: tuple, settings: dict | None) -> NoReturn:
    """Raises what ``error``, raised by an op, stands for, with the op and what it was given in its message.

    That is a TypeError, a ValueError, or what the op raised itself. Listeners are told.
    """
    names = op.argument_names(len(args)) if op.variadic else op.parameters
    try:
        _raise(op.name, op.forward, error, dict(zip(names, args, strict=False)))
    except Exception as explained:
        if state.listeners:
            tell("failed", op, args, settings, explained)
        raise


def explaining(function: Callable, name: str | None = None) -> Callable:
    """``function``, whose errors name it and what it was given. A correct call costs one more Python call.

    Raises TypeError or ValueError for what the function takes for another mistake.
    """

    @functools.wraps(function)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MISTAKES as error:
            _raise(
                name or function.__name__, function, error, _given(function, name or function.__name__, args, kwargs)
            )

    return explained


def explaining_constructor(cls: Any) -> None:
    """Makes ``cls`` check the types of its arguments, and name itself and them in an error.

    Raises TypeError or ValueError as ``explaining`` does.
    """
    init = cls.__init__

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        given = problem = None
        try:
            given = _given(init, type(self).__name__, (self, *args), kwargs)
            problem = _mismatch(type(self).__name__, init, given)
            init(self, *args, **kwargs)
        except MISTAKES as error:
            if problem is not None and not _in_own_words(type(self).__name__, error, problem.argument):
                raise problem from None
            _raise(type(self).__name__, init, error, given or {"arguments": args})
        if problem is not None:
            raise problem

    cls.__init__ = __init__


def explain_all(namespace: dict[str, Any], package: str) -> None:
    """Gives every public function and class of a package's namespace that is written in it clear errors."""
    for name, thing in list(namespace.items()):
        if name.startswith("_") or not (getattr(thing, "__module__", None) or "").startswith(package):
            continue
        if inspect.isfunction(thing):
            namespace[name] = _once(thing)
        elif inspect.isclass(thing) and not issubclass(thing, Exception | tuple | dict | Tensor):  # loops make tensors
            for cls in thing.__mro__:
                init = vars(cls).get("__init__")
                if cls.__module__.startswith(package) and isinstance(init, types.FunctionType) and _takes_some(init):
                    _once_for_class(cls)


def _takes_some(init: types.FunctionType) -> bool:
    if init.__qualname__ == "Module.__init__":  # of which it says itself that there are none
        return False
    code = init.__code__  # inspect.signature would take a tenth of a millisecond for each class
    return code.co_argcount + code.co_kwonlyargcount > 1 or bool(code.co_flags & inspect.CO_VARARGS)


@functools.cache
def _once(function: Callable) -> Callable:
    if getattr(function, "explains", False):  # it came from another package that did this
        return function
    explained = explaining(function)
    explained.explains = True  # type: ignore[attr-defined]
    return explained


@functools.cache
def _once_for_class(cls: type) -> None:
    explaining_constructor(cls)


def _given(function: Callable, name: str, args: tuple, kwargs: dict) -> dict[str, Any]:
    """The arguments by the names of their parameters. Raises TypeError for wrong ones."""
    signature = inspect.signature(function)
    try:
        found = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        takes = ", ".join(n for n in signature.parameters if n != "self")
        raise TypeError(f"{name}: {error}; it takes {takes or 'no argument'}") from None
    kinds = {n: p.kind for n, p in signature.parameters.items()}
    given: dict[str, Any] = {}
    for parameter, value in found.items():
        if kinds[parameter] is inspect.Parameter.VAR_KEYWORD:
            given.update(value)
        elif kinds[parameter] is inspect.Parameter.VAR_POSITIONAL:
            given.update({f"{parameter}[{i}]": v for i, v in enumerate(value)})
        elif parameter != "self":
            given[parameter] = value
    return given


def _raise(name: str, function: Callable, error: Exception, given: dict[str, Any]) -> NoReturn:
    message = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)
    if not _is_mistake(error) or _in_foreign_code(error):
        raise error
    if getattr(error, "explained", False):  # by an op that this one called
        if name in message:
            raise error
        outer = type(error)(f"{name}: {message}")
        outer.explained = True  # type: ignore[attr-defined]
        raise outer from None
    if message.startswith(f"{name}: ") and "'NoneType'" not in message:
        error.explained = True  # type: ignore[attr-defined]
        raise error
    kind = next((k for k in KEPT if type(error) is k), None)
    if kind is None:
        kind = next((k for k in (TypeError, IndexError, ValueError, RuntimeError) if isinstance(error, k)), ValueError)
    if isinstance(error, AttributeError):
        kind, message = TypeError, f"something with {error.name!r} expected where there is {shown(error.obj)}"
    elif type(error).__module__.startswith("numba"):
        kind, message = TypeError, "no kernel can be compiled for these element types"
    elif isinstance(error, RecursionError):
        kind, message = ValueError, "nested too deeply"
    elif isinstance(error, KeyError):
        message = f"unknown name {message!r}"
    elif isinstance(error, MISTAKES[3:]) and type(error) not in KEPT:
        message = message or type(error).__name__
    elif message.startswith("unsupported operand type(s) for "):
        message = message.replace("unsupported operand type(s) for", "there is no", 1).replace(": ", " of ", 1)
    wrong = _wrong_argument(function, error, given)
    if wrong is not None:
        message = f"argument {wrong}"
    listed = ", ".join(f"{n} {shown(v)}" for n, v in given.items())
    new = kind(f"{name}: {message} (given {listed or 'nothing'})")
    new.explained = True
    raise new from (None if type(error) in KEPT or wrong is not None else error)


def _is_mistake(error: Exception) -> bool:
    """Whether this is Python's, NumPy's or numba's own class, and no class with a meaning of its own.

    A full disk or a folder that may not be read is no mistake in an argument.
    """
    return not isinstance(error, OSError | MemoryError) and type(error).__module__.partition(".")[0] in (
        "builtins",
        "numpy",
        "numba",
    )


def _in_foreign_code(error: Exception) -> bool:
    """Whether the error comes out of a function that the user handed in."""
    trace = error.__traceback__
    frames = []
    while trace is not None:
        frames.append((trace.tb_frame.f_globals.get("__name__") or "").partition(".")[0])
        trace = trace.tb_next
    return any(module not in OURS and not module.startswith("mg_") for module in frames[1:])


def _wrong_argument(function: Callable, error: Exception, given: dict[str, Any]) -> str | None:
    """The name of the argument that is to blame, what would be right, and what it is; None where that is unclear."""
    hints = _hints(function)
    for name, value in given.items():
        hint = hints.get(name.partition("[")[0], Any)
        if not fits(value, hint):
            return f"{name!r} must be {_in_words(hint)}, got {shown(value)}"
    if isinstance(error, AttributeError):
        for name, value in given.items():
            if value is error.obj and not isinstance(value, Tensor):
                return f"{name!r} cannot be {shown(value)}"
        return None
    for name, value in given.items():
        if is_array(value) and (value.dtype.kind not in "fiub" or not value.dtype.isnative):
            return f"{name!r} has elements of type {value.dtype}: numbers in this machine's byte order expected"
    if isinstance(error, ValueError) and "negative dimensions" in str(error):
        below = [n for n, v in given.items() if isinstance(v, int) and v < 0]
        if len(below) == 1:
            return f"{below[0]!r} must not be negative, got {given[below[0]]}"
    if isinstance(error, TypeError):
        defaults = {n: p.default for n, p in inspect.signature(function).parameters.items()}
        suspects = [
            n
            for n, v in given.items()
            if not isinstance(v, Tensor | numbers.Number)
            and f"'{type(v).__name__}'" in str(error)
            and (n in hints or defaults.get(n, n) is not v)
        ]
        if len(suspects) == 1:
            said = "" if "unsupported operand" in str(error) else f": {error}"
            return f"{suspects[0]!r} cannot be {shown(given[suspects[0]])}{said}"
    return None


class _Mismatch(TypeError):
    """An argument is not what its annotation says."""

    def __init__(self, cls: str, argument: str, wanted: str, value: Any):
        super().__init__(f"{cls}: argument {argument!r} must be {wanted}, got {shown(value)}")
        self.argument = argument


def _in_own_words(cls: str, error: Exception, argument: str) -> bool:
    """Whether the constructor itself has said what is wrong with this argument."""
    said = str(error).partition(" (given ")[0]
    return said.startswith(f"{cls}: ") and re.search(rf"(?<!\w){re.escape(argument)}(?!\w)", said) is not None


def _mismatch(cls: str, function: Callable, given: dict[str, Any]) -> _Mismatch | None:
    hints, parameters = _hints(function), inspect.signature(function).parameters
    # Numbers first: most constructors take little else, and what a sequence may be is hard to tell.
    for name, value in sorted(given.items(), key=lambda item: hints.get(item[0]) not in (bool, int, float)):
        default = parameters[name].default if name in parameters else None
        hint = hints.get(name.partition("[")[0], Any)
        if not fits(value, hint):
            return _Mismatch(cls, name, _in_words(hint), value)
        if name not in hints and isinstance(default, int | float) and isinstance(value, str | bytes | dict | None):
            return _Mismatch(cls, name, "a number", value)
    return None


@functools.cache
def _hints(function: Callable) -> dict[str, Any]:
    try:
        return typing.get_type_hints(getattr(function, "__wrapped__", function))
    except (NameError, TypeError):  # names that only a type checker sees
        return {}


def fits(value: Any, hint: Any) -> bool:
    """Whether ``value`` can be what the annotation ``hint`` says. True where that is hard to tell."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or isinstance(hint, str | typing.TypeVar):
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if hint is None or hint is type(None):
        return value is None
    if origin is typing.Literal:
        return isinstance(value, type(parts[0]))
    kind = origin or hint
    if not isinstance(kind, type):
        return True
    if kind in (bool, int, float):  # a tensor or array of one element is a number too
        return isinstance(value, numbers.Real | np.bool_ | Tensor) or is_array(value)
    if kind is complex:
        return isinstance(value, numbers.Number)
    if kind in (Tensor, np.ndarray):
        return isinstance(value, Tensor | numbers.Real | np.generic) or is_array(value)
    if kind is type:  # of a dtype: checked where it is used
        return True
    if kind is collections.abc.Callable:
        return callable(value)
    if issubclass(kind, collections.abc.Iterable) and kind.__module__ in ("builtins", "collections.abc", "typing"):
        text = isinstance(value, str | bytes)
        if kind is str:
            return isinstance(value, str)
        if kind in (dict, collections.abc.Mapping):
            return isinstance(value, collections.abc.Mapping)
        return not text and isinstance(value, collections.abc.Iterable | Tensor)
    if kind.__module__.startswith(("microgradnet", "visualize")):
        return isinstance(value, kind) or hasattr(value, "__wrapped__") or not _is_plain(value)
    return True


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bytes | numbers.Number | list | tuple | dict | set | type)


def _in_words(hint: Any) -> str:
    parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    words = []
    for part in parts:
        kind = typing.get_origin(part) or part
        word = "None" if part in (None, type(None)) else getattr(kind, "__name__", str(kind))
        if word not in words and word not in ("generic", "number", "bool_"):
            words.append({"Tensor": "a tensor", "ndarray": "an array", "Sequence": "a sequence"}.get(word, word))
    return " or ".join(dict.fromkeys(words))


def shown(value: Any) -> str:
    """``value`` in an error message: shape and dtype, or its type and the beginning of its text."""
    if isinstance(value, Tensor) or is_array(value):
        return f"{tuple(value.shape)} {value.dtype.name}"
    if value is None or isinstance(value, bool | int | float):
        return _short.repr(value)
    if isinstance(value, list | tuple) and any(isinstance(v, Tensor) or is_array(v) for v in value[:6]):
        return f"{type(value).__name__} of " + ", ".join(shown(v) for v in value[:6])
    try:
        return f"{type(value).__name__} {_short.repr(value)}" if not isinstance(value, str) else _short.repr(value)
    except Exception:  # an object that cannot even be shown
        return type(value).__name__
