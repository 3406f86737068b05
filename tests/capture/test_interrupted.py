"""Steps that are interrupted while they are recorded, and steps that several threads call."""

import threading

import pytest

import microgradnet as mg
from microgradnet import events

from .traps import batch, bits, net


@pytest.mark.parametrize("at", range(6))
def test_an_interrupt_leaves_everything_as_it_was(at):
    model, armed = net(), [False]

    @mg.capture
    def step(x):
        model.zero_grad()
        with mg.no_grad():
            scale = model[0].weight.abs().sum()
            if armed[0]:
                raise KeyboardInterrupt
        loss = (model(x) * scale).pow(2).mean()
        loss.backward()
        return loss

    for i in range(8):
        if i == at:
            armed[0] = True
            with pytest.raises(KeyboardInterrupt):
                step(batch(i))
            armed[0] = False
            assert mg.is_grad_enabled()
            assert events.state.listeners == ()
            assert events.state.module == ()
        got = bits([step(batch(i)), [p.grad for p in model.parameters()]])
        assert got == bits([step.function(batch(i)).detach(), [p.grad for p in model.parameters()]])
    assert step.replays > 0


def test_threads_that_share_a_step_each_get_their_own_result():
    w = mg.ones(200) * 3
    step = mg.capture(lambda x: (x * w).tanh() + x)
    wrong = []

    def work(seed):
        for i in range(60):
            x = batch(1000 * seed + i, 200)
            if bits(step(x)) != bits(step.function(x)):
                wrong.append((seed, i))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert step.replays > 200
