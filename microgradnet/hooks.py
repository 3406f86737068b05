"""Hooks: functions that are called when something happens, until their handle removes them."""

import itertools
from collections.abc import Callable

from . import structure

_next_id = itertools.count().__next__


class RemovableHandle:
    """The result of registering a hook: ``remove()`` removes it."""

    __slots__ = ("hooks", "id")

    def __init__(self, hooks: dict, hook: Callable):
        self.hooks, self.id = hooks, _next_id()
        hooks[self.id] = hook
        structure.changed()

    def remove(self) -> None:
        self.hooks.pop(self.id, None)
        structure.changed()
