"""Muon: beside PyTorch's, with and without its rounding to bfloat16; what orthogonalization does."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.optim.muon import orthogonalized
from tests.covered import covers
from tests.oracle import oracle

SHAPES = [(4, 3), (3, 5), (1, 6), (4, 4)]
OPTIONS = [
    {},
    {"lr": 0.1, "weight_decay": 0.5, "momentum": 0.8, "nesterov": False},
    {"lr": 0.02, "ns_coefficients": (2.0, -1.5, 0.5), "ns_steps": 7, "eps": 1e-3, "adjust_lr_fn": "match_rms_adamw"},
    {"lr": 0.02, "adjust_lr_fn": "original"},
]
covers("optim.Muon")


def steps(torch, options: dict, dtype: str, count: int) -> tuple[list, list]:
    """The parameters after ``count`` steps over the same gradients, in both libraries."""
    random = np.random.default_rng(0)
    start = [random.standard_normal(shape).astype(dtype) for shape in SHAPES]
    ours, theirs = [nn.Parameter(a.copy()) for a in start], [torch.nn.Parameter(torch.tensor(a)) for a in start]
    optimizer, reference = optim.Muon(ours, **options), torch.optim.Muon(theirs, **options)
    for _ in range(count):
        for p, q in zip(ours, theirs, strict=True):
            g = random.standard_normal(p.shape).astype(dtype)
            p.grad, q.grad = mg.Tensor(g), torch.tensor(g)
        optimizer.step()
        reference.step()
    return [p.detach().numpy() for p in ours], [q.detach().numpy() for q in theirs]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_fifty_steps_agree_with_pytorch_s_iteration_in_full_precision(options, monkeypatch):
    torch = oracle()
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    for ours, theirs in zip(*steps(torch, options, "float64", 50), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_step_is_pytorch_s_up_to_its_rounding_to_bfloat16(options):
    rate = options.get("lr", 1e-3) * 3
    for ours, theirs in zip(*steps(oracle(), options, "float32", 1), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.05 * rate)


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_1_and_singular_vectors_stay(shape):
    matrix = np.random.default_rng(1).standard_normal(shape)
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    result = orthogonalized(matrix, (3.4445, -4.7750, 2.0315), 5, 1e-7)
    values = np.diag(u.T @ result @ vt.T)
    np.testing.assert_allclose(u @ np.diag(values) @ vt, result, atol=1e-9)
    assert np.all((values > 0.3) & (values < 1.3))


def test_a_zero_gradient_only_decays():
    p = nn.Parameter(np.ones((2, 2)))
    p.grad = mg.Tensor(np.zeros((2, 2)))
    optim.Muon([p], lr=0.5, weight_decay=0.1).step()
    np.testing.assert_allclose(p.detach(), np.full((2, 2), 0.95))


def test_the_minimum_of_a_quadratic_of_a_matrix_is_reached():
    target = mg.Tensor(np.random.default_rng(2).standard_normal((4, 3)))
    p = nn.Parameter(np.zeros((4, 3)))
    optimizer = optim.Muon([p], lr=0.2, weight_decay=0)
    for _ in range(300):
        optimizer.zero_grad()
        loss = ((p - target) ** 2).sum()
        loss.backward()
        optimizer.step()
        optimizer.param_groups[0]["lr"] *= 0.97
    assert loss.item() < 1e-4


def test_rosenbrock_is_descended():
    p = nn.Parameter(np.array([[-1.2, 1.0]]))
    optimizer, losses = optim.Muon([p], lr=0.01, weight_decay=0), []
    for _ in range(400):
        optimizer.zero_grad()
        loss = (1 - p[0, 0]) ** 2 + 100 * (p[0, 1] - p[0, 0] ** 2) ** 2
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_resuming_from_a_checkpoint_is_bit_identical():
    def run(p, optimizer, numbers):
        for number in numbers:
            p.grad = mg.Tensor(np.random.default_rng(number).standard_normal((3, 2)).astype("float32"))
            optimizer.step()

    through, stopped = (nn.Parameter(np.ones((3, 2), "float32")) for _ in range(2))
    run(through, optim.Muon([through]), range(6))
    optimizer = optim.Muon([stopped])
    run(stopped, optimizer, range(3))
    resumed = optim.Muon([stopped], lr=1.0)
    resumed.load_state_dict(optimizer.state_dict())
    run(stopped, resumed, range(3, 6))
    np.testing.assert_array_equal(through.detach(), stopped.detach())


def test_bad_input():
    matrix = nn.Parameter(np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"only matrices can be made orthogonal, got a parameter of shape \(3,\)"):
        optim.Muon([matrix, nn.Parameter(np.ones(3))])
    with pytest.raises(ValueError, match="adjust_lr_fn must be one of"):
        optim.Muon([matrix], adjust_lr_fn="largest")
    with pytest.raises(ValueError, match="ns_steps"):
        optim.Muon([matrix], ns_steps=100)
    with pytest.raises(ValueError, match="three ns_coefficients"):
        optim.Muon([matrix], ns_coefficients=(1.0, 2.0))
