"""Gradient flow: what is recorded is what happened, and each verdict is given to the net that has the illness alone."""

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from visualize.flow import statistics


def net(activation, start, depth: int = 6, width: int = 100) -> nn.Module:
    layers = []
    for _ in range(depth):
        layer = nn.Linear(width, width)
        start(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, activation()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def train(model, steps: int = 12, every: int = 4, lr: float = 0.01) -> visualize.Flow:
    mg.manual_seed(0)
    x, target = mg.randn(64, 100), mg.randint(0, 10, (64,))
    optimizer = optim.SGD(model.parameters(), lr=lr)
    with visualize.watch(model, every=every) as flow:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return flow


def illnesses(flow) -> set[str]:
    return {verdict.illness for verdict in flow.verdicts()}


def normal(std):
    return lambda weight: nn.init.normal_(weight, 0.0, std)


def dead_relu() -> nn.Module:
    model = net(nn.ReLU, nn.init.kaiming_normal_, depth=3)
    nn.init.constant_(model[2].bias, -10.0)
    return model


ILL = {
    "saturated": lambda: net(nn.Tanh, normal(1.0)),
    "vanishing": lambda: net(nn.Tanh, normal(0.01)),
    "exploding": lambda: net(nn.ReLU, normal(1.0)),
    "dead": dead_relu,
    "symmetric": lambda: net(nn.Tanh, lambda w: nn.init.constant_(w, 0.01), depth=2),
}
HEALTHY = {
    "tanh, xavier": lambda: net(nn.Tanh, lambda w: nn.init.xavier_normal_(w, nn.init.calculate_gain("tanh"))),
    "relu, he": lambda: net(nn.ReLU, nn.init.kaiming_normal_),
    "gelu, he": lambda: net(nn.GELU, nn.init.kaiming_normal_, depth=3),
    "default": lambda: nn.Sequential(nn.Linear(100, 64), nn.ReLU(), nn.Linear(64, 10)),
    "sigmoid, shallow": lambda: net(nn.Sigmoid, nn.init.xavier_normal_, depth=2),
    "batch norm": lambda: nn.Sequential(nn.Linear(100, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Linear(64, 10)),
}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("illness", ILL)
def test_a_net_with_an_illness_gets_the_verdict(illness, seed):
    mg.manual_seed(seed)
    flow = train(ILL[illness]())
    assert illness in illnesses(flow)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_net_gets_none(name, seed):
    mg.manual_seed(seed)
    flow = train(HEALTHY[name]())
    assert flow.verdicts() == []
    assert str(flow).endswith("No illness found.")


def test_zero_weights_are_symmetric():
    flow = train(net(nn.Tanh, nn.init.zeros_, depth=2))
    assert "symmetric" in illnesses(flow)


def test_a_verdict_has_figure_threshold_and_advice_in_words():
    mg.manual_seed(0)
    flow = train(ILL["saturated"]())
    verdict = next(v for v in flow.verdicts() if v.illness == "saturated")
    assert verdict.figure > verdict.threshold == 0.5
    assert verdict.text.startswith("layer 2 (1: Tanh): ")
    assert "% of its inputs are saturated" in verdict.text
    assert verdict.advice.endswith(" are too large for fan_in 100: try xavier_normal_ (std near 0.1).")
    assert str(verdict) in str(flow)


def test_what_is_recorded_is_what_the_layers_gave_and_got():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    x = mg.randn(11, 5)
    with visualize.watch(model, every=1) as flow:
        hidden = model[1](model[0](x))
        out = model(x)
        (out**2).sum().backward()
    relu = next(layer for layer in flow.layers if layer.name == "1")
    expected = hidden.detach().numpy()
    assert relu.activations[-1].mean == pytest.approx(expected.mean(), rel=1e-5)
    assert relu.activations[-1].std == pytest.approx(expected.std(), rel=1e-5)
    assert relu.activations[-1].zeros == pytest.approx((expected == 0).mean())
    gradient = 2 * out.detach().numpy() @ model[2].weight.detach().numpy()
    assert relu.gradients[-1].rms == pytest.approx(np.sqrt((gradient**2).mean()), rel=1e-5)
    assert relu.silent[-1].tolist() == (expected == 0).all(0).tolist()
    assert not relu.bounded


def test_the_update_ratio_is_that_of_the_optimizers_step():
    model = nn.Sequential(nn.Linear(3, 2, bias=False))
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    before = model[0].weight.detach().numpy().copy()
    with visualize.watch(model, every=2) as flow:
        model(mg.ones(1, 3)).sum().backward()
        optimizer.step()
        after = model[0].weight.detach().numpy().copy()
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert flow.ratios["0.weight"] == [(0, pytest.approx(expected, rel=1e-5))]


def test_it_looks_at_training_steps_only_and_every_so_many():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    with visualize.watch(model, every=3) as flow:
        for _ in range(7):
            model(mg.ones(2, 3)).sum().backward()
        model.eval()
        model(mg.ones(2, 3))
        model.train()
        with mg.no_grad():
            model(mg.ones(2, 3))
    assert flow.steps == [0, 3, 6]
    assert [len(layer.gradients) for layer in flow.layers] == [3, 3]
    model(mg.ones(2, 3)).sum().backward()
    assert flow.steps == [0, 3, 6], "after the block nothing is recorded"


def test_saturation_is_measured_where_each_number_is_treated_by_itself_and_nowhere_else():
    x = mg.tensor(np.linspace(-3, 3, 2 * 4 * 2 * 2, dtype=np.float32).reshape(2, 4, 2, 2))
    elementwise = (nn.Tanh(), nn.RReLU(), nn.BentIdentity(), nn.Step(), nn.Gaussian())
    others = (nn.Softmax(1), nn.Softmax2d(), nn.PReLU(4), nn.GLU(1), nn.SwiGLU(1), nn.Sparsemax(1), nn.Dropout())
    for module in elementwise + others:
        with visualize.watch(nn.Sequential(nn.Identity(), module), every=1) as flow:
            flow.model(x)
        assert bool(flow.layers[-1].flat) == (module in elementwise), module


def test_saturation_is_measured_by_each_activations_own_derivative():
    with mg.no_grad():
        x = mg.tensor(np.linspace(-10, 10, 2001, dtype=np.float32).reshape(-1, 1))
    for module, bounded in ((nn.Tanh(), True), (nn.Sigmoid(), True), (nn.ReLU(), False), (nn.Hardtanh(), True)):
        model = nn.Sequential(nn.Identity(), module)
        with visualize.watch(model, every=1) as flow:
            model(x)
        layer = flow.layers[-1]
        assert layer.bounded == bounded
        t = np.linspace(-10, 10, 2001)
        share = {
            nn.Tanh: np.mean(1 - np.tanh(t) ** 2 < 0.06),
            nn.Sigmoid: np.mean(4 / (2 + np.exp(t) + np.exp(-t)) < 0.06),
            nn.ReLU: np.mean(t <= 0),
            nn.Hardtanh: np.mean(np.abs(t) >= 1),
        }[type(module)]
        assert layer.flat[-1] == pytest.approx(share, abs=2e-3)


def test_units_that_are_alike_and_units_that_are_not():
    rng = np.random.default_rng(0)
    column = rng.normal(size=(20, 1))
    assert statistics.likeness(np.repeat(column, 5, 1)) == pytest.approx(1.0)
    assert statistics.likeness(np.zeros((20, 5))) == 1.0
    assert statistics.likeness(rng.normal(size=(20, 50))) < 0.3
    assert statistics.likeness(column) == 0.0
    assert statistics.by_unit(np.zeros((2, 3, 4, 5))).shape == (40, 3)


@pytest.mark.parametrize("kind", ["histograms", "heatmap", "gradient_norm", "update_ratio", "ridge"])
def test_the_pictures_are_written(kind, tmp_path):
    mg.manual_seed(0)
    flow = train(HEALTHY["relu, he"]())
    arguments = ("3",) if kind == "ridge" else ()
    path = getattr(flow, kind)(tmp_path / "flow.svg", *arguments)
    assert "<svg" in path.read_text()


def test_bad_calls_are_named(tmp_path):
    with pytest.raises(TypeError, match="watch: a module expected, got int"):
        visualize.watch(3)
    with pytest.raises(ValueError, match="every must be a whole number"):
        visualize.watch(nn.Linear(1, 1), every=0)
    with visualize.watch(nn.Linear(1, 1)) as flow:
        pass
    assert str(flow).startswith("nothing was seen")
    with pytest.raises(ValueError, match="no gradients were seen"):
        flow.gradient_norm(tmp_path / "g.png")
    with pytest.raises(ValueError, match="no parameter was moved"):
        flow.update_ratio(tmp_path / "g.png")
