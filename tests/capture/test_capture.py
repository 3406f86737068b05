"""A captured step gives bit for bit what the plain one gives, notices what it must, and says what it cannot do."""

import copy
import gc
import pickle
import threading
import warnings
import weakref

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.nn import functional as F


def batches(count: int, shape, classes: int = 0, dtype=np.float32) -> list:
    random = np.random.default_rng(0)
    made = []
    for _ in range(count):
        y = random.integers(0, classes, shape[0]) if classes else random.standard_normal((shape[0], 1)).astype(dtype)
        made.append((mg.Tensor(random.standard_normal(shape).astype(dtype)), mg.Tensor(y)))
    return made


def trainer(model, optimizer, loss_function):
    def step(x, y):
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def run_both(build, make_optimizer, loss_function, data) -> tuple:
    """Losses and weights of plain and captured training, and the captured step."""
    mg.manual_seed(0)
    plain_model = build()
    captured_model = copy.deepcopy(plain_model)
    plain = trainer(plain_model, make_optimizer(plain_model), loss_function)
    step = mg.capture(trainer(captured_model, make_optimizer(captured_model), loss_function), fallback=False)
    losses = [plain(x, y).item() for x, y in data], [step(x, y).item() for x, y in data]
    weights = [
        np.concatenate([p.detach().numpy().ravel() for p in m.parameters()]) for m in (plain_model, captured_model)
    ]
    return losses, weights, step


MODELS = {
    "tanh mlp": (lambda: nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)), 0),
    "relu mlp of classes": (lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), 3),
    "chains": (lambda: nn.Sequential(nn.Linear(4, 8), Chains(), nn.Linear(8, 3)), 3),
    "cnn": (
        lambda: nn.Sequential(
            nn.Unflatten(1, (1, 2, 2)),
            nn.Conv2d(1, 4, 2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, 1),
            nn.Flatten(),
            nn.Linear(16, 3),
        ),
        3,
    ),
    "slices and joins": (lambda: Slices(), 3),
}


class Chains(nn.Module):
    """Elementwise ops in a row, with a value used twice and numbers in between."""

    def forward(self, x):
        a = x * 0.5 + 1
        b = mg.tanh(a) * mg.sigmoid(x) - a / 3
        return mg.exp(-b * b) + b.abs().sqrt() * x.sin()


class Slices(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x):
        first, second = x.split(2, 1)
        rows = mg.stack([first, second])
        return self.linear(rows).mean(0) + self.linear(x[:, 1:3])


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("name", MODELS)
def test_a_captured_training_is_the_plain_one_bit_for_bit(name, optimizer):
    build, classes = MODELS[name]
    loss_function = nn.CrossEntropyLoss() if classes else nn.MSELoss()
    make = {
        "SGD": lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9),
        "Adam": lambda m: optim.Adam(m.parameters(), lr=0.01),
    }[optimizer]
    losses, weights, step = run_both(build, make, loss_function, batches(12, (16, 4), classes))
    assert step.replays == 9
    assert losses[0] == losses[1]
    assert np.array_equal(*weights)


def test_a_learning_rate_that_changes_is_followed():
    model, twin = (nn.Linear(4, 1) for _ in range(2))
    twin.load_state_dict(model.state_dict())
    sgd, other = optim.SGD(model.parameters(), lr=0.1), optim.SGD(twin.parameters(), lr=0.1)
    step = mg.capture(trainer(model, sgd, nn.MSELoss()))
    plain = trainer(twin, other, nn.MSELoss())
    for i, (x, y) in enumerate(batches(8, (5, 4))):
        for o in (sgd, other):
            o.param_groups[0]["lr"] = 0.1 / (i + 1)
        assert step(x, y).item() == plain(x, y).item()
    assert step.replays == 5


def test_schedules_and_averages_inside_of_the_step_go_on():
    def build():
        mg.manual_seed(0)
        model = nn.Linear(4, 1)
        optimizer = optim.Lookahead(optim.SGD(model.parameters(), lr=0.1), k=3)
        parts = [
            optim.lr_scheduler.StepLR(optimizer, 2, 0.5),
            optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.9),
            optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3),
        ]
        average = optim.swa_utils.AveragedModel(model)

        def step(x, y):
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            parts[0].step()
            parts[1].step(loss)
            parts[2].step()
            average.update_parameters(model)
            return loss

        return step, optimizer, average

    (plain, a, average), (captured, b, same) = build(), build()
    captured = mg.capture(captured, fallback=False)
    for x, y in batches(10, (5, 4)):
        assert captured(x, y).item() == plain(x, y).item()
        assert b.param_groups[0]["lr"] == a.param_groups[0]["lr"]
    assert captured.replays == 7
    assert same.n_averaged.item() == 10
    assert same.module.weight.tolist() == average.module.weight.tolist()


def test_other_shapes_are_recorded_anew_and_both_are_kept():
    model = nn.Linear(4, 1)
    step = mg.capture(lambda x: model(x).sum())
    for size in (3, 5):
        for x, _ in batches(4, (size, 4)):
            assert step(x).item() == model(x).sum().item()
    assert step.replays == 2
    (x, _), *_ = batches(1, (3, 4))
    step(x)
    assert step.replays == 3


def test_manual_descent_with_gradients_set_to_none_by_hand():
    def build():
        mg.manual_seed(1)
        return mg.randn(3, 2, requires_grad=True)

    def stepper(w):
        def step(x):
            loss = mg.tanh(x @ w).pow(2).mean()
            w.grad = None
            loss.backward()
            with mg.no_grad():
                w.sub_(w.grad * 0.5)
            return loss

        return step

    w, twin = build(), build()
    step, plain = mg.capture(stepper(w), fallback=False), stepper(twin)
    for x, _ in batches(7, (4, 3)):
        assert step(x).item() == plain(x).item()
    assert step.replays == 4
    assert w.tolist() == twin.tolist()


def test_gradients_that_add_up_over_steps():
    model, twin = (nn.Linear(3, 1) for _ in range(2))
    twin.load_state_dict(model.state_dict())

    def adder(m):
        def step(x):
            loss = m(x).pow(2).sum()
            loss.backward()
            return loss

        return step

    step, plain = mg.capture(adder(model)), adder(twin)
    data = [x for x, _ in batches(8, (4, 3))]
    for i, x in enumerate(data):
        step(x), plain(x)
        np.testing.assert_array_equal(model.weight.grad.numpy(), twin.weight.grad.numpy())
        if i == 5:  # outside of the step: the replay must notice
            model.zero_grad(), twin.zero_grad()
    assert step.replays >= 3


def test_batch_norm_and_buffers_move_on():
    losses, weights, step = run_both(
        lambda: nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1)),
        lambda m: optim.SGD(m.parameters(), lr=0.1),
        nn.MSELoss(),
        batches(8, (10, 4)),
    )
    assert step.replays == 5
    assert losses[0] == losses[1]
    assert np.array_equal(*weights)


def test_train_and_eval_are_told_apart():
    model = nn.Sequential(nn.BatchNorm1d(4))
    step = mg.capture(lambda x: model(x))
    data = [x for x, _ in batches(12, (6, 4))]
    for x in data[:5]:
        step(x)
    model.eval()
    for x in data[5:]:
        assert step(x).tolist() == model(x).tolist()
    assert step.replays >= 2 + 4


def test_a_parameter_with_other_memory_is_noticed():
    model = nn.Linear(4, 1)
    step = mg.capture(lambda x: model(x))
    data = [x for x, _ in batches(6, (2, 4))]
    for x in data[:4]:
        step(x)
    model.weight.data = mg.ones(1, 4)
    for x in data[4:]:
        assert step(x).tolist() == model(x).tolist()


def test_the_same_input_again_and_then_another():
    model, x = nn.Linear(4, 1), batches(1, (3, 4))[0][0]
    step = mg.capture(lambda x: model(x) * 2)
    for _ in range(5):
        step(x)
    other = mg.Tensor(x.numpy() + 1)
    assert step(other).tolist() == (model(other) * 2).tolist()
    assert step(x).tolist() == (model(x) * 2).tolist()


def test_inputs_and_results_belong_to_the_caller():
    step = mg.capture(lambda x: x * 2)
    results, xs = [], [mg.full((3,), float(i)) for i in range(6)]
    for x in xs:
        results.append(step(x))
    assert [r.tolist() for r in results] == [[2.0 * i] * 3 for i in range(6)]
    assert [x.tolist() for x in xs] == [[float(i)] * 3 for i in range(6)]
    assert step.replays == 3


def test_nested_results_and_plain_arguments():
    @mg.capture
    def step(x, power, scale=1.0):
        return {"y": x**power * scale, "parts": (x.sum(), x.max())}

    for i in range(6):
        x = mg.arange(4.0) + i
        out = step(x, 3, scale=0.5)
        assert out["y"].tolist() == (x**3 * 0.5).tolist()
        assert [p.item() for p in out["parts"]] == [x.sum().item(), x.max().item()]
    assert step.replays == 3
    assert step(mg.arange(4.0), 2)["y"].tolist() == [0, 1, 4, 9]


REFUSED = {
    "item": (lambda x: x * x.sum().item(), "item reads numbers"),
    "if": (lambda x: x if x.sum() > 0 else -x, "__bool__ reads numbers"),
    "numpy": (lambda x: mg.Tensor(np.sin(x.numpy())) * x, "numpy reads numbers"),
    "random": (lambda x: x * mg.random.default_generator.numpy.random(), "draws random numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_replayed_runs_plainly_after_one_warning(name):
    function, reason = REFUSED[name]
    step = mg.capture(function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(5):
            x = mg.tensor([1.0, 2.0, 3.0]) - i
            mg.manual_seed(i)
            got = step(x)
            mg.manual_seed(i)
            np.testing.assert_array_equal(got.numpy(), function(x).numpy())
    assert len(caught) == 1
    assert reason in str(caught[0].message)
    assert step.replays == 0
    with pytest.raises(RuntimeError, match=reason):
        strict = mg.capture(function, fallback=False)
        strict(mg.ones(3)), strict(mg.ones(3))


def test_a_constant_that_changes_from_call_to_call_is_found():
    count = iter(range(100))
    step = mg.capture(lambda x: x + mg.full((3,), float(next(count))))
    with pytest.warns(UserWarning, match="outside of the library's ops changes"):
        for i in range(6):
            assert step(mg.zeros(3)).tolist() == [float(i)] * 3


def test_a_function_of_ones_own_and_a_hook_are_refused():
    class Double(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    w = mg.ones(3, requires_grad=True)

    def with_hook():
        y = w * 2
        y.register_hook(lambda g: g * 3)
        y.sum().backward()

    for function, reason in ((lambda: Double.apply(w), "Double is a Function"), (with_hook, "a hook or retain_grad")):
        step = mg.capture(function)
        with pytest.warns(UserWarning, match=reason):
            step(), step()


def test_running_statistics_without_momentum_and_spectral_norm_are_not_frozen():
    layers = {
        "cumulative": (lambda: nn.BatchNorm1d(4, momentum=None), "the same operations|changes"),
        "spectral": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)), "spectral_norm iterates"),
    }
    for build, reason in layers.values():
        mg.manual_seed(0)
        layer = build()
        twin = copy.deepcopy(layer)
        step = mg.capture(lambda x, layer=layer: layer(x))
        with pytest.warns(UserWarning, match=reason):
            for x, _ in batches(8, (6, 4)):
                assert step(x).tolist() == twin(x).tolist()
        assert step.replays == 0
        for a, b in zip(layer.buffers(), twin.buffers(), strict=True):
            assert a.tolist() == b.tolist()


def test_two_threads_capture_steps_of_their_own():
    slot, results = mg.Tensor.__dict__["array"], {}

    def train(seed: int) -> None:
        w = mg.full((50,), float(seed), requires_grad=True)
        step = mg.capture(lambda x: ((x * w).tanh() * seed).sum())
        results[seed] = [step(mg.full((50,), 0.1 * i)).item() for i in range(30)]

    threads = [threading.Thread(target=train, args=(seed,)) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, values in results.items():
        expected = [50 * seed * np.tanh(seed * 0.1 * i) for i in range(30)]
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert mg.Tensor.__dict__["array"] is slot


def test_the_program_can_be_read():
    model = nn.Sequential(nn.Linear(2, 3), Chains())
    step = mg.capture(lambda x: model(x).sum())
    for x, _ in batches(4, (5, 2)):
        step(x)
    text = str(step.program)
    assert "linear" in text
    assert "one loop: add, mul, add, tanh" in text


def test_chains_keep_what_is_needed_besides():
    def function(x):
        a = x * 2
        b = a + 1
        c = b * a
        return b, c.reshape((2, 2)), F.softmax(c, 0)

    step = mg.capture(function)
    for i in range(6):
        x = mg.arange(4.0) * 0.1 + i
        for ours, plain in zip(step(x), function(x), strict=True):
            np.testing.assert_array_equal(ours.numpy(), plain.numpy())
    assert step.replays == 3


def test_a_bias_and_the_activation_behind_it_are_one_loop():
    model = nn.Sequential(
        nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2, bias=False), nn.GELU()
    )
    gain = mg.tensor([0.5, 2.0])
    function = mg.no_grad()(lambda x: model(x) * gain + x[:, :2])
    step = mg.capture(function, fallback=False)
    for x, _ in batches(5, (6, 3)):
        np.testing.assert_array_equal(step(x).numpy(), function(x).numpy())
    loops = [line for line in str(step.program).splitlines() if line.startswith("one loop")]
    assert loops[:2] == ["one loop: add, tanh", "one loop: add, relu"]
    assert loops[2].startswith("one loop: gelu, mul")


@pytest.mark.parametrize("shape", [(1, 3), (3, 3), (2, 1, 3), (4, 3)])
def test_vectors_that_repeat_in_every_row_join_a_loop(shape):
    row, square = mg.tensor([1.0, -2.0, 3.0]), mg.tensor([2.0, 3.0, 4.0])
    step = mg.capture(function := lambda x: ((x * row).tanh() + square) * x, fallback=False)
    for x, _ in batches(5, shape):
        np.testing.assert_array_equal(step(x).numpy(), function(x).numpy())


class Trainer:
    """An object whose step is decorated as a method."""

    def __init__(self):
        self.model = nn.Linear(3, 1)
        self.scale = 1.0

    @mg.capture
    def step(self, x):
        """The gradient of one batch."""
        self.model.zero_grad()
        loss = self.model(x).sum() * self.scale
        loss.backward()
        return loss


def test_a_decorated_method_has_a_step_for_each_object_which_dies_with_it():
    first, second = Trainer(), Trainer()
    second.scale = 2.0
    for i in range(6):
        x = mg.ones(2, 3) * i
        for trainer in (first, second):
            assert trainer.step(x).item() == (trainer.model(x).sum() * trainer.scale).item()
    first.scale = 5.0
    assert first.step(x).item() == (first.model(x).sum() * 5).item()
    assert first.step is first.step is not second.step
    assert first.step.replays == second.step.replays == 3
    assert Trainer.step.replays == 0
    gone = weakref.ref(first)
    del first, trainer
    gc.collect()
    assert gone() is None


@mg.capture
def doubled(x):
    """At the module's top, so that it has a name to be pickled by."""
    return x * 2


def test_a_captured_step_is_pickled_by_its_name_and_copied_without_its_recordings():
    assert pickle.loads(pickle.dumps(doubled)) is doubled is copy.deepcopy(doubled)
    trainer = Trainer()
    trainer.run = mg.capture(trainer.step.function)
    for _ in range(5):
        trainer.run(mg.ones(2, 3))
    other = copy.deepcopy(trainer)
    assert (trainer.run.replays, other.run.replays) == (2, 0)
    other.run(mg.ones(2, 3) * 3)
    np.testing.assert_array_equal(other.model.weight.grad.numpy(), [[6, 6, 6]])
    np.testing.assert_array_equal(trainer.model.weight.grad.numpy(), [[2, 2, 2]])
