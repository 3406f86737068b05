"""What an op was called with: in the order of its parameters, and in the words of an error message."""

import inspect
from typing import Any


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
    if inspect.Parameter.empty in values[len(args) :]:
        missing = op.parameters[next(i for i, v in enumerate(values) if v is inspect.Parameter.empty)]
        raise TypeError(f"{op.name}: argument {missing!r} is missing")
    return tuple(values)


def explained(op: Any, error: Exception, args: tuple) -> Exception:
    """``error`` with the op and what it was given in its message."""
    names = op.argument_names(len(args)) if op.variadic else op.parameters
    given = ", ".join(
        f"{name} {tuple(a.shape)} {a.dtype.name}" if hasattr(a, "dtype") else f"{name} {a!r:.40}"
        for name, a in zip(names, args, strict=True)
    )
    return type(error)(f"{op.name}: {error} (given {given})")
