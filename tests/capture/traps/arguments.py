"""Arguments: containers whose content changes, layouts, signs of zero, writes in place, aliases."""

import collections
import dataclasses
import enum

import numpy as np

import microgradnet as mg

from . import batch, labels, trap

Pair = collections.namedtuple("Pair", "x y")


@dataclasses.dataclass
class Batch:
    x: mg.Tensor
    weight: float = 1.0


class Mode(enum.Enum):
    UP = 1
    DOWN = 2


@trap(replays=3)
def list_whose_content_changes(captured):
    step = captured(lambda x, flags: x * 2 if "double" in flags else x * 3)
    flags = ["double"]

    def call(i):
        if i == 6:
            flags[0] = "triple"
        return step(batch(i), flags)

    return call


@trap(warned=True)
def set_whose_content_changes(captured):
    step = captured(lambda x, flags: x * 2 if "double" in flags else x * 3)
    flags = {"double"}

    def call(i):
        if i == 6:
            flags.clear()
        return step(batch(i), flags)

    return call


@trap(replays=3)
def dict_whose_content_changes(captured):
    step = captured(lambda x, options: x * options["scale"])
    options = {"scale": 2}

    def call(i):
        if i == 6:
            options["scale"] = 3
        return step(batch(i), options)

    return call


@trap(replays=3)
def order_of_a_dict_changes(captured):
    step = captured(lambda parts: mg.stack(list(parts.values())))

    def call(i):
        parts = {"a": batch(i), "b": batch(i + 20)}
        return step(parts if i < 6 else dict(reversed(parts.items())))

    return call


@trap(warned=True)
def object_whose_attribute_changes(captured):
    class Config:
        scale = 1.0

    config = Config()
    step = captured(lambda x, config: x * config.scale)

    def call(i):
        config.scale = 1.0 if i < 6 else 2.0
        return step(batch(i), config)

    return call


@trap(replays=3)
def dataclass_with_a_number(captured):
    step = captured(lambda b: b.x * b.weight)
    return lambda i: step(Batch(batch(i), 2.0 if i < 6 else 3.0))


@trap(replays=3)
def zero_and_minus_zero(captured):
    step = captured(lambda x, s: 1 / (mg.zeros(3) * x.abs() + s))
    return lambda i: step(batch(i, 3), -0.0 if i % 2 else 0.0)


@trap(replays=3)
def minus_zero_in_a_nested_tuple(captured):
    step = captured(lambda x, s: mg.copysign(x, s[1][0]))
    return lambda i: step(batch(i, 3), (1, [-0.0 if i % 2 else 0.0]))


@trap(replays=3)
def true_and_one_and_one_point_zero(captured):
    step = captured(lambda x, s: (x * 0).long() + s)
    return lambda i: step(batch(i, 3), (True, 1, 1.0)[i % 3])


@trap(replays=3)
def enumeration(captured):
    step = captured(lambda x, mode: x * 2 if mode is Mode.UP else x * 3)
    return lambda i: step(batch(i), Mode.UP if i % 2 else Mode.DOWN)


@trap(replays=3)
def fortran_order(captured):
    w = batch(99, 40, 30)
    step = captured(lambda x: (x @ w).sum(0) + x.sum())

    def call(i):
        x = batch(i, 50, 40)
        return step(x if i % 2 else mg.Tensor(np.asfortranarray(x._array)))

    return call


@trap(replays=3)
def strides_of_a_slice(captured):
    step = captured(lambda x: x.sum(0) + x.mean())

    def call(i):
        x = batch(i, 60, 70)
        return step(x[:, ::2] if i % 2 else mg.Tensor(np.ascontiguousarray(x._array[:, ::2])))

    return call


@trap(replays=3)
def permuted_images(captured):
    step = captured(lambda x: x.sum((0, 2)) + x.pow(2).mean())
    return lambda i: step(batch(i, 8, 9, 10).permute(2, 0, 1) if i % 2 else batch(i, 10, 8, 9))


@trap(refused="writes to an argument")
def argument_written_in_place(captured):
    @captured
    def step(x):
        x += 1
        return x * 2

    def call(i):
        x = batch(i)
        return step(x), x

    return call


@trap(refused="writes to an argument")
def argument_written_through_a_view(captured):
    @captured
    def step(x):
        x[0].fill_(7.0)
        return x.sum()

    def call(i):
        x = batch(i)
        return step(x), x

    return call


@trap(refused="writes to an argument|numbers")
def array_argument_written_in_place(captured):
    @captured
    def step(x):
        x[0] = 5
        return mg.Tensor(x) * 2

    def call(i):
        x = np.array(batch(i)._array)
        return step(x), x

    return call


@trap(warned=True)
def argument_written_with_what_it_holds_but_the_sign_of_zero(captured):
    @captured
    def step(x):
        x.mul_(-1.0)
        return x + 1

    def call(i):
        x = mg.zeros(3)
        return step(x), x, 1 / x

    return call


@trap(replays=3)
def named_tuple(captured):
    step = captured(lambda pair: pair.x * 2 + pair.y)
    return lambda i: step(Pair(batch(i), batch(i + 50)))


@trap(replays=6)
def named_tuple_returned(captured):
    step = captured(lambda x: x.max(0))

    def call(i):
        out = step(batch(i))
        return out.values, out.indices, out

    return call


@trap(replays=6)
def named_tuple_of_ones_own_returned(captured):
    step = captured(lambda x: Pair(x * 2, x.sum()))
    return lambda i: step(batch(i)).y


@trap(warned=True)
def one_array_as_two_arguments(captured):
    @captured
    def step(x, y):
        x = x.clone()
        x += y
        return x, x * y

    def call(i):
        x = batch(i)
        return step(x, x if i % 2 else batch(i + 30))

    return call


@trap(warned=True)
def aliases_among_arguments_and_a_write(captured):
    @captured
    def step(x, y):
        x += 1
        return y * 2

    def call(i):
        x = batch(i)
        return step(x, x), step(x, x[1:]), x

    return call


@trap(warned=True)
def is_between_arguments(captured):
    step = captured(lambda x, y: x * 2 if x is y else x * 3)

    def call(i):
        x = batch(i)
        return step(x, x if i % 2 else mg.Tensor(x._array))

    return call


@trap(warned=True)
def an_argument_that_the_step_sees_anyway(captured):
    w = mg.ones(3)

    @captured
    def step(x):
        with mg.no_grad():
            w.add_(1.0)
        return x * 2

    return lambda i: (step(w), w)


@trap(warned=True)
def parameter_as_argument(captured):
    model = mg.nn.Linear(3, 1)

    @captured
    def step(x, w):
        model.zero_grad()
        y = (x @ w.T).sum()
        y.backward()
        return y

    return lambda i: (step(batch(i), model.weight), model)


@trap(warned=True)
def module_as_argument(captured):
    models = [mg.nn.Linear(3, 1), mg.nn.Linear(3, 1)]
    step = captured(lambda model, x: model(x))
    return lambda i: step(models[i % 2], batch(i))


@trap(warned=True)
def function_as_argument(captured):
    step = captured(lambda x, f: f(x))
    functions = mg.tanh, mg.relu
    return lambda i: step(batch(i), functions[i % 2])


@trap(warned=True)
def fresh_function_as_argument(captured):
    step = captured(lambda x, f: f(x))
    return lambda i: step(batch(i), lambda x: x * i)


@trap(replays=3)
def numpy_number(captured):
    step = captured(lambda x, s: x * s)
    return lambda i: step(batch(i), np.float64(0.5 if i < 6 else 0.25))


@trap(warned=True)
def numpy_array_read_by_numpy(captured):
    step = captured(lambda x, a: x * mg.Tensor(np.sin(a)))
    return lambda i: step(batch(i), np.full(3, i, np.float32))


@trap(warned=True)
def numpy_array_summed_by_numpy(captured):
    step = captured(lambda x, a: x * float(a.sum()) + int(a.max()) + len(a.nonzero()[0]))
    return lambda i: step(batch(i), np.full(3, i % 4, np.float32))


@trap(warned=True)
def numpy_array_sliced_and_reshaped(captured):
    step = captured(lambda x, a: x * mg.tensor(a.reshape(1, 3)) + mg.Tensor(a.T) + mg.Tensor(a.flatten()))
    return lambda i: step(batch(i), np.full(3, i, np.float32))


@trap(replays=6)
def numpy_array_handed_to_an_op(captured):
    step = captured(lambda x, a: x * mg.Tensor(a))
    return lambda i: step(batch(i), np.full(3, i, np.float32))


@trap(warned=True)
def numpy_array_tolist_and_memoryview(captured):
    step = captured(lambda x, a: x * sum(memoryview(a)) + np.asarray(a)[0] + np.frombuffer(a, np.float32)[1])
    return lambda i: step(batch(i), np.arange(3, dtype=np.float32) * i)


@trap(warned=True)
def numpy_array_in_python_arithmetic(captured):
    step = captured(lambda x, a: x * (a + 1).tolist()[0] + (a > 2).any() + a.mean() + a.argmax() + round(a[0]))
    return lambda i: step(batch(i), np.arange(3, dtype=np.float32) * (i - 5))


@trap(warned=True)
def numpy_array_through_dlpack_copy_and_ufunc_methods(captured):
    step = captured(lambda x, a: x * float(np.add.reduce(a)) + float(np.from_dlpack(a)[0]) + a.dot(a) + a.std())
    return lambda i: step(batch(i), np.arange(3, dtype=np.float32) * (i - 5))


@trap(replays=6)
def numpy_indices(captured):
    table = batch(99, 9, 2)
    step = captured(lambda index: table[index])
    return lambda i: step(np.array([i % 9, (i * 2) % 9]))


@trap(replays=6)
def keyword_arguments_in_another_order(captured):
    step = captured(lambda x, y, scale=1.0: x * y * scale)
    return lambda i: step(**dict(sorted({"x": batch(i), "y": batch(i + 30)}.items(), reverse=i % 2 == 1)))


@trap(replays=3)
def constant_content_and_then_other(captured):
    step = captured(lambda x, mask: x * mask)
    return lambda i: step(batch(i, 3), mg.Tensor(np.float32([0.0, -0.0 if i > 5 else 0.0, 1 + (i > 8)])))


@trap(replays=3)
def content_with_nan_at_each_call(captured):
    step = captured(lambda x, mask: x + mask)
    return lambda i: step(batch(i, 3), mg.Tensor(np.float32([np.nan, 1, 2])))


@trap(warned=True)
def tensor_with_attributes_read(captured):
    step = captured(lambda x: x * 2 if x.name == "double" else x * 3)

    def call(i):
        x = batch(i)
        x.name = "double" if i % 2 else None
        return step(x)

    return call


@trap(warned=True)
def default_values_of_arguments(captured):
    def step(x, scale=[2.0]):  # noqa: B006
        return x * scale[0]

    step_, default = captured(step), step.__defaults__[0]

    def call(i):
        default[0] = 2.0 if i < 6 else 3.0
        return step_(batch(i))

    return call


@trap(replays=4)
def number_of_arguments_changes(captured):
    step = captured(lambda *parts: mg.stack(parts).sum(0))
    return lambda i: step(*[batch(i + k) for k in range(1 + i % 2)])


@trap(warned=True)
def generator_as_argument(captured):
    step = captured(lambda x, numbers: x * next(numbers))
    return lambda i: step(batch(i), iter([i]))


@trap(replays=4)
def result_is_an_argument(captured):
    @captured
    def step(x):
        return x, x.T, x[0]

    def call(i):
        x = batch(i)
        same, *parts = step(x)
        return same, parts

    return call


@trap(warned=True)
def result_is_a_parameter_and_is_written_to_afterwards(captured):
    model = mg.nn.Linear(3, 3)
    step = captured(lambda x: (model.weight.detach(), x * 2))

    def call(i):
        weight, _ = step(batch(i))
        return weight, model

    return call


@trap(refused="it changes an argument")
def results_put_into_a_dict_of_the_caller(captured):
    @captured
    def step(x, out):
        out["y"] = x * 2
        return x.sum()

    def call(i):
        out = {}
        return step(batch(i), out), out

    return call


@trap(refused="it changes an argument")
def results_put_into_a_record_of_the_caller(captured):
    @captured
    def step(given):
        given.loss = given.x.sum()
        return given.x * 2

    def call(i):
        given = Batch(batch(i))
        return step(given), given.loss

    return call


@trap(refused="the same at any two calls", calls=20)
def meter_as_argument(captured):
    @captured
    def step(x, meter):
        meter["count"] += 1
        return x * 2

    meter = {"count": 0}
    return lambda i: (step(batch(i), meter), dict(meter))


@trap(warned=True)
def branch_on_a_copy_of_an_array(captured):
    step = captured(lambda x, a: x * 2 if np.array(a)[0] > 0 else x * 3)
    return lambda i: step(batch(i), np.full(3, 1.0 if i in (0, 1, 2, 3, 6, 8) else -1.0, np.float32))


@trap(warned=True)
def branch_on_the_largest_of_an_array(captured):
    step = captured(lambda x, a: x * 2 if a.argmax() > 0 else x * 3)
    return lambda i: step(batch(i), np.float32([i % 5 == 3, 0.5, 0]))


@trap(replays=6)
def overlapping_windows_of_one_text(captured):
    text = labels(0, 5, 40)
    step = captured(lambda x, y: (x * 2 - y).sum())
    return lambda i: step(text[i : i + 8], text[i + 1 : i + 9])


@trap(replays=6)
def input_that_is_also_the_target(captured):
    model = mg.nn.Linear(3, 3)

    @captured
    def step(x, y):
        model.zero_grad()
        loss = (model(x) - y).pow(2).sum()
        loss.backward()
        return loss

    def call(i):
        x = batch(i)
        return step(x, x), model

    return call
