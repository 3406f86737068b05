"""Changes between calls: of modes, parts, hooks, optimizers and settings."""

import contextlib

import numpy as np

import microgradnet as mg
from microgradnet import autograd, nn, optim

from . import batch, net, training, trap


def changing(captured, change, layers=(), at=6):
    """A training with ``change(world)`` before call ``at``."""
    model = net(*layers)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    world = {"model": model, "optimizer": optimizer}

    @captured
    def step(x):
        loss = world["model"](x).pow(2).mean()
        world["optimizer"].zero_grad()
        loss.backward()
        world["optimizer"].step()
        return loss

    def call(i):
        if i == at:
            change(world)
        return step(batch(i)), world["model"], world["optimizer"]

    return call


@trap(replays=5)
def requires_grad_switched_off(captured):
    return changing(captured, lambda w: w["model"][0].weight.requires_grad_(False))


@trap(replays=5)
def probability_of_dropout_changed(captured):
    return changing(captured, lambda w: setattr(w["model"][1], "p", 0.9), [nn.Dropout(0.2)])


@trap(replays=3, refused="hooks")
def forward_hook_added(captured):
    return changing(captured, lambda w: w["model"][1].register_forward_hook(lambda m, a, out: out * 2))


@trap(replays=3, refused="hooks")
def backward_hook_added(captured):
    double = lambda m, g_in, g_out: tuple(g * 2 for g in g_in)  # noqa: E731
    return changing(captured, lambda w: w["model"][1].register_full_backward_hook(double))


@trap(refused="hooks")
def forward_hook_from_the_start(captured):
    return changing(captured, lambda w: w["model"][1].register_forward_hook(lambda m, a, out: out * 2), at=0)


@trap(replays=5)
def layer_replaced(captured):
    return changing(captured, lambda w: w["model"].__setitem__(1, nn.ReLU()))


@trap(replays=5)
def parameter_replaced(captured):
    return changing(captured, lambda w: setattr(w["model"][0], "weight", nn.Parameter(mg.ones(4, 3))))


@trap(replays=5)
def parameter_given_other_memory(captured):
    return changing(captured, lambda w: setattr(w["model"][0].weight, "data", mg.ones(4, 3)))


@trap(replays=5)
def array_of_a_parameter_written_to(captured):
    def change(world):
        world["model"][0].weight.array[...] = 0.5

    return changing(captured, change)


@trap(replays=5)
def optimizer_replaced(captured):
    return changing(captured, lambda w: w.update(optimizer=optim.Adam(w["model"].parameters(), lr=0.1)))


@trap()
def weight_norm_added(captured):
    return changing(captured, lambda w: nn.utils.weight_norm(w["model"][0]))


@trap()
def parametrization_added(captured):
    return changing(captured, lambda w: nn.utils.parametrizations.weight_norm(w["model"][0]))


@trap(replays=5)
def group_added(captured):
    def change(world):
        world["model"].append(nn.Linear(1, 1))
        world["optimizer"].add_param_group({"params": world["model"][3].parameters(), "lr": 0.5})

    return changing(captured, change)


@trap(replays=5)
def learning_rate_set_by_hand(captured):
    return changing(captured, lambda w: w["optimizer"].param_groups[0].update(lr=0.01))


@trap(replays=5)
def state_of_the_optimizer_loaded(captured):
    return changing(captured, lambda w: w["optimizer"].load_state_dict(w["optimizer"].state_dict()))


@trap(replays=5)
def state_of_the_model_loaded(captured):
    return changing(captured, lambda w: w["model"].load_state_dict(net().state_dict()))


@trap(replays=5)
def state_of_the_model_assigned(captured):
    return changing(captured, lambda w: w["model"].load_state_dict(net().state_dict(), assign=True))


@trap(replays=5)
def model_cast_to_doubles(captured):
    model = net()

    @captured
    def step(x):
        return model(x.to(model[0].weight.dtype)).sum()

    def call(i):
        if i == 6:
            model.double()
        return step(batch(i))

    return call


@trap(replays=5)
def activation_of_a_module_replaced(captured):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.f = nn.Linear(3, 4), mg.tanh

        def forward(self, x):
            return self.f(self.linear(x))

    model = Net()
    step = captured(lambda x: model(x).sum())

    def call(i):
        if i == 6:
            model.f = mg.relu
        return step(batch(i))

    return call


@trap(replays=3)
def plain_number_of_a_module_changed(captured):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.options = 2.0, {"shift": 1}

        def forward(self, x):
            return x * self.scale + self.options["shift"]

    model = Net()
    step = captured(lambda x: model(x))

    def call(i):
        if i == 5:
            model.scale = 3.0
        if i == 9:
            model.options["shift"] = 7
        return step(batch(i))

    return call


@trap(replays=5)
def method_of_the_instance_replaced(captured):
    model = net()
    step = captured(lambda x: model(x).sum())

    def call(i):
        if i == 6:
            model.forward = lambda x: x * 3
        return step(batch(i))

    return call


@trap(replays=5)
def method_of_the_class_replaced(captured):
    class Net(nn.Module):
        def forward(self, x):
            return x * 2

    model = Net()
    step = captured(lambda x: model(x).sum())

    def call(i):
        if i == 6:
            Net.forward = lambda self, x: x * 3
        return step(batch(i))

    return call


@trap(replays=5)
def default_dtype_changed(captured):
    @captured
    def step(x):
        return mg.ones(3) / 3 + x

    def call(i):
        if i == 6:
            mg.set_default_dtype(mg.float64)
        return step(batch(i, 3))

    return call


@trap(replays=5)
def train_and_eval_alternate(captured):
    model = net(nn.BatchNorm1d(4), nn.Dropout(0.3))
    step = captured(lambda x: model(x))

    def call(i):
        model.train(i % 2 == 0)
        return step(batch(i)), model

    return call


@trap(replays=3)
def grad_mode_alternates(captured):
    model = net()

    @captured
    def step(x):
        y = model(x).sum()
        if y.requires_grad:
            model.zero_grad()
            y.backward()
        return y

    def call(i):
        with mg.no_grad() if i % 3 == 2 else contextlib.nullcontext():
            return step(batch(i)), model

    return call


@trap()
def anomaly_mode_around_some_calls(captured):
    w = mg.ones(3, requires_grad=True)

    @captured
    def step(x):
        w.grad = None
        y = (x * w).log().sum()
        y.backward()
        return y

    def call(i):
        x = mg.Tensor(np.float32([1, 2, 3 if i % 2 else 0]))
        with autograd.detect_anomaly() if i > 5 else contextlib.nullcontext():
            try:
                return step(x), w.grad
            except RuntimeError as error:
                return type(error).__name__

    return call


@trap()
def anomaly_mode_inside(captured):
    w = mg.ones(3, requires_grad=True)

    @captured
    def step(x):
        with autograd.detect_anomaly():
            w.grad = None
            y = (x * w).log().sum()
            y.backward()
            return y

    def call(i):
        try:
            return step(mg.Tensor(np.float32([1, 2, 0 if i == 7 else 3]))), w.grad
        except RuntimeError as error:
            return type(error).__name__

    return call


@trap()
def tape_around_some_calls(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))

    def call(i):
        if i % 4 == 3:
            with mg.Tape() as tape:
                out = step(batch(i))
            return out, model, len(tape.nodes)
        return step(batch(i)), model

    return call


@trap(replays=3)
def shapes_change(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    return lambda i: (step(batch(i, 4 if i % 2 else 7, 3)), model)


@trap(replays=3)
def dtypes_change(captured):
    step = captured(lambda x: (x * 2 + 1).sum())
    return lambda i: step(batch(i, dtype=np.float64 if i % 2 else np.float32))


@trap(replays=3)
def layer_appended_to_a_list_of_modules(captured):
    blocks = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])

    @captured
    def step(x):
        for block in blocks:
            x = block(x).tanh()
        return x

    def call(i):
        if i == 6:
            blocks.append(nn.Linear(3, 3))
        return step(batch(i))

    return call


@trap(replays=3, warned=True)
def hook_of_the_optimizer_added(captured):
    model, seen = net(), []
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    step = captured(training(model, optimizer))

    def call(i):
        if i == 6:
            optimizer.register_step_post_hook(lambda *_: seen.append(1))
        return step(batch(i)), model, len(seen)

    return call


@trap(replays=5)
def buffer_replaced(captured):
    norm = nn.BatchNorm1d(3)
    step = captured(lambda x: norm(x))

    def call(i):
        if i == 6:
            norm.running_mean = mg.ones(3)
        return step(batch(i)), norm

    return call


@trap(replays=5)
def parameter_taken_out_of_a_group(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    step = captured(training(model, optimizer))

    def call(i):
        if i == 6:
            optimizer.param_groups[0]["params"].pop()
        return step(batch(i)), model

    return call


@trap(replays=6)
def submodules_of_two_models_exchanged(captured):
    first, second = net(), net()
    step = captured(lambda x: (first(x), second(x)))

    def call(i):
        if i in (5, 9):
            first[0], second[0] = second[0], first[0]
        return step(batch(i))

    return call


@trap(replays=6)
def weights_tied_on_the_way(captured):
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    optimizer = optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
    step = captured(training(nn.Sequential(first, second), optimizer))

    def call(i):
        if i == 6:
            second.weight = first.weight
        return step(batch(i)), first, second

    return call


@trap(replays=8)
def view_of_a_parameter_written_to(captured):
    model = nn.Linear(3, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    row = model.weight.detach()[0]
    train = training(model, optimizer)
    step = captured(lambda x: (train(x), row * 1.0))

    def call(i):
        if i == 6:
            row.fill_(3.0)
        return step(batch(i)), model, row

    return call


@trap(replays=5)
def inner_captured_step_called_alone_too(captured):
    factors = [1.0]
    inner = captured(lambda x: x * factors[0])
    step = captured(lambda x: inner(x) + 1)

    def call(i):
        factors[0] = 1.0 + i // 4
        return step(batch(i)), inner(batch(i + 1))

    return call
