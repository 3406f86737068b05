"""LBFGS: beside PyTorch's, the Wolfe conditions, and what it is for."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.optim.line_search import Point, strong_wolfe
from tests.covered import covers
from tests.oracle import oracle

OPTIONS = [
    {},
    {"line_search_fn": "strong_wolfe"},
    {"lr": 0.5, "max_iter": 5, "history_size": 3},
    {"lr": 0.1, "max_iter": 7, "max_eval": 12, "history_size": 2, "line_search_fn": "strong_wolfe"},
    {"max_iter": 4, "max_eval": 3, "tolerance_grad": 1e-3, "tolerance_change": 1e-6},
    {"lr": 3, "max_iter": 30, "line_search_fn": "strong_wolfe", "tolerance_change": 1e-12},
]
covers("optim.LBFGS")


def losses(library) -> dict:
    """Losses of a list of parameters (a pair and a number); they are the same text in either library."""
    return {
        "quadratic": lambda p: (p[0] ** 2).sum() + 5 * (p[0][0] - p[1]) ** 2 + (p[1] - 3) ** 2,
        "rosenbrock": lambda p: (1 - p[0][0]) ** 2 + 100 * (p[0][1] - p[0][0] ** 2) ** 2 + (p[1] - p[0][0]) ** 2,
        "wavy": lambda p: library.sin(p[0] * 3).sum() + (p[0] ** 2).sum() + library.exp(p[1] * p[1] * 0.5),
    }


START = (np.array([-1.2, 1.0]), np.array(0.5))


def step_of(optimizer, params, loss):
    def closure():
        optimizer.zero_grad()
        value = loss(params)
        value.backward()
        return value

    return lambda: optimizer.step(closure)


@pytest.mark.parametrize("which", ["quadratic", "rosenbrock", "wavy"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_steps_agree_with_pytorch(options, which):
    torch = oracle()
    ours = [nn.Parameter(a.copy()) for a in START]
    theirs = [torch.nn.Parameter(torch.tensor(a)) for a in START]
    optimizer, reference = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    step, reference_step = step_of(optimizer, ours, losses(mg)[which]), step_of(reference, theirs, losses(torch)[which])
    for _ in range(1 if which == "quadratic" else 2):  # its minimum is exact then: rounding decides what follows
        np.testing.assert_allclose(step().item(), reference_step().item(), rtol=1e-8, atol=1e-9)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach(), q.detach().numpy(), rtol=1e-7, atol=1e-7)
    mine, other = optimizer.state[ours[0]], reference.state[theirs[0]]
    assert (mine["n_iter"], mine["func_evals"]) == (other["n_iter"], other["func_evals"])


@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_a_pytorch_state_is_taken_over_and_ours_by_pytorch(options):
    torch = oracle()
    ours = [nn.Parameter(a.copy()) for a in START]
    theirs = [torch.nn.Parameter(torch.tensor(a)) for a in START]
    optimizer = optim.LBFGS(ours, max_iter=3, **options)
    reference = torch.optim.LBFGS(theirs, max_iter=3, **options)
    step_of(optimizer, ours, losses(mg)["quadratic"])()
    step_of(reference, theirs, losses(torch)["quadratic"])()
    mine = copy.deepcopy(optimizer.state_dict())
    optimizer.load_state_dict(reference.state_dict())
    state = mine["state"][0]
    for name, value in state.items():
        if isinstance(value, list):
            state[name] = [torch.tensor(v.numpy()) if isinstance(v, mg.Tensor) else v for v in value]
        elif isinstance(value, mg.Tensor):
            state[name] = torch.tensor(value.numpy())
    reference.load_state_dict(mine)
    step_of(optimizer, ours, losses(mg)["quadratic"])()
    step_of(reference, theirs, losses(torch)["quadratic"])()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach(), q.detach().numpy(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_resuming_from_a_checkpoint_is_bit_identical(options, dtype):
    def fresh(arrays):
        params = [nn.Parameter(a) for a in arrays]
        optimizer = optim.LBFGS(params, **{"max_iter": 3, **options})
        return params, optimizer, step_of(optimizer, params, losses(mg)["rosenbrock"])

    through, _, step = fresh([a.astype(dtype) for a in START])
    for _ in range(4):
        step()
    stopped, optimizer, step = fresh([a.astype(dtype) for a in START])
    step()
    saved = pickle.loads(pickle.dumps((optimizer.state_dict(), [p.array for p in stopped])))
    resumed, optimizer, step = fresh(saved[1])
    optimizer.load_state_dict(saved[0])
    for _ in range(3):
        step()
    for p, q in zip(through, resumed, strict=True):
        np.testing.assert_array_equal(p.detach(), q.detach())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rosenbrock_is_minimized(dtype):
    p = [nn.Parameter(a.astype(dtype)) for a in START]
    step = step_of(optim.LBFGS(p, line_search_fn="strong_wolfe", max_iter=100), p, losses(mg)["rosenbrock"])
    step()
    np.testing.assert_allclose(p[0].detach(), [1, 1], atol=1e-2 if dtype == "float32" else 1e-6)


def test_a_quadratic_of_n_variables_is_done_in_few_evaluations():
    random = np.random.default_rng(0)
    matrix = random.standard_normal((6, 6))
    matrix = mg.Tensor(matrix @ matrix.T + np.eye(6))
    p = [nn.Parameter(random.standard_normal(6))]
    optimizer = optim.LBFGS(p, line_search_fn="strong_wolfe", max_iter=60, tolerance_change=1e-14)
    step = step_of(optimizer, p, lambda p: (p[0] * (matrix @ p[0])).sum())
    step()
    assert step().item() < 1e-9
    assert optimizer.state[p[0]]["func_evals"] < 80


@settings(max_examples=50, deadline=None)
@given(
    coefficients=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    first=st.floats(0.01, 10),
)
def test_the_step_found_satisfies_the_strong_wolfe_conditions(coefficients, first):
    a, b, c = coefficients

    def at(t: float) -> Point:  # bounded below; its slope at 0 is −1
        wave = a * np.sin(t) + b * np.sin(2 * t) + c * np.cos(t)
        slope = a * np.cos(t) + 2 * b * np.cos(2 * t) - c * np.sin(t)
        return Point(t, wave + t * t / 4 - (a + 2 * b + 1) * t, np.zeros(1), slope + t / 2 - (a + 2 * b + 1))

    point, calls = strong_wolfe(at, at(0.0), first, 1.0, 60)
    assert point.loss <= at(0.0).loss - 1e-4 * point.t
    assert abs(point.slope) <= 0.9 + 1e-6
    assert calls <= 61


def test_parameters_without_a_gradient_stay():
    used, unused = nn.Parameter([2.0]), nn.Parameter([5.0])
    step_of(optim.LBFGS([used, unused]), [used], lambda p: (p[0] ** 2).sum())()
    assert used.item() == pytest.approx(0, abs=1e-5)
    assert unused.item() == 5.0


def test_bad_input():
    p = nn.Parameter([1.0])
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([p]).step()
    with pytest.raises(ValueError, match="one group"):
        optim.LBFGS([{"params": [p]}, {"params": [nn.Parameter([2.0])]}])
    with pytest.raises(ValueError, match="strong_wolfe"):
        optim.LBFGS([p], line_search_fn="armijo")
    with pytest.raises(ValueError, match="history_size"):
        optim.LBFGS([p], history_size=0)
    optimizer = optim.LBFGS([p])
    step_of(optimizer, [p], lambda p: (p[0] ** 2).sum())()
    other = optim.LBFGS([nn.Parameter([1.0, 2.0])])
    with pytest.raises(ValueError, match="the state is of 1 numbers, the parameters have 2"):
        other.load_state_dict(optimizer.state_dict())
