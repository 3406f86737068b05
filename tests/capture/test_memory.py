"""Many captured calls, each with a batch of its own, hold resident memory flat."""

from pathlib import Path

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim

STATUS = Path("/proc/self/status")


def resident() -> int:
    """Resident memory in kB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


class Batch:
    """A fresh object at each call."""

    def __init__(self, x, weight):
        self.x, self.weight = x, weight


@pytest.mark.skipif(not STATUS.exists(), reason="resident memory is read from Linux's /proc")
def test_ten_thousand_calls_with_fresh_batches_hold_memory_flat():
    model = nn.Linear(64, 1)
    optimizer = optim.SGD(model.parameters(), lr=1e-3)

    @mg.capture
    def step(batch):
        loss = (model(batch.x) * batch.weight).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    @mg.capture
    def never_the_same(x, factor):
        return x * factor

    numbers = np.random.default_rng(0).standard_normal((256, 64)).astype(np.float32)

    def run(count: int) -> None:
        for i in range(count):
            step(Batch(mg.Tensor(numbers + i % 7), mg.Tensor(numbers[:, :1])))
            never_the_same(mg.Tensor(numbers[:8] + 1), float(i))

    with pytest.warns(UserWarning, match="an argument is not the same at any two calls"):
        run(500)
    before = resident()
    run(9_500)
    assert step.replays > 9_900
    # 64 kB of a batch kept from each call would be 600 MB, a tuple of a key some 2 MB.
    assert resident() - before < 1_500
