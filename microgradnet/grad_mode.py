"""Whether this thread records: switched off for evaluation and for updating weights."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from .events import state

P = ParamSpec("P")
R = TypeVar("R")
Mode = TypeVar("Mode", bound="_GradMode")


class set_grad_enabled:
    """Switches recording on or off for this thread, as a call, a ``with`` block or a decorator.

    Raises:
        TypeError: ``mode`` is neither True nor False.
    """

    def __init__(self, mode: bool):
        if not isinstance(mode, bool | np.bool_):
            raise TypeError(f"set_grad_enabled: mode must be True or False, got {mode!r}")
        self.previous, self.mode = state.grad_enabled, bool(mode)
        state.grad_enabled = self.mode

    def __enter__(self) -> None:
        state.grad_enabled = self.mode

    def __exit__(self, *exception: object) -> None:
        state.grad_enabled = self.previous

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """``function`` in this mode. The mode that was set by writing the decorator is undone, as in PyTorch."""
        state.grad_enabled = self.previous
        mode = self.mode

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with set_grad_enabled(mode):
                return function(*args, **kwargs)

        return wrapped


class _GradMode:
    """``with no_grad():`` and ``@no_grad()``; a new mode is set at ``with`` and the one before it restored after."""

    mode: bool

    def __enter__(self: Mode) -> Mode:
        self.previous, state.grad_enabled = state.grad_enabled, self.mode
        return self

    def __exit__(self, *exception: object) -> None:
        state.grad_enabled = self.previous

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with type(self)():
                return function(*args, **kwargs)

        return wrapped


class no_grad(_GradMode):
    """Nothing inside is recorded, so nothing inside gets a gradient: for evaluation and for updating weights."""

    mode = False


class enable_grad(_GradMode):
    """Records inside a ``no_grad`` block."""

    mode = True


def is_grad_enabled() -> bool:
    """Whether this thread records."""
    return state.grad_enabled


class inference_mode(_GradMode):
    """``no_grad`` under PyTorch's other name; here a tensor made inside may be used in a recorded computation later."""

    mode = False

    def __init__(self, mode: bool = True):
        self.mode = not mode

    def __enter__(self: Mode) -> Mode:
        self.previous = state.grad_enabled
        state.grad_enabled = self.mode and self.previous
        return self
