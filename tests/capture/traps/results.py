"""What a step returns and does besides numbers: objects, containers of several kinds, messages, errors of NumPy."""

import collections
import copy
import logging
import os
import struct
import sys
import threading
import warnings
import zlib
from dataclasses import dataclass
from os import getenv

import numpy as np

import microgradnet as mg

from . import batch, labels, net, trap


@dataclass
class Output:
    """Two tensors."""

    loss: mg.Tensor
    scores: mg.Tensor


@trap(refused="returns a Output")
def dataclass_returned(captured):
    step = captured(lambda x: Output(x.sum(), x * 2))
    kept = []

    def call(i):
        kept.append(step(batch(i)))
        return [(o.loss, o.scores) for o in kept]

    return call


@trap(refused="returns a set")
def set_of_tensors_returned(captured):
    step = captured(lambda x: {x.sum()})
    kept = []

    def call(i):
        kept.extend(step(batch(i)))
        return list(kept)

    return call


@trap(refused="returns a generator")
def generator_returned(captured):
    step = captured(lambda x: (x * k for k in (1, 2)))
    return lambda i: list(step(batch(i)))


@trap(replays=8)
def dict_with_a_default_returned(captured):
    def step(x):
        found = collections.defaultdict(list)
        found["y"].append(x * 2)
        return found

    step = captured(step)

    def call(i):
        found = step(batch(i))
        return type(found).__name__, found["y"], found["none"]

    return call


@trap(replays=8)
def ordered_dict_returned(captured):
    step = captured(lambda x: collections.OrderedDict(b=x, a=x * 2))

    def call(i):
        found = step(batch(i))
        found.move_to_end("b")
        return list(found), found

    return call


@trap(replays=8)
def one_tensor_returned_twice(captured):
    def step(x):
        y = x * 2
        return y, [y]

    step = captured(step)

    def call(i):
        first, (second,) = step(batch(i))
        first.mul_(3)
        return first, second, first is second

    return call


@trap(replays=8)
def model_returned(captured):
    model = mg.nn.Linear(3, 2)

    @captured
    def step(x):
        model(x).sum().backward()
        return model

    return lambda i: (step(batch(i)) is model, model)


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def emit(self, record):
        """Keeps one message."""
        self.kept.append(record.getMessage())


@trap(refused="calls logging")
def message_logged_once_the_level_is_lower(captured):
    log, records = logging.getLogger("trap"), Records()
    log.handlers, log.propagate = [records], False
    log.setLevel(logging.WARNING)

    @captured
    def step(x):
        logging.getLogger("trap").info("a step")
        return x * 2

    def call(i):
        if i == 6:
            log.setLevel(logging.INFO)
        return step(batch(i)), list(records.kept)

    return call


@trap()
def warning_given_inside(captured):
    @captured
    def step(x):
        warnings.warn("look here", stacklevel=1)
        return x * 2

    def call(i):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = step(batch(i))
        return result, [str(w.message) for w in caught if "capture" not in str(w.message)]

    return call


@trap(replays=3)
def overflow_is_an_error_from_some_call_on(captured):
    step = captured(lambda x: x * 1e38 * 10)

    def call(i):
        with np.errstate(over="raise" if i > 5 else "ignore"):
            return step(batch(i))

    return call


def _bytes_read(name, read):
    def build(captured):
        step = captured(lambda x, a: x * read(a))
        return lambda i: step(batch(i), np.random.default_rng(i).standard_normal(3).astype(np.float32))

    build.__name__ = f"array_read_by_{name}"
    trap(warned=True)(build)


# Whether a number is positive is the same in half of the calls: two recordings that agree prove nothing.
_bytes_read("struct", lambda a: 1.0 + (struct.unpack_from("f", a)[0] > 0))
_bytes_read("a_checksum", lambda a: 1.0 + zlib.crc32(a) % 2)
_bytes_read("a_flat_iterator", lambda a: 1.0 + float(a.flat[0] > 0))
_bytes_read("nditer", lambda a: 1.0 + float(next(np.nditer(a)) > 0))
_bytes_read("as_strided", lambda a: 1.0 + float(np.lib.stride_tricks.as_strided(a, (2,), (4,))[0] > 0))
_bytes_read("the_class_of_arrays", lambda a: 1.0 + float(np.ndarray.__getitem__(a, 0) > 0))
_bytes_read("a_random_choice", lambda a: 1.0 + float(np.random.default_rng(0).choice(a) > 0))


@trap(replays=3)
def environment_through_an_imported_function(captured):
    step = captured(lambda x: x * float(getenv("TRAP_SCALE", "1")))

    def call(i):
        os.environ["TRAP_SCALE"] = str(1 + i // 4)
        try:
            return step(batch(i))
        finally:
            del os.environ["TRAP_SCALE"]

    return call


@trap(refused="calls getrecursionlimit")
def setting_of_the_interpreter(captured):
    step = captured(lambda x: x * sys.getrecursionlimit())
    usual = sys.getrecursionlimit()

    def call(i):
        sys.setrecursionlimit(usual + 100 * (i // 4))
        try:
            return step(batch(i))
        finally:
            sys.setrecursionlimit(usual)

    return call


@trap(warned=True)
def thread_started_inside(captured):
    @captured
    def step(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(x * 2))
        thread.start()
        thread.join()
        return found[0] + 1

    return lambda i: step(batch(i))


@trap(replays=8)
def deep_copy_of_a_model_that_holds_its_step(captured):
    model = net()
    model.run = captured(lambda x: model(x).sum())
    return lambda i: (model.run(batch(i)), copy.deepcopy(model)(batch(i)))


@trap(replays=8)
def scalar_used_twice(captured):
    """The gradients of two uses of a 0-d value are added: NumPy gives a number for that, and no array."""
    weight = mg.tensor([2.0, 3.0], dtype=mg.float64).requires_grad_()

    @captured
    def step(x):
        a, b = weight[0], weight[1]
        loss = a * a * b + b * x.mean()
        weight.grad = None
        loss.backward()
        return loss

    return lambda i: (step(batch(i, dtype=np.float64)), weight.grad)


@trap(replays=8)
def numbers_drawn_inside(captured):
    @captured
    def step(x):
        noise = mg.randn_like(x) + mg.rand(3) + mg.normal(0.0, 1.0, (3,))
        rows = mg.randperm(len(x))[:2]
        return x[rows] + noise[mg.randint(0, 4, (2,))], mg.multinomial(x.abs(), 2), mg.bernoulli(x.sigmoid())

    return lambda i: step(batch(i))


@trap(replays=8)
def quantiles(captured):
    weight = mg.ones(3).requires_grad_()

    @captured
    def step(x, q):
        h = x * weight
        loss = h.quantile(0.3, 1).sum() + h.quantile(q).sum() + h.quantile(0.5, 0, interpolation="midpoint").sum()
        weight.grad = None
        loss.backward()
        return loss

    return lambda i: (step(batch(i), mg.rand(2)), weight.grad)


@trap(replays=5)
def quantile_out_of_range_at_one_call(captured):
    step = captured(lambda x, q: x.quantile(q))
    return lambda i: step(batch(i), mg.tensor([0.5, 1.5 if i == 6 else 0.1 * (i % 5)]))


@trap(replays=8)
def computed_tensors_copied_by_tensor(captured):
    step = captured(lambda x, a: mg.tensor(x * 2) + mg.tensor(a) + mg.tensor(x.sum(), dtype=mg.float64))
    return lambda i: step(batch(i), np.full(3, i, np.float32))


@trap(warned=True)
def list_of_computed_tensors_copied_by_tensor(captured):
    step = captured(lambda x: mg.tensor([x[0, 0], x[1, 1]]) * 2)
    return lambda i: step(batch(i))


@trap(replays=8)
def hessian_inside(captured):
    step = captured(lambda x: mg.autograd.functional.hessian(lambda t: (t * t * t).sum(), x))
    return lambda i: step(batch(i, 3))


@trap(warned=True)
def rows_repeated_as_often_as_numbers_say(captured):
    step = captured(lambda x, n: (x.repeat_interleave(2, 0), x.repeat_interleave(n, 0)))
    return lambda i: step(batch(i), labels(i // 3, 3))
