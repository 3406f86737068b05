"""Lookahead, SAM and ASAM around other optimizers; penalties."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn, optim
from tests.covered import covers
from tests.optim.beyond import gradients, run, start


def same(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(getattr(a, "array", a), getattr(b, "array", b))


def close(params, expected, tolerance=1e-12) -> None:
    for p, wanted in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.array, wanted, rtol=tolerance, atol=tolerance)


@covers("optim.Lookahead")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("k", "alpha"), [(2, 0.5), (3, 0.8), (1, 0.3)])
def test_lookahead_is_algorithm_1(k, alpha, dtype):
    params, steps = start(dtype), gradients(dtype)
    run(optim.Lookahead(optim.SGD(params, lr=0.1, momentum=0.9), k=k, alpha=alpha), params, steps)
    expected = []
    for i, p in enumerate(start(dtype)):
        slow = fast = p.array.astype("float64")
        velocity = 0.0
        for t, step in enumerate(steps, 1):
            velocity = 0.9 * velocity + step[i]
            fast = fast - 0.1 * velocity
            if t % k == 0:
                slow = slow + alpha * (fast - slow)
                fast = slow
        expected.append(fast)
    close(params, expected, 1e-5 if dtype == "float32" else 1e-12)


SCALE = [3.0, 0.5, 2.0, 1.0, 0.1]


def closure_of(optimizer, params, sign=1.0):
    def closure():
        optimizer.zero_grad()
        loss = sign * sum(scale * (p**4).sum() for scale, p in zip(SCALE, params, strict=True))
        loss.backward()
        return loss

    return closure


def slope(arrays):
    return [4 * scale * p**3 for scale, p in zip(SCALE, arrays, strict=True)]


@covers("optim.SAM", "optim.ASAM")
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), [("SAM", {"rho": 0.1}), ("ASAM", {"rho": 0.2, "eta": 0.05})])
def test_the_gradient_is_taken_uphill(name, options, dtype, sign):
    params = start(dtype)
    expected = [p.array.astype("float64") for p in params]
    optimizer = getattr(optim, name)(optim.SGD(params, lr=1e-3, momentum=0.5, maximize=sign < 0), **options)
    closure, velocity = closure_of(optimizer, params, sign), [0.0] * len(params)
    for _ in range(4):
        loss = optimizer.step(closure)
        value = sum(scale * np.sum(p**4) for scale, p in zip(SCALE, expected, strict=True))
        assert sign * loss.item() == pytest.approx(value, rel=1e-4)
        g = slope(expected)
        stretch = [np.abs(p) + options["eta"] if name == "ASAM" else 1.0 for p in expected]
        norm = np.sqrt(sum(np.sum((t * s) ** 2) for t, s in zip(stretch, g, strict=True)))
        near = [p + options["rho"] * t**2 * s / norm for p, t, s in zip(expected, stretch, g, strict=True)]
        velocity = [0.5 * v + s for v, s in zip(velocity, slope(near), strict=True)]
        expected = [p - 1e-3 * v for p, v in zip(expected, velocity, strict=True)]
    close(params, expected, 1e-4 if dtype == "float32" else 1e-11)


def test_sam_restores_the_parameters_when_the_closure_fails():
    params = start()
    optimizer = optim.SAM(optim.SGD(params, lr=0.1))
    inner, calls = closure_of(optimizer, params), []

    def closure():
        calls.append(None)
        if len(calls) == 2:
            raise RuntimeError("out of data")
        return inner()

    with pytest.raises(RuntimeError, match="out of data"):
        optimizer.step(closure)
    same(params, start())
    with pytest.raises(ValueError, match="SAM: step needs a closure"):
        optimizer.step()


WRAPPERS = {
    "Lookahead": lambda params: optim.Lookahead(optim.Adam(params, lr=0.01), k=2),
    "SAM": lambda params: optim.SAM(optim.Adam(params, lr=0.01)),
    "ASAM": lambda params: optim.ASAM(optim.SGD(params, lr=1e-4, momentum=0.9)),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_resumes_bit_for_bit(name):
    params = start("float32")
    optimizer = WRAPPERS[name](params)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, params))
    saved = copy.deepcopy(optimizer.state_dict())
    resumed = [nn.Parameter(p.array.copy()) for p in params]
    again = WRAPPERS[name](resumed)
    again.load_state_dict(saved)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, params))
        again.step(closure_of(again, resumed))
    same(params, resumed)


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_state_that_does_not_fit_changes_nothing(name):
    params = start()
    optimizer, other = WRAPPERS[name](params), WRAPPERS[name](start(shapes=[(2,)]))
    optimizer.step(closure_of(optimizer, params))
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match="groups of"):
        optimizer.load_state_dict(other.state_dict())
    broken = copy.deepcopy(before)
    broken["param_groups"][0]["lr"] = 7.0
    broken["optimizer"] = other.optimizer.state_dict()
    with pytest.raises(ValueError, match="groups of"):
        optimizer.load_state_dict(broken)
    with pytest.raises(ValueError, match="no 'optimizer'"):
        optimizer.load_state_dict(optimizer.optimizer.state_dict())
    assert optimizer.param_groups[0]["lr"] == before["param_groups"][0]["lr"]
    after = optimizer.state_dict()
    assert str(after) == str(before)


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_shares_the_groups(name):
    params = start()
    optimizer = WRAPPERS[name](params[:-1])
    optimizer.add_param_group({"params": params[-1:], "lr": 0.0})
    assert optimizer.param_groups is optimizer.optimizer.param_groups
    optimizer.step(closure_of(optimizer, params))
    same(params[-1:], start()[-1:])
    for p, q in zip(params[:-1], start(), strict=False):
        assert not np.array_equal(p.array, q.array)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: optim.Lookahead(o, k=0), "Lookahead: k must be a whole number of steps from 1, got 0"),
        (lambda o: optim.Lookahead(o, alpha=1.5), r"Lookahead: alpha must be in \[0, 1\], got 1.5"),
        (lambda o: optim.SAM(o, rho=-1), "SAM: rho must be at least 0, got -1"),
        (lambda o: optim.ASAM(o, eta=-1), "ASAM: eta must be at least 0, got -1"),
    ],
)
def test_bad_hyperparameters_of_a_wrapper(make, message):
    optimizer = optim.SGD(start(), lr=0.1)
    with pytest.raises(ValueError, match=message):
        make(optimizer)
    assert not {"k", "alpha", "rho", "eta"} & set(optimizer.param_groups[0])
    with pytest.raises(TypeError, match="an optimizer expected, got list"):
        optim.SAM(start())


numbers = st.floats(0, 3, allow_nan=False)


@covers("optim.l1_penalty", "optim.elastic_net_penalty")
@given(numbers, numbers)
def test_the_penalties_gradient_is_the_subgradient(l1, l2):
    params = [nn.Parameter(np.array([1.0, -2.0, 0.0])), nn.Parameter(np.array(-0.5))]
    loss = optim.elastic_net_penalty(params, l1, l2)
    assert loss.item() == pytest.approx(l1 * 3.5 + l2 / 2 * 5.25)
    loss.backward()
    for p in params:
        np.testing.assert_allclose(p.grad.array, l1 * np.sign(p.array) + l2 * p.array, atol=1e-300)
    assert optim.l1_penalty(params, l1).item() == pytest.approx(l1 * 3.5)


@covers("optim.proximal_l1_", "optim.proximal_elastic_net_")
@given(st.floats(-5, 5, allow_nan=False), numbers, numbers, numbers)
def test_the_proximal_step_minimizes_its_definition(start_value, lr, l1, l2):
    p = nn.Parameter(np.array([start_value]))
    optim.proximal_elastic_net_([p], lr, l1, l2)
    found = p.array[0]

    def objective(x):
        return 0.5 * (x - start_value) ** 2 + lr * (l1 * np.abs(x) + l2 / 2 * x**2)

    around = found + np.linspace(-1, 1, 201)
    assert objective(found) <= objective(around).min() + 1e-12
    q = nn.Parameter(np.array([start_value]))
    optim.proximal_l1_(q, lr * l1)
    np.testing.assert_allclose(found, q.array[0] / (1 + lr * l2))


def test_the_proximal_step_finds_the_lassos_zeros():
    random = np.random.default_rng(0)
    x, truth = random.standard_normal((200, 8)), np.array([2.0, -1.5, 0, 0, 0, 0, 0, 0])
    data, target = mg.Tensor(x), mg.Tensor(x @ truth + 0.1 * random.standard_normal(200))
    w = nn.Parameter(np.zeros(8))
    optimizer = optim.SGD([w], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        (0.5 * ((data @ w - target) ** 2).mean()).backward()
        optimizer.step()
        optim.proximal_l1_([w], 0.1 * 0.05)
    assert np.array_equal(w.array != 0, truth != 0)
    # The optimality condition of the lasso: the gradient is -strength·sign(w) where w is not 0.
    slope_there = x.T @ (x @ w.array - target.numpy()) / 200
    np.testing.assert_allclose(slope_there[:2], -0.05 * np.sign(w.array[:2]), atol=1e-6)
    assert np.all(np.abs(slope_there[2:]) <= 0.05)


@pytest.mark.parametrize("function", [optim.elastic_net_penalty, lambda p, *n: optim.proximal_elastic_net_(p, 1.0, *n)])
def test_bad_penalties(function):
    with pytest.raises(ValueError, match="l1 must be at least 0, got -1"):
        function(start(), -1, 0)
    with pytest.raises(ValueError, match="empty"):
        function([], 1, 0)
