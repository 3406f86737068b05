"""What a captured step must know of the library's own code that works on arrays beside the ops; see ``replay``."""

import functools
from collections.abc import Iterator

from .backends import device
from .backends.device import np
from .tape import state


def as_one_call(function):
    """Decorator: while a step is captured, a call of ``function`` is noted as one instruction, not op by op.

    For what must run anew each time in Python: counting steps, reading a learning rate that a schedule has changed,
    drawing random numbers. It costs a tenth of a microsecond where nothing is captured.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        recorder = state.recorder
        if recorder is None:
            return function(*args, **kwargs)
        recorder.check_random()
        args = tuple(list(a) if isinstance(a, Iterator) else a for a in args)  # such as model.parameters()
        state.recorder = None
        try:
            result = function(*args, **kwargs)
        finally:
            state.recorder = recorder
        recorder.called(function, args, kwargs, result)
        return result

    return call


def not_replayed(what: str) -> None:
    """Says that what is done now, on arrays beside the ops, cannot be done again by a captured step."""
    if state.recorder is not None:
        state.recorder.refuse(what)


def scratch(shape: tuple[int, ...], like) -> np.ndarray:
    """Memory that an op on the tensor ``like`` fills besides its result: no constant, though no op gave it."""
    array = device.empty(shape, like)
    if state.recorder is not None:
        state.recorder.scratch(array)
    return array
