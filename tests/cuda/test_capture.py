"""Captured steps on the device: they are replayed on the CPU alone, so each runs plainly after one warning."""

import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.capture.traps import batch, bits, labels


def training(captured, optimizer_of, zero):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).to("cuda")
    optimizer = optimizer_of(model.parameters())

    @captured
    def step(x, y):
        loss = nn.functional.cross_entropy(model(x), y)
        zero(model, optimizer)
        loss.backward()
        optimizer.step()
        return loss

    def call(i):
        if i == 3:
            model[0].requires_grad_(False)
        loss = step(batch(i).to("cuda"), labels(i, 3).to("cuda"))
        return [bits(t.cpu()) for t in (loss.detach(), *(p.detach() for p in model.parameters()))]

    return call


def assigned(captured):
    w = mg.ones(3, device="cuda").requires_grad_()

    @captured
    def step(x):
        (g,) = mg.autograd.grad((x * w).tanh().sum(), [w])
        w.grad = g.sign()
        with mg.no_grad():
            w.sub_(w.grad, alpha=0.1)
        return w.detach() * 1

    return lambda i: bits(step(batch(i, 3).to("cuda")).cpu())


def counted(captured):
    k = 0

    @captured
    def step(x):
        nonlocal k
        k = (k + 1) % 2
        return x * k

    return lambda i: bits(step(batch(i, 3).to("cuda")).cpu())


def written(captured):
    @captured
    def step(x):
        x += 1
        return x * 2

    def call(i):
        x = batch(i, 3).to("cuda")
        return bits(step(x).cpu()), bits(x.cpu())

    return call


TRAPS = {
    "sgd": lambda c: training(c, lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda m, o: o.zero_grad()),
    "adam": lambda c: training(c, lambda p: optim.Adam(p, lr=0.1), lambda m, o: m.zero_grad(set_to_none=False)),
    "assigned": assigned,
    "counted": counted,
    "written": written,
}


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.filterwarnings("ignore:capture")
def test_a_captured_step_on_the_device_gives_what_the_plain_one_gives(name):
    def calls(captured):
        mg.manual_seed(0)
        call = TRAPS[name](captured)
        return [call(i) for i in range(6)]

    steps = []

    def captured(function):
        steps.append(mg.capture(function))
        return steps[-1]

    assert calls(captured) == calls(lambda function: function)
    assert steps[0].replays == 0
    assert steps[0].problem is None or "GPU" in steps[0].problem or "writes" in steps[0].problem
