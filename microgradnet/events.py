"""The one stream of events, and its listeners.

Every op call passes ``Primitive.__call__``, every backward passes the walk in ``tape``, every leaf's gradient passes
``Tensor.grad``. Each of these tells the listeners of its thread. A ``Tape``, a picture, anomaly mode and a captured
step are listeners. Without listeners, all this costs one test of ``state.listeners``.
"""

import threading
from collections.abc import Callable
from typing import Any


class _State(threading.local):
    """The state of each thread; the class attributes are the initial values of a new thread."""

    grad_enabled: bool = True
    module: tuple[str, ...] = ()  # the path of the module whose forward is running
    listeners: tuple["Listener", ...] = ()


state = _State()


class Listener:
    """Hears what happens in a thread between ``listen`` and ``leave``. A subclass overrides what it wants to hear.

    Arrays in an event are the live ones, not copies: a later op may overwrite them.
    """

    rules = False  # whether to report the ops inside vjp rules too, one by one

    def call(self, op: Any, arguments: tuple, settings: dict | None, result: Any, node: Any) -> None:
        """``op`` made ``result``, a tensor or a tuple of them, from ``arguments``: tensors, arrays and plain values.

        ``settings`` are the keyword arguments of an op with any number of tensors. ``node`` is None where no gradient
        is needed.
        """

    def failed(self, op: Any, arguments: tuple, settings: dict | None, error: Exception) -> None:
        """``op`` was handed ``arguments`` and raised ``error``."""

    def write(self, name: str, target: Any, value: Any) -> None:
        """The op ``name`` wrote the tensor ``value`` into the memory of ``target``: told after the write."""

    def overwrite(self, target: Any) -> None:
        """The memory of ``target`` is about to be written to in place: told before the write."""

    def keep(self, array: Any, copy: Any) -> None:
        """What ``array`` holds will be needed by backward and is about to be overwritten: ``copy`` holds it, too."""

    def follow(self, view: Any, renewed: Any) -> None:
        """``view``, whose base was written to, now stands for the result of ``renewed``."""

    def backward(self, node: Any, upstream: Any, contributions: list) -> None:
        """``node`` turned the cotangent ``upstream`` into ``contributions``, one for each parent (None: not needed)."""

    def add(self, key: Any, before: Any, contribution: Any, after: Any) -> None:
        """``contribution`` joined the gradient of ``key`` (a Node or a leaf), which was ``before`` (None: nothing)."""

    def accumulate(self, leaf: Any, before: Any, contribution: Any, after: Any) -> None:
        """``leaf.grad`` was ``before`` and is ``after``; ``contribution`` is None where it was assigned by hand."""

    def enter(self, module: Any, arguments: tuple) -> None:
        """``module``'s forward begins."""

    def leave(self, module: Any, arguments: tuple, output: Any) -> None:
        """``module``'s forward has returned ``output``."""

    def outside(self, function: Callable, arguments: tuple, keywords: dict, result: Any, writes: tuple) -> None:
        """``function``, which works on arrays outside the ops, ran as a whole and wrote to the tensors ``writes``."""

    def before_outside(self, function: Callable) -> None:
        """Such a function is about to run."""

    def read(self, tensor: Any, how: str) -> None:
        """Python code read the numbers of ``tensor``."""

    def room(self, array: Any) -> None:
        """``array`` is memory that an op will fill in addition to its result."""

    def refuse(self, reason: str) -> None:
        """What happens now cannot be expressed as events, for ``reason``."""


def listen(listener: Listener) -> None:
    """Reports what happens in this thread to ``listener`` from now on."""
    state.listeners = (*state.listeners, listener)


def leave(listener: Listener) -> None:
    """Removes ``listener``."""
    state.listeners = tuple(known for known in state.listeners if known is not listener)


def tell(event: str, *details: Any) -> None:
    """Calls the method ``event`` of every listener."""
    for listener in state.listeners:
        getattr(listener, event)(*details)
