"""A training stopped after any step and resumed from its checkpoint has the weights of an unbroken one, bit for bit."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.data import DataLoader, TensorDataset

SCHEDULES = {
    "one cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=40),
    "steps": lambda o: optim.lr_scheduler.MultiStepLR(o, [5, 9, 9], 0.5),
    "sequence": lambda o: optim.lr_scheduler.SequentialLR(
        o, [optim.lr_scheduler.LinearLR(o, 0.1), optim.lr_scheduler.CosineAnnealingLR(o, 10)], [6]
    ),
}
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.9),
}


def parts(optimizer: str, schedule: str, seed: int):
    mg.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 1))
    o = OPTIMIZERS[optimizer](model.parameters())
    data = TensorDataset(mg.randn(30, 4, generator=mg.Generator(9)), mg.randn(30, 1, generator=mg.Generator(8)))
    return model, o, SCHEDULES[schedule](o), DataLoader(data, 10, shuffle=True)


def train(model, optimizer, scheduler, loader, epochs: int) -> None:
    for _ in range(epochs):
        for x, y in loader:
            noisy = x + 0.1 * mg.randn(*x.shape)  # so that the generator's state matters
            loss = nn.functional.mse_loss(model(noisy), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_training_is_the_unbroken_one(optimizer, schedule, tmp_path):
    whole = parts(optimizer, schedule, seed=1)
    train(*whole, epochs=6)
    first = parts(optimizer, schedule, seed=1)
    for stop in (2, 3):
        train(*first, epochs=1 if stop == 3 else 2)
        names = ("model", "optimizer", "scheduler", "loader")
        mg.save_checkpoint(tmp_path / "c", **dict(zip(names, first, strict=True)), epoch=stop, note=("a", [1.5, None]))
        first = parts(optimizer, schedule, seed=7)  # another start: all comes from the file
        plain = mg.load_checkpoint(tmp_path / "c", **dict(zip(names, first, strict=True)))
        assert plain == {"epoch": stop, "note": ("a", [1.5, None])}
    train(*first, epochs=3)
    for a, b in zip(whole[0].state_dict().values(), first[0].state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_it_resumes_within_a_pass_too(stop, tmp_path):
    def steps(model, optimizer, scheduler, loader, count: int):
        while count:
            for x, y in loader:
                loss = nn.functional.mse_loss(model(x + 0.1 * mg.randn(*x.shape)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                count -= 1
                if not count:
                    return

    whole = parts("Adam", "steps", 1)
    steps(*whole, 8)
    first = parts("Adam", "steps", 1)
    steps(*first, stop)
    names = ("model", "optimizer", "scheduler", "loader")
    mg.save_checkpoint(tmp_path / "c", **dict(zip(names, first, strict=True)))
    resumed = parts("Adam", "steps", 7)
    mg.load_checkpoint(tmp_path / "c", **dict(zip(names, resumed, strict=True)))
    steps(*resumed, 8 - stop)
    for a, b in zip(whole[0].state_dict().values(), resumed[0].state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_what_a_checkpoint_is_not(tmp_path):
    model = nn.Linear(1, 1)
    with pytest.raises(TypeError, match="hook is a function, which cannot be stored"):
        mg.save_checkpoint(tmp_path / "c", hook=lambda: 0)
    assert not list(tmp_path.iterdir())
    mg.save_checkpoint(tmp_path / "c", model=model)
    with pytest.raises(KeyError, match="has no optimizer; it has model"):
        mg.load_checkpoint(tmp_path / "c", optimizer=optim.SGD(model.parameters(), lr=0.1))
    mg.save(model.state_dict(), tmp_path / "weights")
    with pytest.raises(ValueError, match="no checkpoint of this library"):
        mg.load_checkpoint(tmp_path / "weights")
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(ValueError, match="not a safetensors file"):
        mg.load_checkpoint(tmp_path / "junk")


def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    code = f"""
        import itertools, microgradnet as mg
        from microgradnet import nn
        model = nn.Linear(300, 300)
        for step in itertools.count():
            model.weight.array[...] = step
            mg.save_checkpoint({str(tmp_path / "c")!r}, model=model, step=step)
            print(step, flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    seen = []
    for pause in (0.0, 0.013, 0.031):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        process.stdout.readline()
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        model = nn.Linear(300, 300)
        step = mg.load_checkpoint(tmp_path / "c", model=model)["step"]
        assert (model.weight.detach().numpy() == step).all()
        seen.append(step)
    assert len(seen) == 3
