"""How code that works on arrays beside the ops tells the listeners what it does."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from .backends import device
from .events import state, tell


def told_as_one(function: Callable | None = None, *, writes: Callable[..., tuple] = lambda *_, **__: ()) -> Callable:
    """Decorator: a call of ``function`` is reported as a whole (``outside``), the ops inside it are not.

    For code that works on arrays outside the ops: an optimizer's loop, running statistics, drawing random numbers.
    ``writes(*args, **kwargs)`` names the tensors whose numbers or gradients the call changes.
    """
    if function is None:
        return functools.partial(told_as_one, writes=writes)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        listeners = state.listeners
        if not listeners:
            return function(*args, **kwargs)
        args = tuple(list(a) if isinstance(a, Iterator) else a for a in args)  # such as model.parameters()
        tell("before_outside", function)
        state.listeners = ()
        try:
            result = function(*args, **kwargs)
        finally:
            state.listeners = listeners
        tell("outside", function, args, kwargs, result, tuple(writes(*args, **kwargs)))
        return result

    return call


def room(shape: tuple[int, ...], like: Any) -> Any:
    """Memory that an op on the tensor ``like`` fills in addition to its result."""
    array = device.empty(shape, like)
    if state.listeners:
        tell("room", array)
    return array
