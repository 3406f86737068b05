"""Gradients that are assigned, read, changed or kept by hand, and graphs that are used in unusual ways."""

import microgradnet as mg
from microgradnet import autograd, nn, optim

from . import batch, net, training, trap, twin


@trap(replays=6)
def grad_assigned_from_autograd_grad(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        for p, g in zip(model.parameters(), autograd.grad(loss, list(model.parameters())), strict=True):
            p.grad = g
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def grad_replaced_by_its_sign(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.grad = p.grad.sign()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def grad_cloned_into_another_parameter(captured):
    model, other = net(), net()
    optimizer = optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        for p, q in zip(model.parameters(), other.parameters(), strict=True):
            q.grad = p.grad.clone()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model, other)


@trap(replays=6)
def grad_changed_in_place(captured):
    model = net()
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        with mg.no_grad():
            for p in model.parameters():
                p.grad.mul_(0.5)
                p.grad += p.sign() * 0.01
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def grad_returned(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        model(x).pow(2).mean().backward()
        return [p.grad for p in model.parameters()]

    return lambda i: step(batch(i))


@trap(replays=6)
def norm_of_the_gradients_returned(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        model(x).pow(2).mean().backward()
        return sum(p.grad.pow(2).sum() for p in model.parameters()).sqrt()

    return lambda i: step(batch(i))


@trap()
def grad_of_earlier_call_is_kept_by_the_caller(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    kept = []

    def call(i):
        step(batch(i))
        kept.append(model[0].weight.grad.clone())
        return kept

    return call


@trap()
def grad_is_set_to_none_or_zero_outside(captured):
    model = net()

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        loss.backward()
        return loss

    def call(i):
        if i % 3 == 2:
            model.zero_grad(set_to_none=i % 2 == 0)
        return step(batch(i)), model

    return call


@trap()
def grad_is_assigned_outside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss

    def call(i):
        for p in model.parameters():
            p.grad = mg.full(p.shape, 0.1 * i)
        return step(batch(i)), model

    return call


@trap(warned=True)
def one_tensor_is_the_grad_of_two(captured):
    a, b = (mg.ones(3, requires_grad=True) for _ in range(2))

    @captured
    def step(x):
        (a * x).sum().backward()
        (b * x * 2).sum().backward()
        return a.grad + b.grad

    def call(i):
        a.grad = b.grad = mg.zeros(3)
        return step(batch(i, 3)), a.grad, b.grad

    return call


@trap(warned=True)
def create_graph_and_a_gradient_penalty(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        x = x.clone().requires_grad_()
        y = model(x).sum()
        (g,) = autograd.grad(y, x, create_graph=True)
        loss = y + (g.pow(2).sum() - 1).pow(2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss, g

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def retain_graph_and_two_backwards(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = model(x).pow(2).mean()
        loss.backward(retain_graph=True)
        loss.backward()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(refused="Double is a Function")
def a_function_of_ones_own(captured):
    class Double(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = Double.apply(model(x)).sum()
        loss.backward()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def hooks_with_side_effects(captured):
    model, seen = net(), []
    model[1].register_forward_hook(lambda module, args, out: seen.append(float(out.sum())))
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    return lambda i: (step(batch(i)), model, seen)


@trap(warned=True)
def a_hook_of_a_leaf_that_doubles(captured):
    model = net()
    model[0].weight.register_hook(lambda g: g * 2)
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def a_hook_of_a_leaf_added_and_removed_on_the_way(captured):
    model, handles = net(), []
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))

    def call(i):
        if i == 5:
            handles.append(model[0].weight.register_hook(lambda g: g * 2))
        if i == 9:
            handles.pop().remove()
        return step(batch(i)), model

    return call


@trap(warned=True)
def retain_grad_of_a_middle_value(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        h = model[0](x)
        h.retain_grad()
        model[2](h.tanh()).sum().backward()
        return h.grad

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def backward_into_some_inputs_alone(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = model(x).pow(2).sum()
        loss.backward(inputs=[model[0].weight])
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def a_gradient_handed_to_backward(captured):
    model = net()

    @captured
    def step(x, g):
        model.zero_grad()
        model(x).backward(g)
        return model[0].weight.grad

    return lambda i: (step(batch(i), batch(i + 50, 4, 1)), model)


@trap(warned=True)
def an_argument_that_requires_grad(captured):
    @captured
    def step(x):
        y = (x * x).sum()
        y.backward()
        return y

    def call(i):
        x = batch(i).requires_grad_()
        return step(x), x.grad

    return call


@trap()
def a_parameter_shared_by_two_layers(captured):
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    step = captured(training(model, optim.Adam(model.parameters(), lr=0.01)))
    return lambda i: (step(batch(i)), model)


@trap(replays=5)
def two_captured_steps_share_a_model(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    first, second = captured(training(model, optimizer)), captured(training(model, optimizer))
    return lambda i: (first(batch(i)) if i % 2 else second(batch(i, 6, 3)), model)


@trap(replays=5)
def forward_and_update_in_two_captured_steps(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def forward(x):
        optimizer.zero_grad()
        loss = model(x).pow(2).mean()
        loss.backward()
        return loss

    @captured
    def update():
        optimizer.step()

    def call(i):
        loss = forward(batch(i))
        update()
        return loss, model

    return call


@trap(warned=True)
def forward_inside_and_backward_outside_would_need_the_graph(captured):
    model = net()
    values = captured(lambda x: model(x).pow(2).mean())
    return lambda i: values(batch(i))


@trap()
def the_model_is_copied_between_calls(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    kept = []

    def call(i):
        out = step(batch(i))
        kept.append(twin(model))
        return out, kept

    return call


@trap()
def a_frozen_layer_in_the_middle_of_training(captured):
    model = net()
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9)))

    def call(i):
        if i == 5:
            model[0].requires_grad_(False)
        if i == 9:
            model[0].requires_grad_(True)
        return step(batch(i)), model

    return call


@trap(warned=True)
def freezing_inside_of_the_step(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x, freeze):
        model[0].requires_grad_(not freeze)
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i), i % 4 == 3), model)
