"""Two threads at once give the numbers that one gives."""

import threading

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.random import Generator


def train(seed: int) -> list[float]:
    """Losses of a small training, with all of its randomness from its own generator."""
    generator = Generator(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x, y = mg.randn(64, 8, generator=generator), mg.randint(0, 3, (64,), generator=generator)
    losses = []
    for step in range(30):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 3 == 0:
            with mg.no_grad():  # the other thread must go on recording
                model(x)
    return losses


def test_two_trainings_side_by_side_are_those_of_one_thread():
    expected = {seed: train(seed) for seed in (1, 2)}
    found: dict[int, list] = {}
    threads = [threading.Thread(target=lambda s=seed: found.update({s: train(s)})) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
    assert expected[1] != expected[2]


def test_two_threads_run_large_kernels_at_once():
    x = np.linspace(-3, 3, 3_000_000, dtype=np.float32)
    expected = mg.tanh(mg.Tensor(x)).array
    results = []

    def work():
        for _ in range(10):
            results.append(np.array_equal(mg.tanh(mg.Tensor(x)).array, expected))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 30


def test_a_module_path_belongs_to_its_thread():
    inside, done = threading.Event(), threading.Event()

    class Waits(nn.Module):
        def forward(self, x):
            inside.set()
            done.wait(10)
            return x * 2

    x = mg.tensor([1.0], requires_grad=True)
    thread = threading.Thread(target=lambda: Waits()(x))
    thread.start()
    inside.wait(10)
    outside = x * 3
    done.set()
    thread.join()
    assert outside.grad_fn.module == ()
