"""Training on the device: the CPU's numbers, and a host that never waits."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.backends.cuda import launcher as cuda
from microgradnet.backends.cuda import simulated
from tests.benchmarks import on_gpu
from tests.benchmarks.race import table

MODELS = {
    "mlp": (lambda: [nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 3)], (6, 5)),
    "normalized": (
        lambda: [
            nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Sigmoid(), nn.LayerNorm(8), nn.Dropout(0.3), nn.RMSNorm(8),
            nn.Linear(8, 3),
        ],
        (6, 5),
    ),
    "cnn": (
        lambda: [
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
            nn.MaxPool2d(2), nn.GroupNorm(2, 4), nn.AvgPool2d(2, stride=1), nn.Flatten(), nn.Dropout(0.25),
            nn.Linear(16, 3),
        ],
        (3, 1, 8, 8),
    ),
}  # fmt: skip
OPTIMIZERS = [
    (optim.SGD, {"momentum": 0.9, "nesterov": True}), (optim.Adam, {}), (optim.AdamW, {}), (optim.RMSprop, {}),
    (optim.Adagrad, {}), (optim.Adadelta, {}), (optim.NAdam, {}), (optim.RAdam, {}), (optim.Adamax, {}),
    (optim.ASGD, {}), (optim.Rprop, {}), (optim.Lion, {}),
]  # fmt: skip


def train(place: str, layers, shape, optimizer, options, steps: int = 2):
    """The losses (on the device) and the model after some steps from one start."""
    mg.manual_seed(0)
    x, y = mg.randn(*shape).to(place), mg.tensor([i % 3 for i in range(shape[0])], device=place)
    model = nn.Sequential(*layers()).to(place)
    step = optimizer(model.parameters(), lr=0.05, **options)
    losses = []
    for _ in range(steps):
        step.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        step.step()
        losses.append(loss)
    return losses, model


@pytest.mark.parametrize("name", MODELS)
def test_a_step_gives_the_cpus_numbers_and_nobody_waits(name):
    layers, shape = MODELS[name]
    expected, model = train("cpu", layers, shape, optim.SGD, {"momentum": 0.9})
    before = simulated.waits
    losses, there = train("cuda", layers, shape, optim.SGD, {"momentum": 0.9})
    if cuda.simulated():
        assert simulated.waits == before
    np.testing.assert_allclose([v.item() for v in losses], [v.item() for v in expected], rtol=2e-5)
    for mine, theirs in zip(there.state_dict().values(), model.state_dict().values(), strict=True):
        np.testing.assert_allclose(mine.cpu().numpy(), theirs.numpy(), rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS, ids=lambda v: getattr(v, "__name__", ""))
def test_every_update_rule_is_one_pass_on_the_device(optimizer, options):
    layers, shape = MODELS["mlp"]
    expected, model = train("cpu", layers, shape, optimizer, options, 3)
    before = simulated.waits
    losses, there = train("cuda", layers, shape, optimizer, options, 3)
    if cuda.simulated():
        assert simulated.waits == before
    np.testing.assert_allclose([v.item() for v in losses], [v.item() for v in expected], rtol=2e-4)
    for mine, theirs in zip(there.parameters(), model.parameters(), strict=True):
        np.testing.assert_allclose(mine.detach().cpu().numpy(), theirs.detach().numpy(), rtol=2e-3, atol=2e-5)


def test_recurrent_embedded_and_attending():
    def forward(place):
        mg.manual_seed(3)
        table, cell = nn.Embedding(7, 4).to(place), nn.LSTM(4, 5, batch_first=True).to(place)
        attention = nn.MultiheadAttention(4, 2, batch_first=True).to(place)
        numbers = mg.tensor([[1, 2, 3], [3, 3, 6]], device=place)
        embedded = table(numbers)
        out = cell(attention(embedded, embedded, embedded)[0])[0]
        (out * out).sum().backward()
        parameters = [*table.parameters(), *cell.parameters(), *attention.parameters()]
        return [out.detach().cpu().numpy(), *(p.grad.cpu().numpy() for p in parameters)]

    for mine, theirs in zip(forward("cuda"), forward("cpu"), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_a_captured_step_runs_plainly_and_says_why():
    x, step = mg.ones(2, 3, device="cuda"), mg.capture(lambda x: (x * 2).sum())
    assert step(x).item() == 12.0  # the first call of every step runs plainly
    with pytest.warns(UserWarning, match="on a GPU"):
        assert step(x).item() == 12.0
    strict = mg.capture(lambda x: (x * 2).sum(), fallback=False)
    strict(x)
    with pytest.raises(RuntimeError, match="on a GPU"):
        strict(x)


def test_clipping_and_accumulating():
    w = mg.ones(3, device="cuda", requires_grad=True)
    for _ in range(2):
        (w * mg.tensor([3.0, 0.0, 4.0], device="cuda")).sum().backward()
    assert w.grad.cpu().tolist() == [6, 0, 8]
    norm = nn.utils.clip_grad_norm_([w], 1.0)
    assert float(norm) == pytest.approx(10)
    np.testing.assert_allclose(w.grad.cpu().tolist(), [0.6, 0, 0.8], rtol=1e-5)


def test_the_benchmark_runs(monkeypatch):
    def once(runners):
        for run in runners.values():
            run()
        return dict.fromkeys(runners, 1.0)

    monkeypatch.setattr(on_gpu, "CALLS", 1)
    monkeypatch.setattr(on_gpu, "race", once)
    results = on_gpu.measure(None, size=512, steps=False)
    assert len(results) == 2 * len(on_gpu.ACTIVATIONS) + len(on_gpu.OPTIMIZERS) + 4
    assert "sigmoid backward" in table(results)
