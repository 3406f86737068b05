"""Dropout and its relatives: rates, means and variances with tolerances from the sample size, and their gradients."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.autograd import gradcheck, gradgradcheck
from microgradnet.backends import philox
from microgradnet.backends.cpu import launcher as cpu
from microgradnet.nn import functional as F
from microgradnet.ops.nn.dropout import drop
from tests.covered import covers
from tests.oracle import oracle


@pytest.fixture(autouse=True)
def seed():
    mg.manual_seed(0)


def rate_error(p: float, n: int) -> float:
    """Five standard deviations of the share of n draws."""
    return 5 * math.sqrt(p * (1 - p) / n)


def test_philox_gives_its_authors_known_answers():
    low, high = np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFFFFFFFFFFFF)
    zero = philox.philox(np.uint64(0), np.uint64(0), np.uint64(0))
    assert [hex(int(v)) for v in zero] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    other = philox.philox(high, low, low)
    assert len({int(v) for v in (*zero, *other)}) == 8


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 200_003])
def test_the_mask_is_the_same_by_one_thread_and_by_all(size, monkeypatch):
    x, key = np.ones(size, np.float32), np.array([7, 9], np.uint64)
    results = []
    for threads in (1, 2):
        monkeypatch.setattr(cpu.threads, "get_num_threads", lambda threads=threads: threads)
        out = np.empty_like(x)
        philox.dropped(x, key, np.uint64(2**31), np.float32(2), out)
        results.append(out)
    np.testing.assert_array_equal(*results)
    assert set(np.unique(results[0])) <= {0.0, 2.0}


@covers("F.dropout", "nn.Dropout", "nn.VanillaDropout")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_rate_and_mean_and_that_inverted_and_vanilla_agree_in_expectation(p, dtype):
    n = 60_000
    x = mg.ones(n, dtype=dtype)
    inverted, vanilla = nn.Dropout(p)(x).numpy(), nn.VanillaDropout(p)(x).numpy()
    for out, scale in ((inverted, 1 / (1 - p)), (vanilla, 1.0)):
        assert abs((out == 0).mean() - p) < rate_error(p, n)
        np.testing.assert_allclose(np.unique(out), [0, scale], rtol=1e-6)
    assert abs(inverted.mean() - 1) < rate_error(p, n) / (1 - p)
    assert abs(vanilla.mean() - nn.VanillaDropout(p).eval()(x).numpy().mean()) < rate_error(p, n)
    assert out.dtype == dtype


def test_the_gradient_goes_through_what_was_kept_and_so_does_the_second():
    x = mg.Tensor(np.random.default_rng(0).standard_normal((5, 7)), requires_grad=True)
    out = F.dropout(x, 0.4)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy() * x.detach().numpy(), out.detach().numpy())
    key = np.array([3, 4], np.uint64)
    assert gradcheck(lambda x: drop(x, key, 0.4, 1.5), [x])
    assert gradgradcheck(lambda x: drop(x, key, 0.4, 1.5), [x])
    assert drop(x.T, key, 0.4, 1.5).shape == (7, 5)


def test_the_same_seed_gives_the_same_mask_and_another_call_another():
    layer, x = nn.Dropout(), mg.ones(100)
    mg.manual_seed(5)
    first, second = layer(x).tolist(), layer(x).tolist()
    mg.manual_seed(5)
    assert layer(x).tolist() == first != second


def test_masks_are_drawn_anew_in_every_replay_and_match_their_gradient():
    w = mg.ones(400, requires_grad=True)

    def step():
        w.grad = None
        out = F.dropout(w * 1, 0.5)
        out.sum().backward()
        return out

    captured, seen = mg.capture(step, fallback=False), []
    for _ in range(7):
        out = captured()
        np.testing.assert_array_equal(out.numpy(), w.grad.numpy())
        seen.append(out.tolist())
    assert captured.replays >= 3
    assert len({tuple(s) for s in seen}) == 7


@covers("F.dropout1d", "F.dropout2d", "F.dropout3d", "nn.Dropout1d", "nn.Dropout2d", "nn.Dropout3d")
@pytest.mark.parametrize(
    ("name", "shape", "lead"),
    [
        ("Dropout1d", (30, 40, 3), 2),
        ("Dropout1d", (900, 3), 1),
        ("Dropout2d", (30, 40, 2, 3), 2),
        ("Dropout2d", (30, 40, 3), 2),
        ("Dropout3d", (30, 40, 2, 2, 2), 2),
        ("Dropout3d", (900, 2, 2, 2), 1),
        ("FeatureAlphaDropout", (30, 40, 3), 2),
    ],
)
def test_whole_channels_are_dropped(name, shape, lead):
    out = getattr(nn, name)(0.3)(mg.ones(*shape)).numpy().reshape(*shape[:lead], -1)
    assert (out == out[..., :1]).all()
    low = out[..., 0] == out.min()
    assert abs(low.mean() - 0.3) < rate_error(0.3, low.size)


@covers("F.alpha_dropout", "F.feature_alpha_dropout", "nn.AlphaDropout", "nn.FeatureAlphaDropout")
@pytest.mark.parametrize("p", [0.05, 0.5])
def test_alpha_dropout_keeps_mean_zero_and_variance_one(p):
    n = 200_000
    x = mg.Tensor(np.random.default_rng(1).standard_normal(n))
    out = nn.AlphaDropout(p)(x).numpy()
    assert abs(out.mean()) < 5 / math.sqrt(n)
    fourth = ((out - out.mean()) ** 4).mean()
    assert abs(out.var() - 1) < 5 * math.sqrt((fourth - 1) / n) + 5 / math.sqrt(n)
    # A constant shows the two values of the paper: a·(x + …) kept, and saturated.
    kept, dropped = np.unique(nn.AlphaDropout(p)(mg.ones(1000, dtype=mg.float64)).numpy())[::-1]
    a = 1 / math.sqrt((1.7580993408473766**2 * p + 1) * (1 - p))
    b = a * 1.7580993408473766 * p
    assert kept == pytest.approx(a + b)
    assert dropped == pytest.approx(-a * 1.7580993408473766 + b)


ALL = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


@pytest.mark.parametrize("name", ALL)
def test_eval_and_p_of_zero_are_the_identity_and_p_of_one_gives_zeros(name):
    torch = oracle()
    shape = {"Dropout3d": (2, 3, 2, 2, 2), "Dropout2d": (2, 3, 2, 2)}.get(name, (2, 3, 2))
    x = mg.randn(*shape, requires_grad=True)
    layer = getattr(nn, name)
    assert layer(0.7).eval()(x) is x
    assert layer(0.0)(x).tolist() == x.tolist()
    out = layer(1.0)(x)
    theirs = getattr(torch.nn, name)(1.0)(torch.tensor(x.detach().numpy()))
    np.testing.assert_array_equal(out.detach(), theirs.numpy())
    out.sum().backward()
    assert (x.grad.numpy() == 0).all()
    assert repr(layer(0.25)) == repr(getattr(torch.nn, name)(0.25))
    y = mg.ones(*shape)
    assert layer(0.5, inplace=True)(y) is y
    assert (y.numpy() != 1).any()


@covers("nn.DropConnect")
def test_dropconnects_mean_is_that_of_the_scaled_weights():
    layer, n = nn.DropConnect(6, 4, p=0.3).double(), 8000
    x = mg.Tensor(np.tile(np.linspace(-1, 2, 6), (n, 1)))
    out = layer(x).detach().numpy()
    expected = layer.eval()(x[:1]).detach().numpy()[0]
    spread = out.std(0) / math.sqrt(n)
    assert (abs(out.mean(0) - expected) < 5 * spread).all()
    w = layer.weight.detach().numpy()
    variance = 0.3 * 0.7 * (w**2 * x.numpy()[0] ** 2).sum(1)
    fourth = ((out - out.mean(0)) ** 4).mean(0)
    assert (abs(out.var(0) - variance) < 5 * np.sqrt((fourth - variance**2) / n)).all()
    shared = nn.DropConnect(6, 4, p=0.3, per_sample=False)(mg.ones(3, 6)).detach().numpy()
    assert (shared == shared[0]).all()
    assert nn.DropConnect(6, 4)(mg.ones(2, 3, 6)).shape == (2, 3, 4)
    layer.train()(x).sum().backward()
    kept = layer.weight.grad.numpy() / x.numpy()[0] / n
    assert (abs(kept - 0.7) < rate_error(0.3, n) * 1.01).all()


@covers("nn.DropPath")
def test_drop_path_drops_whole_samples():
    out = nn.DropPath(0.25)(mg.ones(4000, 2, 3)).numpy().reshape(4000, -1)
    np.testing.assert_allclose(np.unique(out), [0, 4 / 3], rtol=1e-6)
    assert (out == out[:, :1]).all()
    assert abs((out[:, 0] == 0).mean() - 0.25) < rate_error(0.25, 4000)
    assert nn.DropPath(1.0)(mg.ones(2)).tolist() == [0, 0]


@covers("nn.StochasticDepth")
def test_stochastic_depth_leaves_the_block_out_and_weights_it_in_eval():
    layer = nn.StochasticDepth(nn.Identity(), 0.3)
    outputs = np.array([layer(mg.ones(1)).item() for _ in range(2000)])
    assert set(outputs) == {1.0, 2.0}
    assert abs((outputs == 1).mean() - 0.3) < rate_error(0.3, 2000)
    assert layer.eval()(mg.ones(1)).item() == pytest.approx(1.7)


@covers("nn.DropBlock2d")
def test_dropblock_drops_squares_at_about_its_rate_and_keeps_the_mean():
    size, p = 3, 0.2
    x = mg.ones(20, 20, 16, 16)
    out = nn.DropBlock2d(p, size)(x).numpy()
    zero = out == 0
    # Blocks overlap, so a bit less than p is dropped; each pixel is covered by size² centres at rate γ.
    gamma = p * 16 * 16 / (size**2 * 14 * 14)
    inner = zero[:, :, 2:-2, 2:-2].mean()
    assert abs(inner - (1 - (1 - gamma) ** size**2)) < 0.01
    assert abs(out.mean() - 1) < 1e-5
    for plane in zero.reshape(-1, 16, 16)[:50]:  # each dropped pixel lies in a dropped square
        windows = np.lib.stride_tricks.sliding_window_view(plane, (size, size)).all((2, 3))
        covered = np.zeros_like(plane)
        for i, j in np.argwhere(windows):
            covered[i : i + size, j : j + size] = True
        np.testing.assert_array_equal(covered, plane)


@covers("nn.GaussianDropout", "nn.GaussianNoise")
def test_gaussian_noise_has_the_stated_moments():
    n, x = 100_000, mg.full((100_000,), 2.0, dtype=mg.float64)
    for layer, std in ((nn.GaussianDropout(0.2), 2 * 0.5), (nn.GaussianNoise(0.3), 0.3)):
        out = layer(x).numpy()
        assert abs(out.mean() - 2) < 5 * std / math.sqrt(n)
        assert abs(out.std() - std) < 5 * std / math.sqrt(2 * n)
        assert layer.eval()(x) is x


@covers("nn.Standout")
def test_standout_keeps_units_by_their_own_probability():
    linear = nn.Linear(3, 2).double()
    layer, n = nn.Standout(linear, alpha=1.5, beta=-0.2), 20_000
    x = mg.Tensor(np.tile([0.5, -1.0, 2.0], (n, 1)))
    keep = 1 / (1 + np.exp(-(1.5 * linear(x[:1]).detach().numpy() - 0.2)))[0]
    out = layer(x, mg.ones(n, 2, dtype=mg.float64)).numpy()
    assert (abs(out.mean(0) - keep) < 5 * np.sqrt(keep * (1 - keep) / n)).all()
    np.testing.assert_allclose(layer.eval()(x[:1], mg.ones(1, 2, dtype=mg.float64)).numpy()[0], keep)
    assert list(layer.parameters()) == []


@covers("nn.Zoneout")
def test_zoneout_keeps_old_values():
    old, new = mg.zeros(10_000), mg.ones(10_000)
    out = nn.Zoneout(0.2)(old, new).numpy()
    assert set(np.unique(out)) == {0.0, 1.0}
    assert abs((out == 0).mean() - 0.2) < rate_error(0.2, 10_000)
    assert nn.Zoneout(0.2).eval()(old, new).numpy().max() == pytest.approx(0.8)
    large = nn.Zoneout(0.5)(mg.full((100,), 1e8), mg.full((100,), 1e-3)).numpy()
    np.testing.assert_array_equal(np.unique(large), np.float32([1e-3, 1e8]))
    grads = [mg.ones(100, requires_grad=True) for _ in range(2)]
    nn.Zoneout(0.5)(*grads).sum().backward()
    np.testing.assert_array_equal(grads[0].grad.array + grads[1].grad.array, 1)


@covers("nn.VariationalDropout")
def test_variational_dropout_has_one_mask_for_all_time_steps():
    for batch_first, time in ((False, 0), (True, 1)):
        out = nn.VariationalDropout(0.5, batch_first)(mg.ones(6, 6, 300)).numpy()
        first = np.take(out, [0], time)
        assert (out == first).all()
        assert abs((first == 0).mean() - 0.5) < rate_error(0.5, first.size)


@covers("nn.ConcreteDropout")
def test_concrete_dropout_follows_its_equation_and_learns_p():
    layer = nn.ConcreteDropout(0.3, temperature=0.1).double()
    n = 20_000
    out = layer(mg.ones(n, dtype=mg.float64)).detach().numpy()
    assert abs((out < 0.5 / 0.7).mean() - 0.3) < rate_error(0.3, n)
    mg.manual_seed(3)
    got = layer(mg.ones(4, dtype=mg.float64)).detach().numpy()
    mg.manual_seed(3)
    eps = float(np.finfo(np.float64).eps)
    u = mg.random.default_generator.numpy.uniform(eps, 1 - eps, 4)
    z = 1 / (1 + np.exp(-(math.log(0.3 / 0.7) + np.log(u) - np.log(1 - u)) / 0.1))
    np.testing.assert_allclose(got, (1 - z) / 0.7, rtol=1e-6)
    weight = mg.full((2, 2), 3.0, dtype=mg.float64)
    p = layer.p.item()
    entropy = p * math.log(p) + (1 - p) * math.log(1 - p)
    assert layer.regularization(weight, 5, 0.1, 0.2).item() == pytest.approx(0.1 * 36 / (1 - p) + 0.2 * 5 * entropy)
    layer.regularization(weight, 5, 0.0, 1.0).backward()
    layer.p_logit.array -= layer.p_logit.grad.array
    assert layer.p.item() > p  # the entropy draws p towards ½


@covers("nn.ShakeShake")
def test_shake_shake_mixes_forward_and_backward_by_different_draws():
    a, b = mg.zeros(500, 2, requires_grad=True), mg.ones(500, 2, requires_grad=True)
    out = nn.ShakeShake()(a, b)
    alpha = 1 - out.detach().numpy()[:, 0]
    out.sum().backward()
    beta = a.grad.numpy()[:, 0]
    np.testing.assert_allclose(a.grad.numpy() + b.grad.numpy(), 1, rtol=1e-6)
    assert abs(alpha.mean() - 0.5) < 5 / math.sqrt(12 * 500)
    assert abs(np.corrcoef(alpha, beta)[0, 1]) < 5 / math.sqrt(500)


@covers("nn.ShakeDrop")
def test_shake_drop_has_its_expectation():
    n = 20_000
    x = mg.ones(n, 1, requires_grad=True)
    out = nn.ShakeDrop(0.4)(x)
    values = out.detach().numpy()
    assert abs((values == 1).mean() - 0.6) < rate_error(0.6, n)
    assert abs(values.mean() - 0.6) < 5 * values.std() / math.sqrt(n)
    out.sum().backward()
    g = x.grad.numpy()
    assert abs((g == 1).mean() - 0.6) < rate_error(0.6, n)
    assert abs(g.mean() - (0.6 + 0.4 * 0.5)) < 5 * g.std() / math.sqrt(n)


@covers("nn.MCDropout")
def test_monte_carlo_predictions_average_and_spread():
    model = nn.Sequential(nn.MCDropout(0.5), nn.Flatten(0))
    mean, std = nn.MCDropout.predict(model, mg.ones(4, dtype=mg.float64), samples=4000)
    assert (abs(mean.numpy() - 1) < 5 / math.sqrt(4000)).all()
    np.testing.assert_allclose(std.numpy(), 1, atol=0.01)
    assert model.training
    with pytest.raises(ValueError, match="has no MCDropout"):
        nn.MCDropout.predict(nn.ReLU(), mg.ones(1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Dropout(1.5), ValueError, r"Dropout: a probability in \[0, 1\] expected, got p=1.5"),
        (lambda: F.dropout(mg.ones(2), -0.1), ValueError, r"dropout: .* got p=-0.1"),
        (lambda: F.dropout(mg.tensor([1, 2])), TypeError, "a floating tensor expected, got int64"),
        (lambda: nn.Dropout1d()(mg.ones(2)), RuntimeError, "2 or 3 dimensions"),
        (lambda: F.feature_alpha_dropout(mg.ones(2), training=True), RuntimeError, "2 or more dimensions"),
        (lambda: nn.DropConnect(1, 1, p=2), ValueError, "DropConnect"),
        (lambda: nn.DropBlock2d(block_size=0), ValueError, "block_size must be positive"),
        (lambda: nn.DropBlock2d()(mg.ones(2, 2)), ValueError, "3 or 4 dimensions"),
        (lambda: nn.GaussianDropout(1.0), ValueError, "p must be below 1"),
        (lambda: nn.GaussianNoise(-1.0), ValueError, "std must not be negative"),
        (lambda: nn.GaussianNoise(0.5)(mg.ones(3).long()), TypeError, "GaussianNoise.*float"),
        (lambda: nn.GaussianDropout(0.5)(mg.ones(3).long()), TypeError, "GaussianDropout.*float"),
        (lambda: nn.VariationalDropout()(mg.ones(2)), ValueError, "a sequence expected"),
        (lambda: nn.ConcreteDropout(0.0), ValueError, r"in \(0, 1\)"),
        (lambda: nn.ConcreteDropout(0.5, 0.0), ValueError, "temperature must be positive"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", ["Dropout2d", "Dropout3d"])
def test_an_unusual_rank_warns_as_in_pytorch(name):
    with pytest.warns(UserWarning, match="dimensions expected"):
        getattr(nn, name)()(mg.ones(2, 3))
