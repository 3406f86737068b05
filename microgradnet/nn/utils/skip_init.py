"""Modules whose parameters are about to be overwritten."""

import inspect

from ...random import default_generator
from ..module import Module


def skip_init(module_cls: type, *args, **kwargs) -> Module:
    """``module_cls(*args, **kwargs)`` whose parameters are not initialized: for a module that is loaded next.

    Nothing is drawn from the default generator, so the random numbers that follow are the same. Raises TypeError for a
    class whose constructor takes no ``device``, as PyTorch does.
    """
    if not isinstance(module_cls, type) or not issubclass(module_cls, Module):
        raise TypeError(f"skip_init: a Module expected, got {module_cls!r}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise TypeError(f"skip_init: the constructor of {module_cls.__name__} takes no device=")
    before = default_generator.get_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        default_generator.set_state(before)
