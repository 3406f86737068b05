"""Normalizations that PyTorch lacks: the papers' equations in NumPy, their gradients, and what the papers claim."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from tests.covered import covers
from tests.nn.agreement import LayerCase, assert_gradients

MAPS, TABLE, TOKENS = (2, 4, 1, 3), (5, 4), (2, 3, 4)


def per_map(v, x):
    return v.reshape(-1, *(1,) * (x.ndim - 2))


def scaled(h, p):
    return h * per_map(p["weight"], h) + per_map(p["bias"], h)


def over_maps(x):
    return {"axis": tuple(range(2, x.ndim)), "keepdims": True}


def filter_response(x, p, eps=1e-6):
    energy = (x**2).mean(**over_maps(x)) if x.ndim > 2 else x**2
    return scaled(x / np.sqrt(energy + eps + per_map(np.abs(p.get("learned_eps", np.zeros(1))), x)), p)


def global_response(x, p):
    norms = np.sqrt((x**2).sum(**over_maps(x)))
    return x + scaled(x * norms / (norms.mean(1, keepdims=True) + 1e-6), p)


def softmax(v):
    return np.exp(v) / np.exp(v).sum()


def switchable(x, p, running=None):
    axes = [tuple(range(2, x.ndim)), tuple(range(1, x.ndim)), (0, *range(2, x.ndim))]
    means = [x.mean(a, keepdims=True) for a in axes]
    variances = [x.var(a, keepdims=True) for a in axes]
    if running is not None:
        means[2], variances[2] = per_map(running["running_mean"], x), per_map(running["running_var"], x)
    mean = sum(w * m for w, m in zip(softmax(p["mean_weight"]), means, strict=True))
    variance = sum(w * v for w, v in zip(softmax(p["var_weight"]), variances, strict=True))
    return scaled((x - mean) / np.sqrt(variance + 1e-5), p)


def evonorm_b0(x, p):
    batch = np.sqrt(x.var((0, *range(2, x.ndim)), keepdims=True) + 1e-5)
    return scaled(x / np.maximum(batch, per_map(p["v"], x) * x + np.sqrt(x.var(**over_maps(x)) + 1e-5)), p)


def evonorm_s0(x, p, groups=2):
    split = x.reshape(x.shape[0], groups, -1)
    deviation = np.sqrt(split.var(2, keepdims=True) + 1e-5)
    deviation = np.broadcast_to(deviation, split.shape).reshape(x.shape)
    return scaled(x / (1 + np.exp(-per_map(p["v"], x) * x)) / deviation, p)


def length(x):
    return np.sqrt((x**2).sum(-1, keepdims=True))


FORMULAS = [
    ("ScaleNorm", TOKENS, (4,), {}, lambda x, p: p["g"] * x / length(x)),
    ("UnitNorm", TOKENS, (), {}, lambda x, p: x / length(x)),
    ("UnitNorm", TABLE, (0.5,), {}, lambda x, p: 4**0.25 * x / length(x)),
    ("PixelNorm", MAPS, (), {}, lambda x, p: x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-8)),
    ("PixelNorm", TABLE, (0.1,), {}, lambda x, p: x / np.sqrt((x**2).mean(1, keepdims=True) + 0.1)),
    ("FilterResponseNorm", MAPS, (4,), {}, filter_response),
    ("FilterResponseNorm", TABLE, (4, 1e-3, True), {}, lambda x, p: filter_response(x, p, 1e-3)),
    ("GlobalResponseNorm", MAPS, (4,), {}, global_response),
    ("GlobalResponseNorm", (2, 3, 5), (3,), {}, global_response),
    ("SwitchableNorm", MAPS, (4,), {}, switchable),
    ("SwitchableNorm", (2, 3, 5), (3,), {"momentum": None}, switchable),
    ("EvoNormB0", MAPS, (4,), {}, evonorm_b0),
    ("EvoNormB0", (2, 3, 5), (3,), {}, evonorm_b0),
    ("EvoNormS0", MAPS, (4, 2), {}, evonorm_s0),
    ("EvoNormS0", (2, 3, 5), (3, 3), {}, lambda x, p: evonorm_s0(x, p, 3)),
    ("DynamicTanh", TOKENS, (4,), {}, lambda x, p: p["weight"] * np.tanh(p["alpha"] * x) + p["bias"]),
    ("DynamicTanh", TOKENS, ((3, 4), 0.8), {}, lambda x, p: p["weight"] * np.tanh(p["alpha"] * x) + p["bias"]),
    ("LayerScale", TOKENS, (4,), {}, lambda x, p: p["gamma"] * x),
    (
        "WeightStandardization",
        MAPS,
        (),
        {},
        lambda x, p: (x - x.mean((1, 2, 3), keepdims=True)) / np.sqrt(x.var((1, 2, 3), keepdims=True) + 1e-5),
    ),
]
covers(*(f"nn.{name}" for name, *_ in FORMULAS), "nn.BatchRenorm", "nn.PowerNorm", "nn.WSConv1d", "nn.WSConv2d")


def case(name, shape, args, options, *_):
    return LayerCase(name, (shape,), args, options)


def with_random_parameters(layer, seed=3):
    random = np.random.default_rng(seed)
    for p in layer.parameters():
        p.data = mg.Tensor(random.uniform(0.3, 1.5, tuple(p.shape)).astype(p.dtype))
    return {name: p.detach().numpy().astype(np.float64) for name, p in layer.named_parameters()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", FORMULAS, ids=lambda g: f"{g[0]}{g[2]}")
def test_the_papers_equation_holds(given, dtype):
    name, shape, args, options, formula = given
    layer = getattr(nn, name)(*args, **options).to(dtype)
    parameters = with_random_parameters(layer)
    x = np.random.default_rng(0).normal(0.5, 2, shape).astype(dtype)
    out = layer(mg.Tensor(x)).detach()
    assert out.dtype == x.dtype
    rtol = 1e-10 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(out, formula(x.astype(np.float64), parameters), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("given", FORMULAS, ids=lambda g: f"{g[0]}{g[2]}")
def test_gradients_are_right(given, training):
    assert_gradients(case(*given), training)


GRADIENTS_OF_OTHERS = [
    (LayerCase("BatchRenorm", (TABLE,), (4,), {"r_max": 1, "d_max": 0}), True),
    (LayerCase("BatchRenorm", (MAPS,), (4,), {"affine": False}), False),
    (LayerCase("PowerNorm", (TABLE,), (4,), {"alpha_backward": 1.0}), True),  # ν = 0: else each backward moves it
    (LayerCase("PowerNorm", (TOKENS,), (4,), {"affine": False}), False),
    (LayerCase("WSConv1d", ((2, 2, 5),), (2, 3, 3)), True),
    (LayerCase("WSConv2d", ((1, 2, 3, 3),), (2, 2, 2), {"groups": 2, "bias": False}), True),
    (LayerCase("WSConv3d", ((1, 1, 2, 2, 2),), (1, 2, 2)), True),
]


@pytest.mark.parametrize(("given", "training"), GRADIENTS_OF_OTHERS, ids=str)
def test_gradients_of_layers_with_a_state_are_right(given, training):
    assert_gradients(given, training)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 2)])
def test_batch_renorm_at_r_1_d_0_is_batch_norm(shape):
    renorm, plain = nn.BatchRenorm(3, r_max=1, d_max=0, momentum=0.1), nn.BatchNorm1d(3)
    plain.ranks = (2, ...)
    for seed in range(3):
        values = np.random.default_rng(seed).normal(2, 3, shape).astype(np.float32)
        x, y = mg.Tensor(values, requires_grad=True), mg.Tensor(values, requires_grad=True)
        a, b = renorm(x), plain(y)
        np.testing.assert_allclose(a.detach(), b.detach(), atol=1e-5)
        (a * a * a).sum().backward(), (b * b * b).sum().backward()
        np.testing.assert_allclose(x.grad, y.grad, atol=1e-4)
    np.testing.assert_allclose(renorm.running_mean, plain.running_mean, rtol=1e-5)


def test_batch_renorm_follows_algorithm_1():
    layer = nn.BatchRenorm(3, momentum=0.2, r_max=1.5, d_max=0.7).double()
    p = with_random_parameters(layer)
    mean, std = np.zeros(3), np.ones(3)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(0.5, 1.5, (6, 3))
        batch_mean, batch_std = x.mean(0), np.sqrt(x.var(0) + 1e-5)
        r = np.clip(batch_std / std, 1 / 1.5, 1.5)
        d = np.clip((batch_mean - mean) / std, -0.7, 0.7)
        given = mg.Tensor(x, requires_grad=True)
        out = layer(given)
        h = (x - batch_mean) / batch_std
        np.testing.assert_allclose(out.detach(), (h * r + d) * p["weight"] + p["bias"], rtol=1e-9, atol=1e-12)
        g = np.cos(np.arange(18.0)).reshape(6, 3)
        (out * mg.Tensor(g)).sum().backward()
        expected = p["weight"] * r / batch_std * (g - g.mean(0) - h * (g * h).mean(0))
        np.testing.assert_allclose(given.grad, expected, rtol=1e-9, atol=1e-12)
        mean, std = mean + 0.2 * (batch_mean - mean), std + 0.2 * (batch_std - std)
    np.testing.assert_allclose(layer.running_mean, mean)
    np.testing.assert_allclose(layer.running_std, std)
    out = layer.eval()(mg.Tensor(x)).detach()
    np.testing.assert_allclose(out, (x - mean) / std * p["weight"] + p["bias"], rtol=1e-9)


def test_unclipped_batch_renorm_gives_in_training_what_it_gives_in_eval():
    layer, x = nn.BatchRenorm(3, r_max=1e6, d_max=1e6, momentum=0).double(), mg.randn(5, 3, dtype=mg.float64)
    layer.running_mean.fill_(0.4), layer.running_std.fill_(1.7)
    trained = layer(x).detach()
    np.testing.assert_allclose(trained, layer.eval()(x).detach(), rtol=1e-9, atol=1e-12)


def test_power_norm_follows_algorithm_2_forward_and_backward():
    layer = nn.PowerNorm(3, alpha_forward=0.8, alpha_backward=0.7).double()
    p = with_random_parameters(layer)
    square, nu = np.ones(3), np.zeros(3)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(0.5, 1.5, (2, 4, 3))
        given = mg.Tensor(x, requires_grad=True)
        out = layer(given)
        psi = np.sqrt(square + 1e-5)
        h = x / psi
        np.testing.assert_allclose(out.detach(), h * p["weight"] + p["bias"], rtol=1e-9)
        g = np.cos(np.arange(24.0)).reshape(2, 4, 3)
        (out * mg.Tensor(g)).sum().backward()
        to_h = g * p["weight"]
        np.testing.assert_allclose(given.grad, (to_h - nu * h) / psi, rtol=1e-9)
        gamma, big_lambda = (h * h).mean((0, 1)), (to_h * h).mean((0, 1))
        nu = nu * (1 - 0.3 * gamma) + 0.3 * big_lambda
        square = square + 0.2 * ((x * x).mean((0, 1)) - square)
        np.testing.assert_allclose(layer.running_square, square)
        np.testing.assert_allclose(layer.running_projection, nu)
    np.testing.assert_allclose(
        layer.eval()(mg.Tensor(x)).detach(), x / np.sqrt(square + 1e-5) * p["weight"] + p["bias"], rtol=1e-9
    )


def test_power_norms_gradient_tends_to_the_exact_one_where_batches_are_alike():
    layer, g = nn.PowerNorm(3, affine=False).double(), mg.randn(8, 3, dtype=mg.float64)
    x = (mg.randn(8, 3, dtype=mg.float64) * 3).requires_grad_()
    for _ in range(400):
        x.grad = None
        (layer(x) * g).sum().backward()
    y = x.detach().requires_grad_()
    (y / (y * y).mean(0, keepdim=True).add(1e-5).sqrt() * g).sum().backward()
    np.testing.assert_allclose(x.grad, y.grad, atol=1e-5)


def test_a_standardized_filter_has_mean_0_and_variance_1_and_so_has_its_gradient():
    layer = nn.WSConv2d(3, 4, 3, padding=1, padding_mode="circular").double()
    plain = nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular").double()
    plain.load_state_dict(layer.state_dict())
    standard = nn.WeightStandardization()
    plain.weight.data = standard(layer.weight).detach()
    x = mg.randn(2, 3, 5, 5, dtype=mg.float64)
    np.testing.assert_allclose(layer(x).detach(), plain(x).detach(), rtol=1e-9, atol=1e-12)
    rows = plain.weight.detach().numpy().reshape(4, -1)
    np.testing.assert_allclose(rows.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(rows.var(1), 1, rtol=1e-2)  # eps against a variance of 1/81
    layer(x).square().sum().backward()
    gradient = layer.weight.grad.numpy().reshape(4, -1)
    scale = np.abs(gradient).max()
    assert np.abs(gradient.mean(1)).max() < 1e-9 * scale
    assert np.abs((gradient * rows).mean(1)).max() < 1e-2 * scale
    assert repr(layer).startswith("WSConv2d(3, 4, kernel_size=(3, 3)")


def test_weight_standardization_as_a_parametrization():
    layer = nn.Conv1d(3, 2, 4)
    nn.utils.parametrize.register_parametrization(layer, "weight", nn.WeightStandardization(eps=0))
    rows = layer.weight.detach().numpy().reshape(2, -1)
    np.testing.assert_allclose(rows.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(rows.var(1), 1, rtol=1e-5)


def test_switchable_norm_goes_over_into_each_of_its_three():
    x = mg.randn(4, 6, 3, 3)
    others = [nn.InstanceNorm2d(6), nn.GroupNorm(1, 6), nn.BatchNorm2d(6)]
    for k, other in enumerate(others):
        layer = nn.SwitchableNorm(6)
        for weight in (layer.mean_weight, layer.var_weight):
            weight.data = mg.Tensor(np.where(np.arange(3) == k, 50, 0).astype(np.float32))
        np.testing.assert_allclose(layer(x).detach(), other(x).detach(), atol=1e-5)


def test_switchable_norms_batch_average_is_used_in_eval():
    layer, batches = nn.SwitchableNorm(3, momentum=None).double(), np.random.default_rng(0).normal(1, 2, (4, 2, 3, 5))
    p = with_random_parameters(layer)
    for batch in batches:
        layer(mg.Tensor(batch))
    running = {"running_mean": batches.mean((0, 1, 3)), "running_var": batches.var((1, 3)).mean(0)}
    out = layer.eval()(mg.Tensor(batches[0])).detach()
    np.testing.assert_allclose(out, switchable(batches[0], p, running), rtol=1e-9)


def test_evonorm_b0_uses_the_running_variance_in_eval():
    layer, x = nn.EvoNormB0(3, momentum=1.0).double(), np.random.default_rng(0).normal(0, 2, (4, 3, 5))
    trained = layer(mg.Tensor(x)).detach()
    np.testing.assert_allclose(layer.running_var, x.var((0, 2)))
    np.testing.assert_allclose(layer.eval()(mg.Tensor(x)).detach(), trained, rtol=1e-12)


def test_a_global_response_norm_starts_as_the_identity():
    x = mg.randn(2, 3, 4)
    assert mg.equal(nn.GlobalResponseNorm(3)(x), x)


def test_lengths_are_what_they_should_be():
    x = mg.randn(5, 16) * 100
    assert np.linalg.norm(nn.ScaleNorm(16)(x).detach(), axis=1) == pytest.approx(4)
    assert np.linalg.norm(nn.UnitNorm()(x), axis=1) == pytest.approx(1)
    assert mg.allclose(nn.UnitNorm(k=1)(x), nn.RMSNorm(16)(x), atol=1e-5)
    assert nn.PixelNorm()(x).square().mean(1).numpy() == pytest.approx(1, abs=1e-5)


def test_zeros_stay_zeros_and_have_a_finite_gradient():
    for layer in (nn.ScaleNorm(4), nn.UnitNorm(), nn.PixelNorm()):
        x = mg.zeros(2, 4, requires_grad=True)
        out = layer(x)
        out.sum().backward()
        assert mg.equal(out, mg.zeros(2, 4))
        assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("make", [lambda: nn.BatchRenorm(4, r_max=1, d_max=0), lambda: nn.SwitchableNorm(4)])
def test_a_mean_of_a_million_in_float32_leaves_the_variance_accurate(make):
    x = (1e6 + np.random.default_rng(0).normal(0, 4, (4, 4, 8, 8))).astype(np.float32)
    exact = make().double()(mg.Tensor(x.astype(np.float64))).detach()
    np.testing.assert_allclose(make()(mg.Tensor(x)).detach(), exact, atol=3 * 2**-4 / 4)  # 1e6 is known to 2⁻⁴


STATEFUL = [
    *("SwitchableNorm", "EvoNormB0", "GlobalResponseNorm", "DynamicTanh", "BatchNorm1d", "BatchRenorm", "PowerNorm"),
]


@pytest.mark.parametrize("name", STATEFUL)
def test_reset_parameters_goes_back_to_the_start(name):
    layer = getattr(nn, name)(3)
    before = {k: v.numpy().copy() for k, v in layer.state_dict().items()}
    with_random_parameters(layer)
    layer(mg.randn(4, 3, 3)).square().sum().backward()
    layer.reset_parameters()
    assert all(np.array_equal(layer.state_dict()[k], v) for k, v in before.items())


BAD = [
    (lambda: nn.BatchRenorm(3, r_max=0.5), "BatchRenorm: r_max ≥ 1 and d_max ≥ 0 expected, got 0.5 and 5"),
    (lambda: nn.BatchRenorm(3)(mg.zeros(1, 3)), r"BatchRenorm: more than one value a channel .*\(1, 3\)"),
    (lambda: nn.PowerNorm(3, alpha_forward=1.5), r"PowerNorm: alpha_forward must be in \[0, 1\], got 1.5"),
    (lambda: nn.PowerNorm(3)(mg.zeros(3, 4)), r"PowerNorm: \(\*, 3\) expected, got shape \(3, 4\)"),
    (lambda: nn.ScaleNorm(3)(mg.zeros(3, 4)), r"ScaleNorm: \(\*, 3\) expected"),
    (lambda: nn.LayerScale(3)(mg.zeros(3, 4)), r"LayerScale: \(\*, 3\) expected"),
    (lambda: nn.PixelNorm()(mg.zeros(3)), r"PixelNorm: \(N, C, \*\) expected"),
    (lambda: nn.FilterResponseNorm(3)(mg.zeros(2, 4, 5)), "FilterResponseNorm: 3 channels expected"),
    (lambda: nn.GlobalResponseNorm(3)(mg.zeros(2, 3)), "GlobalResponseNorm: 3-d or more input expected"),
    (lambda: nn.SwitchableNorm(3)(mg.zeros(2, 3)), "SwitchableNorm: 3-d or more input expected"),
    (lambda: nn.EvoNormB0(3)(mg.zeros(2, 4, 5)), "EvoNormB0: 3 channels expected"),
    (lambda: nn.EvoNormS0(4, num_groups=3), "EvoNormS0: 4 channels cannot be split into 3 groups"),
    (lambda: nn.DynamicTanh((2, 3))(mg.zeros(2, 4)), r"DynamicTanh: the input's shape \(2, 4\) must end in \(2, 3\)"),
    (lambda: nn.WeightStandardization()(mg.zeros(3)), r"WeightStandardization: \(out, in, \*kernel\) expected"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message):
        call()
