"""capture: a step function that is recorded once and replayed from then on."""

import functools
import warnings

import numpy as np

from ..backends import device
from ..events import leave, listen, state
from ..tensor import Tensor
from .program import Program, Stale
from .recorder import Recorder


def capture(function=None, *, fallback: bool = True) -> "CapturedStep":
    """``function`` as a step that is recorded and then replayed: the same numbers, without building a graph.

    >>> @mg.capture
    ... def train_step(x, y):
    ...     loss = nn.functional.mse_loss(model(x), y)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss

    The first call with given shapes and dtypes runs normally. The next two are recorded; if they did the same
    operations, later ones are replayed: the same operations on the same buffers, neighbouring elementwise ones in one
    loop, the optimizer's step unchanged (so that a schedule may change its learning rate).

    What a replay depends on: the contents of tensor and array arguments may change; other arguments, shapes and dtypes
    are part of the recording, and another combination is recorded separately. The gradients of a replay are in the same
    memory each time: clone one to keep it. Results are copies without a graph.

    Args:
        function: any function of tensors, arrays and plain values that gives tensors (one, a tuple, a dict) or None.
        fallback: what to do with a step that cannot be replayed (it reads a number to decide on, has hooks, calls a
            ``Function`` of one's own, makes other constants at each call): True runs it as it is, after one warning
            that says why and where; False raises RuntimeError.
    """
    if function is None:
        return functools.partial(capture, fallback=fallback)
    return CapturedStep(function, fallback)


class CapturedStep:
    """The result of ``capture``: call it like the function.

    Attributes:
        replays: number of calls replayed so far.
        program: the latest Program, whose ``str`` lists the calls that a replay makes; None before that.
        problem: why the step is not replayed, if it is not.

    Raises RuntimeError, with ``fallback=False``, for a step that cannot be replayed.
    """

    def __init__(self, function, fallback: bool = True):
        self.function, self.fallback = function, fallback
        self.replays, self.problem, self.program = 0, None, None
        self._variants: dict[tuple, _Variant] = {}
        functools.update_wrapper(self, function)

    def __call__(self, *args, **kwargs):
        if any(isinstance(known, Recorder) for known in state.listeners):  # inside another captured step
            return self.function(*args, **kwargs)
        arrays: list[np.ndarray] = []
        key = (state.grad_enabled, *[_key(a, arrays) for a in args], _key(kwargs, arrays) if kwargs else None)
        variant = self._variants.get(key)
        if variant is None:
            variant = self._variants[key] = _Variant(self.function)
        if variant.program is not None:
            try:
                result = variant.replay(arrays)
            except Stale:
                return variant.record(args, kwargs, arrays)
            self.replays += 1
            return result
        if not all(map(device.on_cpu, arrays)):
            variant.problem = "its tensors are on a GPU, and steps are replayed on the CPU"
        result = variant.record(args, kwargs, arrays)
        self.program = variant.program or self.program
        if variant.problem is not None and self.problem is None:
            self.problem = variant.problem
            message = f"capture: {getattr(self.function, '__name__', 'the step')} is not replayed: {self.problem}"
            if not self.fallback:
                raise RuntimeError(message)
            warnings.warn(message, stacklevel=2)
        return result

    def reset(self) -> None:
        """Drops the recordings: the next calls record again. For changes that the step cannot detect."""
        self._variants.clear()
        self.problem = self.program = None


class _Variant:
    """The step for one combination of shapes, dtypes and plain arguments."""

    def __init__(self, function):
        self.function = function
        self.calls = 0
        self.program: Program | None = None
        self.problem: str | None = None
        self.former: Recorder | None = None
        self.former_inputs: list[np.ndarray] = []
        self.fixed: list[bool] = []  # inputs whose content has never changed: only that content can be replayed

    def replay(self, arrays: list[np.ndarray]):
        program = self.program
        program.check()
        if any(m.training is not mode for m, mode in self.modules):
            raise Stale
        if True in self.fixed:
            for own, given, fixed in zip(self.inputs, arrays, self.fixed, strict=True):
                if fixed and not np.array_equal(own, given):
                    raise Stale
        for own, given in zip(self.inputs, arrays, strict=True):
            np.copyto(own, given)
        with np.errstate(all="ignore"):
            program.run()
        return _copied(self.result)

    def record(self, args, kwargs, arrays):
        """Runs the step normally, recorded from the second call on; builds a program when two recordings agree."""
        self.calls += 1
        self.program = None
        if self.problem is not None:
            return self.function(*args, **kwargs)
        if self.calls == 1:
            return _copied(self.function(*args, **kwargs))
        inputs = [np.array(a, order="K") for a in arrays]
        own_args, own_kwargs = _with_arrays((args, kwargs), iter(inputs))
        recorder = Recorder(inputs, tuple(self.former.leaves) if self.former else ())
        if any(isinstance(a, Tensor) and a.requires_grad for a in args):
            recorder.refuse("an argument requires grad")
        listen(recorder)
        try:
            result = self.function(*own_args, **own_kwargs)
            recorder.finished()
        finally:
            leave(recorder)
        self._compare(recorder, inputs, result)
        return _copied(result)

    def _compare(self, recorder: Recorder, inputs: list, result) -> None:
        former, self.former = self.former, recorder
        old_inputs, self.former_inputs = self.former_inputs, [np.array(a) for a in inputs]
        self.problem = recorder.problem
        if former is None or self.problem is not None:
            return
        if former.signature() != recorder.signature() or former.differing_constant(recorder) is not None:
            different = former.signature() == recorder.signature() and former.differing_constant(recorder)
            if self.calls >= 5:
                self.problem = different or "it does not do the same operations at each call"
            return
        same = [np.array_equal(a, b) for a, b in zip(old_inputs, inputs, strict=True)]
        known = self.fixed or [True] * len(same)
        self.fixed = [was and now for was, now in zip(known, same, strict=True)]
        arrays: list[np.ndarray] = []
        _collect(result, arrays)
        self.inputs, self.result = inputs, result
        self.modules = list(recorder.modules.items())
        self.program = Program(recorder, arrays)


def _key(value, arrays: list):
    """What a call must have in common with a recorded one; collects the arrays in ``value``."""
    if isinstance(value, Tensor):
        array = value._array
        arrays.append(array)
        return array.shape, array.dtype.char, value._requires_grad
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return value.shape, value.dtype.char
    if isinstance(value, tuple | list):
        return (type(value), *[_key(v, arrays) for v in value])
    if isinstance(value, dict):
        return (dict, *[(k, _key(v, arrays)) for k, v in value.items()])
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value


def _with_arrays(value, arrays):
    """``value`` with other arrays in the places that ``_key`` found."""
    if isinstance(value, Tensor):
        return Tensor.made(next(arrays))
    if isinstance(value, np.ndarray):
        return next(arrays)
    if isinstance(value, tuple | list):
        return type(value)([_with_arrays(v, arrays) for v in value])
    if isinstance(value, dict):
        return {k: _with_arrays(v, arrays) for k, v in value.items()}
    return value


def _collect(value, arrays: list) -> None:
    if isinstance(value, Tensor):
        arrays.append(value._array)
    elif isinstance(value, tuple | list | dict):
        for v in value.values() if isinstance(value, dict) else value:
            _collect(v, arrays)


def _copied(value):
    """A result with its tensors copied out of the buffers."""
    if isinstance(value, Tensor):
        return Tensor.made(np.array(value._array))
    if isinstance(value, tuple | list):
        return type(value)([_copied(v) for v in value])
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return value
