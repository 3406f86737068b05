"""capture: a step function that is recorded once and replayed from then on."""

import functools
import sys
import threading
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends import device
from ..events import Listener, leave, listen, state
from ..tensor import Tensor
from .arguments import Unguarded, arrays_in, copied, key_of, replaced, shared, twin, unrepeatable
from .audit import audit, state_of
from .program import Program, Stale
from .recorder import RAISING, Recorder
from .surroundings import Surroundings
from .visible import Sight, look, same_bits

VARIANTS = 16  # combinations of arguments and surroundings that are kept, the latest used ones


def capture(function: Callable | None = None, *, fallback: bool = True) -> Any:
    """``function`` as a step that is recorded and then replayed: the same numbers, without building a graph.

    What a replay cannot see is what no Python code names: what a method of another library's compiled object reads (a
    file, a device), what another thread does meanwhile, the inside of a library that somebody replaces, where in memory
    an object lies (``id``). So a step with ``x * sensor.Device().temperature()`` goes on with the temperature that was
    recorded, until the next audit raises. All else that a step sees is compared before each replay, and what cannot be
    compared is not replayed. What NumPy would warn of (an overflow) a replay does not warn of.

    >>> @mg.capture
    ... def train_step(x, y):
    ...     loss = nn.functional.mse_loss(model(x), y)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss

    The first call with given shapes and dtypes runs as ever. The next two are recorded; if they did the same
    operations, later ones are replayed: the same operations on the same buffers, neighbouring elementwise ones in one
    loop, the optimizer's step called anew (so that a schedule may change its learning rate).

    Each call gives, bit for bit, what ``function`` itself would have given; or it is recorded anew; or ``function``
    runs plainly, after one warning that says where and why; or it raises. Tensors and arrays among the arguments (also
    inside tuples, lists, dicts, dataclasses) may change in content. Other arguments, shapes, dtypes, and what the step
    sees besides (closures, globals, attributes, containers, modules with their modes, hooks and ``requires_grad``)
    belong to what is recorded: where they differ, the step is recorded anew. At the calls 5, 9, 17, 33, … of each
    combination the step runs plainly beside its replay, and a difference raises RuntimeError.

    The gradients of a replay lie in the same memory each time: clone one to keep it. Results are copies, without a
    graph behind them. A method may be decorated: each object then has a step of its own.

    Random numbers are drawn anew in each replay, if they come from the default generator by ``rand``, ``randn``,
    ``randint``, ``randperm``, ``normal``, ``bernoulli``, ``multinomial`` or a layer. An op whose result has a size that
    depends on numbers (a mask as an index, ``nonzero``, ``unique``, ``repeat_interleave`` with a tensor,
    ``embedding_bag`` with ``padding_idx``, ``ctc_loss`` of concatenated targets) makes the step run plainly.

    Args:
        function: any function of tensors, arrays and plain values that returns tensors (one, a tuple, a dict) or None.
        fallback: what to do with a step that cannot be replayed (it reads a number to decide on, has hooks, calls a
            ``Function`` of one's own, changes Python objects, returns other objects than tensors, arrays, plain values
            and containers of them): True runs it plainly, after one warning; False raises RuntimeError.
    """
    if function is None:
        return functools.partial(capture, fallback=fallback)
    return CapturedStep(function, fallback)


class CapturedStep:
    """What ``capture`` returns: call it like the function. Several threads may, one after the other.

    Attributes:
        replays: number of calls replayed so far.
        program: the latest Program, whose ``str`` lists the calls that a replay makes; None before that.
        problem: why the step is not replayed, if it is not.
    """

    def __init__(self, function: Callable, fallback: bool = True):
        self.function, self.fallback = function, fallback
        self.replays: int = 0
        self.problem: str | None = None
        self.program: Program | None = None
        self._variants: OrderedDict[Any, _Variant] = OrderedDict()
        self._sight: Sight | None = None
        self._sights: dict[int, Sight] = {}  # number of what was seen -> the latest look at it
        self._numbers: dict[tuple, int] = {}  # key of what was seen -> its number
        self._seen = 0  # how many different sights there were
        self._met: dict[Any, None] = {}  # what has been called with once
        self._fresh = 0  # variants made since the last replay
        self._given_up = False
        self._leaves: dict[Tensor, None] = {}  # that have ever got a gradient in this step
        self._lock = threading.RLock()
        functools.update_wrapper(self, function)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """A method that is decorated: each object has a step of its own, which is forgotten with it."""
        if instance is None or not isinstance(self.function, types.FunctionType):
            return self
        if isinstance(instance, type) or not hasattr(instance, "__dict__"):
            return types.MethodType(self, instance)  # an argument like others
        name = f"captured {self.function.__qualname__}"
        if name not in vars(instance):
            method = types.MethodType(self.function, instance)
            object.__setattr__(instance, name, CapturedStep(method, self.fallback))
        return vars(instance)[name]

    def __reduce__(self) -> Any:
        """By its name where it has one, like a function; else the function, without what was recorded."""
        name = getattr(self.function, "__qualname__", "")
        found = sys.modules.get(getattr(self.function, "__module__", ""))
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (CapturedStep, (self.function, self.fallback))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """One step. Raises RuntimeError without ``fallback`` for one that cannot be replayed, or if an audit fails."""
        if state.listeners or not RAISING.isdisjoint(np.geterr().values()):
            # Inside another captured step, or somebody wants to hear of every op or of every overflow.
            return self.function(*args, **kwargs)
        with self._lock:
            before = state.grad_enabled, state.module
            try:
                return self._step(args, kwargs)
            finally:
                state.grad_enabled, state.module = before
                state.listeners = ()

    def _step(self, args: tuple, kwargs: dict) -> Any:
        if self._given_up:
            return copied(self.function(*args, **kwargs))
        arrays: list[np.ndarray] = []
        try:
            key = self._key(args, kwargs, arrays)
        except Unguarded as error:
            return self._plainly(str(error), args, kwargs)
        variant = self._variant(key)
        if variant.calls == 1 and (key[-1] or key[1:] not in self._met):
            self._met[key[1:]] = None
            while len(self._met) > VARIANTS:
                del self._met[next(iter(self._met))]
            return self._first(variant, args, kwargs, arrays)
        if variant.program is not None:
            try:
                result = variant.replay(args, kwargs, arrays)
            except Stale:
                return self._record(variant, args, kwargs, arrays)
            self.replays += 1
            self._fresh = 0
            return result
        return self._record(variant, args, kwargs, arrays)

    def _key(self, args: tuple, kwargs: dict, arrays: list) -> tuple:
        """What this call must share with a recorded one to be replayed; first, which leaves have no gradient."""
        sight = self._sight
        if sight is None or not sight.holds():
            sight = look(self.function, () if sight is None else sight.names)
            sight.number = self._number(sight)
            self._sight = sight
        pattern = tuple([leaf._grad is None for leaf in self._leaves])
        keys = key_of(args, arrays, sight), key_of(kwargs, arrays, sight) if kwargs else None
        return pattern, state.grad_enabled, sight.number, *keys, shared(arrays, (args, kwargs), sight)

    def _number(self, sight: Sight) -> int:
        """The number of what was seen: the same for what is equal. Those that no variant needs are forgotten."""
        number = self._numbers.get(sight.key)
        if number is None:
            self._seen += 1
            number = self._numbers[sight.key] = self._seen
        self._sights[number] = sight
        if len(self._sights) > 4 * VARIANTS:
            needed = {number, *(key[2] for key in self._variants)}
            self._sights = {n: s for n, s in self._sights.items() if n in needed}
            self._numbers = {k: n for k, n in self._numbers.items() if n in needed}
        return number

    def _variant(self, key: tuple) -> "_Variant":
        variant = self._variants.get(key)
        if variant is None:
            self._fresh += 1
            if self._fresh > VARIANTS:
                self._given_up = True
                self._warn(f"{self._changing(key)} is not the same at any two calls")
            assert self._sight is not None
            variant = self._variants[key] = _Variant(self.function, self._sight)
            if len(self._variants) > VARIANTS:
                self._variants.popitem(last=False)
        else:
            self._variants.move_to_end(key)
        variant.calls += 1
        return variant

    def _first(self, variant: "_Variant", args: tuple, kwargs: dict, arrays: list) -> Any:
        """The first call runs as ever; it tells which leaves get gradients, and whether arguments change."""
        noted = _Leaves(self._leaves)
        before = [np.array(a) if device.on_cpu(a) else a for a in arrays]
        kind = variant.kind(args, kwargs)
        listen(noted)
        try:
            return copied(self.function(*args, **kwargs))
        finally:
            leave(noted)
            if not all(a is b or same_bits(a, b) for a, b in zip(arrays, before, strict=True)):
                variant.problem = "it writes to an argument"
            elif variant.kind(args, kwargs) != kind:
                variant.problem = "it changes an argument"

    def _record(self, variant: "_Variant", args: tuple, kwargs: dict, arrays: list) -> Any:
        if not all(map(device.on_cpu, arrays)):
            variant.problem = "its tensors are on a GPU, and steps are replayed on the CPU"
        try:
            result = variant.record(args, kwargs, arrays, self._leaves)
        finally:
            if variant.problem is not None:
                self._warn(variant.problem)
        self.program = variant.program or self.program
        return result

    def _changing(self, key: tuple) -> str:
        """What tells the latest variant from this call."""
        latest = next(reversed(self._variants))
        if latest[2] != key[2]:
            return self._sights[key[2]].difference(self._sights[latest[2]])
        return "an argument"

    def _plainly(self, problem: str, args: tuple, kwargs: dict) -> Any:
        self._warn(problem)
        return copied(self.function(*args, **kwargs))

    def _warn(self, problem: str) -> None:
        if self.problem is not None:
            return
        self.problem = problem
        message = f"capture: {getattr(self.function, '__name__', 'the step')} is not replayed: {problem}"
        if not self.fallback:
            raise RuntimeError(message)
        warnings.warn(message, stacklevel=5)

    def reset(self) -> None:
        """Forgets what was recorded: the next calls record anew."""
        self._variants.clear()
        self._met.clear()
        self._sights.clear()
        self._numbers.clear()
        self._sight = self.problem = self.program = None
        self._fresh, self._given_up = 0, False


class _Leaves(Listener):
    """Notes which leaves get a gradient."""

    def __init__(self, leaves: dict[Tensor, None]):
        self.leaves = leaves

    def accumulate(self, leaf: Tensor, before: Any, contribution: Any, after: Any) -> None:
        self.leaves[leaf] = None


class _Variant:
    """The step for one combination of arguments and surroundings."""

    def __init__(self, function: Callable, sight: Sight):
        self.function, self.sight = function, sight  # the sight keeps alive what the key names
        self.calls = 0
        self.program: Program | None = None
        self.problem: str | None = None
        self.former: Recorder | None = None
        self.former_inputs: list[np.ndarray] = []
        self.fixed: list[bool] = []  # inputs whose content has never changed: only that content can be replayed
        self.recordings = 0
        self.inputs: list[np.ndarray] = []
        self.result: Any = None

    def kind(self, args: tuple, kwargs: dict) -> Any:
        """What of the arguments is no number; None where that cannot be told."""
        try:
            return key_of((args, kwargs), [], self.sight)
        except Unguarded:
            return None

    def replay(self, args: tuple, kwargs: dict, arrays: list) -> Any:
        """Raises Stale where what was recorded does not fit this call, RuntimeError if an audit finds a difference."""
        program = self.program
        assert program is not None
        program.check()
        for own, given, fixed in zip(self.inputs, arrays, self.fixed, strict=True):
            if fixed and not same_bits(own, given):
                raise Stale

        def run() -> Any:
            for own, given in zip(self.inputs, arrays, strict=True):
                np.copyto(own, given)
            with np.errstate(all="ignore"):
                program.run()
            return copied(self.result)

        def plain(recorder: Recorder, inputs: list) -> Any:
            own_args, own_kwargs = replaced((args, kwargs), iter(inputs))
            listen(recorder)
            try:
                return copied(self.function(*own_args, **own_kwargs))
            finally:
                leave(recorder)

        if self.calls < 5 or (self.calls - 1) & (self.calls - 2):
            if not self.sight.catches:
                return run()
            before = state_of(program)
            try:
                return run()
            except Exception:  # the step itself may catch it, and go on
                before.restore()
                return copied(self.function(*args, **kwargs))
        try:
            return audit(program, run, plain, arrays, getattr(self.function, "__name__", "the step"))
        except RuntimeError as error:
            self.program, self.problem = None, str(error)
            raise

    def record(self, args: tuple, kwargs: dict, arrays: list, leaves: dict) -> Any:
        """Runs the step normally, recorded from the second call on; builds a program when two recordings agree."""
        self.program = None
        if self.problem is not None:
            return copied(self.function(*args, **kwargs))
        if self.sight.opaque is not None:
            path, kind = self.sight.opaque
            self.problem = (
                f"it reads {path} ({kind}), and whether something outside of the library's ops changes cannot be told"
            )
            return copied(self.function(*args, **kwargs))
        self.recordings += 1
        inputs = [twin(a) for a in arrays]
        recorder = Recorder(inputs, tuple(leaves))
        own_args, own_kwargs = replaced((args, kwargs), iter(inputs), recorder)
        kind = self.kind(own_args, own_kwargs)
        surroundings = Surroundings(self.function, self.sight)
        with surroundings:
            listen(recorder)
            try:
                result = self.function(*own_args, **own_kwargs)
                recorder.finished()
            finally:
                leave(recorder)
                for own, array in zip(inputs, arrays, strict=True):
                    if not same_bits(own, array):
                        recorder.refuse("it writes to an argument")
                        np.copyto(array, own)
        if self.kind(own_args, own_kwargs) != kind:
            self.problem = "it changes an argument"
            raise RuntimeError(
                f"capture: {getattr(self.function, '__name__', 'the step')}: {self.problem}, in this call"
            )
        if surroundings.problem is not None:
            recorder.refuse(surroundings.problem)
        leaves.update(recorder.leaves)
        self._compare(recorder, inputs, result)
        return copied(result)

    def _compare(self, recorder: Recorder, inputs: list, result: Any) -> None:
        former, self.former = self.former, recorder
        old_inputs, self.former_inputs = self.former_inputs, [np.array(a) for a in inputs]
        former_result, self.result = self.result, result
        self.problem = recorder.problem
        if former is None or self.problem is not None:
            return
        if (kind := unrepeatable(former_result, result)) is not None:
            self.problem = f"it returns a {kind}, which a replay does not make anew"
            return
        if former.signature() != recorder.signature() or former.differing_constant(recorder) is not None:
            different = former.signature() == recorder.signature() and former.differing_constant(recorder)
            if self.recordings >= 4:
                self.problem = different or "it does not do the same operations at each call"
            return
        same = [same_bits(a, b) for a, b in zip(old_inputs, inputs, strict=True)]
        known = self.fixed or [True] * len(same)
        self.fixed = [was and now for was, now in zip(known, same, strict=True)]
        self.inputs = inputs
        self.program = Program(recorder, arrays_in(result), recorder.made_anew(former))
