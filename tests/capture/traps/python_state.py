"""Python state: what a step counts, keeps, appends, reads from closures, globals, classes and modules."""

import collections
import contextlib
import dataclasses
import functools
import itertools
import os
import random
import sys
import time
import types

import numpy as np

import microgradnet as mg
from microgradnet import data, nn, optim

from . import batch, net, training, trap

SCALE = 2.0
SETTINGS = {"scale": 2.0, "deep": {"list": [1, 2, {"x": 3.0}]}}
config = types.ModuleType("config_of_a_trap")
config.scale = 2.0
sys.modules["config_of_a_trap"] = config


def scaled(x):
    return x * SCALE


@trap(refused="is not the same at any two calls", calls=20)
def counter_in_a_closure(captured):
    model = net()
    optimizer, k = optim.SGD(model.parameters(), lr=0.1), 0

    @captured
    def step(x):
        nonlocal k
        loss = model(x).pow(2).mean()
        loss.backward()
        k += 1
        if k % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss

    return lambda i: (step(batch(i)), model, k)


@trap(replays=3)
def float_in_a_closure(captured):
    scale = 1.0
    step = captured(lambda x: x * scale)

    def call(i):
        nonlocal scale
        scale = 1.0 if i < 6 else 2.0
        return step(batch(i))

    return call


@trap(warned=True)
def float_in_a_closure_other_at_each_call(captured):
    scale = 1.0
    step = captured(lambda x: x * scale)

    def call(i):
        nonlocal scale
        scale = 1.0 + i
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_an_object(captured):
    class Schedule:
        rate = 0.5

        def __init__(self):
            self.scale = 1.0

        def now(self):
            return self.scale * self.rate

    schedule = Schedule()
    step = captured(lambda x: x * schedule.now())

    def call(i):
        if i == 5:
            schedule.scale = 3.0
        if i == 9:
            Schedule.rate = 0.25
        return step(batch(i))

    return call


@trap(refused="is not the same at any two calls", calls=20)
def history_appended(captured):
    history = []

    @captured
    def step(x):
        loss = x.sum()
        history.append(loss)
        return loss

    return lambda i: (step(batch(i)), list(history))


@trap(warned=True)
def python_number_returned(captured):
    counter = itertools.count()
    step = captured(lambda x: (x * 2, next(counter)))
    return lambda i: step(batch(i))


@trap(warned=True)
def python_number_of_the_loss_returned(captured):
    step = captured(lambda x: (x * 2, x.sum().item()))
    return lambda i: step(batch(i))


@trap(warned=True)
def shape_returned(captured):
    step = captured(lambda x: (x * 2, len(x), x.shape, "text", None))
    return lambda i: step(batch(i, 3 + i % 2, 2))


@trap(refused="random numbers")
def python_random(captured):
    step = captured(lambda x: x * random.random())
    return lambda i: step(batch(i))


@trap(refused="random numbers")
def numpy_random(captured):
    step = captured(lambda x: x * float(np.random.rand()))
    return lambda i: step(batch(i))


@trap(warned=True)
def numpy_generator(captured):
    rng = np.random.default_rng(0)
    step = captured(lambda x: x * rng.random())
    return lambda i: step(batch(i))


@trap(warned=True)
def generator_of_ones_own(captured):
    generator = mg.Generator(3)
    step = captured(lambda x: x + mg.randn(3, generator=generator))
    return lambda i: (step(batch(i)), repr(generator.get_state()))


@trap(warned=True)
def branch_on_python_random(captured):
    step = captured(lambda x: x * 2 if random.random() < 0.5 else x * 3)
    return lambda i: step(batch(i))


@trap(warned=True)
def branch_on_random_from_the_default_generator(captured):
    step = captured(lambda x: x * 2 if mg.rand(1).item() < 0.5 else x * 3)
    return lambda i: step(batch(i))


@trap(refused="calls time")
def clock(captured):
    step = captured(lambda x: x * (time.time() > 0))
    return lambda i: step(batch(i))


@trap(replays=3)
def global_of_this_module(captured):
    step = captured(lambda x: x * SCALE)

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def global_read_by_a_function_that_is_called(captured):
    step = captured(lambda x: scaled(x) + 1)

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def global_that_appears_later(captured):
    globals().pop("LATE", None)

    @captured
    def step(x):
        try:
            return x * LATE
        except NameError:
            return x

    def call(i):
        if i == 6:
            globals()["LATE"] = 5.0
        return step(batch(i))

    return call


@trap(warned=True)
def global_read_by_name(captured):
    step = captured(lambda x: x * globals()["SCALE"])

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def expression_evaluated(captured):
    step = captured(lambda x: x * eval("SCALE"))

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_a_module(captured):
    step = captured(lambda x: x * config.scale)

    def call(i):
        config.scale = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def module_imported_inside(captured):
    @captured
    def step(x):
        import config_of_a_trap

        return x * config_of_a_trap.scale

    def call(i):
        config.scale = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def name_imported_from_a_module_inside(captured):
    @captured
    def step(x):
        from config_of_a_trap import scale

        return x * scale

    def call(i):
        config.scale = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_a_library_replaced(captured):
    step = captured(lambda x: nn.functional.relu(x) * np.pi)

    def call(i):
        before = nn.functional.relu, np.pi
        try:
            if i >= 6:
                nn.functional.relu, np.pi = mg.tanh, 3.0
            return step(batch(i))
        finally:
            nn.functional.relu, np.pi = before

    return call


@trap(warned=True)
def environment_variable(captured):
    step = captured(lambda x: x * float(os.environ.get("TRAP_SCALE", "1")))

    def call(i):
        os.environ["TRAP_SCALE"] = "1" if i < 6 else "2"
        return step(batch(i))

    return call


@trap(replays=3)
def deep_in_containers(captured):
    step = captured(lambda x: x * SETTINGS["deep"]["list"][2]["x"])

    def call(i):
        SETTINGS["deep"]["list"][2]["x"] = 3.0 if i < 6 else 4.0
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_a_function(captured):
    def scaled_by(x):
        return x * scaled_by.scale

    scaled_by.scale = 2.0
    step = captured(lambda x: scaled_by(x))

    def call(i):
        if i == 6:
            scaled_by.scale = 3.0
        return step(batch(i))

    return call


@trap(refused="is not the same at any two calls", calls=20)
def counter_on_the_function_itself(captured):
    def step(x):
        step.calls += 1
        return x * step.calls

    step.calls = 0
    captured_step = captured(step)
    return lambda i: captured_step(batch(i))


@trap(replays=3)
def attribute_that_appears_later(captured):
    class Flags:
        pass

    flags = Flags()
    step = captured(lambda x: x * 2 if hasattr(flags, "double") else x)

    def call(i):
        if i == 6:
            flags.double = True
        if i == 9:
            del flags.double
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_the_class_that_appears_later(captured):
    class Flags:
        pass

    flags = Flags()
    step = captured(lambda x: x * getattr(flags, "scale", 1.0))

    def call(i):
        if i == 6:
            Flags.scale = 2.0
        return step(batch(i))

    return call


@trap(replays=3)
def code_of_special_methods(captured):
    class Scaled:
        def __getitem__(self, i):
            return SCALE * i

        def __len__(self):
            return int(SCALE)

        def __mul__(self, x):
            return x * SCALE

    scale = Scaled()
    step = captured(lambda x: scale * x + scale[1] + len(scale))

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def property_and_cached_property(captured):
    class Config:
        @property
        def scale(self):
            return SCALE

        @functools.cached_property
        def once(self):
            return SCALE

    config = Config()
    step = captured(lambda x: x * config.scale + config.once)

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def descriptor_of_ones_own(captured):
    class Counted:
        def __init__(self):
            self.reads = 0

        def __get__(self, instance, owner):
            self.reads += 1
            return self.reads

    class Config:
        scale = Counted()

    config = Config()
    step = captured(lambda x: x * config.scale)
    return lambda i: step(batch(i))


@trap(warned=True)
def object_with_slots(captured):
    class Config:
        __slots__ = ("scale",)

    config = Config()
    step = captured(lambda x: x * config.scale)

    def call(i):
        config.scale = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def slots_of_a_base_class(captured):
    class Base:
        __slots__ = ("scale",)

    class Config(Base):
        pass

    config = Config()
    step = captured(lambda x: x * config.scale)

    def call(i):
        config.scale = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def list_with_attributes(captured):
    class Numbers(list):
        scale = 1.0

    numbers = Numbers([1.0])
    step = captured(lambda x: x * numbers[0] * numbers.scale)

    def call(i):
        if i == 6:
            numbers.scale = 2.0
        return step(batch(i))

    return call


@trap(warned=True)
def class_with_a_counter(captured):
    class Layer:
        made = 0

        def __init__(self):
            Layer.made += 1

        def __call__(self, x):
            return x * Layer.made

    step = captured(lambda x: Layer()(x))
    return lambda i: step(batch(i))


@trap(replays=3)
def static_and_class_methods(captured):
    class Scale:
        factor = 2.0

        @classmethod
        def of(cls, x):
            return x * cls.factor

        @staticmethod
        def more(x):
            return x * SCALE

    step = captured(lambda x: Scale.of(x) + Scale.more(x))

    def call(i):
        if i == 5:
            Scale.factor = 3.0
        globals()["SCALE"] = 2.0 if i < 9 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def frozen_dataclass_in_a_closure(captured):
    @dataclasses.dataclass(frozen=True)
    class Config:
        scale: float = 2.0

    world = {"config": Config()}
    step = captured(lambda x: x * world["config"].scale)

    def call(i):
        if i == 6:
            world["config"] = Config(3.0)
        return step(batch(i))

    return call


@trap(warned=True)
def generator_in_a_closure(captured):
    scales = (s for s in itertools.count(1))
    step = captured(lambda x: x * next(scales))
    return lambda i: step(batch(i))


@trap(warned=True)
def memory_of_a_cache(captured):
    calls = []

    @functools.lru_cache(maxsize=4)
    def scale(k):
        calls.append(k)
        return k * SCALE

    step = captured(lambda x, k: x * scale(k))
    return lambda i: (step(batch(i), i % 5), list(calls))


@trap(warned=True)
def cache_in_a_dict(captured):
    cache = {}

    @captured
    def step(x, k):
        if k not in cache:
            cache[k] = mg.full((3,), float(len(cache)))
        return x * cache[k]

    return lambda i: (step(batch(i), i % 3), list(cache))


@trap(refused="is not the same at any two calls", calls=20)
def tensor_kept_from_call_to_call(captured):
    state = {"h": mg.zeros(3)}

    @captured
    def step(x):
        state["h"] = state["h"] * 0.5 + x[0]
        return state["h"]

    return lambda i: (step(batch(i)), state["h"])


@trap(warned=True)
def tensor_kept_in_an_attribute_of_a_module(captured):
    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("h", mg.zeros(3))

        def forward(self, x):
            self.h = self.h * 0.5 + x[0]
            return self.h

    model = Memory()
    step = captured(lambda x: model(x))
    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def tensor_kept_in_place(captured):
    h = mg.zeros(3)

    @captured
    def step(x):
        h.mul_(0.5).add_(x[0])
        return h * 2

    return lambda i: (step(batch(i)), h)


@trap(warned=True)
def mode_switched_inside(captured):
    model = net(nn.Dropout(0.5), nn.BatchNorm1d(4))

    @captured
    def step(x):
        model.eval()
        out = model(x)
        model.train()
        return out + model(x)

    return lambda i: (step(batch(i)), model, model.training)


@trap(replays=3)
def decorated_with_no_grad(captured):
    model = net()
    step = captured(mg.no_grad()(lambda x: model(x) * SCALE))

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def decorated_by_a_closure_without_wraps(captured):
    def decorator(f):
        def run(*args):
            return f(*args) + 1

        return run

    step = captured(decorator(lambda x: x * SCALE))

    def call(i):
        globals()["SCALE"] = 2.0 if i < 6 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def bound_method_and_partial(captured):
    class Trainer:
        def __init__(self):
            self.scale = 2.0

        def step(self, x, shift):
            return x * self.scale + shift

    trainer = Trainer()
    step = captured(functools.partial(trainer.step, shift=1.0))

    def call(i):
        if i == 6:
            trainer.scale = 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def callable_object(captured):
    class Step:
        def __init__(self):
            self.scale = 2.0

        def __call__(self, x):
            return x * self.scale

    function = Step()
    step = captured(function)

    def call(i):
        if i == 6:
            function.scale = 3.0
        return step(batch(i))

    return call


@trap(replays=2)
def nested_functions_and_comprehensions(captured):
    weights = [1.0, 2.0]

    @captured
    def step(x):
        def inner(k):
            return [x * w * SCALE for w in weights][k]

        return inner(0) + sum(inner(k) for k in range(len(weights)))

    def call(i):
        if i == 5:
            weights[1] = 4.0
        if i == 8:
            weights.append(1.0)
        globals()["SCALE"] = 2.0 if i < 10 else 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def array_of_numpy_in_a_closure(captured):
    scale = np.ones(3, np.float32)
    step = captured(lambda x: x * mg.Tensor(scale) + float(scale[0]))

    def call(i):
        if i == 6:
            scale[0] = 5.0
        return step(batch(i))

    return call


@trap(refused="is not the same at any two calls", calls=20)
def array_of_numpy_that_counts(captured):
    count = np.zeros(1)

    @captured
    def step(x):
        count[0] += 1
        return x * 2

    return lambda i: (step(batch(i)), count.copy())


@trap(refused="an array of")
def large_array_of_numpy_in_a_closure(captured):
    scale = np.ones(100_000, np.float32)
    step = captured(lambda x: x * float(scale[-1]))

    def call(i):
        scale[-1] = i
        return step(batch(i))

    return call


@trap(warned=True)
def deque_and_default_dict(captured):
    recent = collections.deque([1.0, 2.0], maxlen=2)
    table = collections.defaultdict(float)
    step = captured(lambda x: x * recent[-1] + table["missing" if table else "there"])

    def call(i):
        if i > 4:
            recent.append(float(i // 4))
        return step(batch(i)), dict(table)

    return call


@trap(warned=True)
def error_inside_and_then_success(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x, fail):
        optimizer.zero_grad()
        loss = model(x).pow(2).mean()
        if fail:
            raise ValueError("on purpose")
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: _attempt(lambda: step(batch(i), i in (1, 2, 6)), model)


@trap(warned=True)
def error_of_a_shape_and_then_success(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    return lambda i: _attempt(lambda: step(batch(i, 4, 2 if i in (1, 2, 6) else 3)), model)


def _attempt(call, *state):
    try:
        return call(), state
    except Exception as error:
        return str(error), state


@trap(warned=True)
def errors_caught_inside(captured):
    @captured
    def step(x):
        with contextlib.suppress(RuntimeError, ValueError):
            return x @ x
        return x * 2

    return lambda i: step(batch(i, 3 + i % 2, 3))


@trap(warned=True)
def closure_inside_of_lbfgs(captured):
    model = net()
    optimizer = optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

    @captured
    def step(x):
        def closure():
            optimizer.zero_grad()
            loss = model(x).pow(2).mean()
            loss.backward()
            return loss

        return optimizer.step(closure)

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def closure_inside_of_sgd(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        def closure():
            optimizer.zero_grad()
            loss = model(x).pow(2).mean()
            loss.backward()
            return loss

        return optimizer.step(closure)

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def loader_walked_inside(captured):
    numbers = np.arange(12, dtype=np.float32)

    class Numbers(data.Dataset):
        def __len__(self):
            return 12

        def __getitem__(self, i):
            return numbers[i]

    loader = data.DataLoader(Numbers(), batch_size=4)

    @captured
    def step(x):
        return sum((x * batch.sum()).sum() for batch in loader)

    def call(i):
        if i == 6:
            numbers[:] = 1
        return step(batch(i))

    return call


@trap(warned=True)
def dataset_of_tensors_indexed_inside(captured):
    dataset = data.TensorDataset(batch(50, 6, 3))
    step = captured(lambda x, k: x * dataset[k][0])

    def call(i):
        if i == 6:
            dataset.tensors = (batch(51, 6, 3),)
        return step(batch(i), i % 2)

    return call


@trap(warned=True)
def learning_rate_read_inside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        return x * optimizer.param_groups[0]["lr"]

    def call(i):
        optimizer.param_groups[0]["lr"] = 0.1 if i < 6 else 0.2
        return step(batch(i))

    return call


@trap(warned=True)
def learning_rate_read_by_a_name_in_a_string(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        return x * getattr(optimizer, "param_groups")[0]["lr"]  # noqa: B009

    def call(i):
        optimizer.param_groups[0]["lr"] = 0.1 if i < 6 else 0.2
        return step(batch(i))

    return call


@trap(warned=True)
def learning_rate_set_inside(captured):
    model = net()
    optimizer, rates = optim.SGD(model.parameters(), lr=0.1), iter(range(1, 100))

    @captured
    def step(x):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / next(rates)
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def learning_rate_decayed_inside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        optimizer.param_groups[0]["lr"] *= 0.9
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model, optimizer)


@trap(warned=True)
def group_reached_through_a_local_name(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    group = optimizer.param_groups[0]

    @captured
    def step(x):
        group["lr"] *= 0.9
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model, optimizer)


@trap(warned=True)
def seed_set_inside(captured):
    layer = nn.Dropout(0.5)

    @captured
    def step(x):
        mg.manual_seed(3)
        return layer(x)

    return lambda i: step(batch(i))


@trap(replays=3)
def seed_set_outside(captured):
    layer = nn.Dropout(0.5)
    step = captured(lambda x: layer(x))

    def call(i):
        if i % 3 == 0:
            mg.manual_seed(3)
        return step(batch(i))

    return call


@trap(warned=True)
def default_dtype_set_inside(captured):
    @captured
    def step(x):
        mg.set_default_dtype(mg.float64)
        try:
            return mg.ones(3) / 3 + x
        finally:
            mg.set_default_dtype(mg.float32)

    return lambda i: step(batch(i))


@trap(warned=True)
def weak_reference_and_identity(captured):
    seen = set()

    @captured
    def step(x):
        seen.add(id(x))
        return x * 2

    return lambda i: step(batch(i))


@trap(warned=True)
def module_made_inside(captured):
    @captured
    def step(x):
        layer = nn.Linear(3, 2)
        return layer(x)

    return lambda i: step(batch(i))


@trap(warned=True)
def named_tuple_of_state_replaced(captured):
    State = collections.namedtuple("State", "scale shift")
    world = types.SimpleNamespace(state=State(1.0, 2.0))
    step = captured(lambda x: x * world.state.scale + world.state.shift)

    def call(i):
        if i == 6:
            world.state = State(3.0, 2.0)
        return step(batch(i))

    return call


@trap(warned=True)
def writes_to_a_file(captured):
    lines = []

    class Log:
        def write(self, text):
            lines.append(text)

    @captured
    def step(x):
        print("step", file=Log())
        return x * 2

    return lambda i: (step(batch(i)), list(lines))


@trap(warned=True)
def scalar_engine_inside(captured):
    from microgradnet.scalar import Value

    w = Value(2.0)

    @captured
    def step(x):
        w.grad = 0.0
        y = w * 3.0
        y.backward()
        return x * w.grad * w.data

    def call(i):
        if i == 6:
            w.data = 3.0
        return step(batch(i))

    return call


@trap(warned=True)
def meter_of_a_running_mean(captured):
    class Meter:
        def __init__(self):
            self.total, self.count = 0.0, 0

        def add(self, value):
            self.total, self.count = self.total + value, self.count + 1

    meter, model = Meter(), net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        meter.add(1)
        return loss

    return lambda i: (step(batch(i)), meter.total, meter.count)
