"""Optimizers that need more than gradients: noise, the loss (PolyakSGD), a Hessian (SophiaG), modes (schedule-free)."""

import copy

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.covered import covers
from tests.optim.beyond import gradients, run, start


def same(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(getattr(a, "array", a), getattr(b, "array", b))


NOISY = {
    "NoisySGD": (
        {"lr": 0.1, "eta": 0.3, "gamma": 0.6},
        lambda p, g, z, t: p - 0.1 * (g + z * (0.3 / (1 + t) ** 0.6) ** 0.5),
    ),
    "SGLD": ({"lr": 0.1}, lambda p, g, z, t: p - 0.05 * g + z * 0.1**0.5),
}
covers(*(f"optim.{name}" for name in NOISY))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NOISY)
def test_noise_is_added_as_in_the_paper(name, dtype, sign):
    options, update = NOISY[name]
    params, given = start(dtype), gradients(dtype)
    expected, random = [p.array.astype("float64") for p in params], np.random.Generator(np.random.PCG64(7))
    mg.manual_seed(7)
    found = run(getattr(optim, name)(params, **options, maximize=sign < 0), params, given, sign)
    for t, step in enumerate(given):
        expected = [
            update(p, g, random.standard_normal(np.shape(p), dtype), t) for p, g in zip(expected, step, strict=True)
        ]
        for a, b in zip(found[t], expected, strict=True):
            np.testing.assert_allclose(
                a, b, rtol=1e-12 if dtype == "float64" else 1e-5, atol=1e-12 if dtype == "float64" else 1e-6
            )


@pytest.mark.parametrize("name", NOISY)
def test_with_the_generators_state_training_resumes_bit_for_bit(name):
    options, _ = NOISY[name]
    params, given = start("float32"), gradients("float32")
    optimizer = getattr(optim, name)(params, **options)
    run(optimizer, params, given[:3])
    saved = copy.deepcopy((optimizer.state_dict(), mg.random.default_generator.get_state()))
    resumed = [nn.Parameter(p.array.copy()) for p in params]
    run(optimizer, params, given[3:])
    again = getattr(optim, name)(resumed, **options)
    again.load_state_dict(saved[0])
    mg.random.default_generator.set_state(saved[1])
    run(again, resumed, given[3:])
    same(params, resumed)


def test_sgld_samples_the_posterior():
    mg.manual_seed(0)
    mean, precision = np.array([1.0, -2.0]), np.array([100.0, 400.0])
    p = nn.Parameter(np.zeros((400, 2)))  # 400 chains at once
    optimizer = optim.SGLD([p], lr=5e-4)
    for _ in range(300):
        p.grad = mg.Tensor(precision * (p.array - mean))
        optimizer.step()
    np.testing.assert_allclose(p.array.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(p.array.var(0) * precision, 1, atol=0.25)


def polyak_closure(optimizer, params, targets, sign=1.0):
    def closure():
        optimizer.zero_grad()
        loss = sign * sum(((p - mg.Tensor(t)) ** 2).sum() for p, t in zip(params, targets, strict=True))
        loss.backward()
        return loss

    return closure


@covers("optim.PolyakSGD")
@pytest.mark.parametrize("options", [{"lr": np.inf}, {"lr": 0.1}, {"c": 0.5, "f_star": 2.0, "lr": np.inf}], ids=str)
def test_the_step_is_polyaks(options):
    given = {"lr": 1.0, "c": 1.0, "f_star": 0.0, **options}
    for sign in (1, -1):
        params, targets = start(), gradients(steps=1)[0]
        expected = [p.array.copy() for p in params]
        own = {**options, "f_star": sign * given["f_star"]}
        optimizer = optim.PolyakSGD(params, **own, maximize=sign < 0)
        closure = polyak_closure(optimizer, params, targets, sign)
        for _ in range(4):
            loss = sum(np.sum((p - t) ** 2) for p, t in zip(expected, targets, strict=True))
            assert sign * optimizer.step(closure).item() == pytest.approx(loss, rel=1e-10)
            slopes = [2 * (p - t) for p, t in zip(expected, targets, strict=True)]
            rate = (loss - given["f_star"]) / (given["c"] * sum(np.sum(g**2) for g in slopes))
            rate = min(max(rate, 0), given["lr"])
            expected = [p - rate * g for p, g in zip(expected, slopes, strict=True)]
            for p, wanted in zip(params, expected, strict=True):
                np.testing.assert_allclose(p.array, wanted, rtol=1e-10, atol=1e-12)


def test_polyak_stays_at_the_minimum_and_needs_a_closure():
    params, targets = start(), [p.array.copy() for p in start()]
    optimizer = optim.PolyakSGD(params)
    optimizer.step(polyak_closure(optimizer, params, targets))
    same(params, targets)
    with pytest.raises(ValueError, match="PolyakSGD: step needs a closure"):
        optimizer.step()


@pytest.mark.parametrize("sign", [1, -1])
def test_sophias_hessian_is_a_mean_of_squares_and_bounds_the_step(sign):
    params, given, sampled = start(), gradients(steps=6), gradients(steps=6, seed=5)
    optimizer = optim.SophiaG(params, lr=0.1, betas=(0.9, 0.8), rho=0.5, weight_decay=0.2, maximize=sign < 0)
    expected = [p.array.copy() for p in params]
    m, h = [np.zeros_like(p) for p in expected], [np.zeros_like(p) for p in expected]
    for t, step in enumerate(given):
        if t % 2 == 0:
            for p, g in zip(params, sampled[t], strict=True):
                p.grad = mg.Tensor(g)
            optimizer.update_hessian(batch_size=32)
            h = [0.8 * old + 0.2 * 32 * g**2 for old, g in zip(h, sampled[t], strict=True)]
        run(optimizer, params, [step], sign)
        m = [0.9 * old + 0.1 * g for old, g in zip(m, step, strict=True)]
        moved = [np.clip(a / np.maximum(0.5 * b, 1e-12), -1, 1) for a, b in zip(m, h, strict=True)]
        expected = [p - 0.1 * 0.2 * p - 0.1 * u for p, u in zip(expected, moved, strict=True)]
        for p, wanted in zip(params, expected, strict=True):
            np.testing.assert_allclose(p.array, wanted, rtol=1e-12, atol=1e-12)
    assert np.mean([np.mean(np.abs(u) < 1) for u in moved]) > 0
    with pytest.raises(ValueError, match="batch_size"):
        optimizer.update_hessian(0)


@pytest.mark.parametrize("name", ["ScheduleFreeSGD", "ScheduleFreeAdamW"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evaluation_shows_the_mean_and_training_goes_on_bit_for_bit(name, dtype):
    made = {"lr": 0.1, "warmup_steps": 2}
    params, plain, given = start(dtype), start(dtype), gradients(dtype)
    optimizer, never = getattr(optim, name)(params, **made), getattr(optim, name)(plain, **made)
    iterates = []
    for step in given:
        run(optimizer, params, [step])
        run(never, plain, [step])
        same(params, plain)
        iterates.append([optimizer.state[p]["z"].copy() for p in params])
        optimizer.eval()
        optimizer.eval()
        with pytest.raises(RuntimeError, match=r"call optimizer.train\(\)"):
            optimizer.step()
        optimizer.train()
        same(params, plain)
    if name == "ScheduleFreeSGD":
        optimizer.eval()
        weights = np.array([0.5, 1, 1, 1, 1, 1]) ** 2
        for i, p in enumerate(params):
            mean = sum(w * z[i].astype("float64") for w, z in zip(weights, iterates, strict=True)) / weights.sum()
            np.testing.assert_allclose(p.array, mean, rtol=1e-5, atol=1e-5 if dtype == "float32" else 1e-12)


def test_a_state_saved_in_evaluation_mode_is_taken_up():
    params, given = start("float32"), gradients("float32")
    optimizer = optim.ScheduleFreeAdamW(params)
    run(optimizer, params, given[:3])
    optimizer.eval()
    resumed, saved = [nn.Parameter(p.array.copy()) for p in params], copy.deepcopy(optimizer.state_dict())
    again = optim.ScheduleFreeAdamW(resumed)
    again.load_state_dict(saved)
    for one, its in ((optimizer, params), (again, resumed)):
        one.train()
        run(one, its, given[3:])
    same(params, resumed)
