"""What a step reaches in ways that its code does not name, or names late: metaclasses, modules, classes."""

import builtins
import enum
import functools
import operator
import sys
import types

import numpy as np

import microgradnet as mg
from microgradnet import optim

from . import batch, net, training, trap

SCALE = 1.0


def changing(captured, function, change):
    """``function(x)`` captured; before each call ``change`` is handed 1, 1, 1, 1, 2, 2, 2, 2, 3, …"""
    step = captured(function)

    def call(i):
        change(1.0 + i // 4)
        return step(batch(i))

    return call


def module(name: str, **content) -> types.ModuleType:
    """A module of a user's, as an import would leave it."""
    made = sys.modules[name] = types.ModuleType(name)
    vars(made).update(content)
    return made


class Meta(type):
    """A class of classes with a number."""

    scale = 1.0


class Measured(metaclass=Meta):
    """Reads its metaclass's number."""


@trap(replays=3)
def attribute_of_a_metaclass(captured):
    return changing(captured, lambda x: x * Measured.scale, lambda v: setattr(Meta, "scale", v))


@trap(replays=3)
def module_with_a_getattr_of_its_own(captured):
    values = {}
    settings = module("trap_settings", __getattr__=lambda name: values[name])
    return changing(captured, lambda x: x * settings.scale, lambda v: values.update(scale=v))


@trap(replays=3)
def attribute_of_a_module_by_a_name_put_together(captured):
    settings = module("trap_settings", train_options=types.SimpleNamespace(scale=1.0))
    step = captured(lambda x, kind: x * getattr(settings, f"{kind}_options").scale)

    def call(i):
        settings.train_options.scale = 1.0 + i // 4
        return step(batch(i), "train")

    return call


@trap(replays=6)
def attribute_of_a_module_that_appears_later(captured):
    settings = module("trap_settings")
    step = captured(lambda x: x * getattr(settings, "scale", 1.0))

    def call(i):
        if i == 6:
            settings.scale = 3.0
        return step(batch(i))

    return call


@trap(replays=3)
def attribute_of_a_module_that_a_class_met_late_names(captured):
    settings = module("trap_settings", scale=1.0, other=2.0)
    namespace = {"__name__": "trap_users", "settings": settings}
    exec("class Reader:\n    def read(self):\n        return settings.scale\n", namespace)
    reader = namespace["Reader"]()
    return changing(captured, lambda x: x * settings.other * reader.read(), lambda v: setattr(settings, "scale", v))


@trap(refused="methodcaller")
def attribute_of_a_module_by_methodcaller(captured):
    settings = module("trap_settings", held=[1.0])
    settings.scale = eval("lambda: held[0]", vars(settings))
    read = operator.methodcaller("scale")
    return changing(captured, lambda x: x * read(settings), lambda v: settings.held.__setitem__(0, v))


class Labelled(np.ndarray):
    """An array with a number beside it."""

    scale = 1.0


@trap(refused="Labelled")
def array_of_a_class_of_ones_own(captured):
    array = np.ones(3, np.float32).view(Labelled)
    return changing(captured, lambda x: x * array.scale, lambda v: setattr(array, "scale", v))


@trap(refused="Labelled")
def array_of_a_class_of_ones_own_as_argument(captured):
    step = captured(lambda x, a: x * a.scale)

    def call(i):
        array = np.ones(3, np.float32).view(Labelled)
        array.scale = 1.0 + i // 4
        return step(batch(i), array)

    return call


@trap(refused="MaskedArray")
def masked_array_as_argument(captured):
    step = captured(lambda x, a: x * float(a.sum()))
    return lambda i: step(batch(i), np.ma.array([1.0, 2.0, 3.0], mask=[i % 3 == 0, False, False]))


class Noted(mg.Tensor):
    """A tensor with attributes."""


@trap(replays=3)
def tensor_of_a_class_of_ones_own(captured):
    tensor = Noted(np.ones(3, np.float32))
    return changing(captured, lambda x: x * tensor * tensor.scale, lambda v: setattr(tensor, "scale", v))


class Batch(dict):
    """A dict with attributes, as libraries of data hand out."""


@trap(replays=2)
def dict_with_attributes_as_argument(captured):
    step = captured(lambda b: b["x"] * b.scale)

    def call(i):
        given = Batch(x=batch(i))
        given.scale = 1.0 + i // 4
        return step(given)

    return call


class Rows(list):
    """A list with attributes."""


@trap(replays=2)
def list_with_attributes_as_argument(captured):
    step = captured(lambda rows: rows[0] * rows.scale)

    def call(i):
        rows = Rows([batch(i)])
        rows.scale = 1.0 + i // 4
        return step(rows)

    return call


class Rate(float):
    """A number with attributes."""


@trap(replays=2)
def number_with_attributes(captured):
    rate = Rate(1.0)
    return changing(captured, lambda x: x * rate.scale, lambda v: setattr(rate, "scale", v))


class Mode(enum.IntEnum):
    """An integer whose method reads a global."""

    FAST = 2

    def scale(self):
        """The global times the value."""
        return SCALE * self


@trap(replays=2)
def enumeration_of_integers_with_a_method(captured):
    step = captured(lambda x, mode: x * mode.scale())

    def call(i):
        global SCALE
        SCALE = 1.0 + i // 4
        return step(batch(i), Mode.FAST)

    return call


@trap()
def function_made_and_freed_at_each_call(captured):
    step = captured(lambda x, f: f(x))
    return lambda i: step(batch(i), eval(f"lambda h: h * {1 + i // 5}.0"))


@trap(replays=3)
def keyword_defaults_replaced(captured):
    def scaled(x, *, by=1.0):
        return x * by

    return changing(captured, lambda x: scaled(x), lambda v: setattr(scaled, "__kwdefaults__", {"by": v}))


@trap(replays=3)
def keyword_defaults_changed(captured):
    def scaled(x, *, by=1.0):
        return x * by

    return changing(captured, lambda x: scaled(x), lambda v: scaled.__kwdefaults__.update(by=v))


class Once:
    """Gives 1."""

    def factor(self):
        """1."""
        return 1.0


class Twice:
    """Gives 2."""

    def factor(self):
        """2."""
        return 2.0


@trap(replays=6)
def class_of_an_object_exchanged(captured):
    value = Once()
    step = captured(lambda x: x * value.factor())

    def call(i):
        if i == 6:
            value.__class__ = Twice
        return step(batch(i))

    return call


@trap(replays=4)
def built_in_function_replaced(captured):
    step = captured(lambda x: x * divmod(7, 4)[0])
    standard = builtins.divmod

    def call(i):
        builtins.divmod = (lambda a, b: (5.0, 0)) if 6 <= i < 11 else standard
        try:
            return step(batch(i))
        finally:
            builtins.divmod = standard

    return call


@trap(replays=3)
def file_with_the_name_of_a_standard_module(captured):
    namespace = {"__name__": "code", "scale": 1.0}
    exec("def step(x):\n    return x * scale\n", namespace)
    return changing(captured, namespace["step"], lambda v: namespace.update(scale=v))


@trap(replays=3)
def namespace_without_a_name(captured):
    namespace = {"scale": 1.0}
    exec(
        "class Scale:\n    def of(self, x):\n        return x * scale\n\ndef step(x):\n    return Scale().of(x)\n",
        namespace,
    )
    return changing(captured, namespace["step"], lambda v: namespace.update(scale=v))


@trap(replays=3)
def wrapped_as_a_function_of_the_library(captured):
    @functools.wraps(mg.from_numpy)
    def scaled(x):
        return x * SCALE

    return changing(captured, lambda x: scaled(x), lambda v: globals().update(SCALE=v))


@trap(replays=6)
def partial_given_another_state(captured):
    def scaled(x, by):
        return x * by

    part = functools.partial(scaled, by=1.0)
    step = captured(part)

    def call(i):
        if i == 6:
            part.__setstate__((scaled, (), {"by": 5.0}, None))
        return step(batch(i))

    return call


class Descent:
    """An optimizer that is not derived from the library's."""

    def __init__(self, parameters):
        self.param_groups = [{"params": list(parameters)}]
        self.rate = 0.1
        self.count = 0

    def zero_grad(self):
        """Forgets the gradients."""
        for p in self.param_groups[0]["params"]:
            p.grad = None

    @mg.no_grad()
    def step(self):
        """Against the gradient."""
        for p in self.param_groups[0]["params"]:
            p.sub_(p.grad * self.rate)


class Pausing(Descent):
    """Rests at every third step."""

    def step(self):
        """Two of three times."""
        self.count += 1
        if self.count % 3:
            super().step()


@trap(replays=3)
def optimizer_from_nowhere(captured):
    model = net()
    optimizer = Descent(model.parameters())
    call = changing(captured, training(model, optimizer), lambda v: setattr(optimizer, "rate", 0.1 * v))
    return lambda i: (call(i), model)


@trap()
def optimizer_from_nowhere_that_counts(captured):
    model = net()
    optimizer = Pausing(model.parameters())
    step = captured(training(model, optimizer))
    return lambda i: (step(batch(i)), model, optimizer.count)


class Scaled(optim.SGD):
    """An optimizer of the library's with a number and a counter of its own."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr=lr)
        self.scale = 1.0
        self.count = 0

    def step(self, closure=None):
        """Rests at every third step."""
        self.count += 1
        if self.count % 3 == 0:
            return None
        for p in self.param_groups[0]["params"]:
            p.grad.mul_(self.scale)
        return super().step(closure)


@trap(replays=8)
def optimizer_derived_from_the_librarys(captured):
    model = net()
    optimizer = Scaled(model.parameters(), lr=0.1)
    call = changing(captured, training(model, optimizer), lambda v: setattr(optimizer, "scale", v))
    return lambda i: (call(i), model, optimizer.count)


@trap(replays=2)
def attribute_of_an_optimizer_read(captured):
    model = net()
    optimizer = Scaled(model.parameters(), lr=0.1)
    train = training(model, optimizer)
    call = changing(captured, lambda x: train(x) * optimizer.scale, lambda v: setattr(optimizer, "scale", v))
    return lambda i: (call(i), model)


@trap(refused="f_globals")
def global_through_the_frame_of_an_error(captured):
    def scale():
        try:
            raise KeyError
        except KeyError as error:
            return error.__traceback__.tb_frame.f_globals["SCALE"]

    return changing(captured, lambda x: x * scale(), lambda v: globals().update(SCALE=v))


@trap(replays=4)
def methods_of_classes_and_of_objects_with_slots(captured):
    class Slotted:
        __slots__ = ("scale",)

        @captured
        def of_slots(self, x):
            return x * self.scale

        @classmethod
        @captured
        def of_the_class(cls, x):
            return x * SCALE

        @staticmethod
        @captured
        def of_nothing(x):
            return x + SCALE

    slotted = Slotted()

    def call(i):
        global SCALE
        SCALE = slotted.scale = 1.0 + i // 4
        return slotted.of_slots(batch(i)), Slotted.of_the_class(batch(i)), slotted.of_nothing(batch(i))

    return call
