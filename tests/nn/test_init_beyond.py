"""Initializers: exact ones beside PyTorch's, random ones by their moments, those of models by what they promise."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import init
from tests.covered import covers
from tests.oracle import oracle

covers(
    *(f"init.{name}" for name in ("uniform_", "normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_")),
    *(f"init.{name}" for name in ("kaiming_normal_", "calculate_gain")),
)  # in test_init.py


@pytest.fixture(autouse=True)
def seed():
    mg.manual_seed(0)


def empty(*shape) -> mg.Tensor:
    return mg.Tensor(np.full(shape, 7.0))


@covers("init.constant_", "init.ones_", "init.zeros_", "init.eye_", "init.dirac_")
@pytest.mark.parametrize(
    ("name", "shape", "args"),
    [
        ("constant_", (2, 3), (0.3,)),
        ("ones_", (4,), ()),
        ("zeros_", (2, 2), ()),
        ("eye_", (3, 5), ()),
        ("eye_", (4, 2), ()),
        ("dirac_", (4, 3, 3), ()),
        ("dirac_", (3, 4, 3, 5), ()),
        ("dirac_", (4, 2, 2, 3, 3), (2,)),
    ],
)
def test_exact_initializers_are_pytorchs(name, shape, args):
    torch = oracle()
    ours, theirs = empty(*shape), torch.full(shape, 7.0, dtype=torch.float64)
    assert getattr(init, name)(ours, *args) is ours
    getattr(torch.nn.init, name)(theirs, *args)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_dirac_passes_the_input_on():
    conv = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    init.dirac_(conv.weight)
    x = mg.randn(1, 3, 5, 5)
    np.testing.assert_array_equal(conv(x).detach(), x)


def check_moments(values: np.ndarray, mean: float, variance: float) -> None:
    """Five standard errors; the fourth moment comes from the sample."""
    n = values.size
    assert abs(values.mean() - mean) < 5 * math.sqrt(variance / n)
    fourth = ((values - values.mean()) ** 4).mean()
    assert abs(values.var() - variance) < 5 * math.sqrt((fourth - variance**2) / n)


@covers("init.trunc_normal_")
@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0.0, 1.0, -2.0, 2.0), (0.5, 2.0, -1.0, 1.0), (0.0, 1.0, 4.0, 9.0)]
)
def test_truncated_normal_has_its_bounds_and_moments(mean, std, a, b):
    values = init.trunc_normal_(empty(50_000), mean, std, a, b).numpy()
    assert values.min() >= a
    assert values.max() <= b
    x = np.linspace(a, b, 200_001)
    density = np.exp(-(((x - mean) / std) ** 2) / 2)
    density /= density.sum()
    first = (x * density).sum()
    check_moments(values, first, ((x - first) ** 2 * density).sum())


@covers("init.orthogonal_")
@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3), (6, 2, 3, 2)])
def test_orthogonal_rows_or_columns(shape):
    m = init.orthogonal_(empty(*shape), gain=2.0).numpy().reshape(shape[0], -1)
    small = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


@covers("init.sparse_")
def test_sparse_has_its_zeros_in_each_column():
    m = init.sparse_(empty(40, 300), 0.35, std=0.5).numpy()
    assert ((m == 0).sum(0) == math.ceil(0.35 * 40)).all()
    check_moments(m[m != 0], 0.0, 0.25)


@covers(
    "init.lecun_uniform_", "init.lecun_normal_", "init.small_random_", "init.large_random_", "init.variance_scaling_"
)
@pytest.mark.parametrize(
    ("name", "options", "variance", "bound"),
    [
        ("lecun_uniform_", {}, 1 / 200, math.sqrt(3 / 200)),
        ("lecun_normal_", {}, 1 / 200, None),
        ("small_random_", {}, 1e-4, None),
        ("large_random_", {}, 1.0, None),
        ("variance_scaling_", {}, 1 / 200, 2 * math.sqrt(1 / 200) / 0.8796),
        ("variance_scaling_", {"scale": 2.0, "mode": "fan_out", "distribution": "normal"}, 2 / 300, None),
        ("variance_scaling_", {"mode": "fan_avg", "distribution": "uniform"}, 1 / 250, math.sqrt(3 / 250)),
    ],
)
def test_variances_are_those_that_are_stated(name, options, variance, bound):
    values = getattr(init, name)(empty(300, 200), **options).numpy()
    check_moments(values, 0.0, variance)
    if bound is not None:
        assert abs(values).max() <= bound * (1 + 1e-3)


@covers("init.glorot_uniform_", "init.glorot_normal_", "init.he_uniform_", "init.he_normal_")
def test_the_other_names():
    assert init.glorot_uniform_ is init.xavier_uniform_
    assert init.glorot_normal_ is init.xavier_normal_
    assert init.he_uniform_ is init.kaiming_uniform_
    assert init.he_normal_ is init.kaiming_normal_


@covers("init.scaled_bias_")
def test_biases_of_a_model():
    model = nn.Sequential(nn.Linear(2, 3), nn.LSTM(3, 2) if hasattr(nn, "LSTM") else nn.Linear(3, 2))
    weight = model[0].weight.tolist()
    init.scaled_bias_(model)
    biases = [p for name, p in model.named_parameters() if "bias" in name]
    assert all((b.detach().numpy() == np.float32(0.01)).all() for b in biases)
    assert model[0].weight.tolist() == weight
    init.scaled_bias_(biases[0], 0.5)
    assert biases[0].tolist() == [0.5] * 3


def signal(initialize, activation, layers: int = 10, width: int = 300) -> list[float]:
    """The variance of the activations behind each layer."""
    x = mg.randn(500, width)
    variances = []
    for _ in range(layers):
        layer = nn.Linear(width, width, bias=False)
        initialize(layer.weight)
        x = activation(layer(x)).detach()
        variances.append(float(x.numpy().var()))
    return variances


def test_the_variance_law_and_who_keeps_it():
    linear = signal(lambda w: init.normal_(w, std=0.1), lambda x: x, layers=5)
    for k, variance in enumerate(linear, 1):  # Var(s_k) = (n·Var(w))^k·Var(x)
        assert variance == pytest.approx((300 * 0.01) ** k, rel=0.25 * k)
    assert 0.5 < signal(init.lecun_normal_, lambda x: x)[-1] < 2
    assert 0.3 < signal(lambda w: init.he_normal_(w, nonlinearity="relu"), nn.ReLU())[-1] < 1.6
    assert signal(init.small_random_, nn.Tanh())[-1] < 1e-12
    assert signal(init.large_random_, nn.Tanh())[-1] > 0.9  # all units at ±1


@covers("init.delta_orthogonal_")
def test_delta_orthogonal_keeps_lengths_through_fifty_layers():
    x = mg.randn(2, 6, 5, 5)
    start = np.linalg.norm(x.numpy())
    for _ in range(50):
        conv = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        init.delta_orthogonal_(conv.weight)
        x = conv(x).detach()
    assert np.linalg.norm(x.numpy()) == pytest.approx(start, rel=1e-4)
    wide = init.delta_orthogonal_(empty(5, 3, 3)).numpy()
    np.testing.assert_allclose(wide[:, :, 1].T @ wide[:, :, 1], np.eye(3), atol=1e-12)
    assert (wide[:, :, [0, 2]] == 0).all()


@covers("init.identity_", "init.irnn_")
def test_identity_for_recurrent_weights():
    assert init.identity_(empty(2, 2), 0.5).tolist() == [[0.5, 0], [0, 0.5]]

    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight_ih, self.weight_hh = nn.Parameter(np.ones((30, 40))), nn.Parameter(np.ones((30, 30)))
            self.bias_ih = nn.Parameter(np.ones(30))

    cell = Cell()
    init.irnn_(cell)
    np.testing.assert_array_equal(cell.weight_hh.detach(), np.eye(30))
    assert (cell.bias_ih.detach().numpy() == 0).all()
    check_moments(cell.weight_ih.detach().numpy(), 0.0, 1e-6)


@covers("init.lsuv_")
def test_lsuv_gives_unit_variance_at_every_layer():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(64, 30), nn.Sigmoid(),
        nn.Linear(30, 10),
    )  # fmt: skip
    data = 5 * mg.randn(64, 1, 8, 8) + 3
    reached = init.lsuv_(model, data, tolerance=0.02)
    assert list(reached) == ["0", "2", "5", "7"]
    assert all(abs(v - 1) < 0.02 for v in reached.values())
    x = data
    for layer in model:
        x = layer(x)
        if hasattr(layer, "weight"):
            assert float(x.detach().numpy().var()) == pytest.approx(1, abs=0.03)
    assert not model[0]._forward_hooks


class Block(nn.Module):
    def __init__(self, width: int = 8):
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.branch(x)


@covers("init.fixup_")
def test_fixup_starts_as_the_identity_with_branches_scaled_by_depth():
    width, blocks = 64, 16
    model = nn.Sequential(*(Block(width) for _ in range(blocks)), nn.Linear(width, 3))
    init.fixup_([b.branch for b in list(model)[:-1]], classifier=model[-1])
    x = mg.randn(4, width)
    np.testing.assert_array_equal(nn.Sequential(*list(model)[:-1])(x).detach(), x)
    assert (model(x).detach().numpy() == 0).all()
    first = model[0].branch[0].weight.detach().numpy()
    check_moments(first, 0.0, 2 / width * (blocks ** (-1 / (2 * 2 - 2))) ** 2)
    assert (model[0].branch[0].bias.detach().numpy() == 0).all()


@covers("init.zero_init_residual_")
def test_zero_residual_branches_start_as_the_identity():
    block = Block()
    init.zero_init_residual_([block.branch])
    x = mg.randn(2, 8)
    np.testing.assert_array_equal(block(x).detach(), x)
    normed = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.BatchNorm1d(8))
    init.zero_init_residual_([normed])
    assert (normed[4].weight.detach().numpy() == 0).all()
    assert (normed[1].weight.detach().numpy() == 1).all()
    assert (normed[3].weight.detach().numpy() != 0).any()
    before = nn.Sequential(nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 8))
    init.zero_init_residual_([before])
    assert (before(x).detach().numpy() == 0).all()
    assert (before[0].weight.detach().numpy() == 1).all() and (before[3].weight.detach().numpy() == 1).all()


@pytest.mark.parametrize("name", ["lecun_uniform_", "lecun_normal_", "xavier_normal_", "kaiming_uniform_"])
@pytest.mark.parametrize("shape", [(4, 0), (0, 4), (0, 0), (2, 3, 0)])
def test_a_weight_without_inputs_has_nothing_to_draw(name, shape):
    assert getattr(init, name)(mg.zeros(*shape)).shape == shape


@covers("init.pretrain_layerwise")
def test_layerwise_pretraining_learns_to_restore_each_layers_input():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Sigmoid(), nn.Linear(8, 4), nn.Sigmoid(), nn.Linear(4, 3))
    last = model[5].weight.tolist()
    random = np.random.default_rng(0)
    data = mg.Tensor(
        (random.standard_normal((200, 3)) @ random.standard_normal((3, 12))).reshape(200, 3, 4).astype("f")
    )
    make = lambda p: mg.optim.Adam(p, lr=0.02)  # noqa: E731
    histories = init.pretrain_layerwise(model, data, epochs=25, optimizer=make, generator=mg.Generator(1))
    assert [len(h) for h in histories] == [25, 25]
    assert histories[0][-1] < 0.4 * histories[0][0]
    assert histories[1][-1] < 0.5 * histories[1][0]
    assert model[5].weight.tolist() == last
    assert model[1].weight.grad is None
    denoised = init.pretrain_layerwise(model, data, epochs=1, noise=0.1)
    assert len(denoised) == 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.eye_(empty(3)), ValueError, r"eye_: a tensor of 2 dimensions expected, got shape \(3,\)"),
        (lambda: init.dirac_(empty(3, 3)), ValueError, "3 to 5 dimensions"),
        (lambda: init.dirac_(empty(3, 3, 3), 2), ValueError, "must divide by groups 2"),
        (lambda: init.sparse_(empty(3, 3), 1.5), ValueError, r"in \[0, 1\], got 1.5"),
        (lambda: init.trunc_normal_(empty(3), a=1.0, b=1.0), ValueError, "a must be below b"),
        (lambda: init.orthogonal_(empty(3)), ValueError, "at least 2 dimensions"),
        (lambda: init.delta_orthogonal_(empty(3, 3)), ValueError, "3 to 5 dimensions"),
        (lambda: init.delta_orthogonal_(empty(2, 3, 3)), ValueError, "got 2 and 3"),
        (lambda: init.identity_(empty(2, 3)), ValueError, "a square matrix"),
        (lambda: init.irnn_(nn.Linear(1, 1)), ValueError, "a recurrent module expected"),
        (lambda: init.variance_scaling_(empty(2, 2), mode="fan"), ValueError, "got 'fan'"),
        (lambda: init.variance_scaling_(empty(2, 2), distribution="flat"), ValueError, "got 'flat'"),
        (lambda: init.variance_scaling_(empty(2, 2), scale=0), ValueError, "scale must be positive"),
        (lambda: init.lsuv_(nn.ReLU(), mg.ones(2)), ValueError, "no linear or convolution layer"),
        (lambda: init.lsuv_(nn.Linear(2, 2, bias=False), mg.zeros(3, 2)), ValueError, "have variance 0"),
        (lambda: init.fixup_([nn.ReLU()]), ValueError, "the branch ReLU"),
        (lambda: init.zero_init_residual_([nn.ReLU()]), ValueError, "no layer with weights"),
        (
            lambda: init.pretrain_layerwise(nn.Linear(1, 1), mg.ones(1, 1)),
            TypeError,
            "a Sequential expected, got Linear",
        ),
        (
            lambda: init.pretrain_layerwise(nn.Sequential(nn.Linear(1, 1)), mg.ones(1, 1)),
            ValueError,
            "no Linear layer with an activation",
        ),
        (
            lambda: init.pretrain_layerwise(nn.Sequential(nn.Linear(1, 1), nn.Tanh()), mg.ones(1, 1), epochs=0),
            ValueError,
            "must be positive",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
