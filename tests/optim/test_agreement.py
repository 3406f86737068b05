"""SGD and Adam over their options: 50 steps on a small net, against PyTorch's."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.oracle import oracle

OPTIONS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.01, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True}),
]


def train(library, model, optimizer, x, y, steps: int) -> None:
    for _ in range(steps):
        loss = ((library.tanh(model(x)) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def pair(dtype):
    """The same net and data in both libraries."""
    torch = oracle()
    mg.manual_seed(0)
    ours = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).to(dtype)
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).to(
        getattr(torch, dtype)
    )
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    random = np.random.default_rng(1)
    x, y = random.standard_normal((16, 3)).astype(dtype), random.standard_normal((16, 2)).astype(dtype)
    return torch, ours, theirs, (mg.Tensor(x), mg.Tensor(y)), (torch.tensor(x), torch.tensor(y))


def assert_same(ours, theirs, dtype) -> None:
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        tolerance = {"rtol": 1e-4, "atol": 2e-5} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-12}
        np.testing.assert_allclose(p.detach(), q.detach().numpy(), **tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_fifty_steps_agree_with_pytorch(name, options, dtype):
    torch, ours, theirs, data, their_data = pair(dtype)
    train(mg, ours, getattr(optim, name)(ours.parameters(), **options), *data, steps=50)
    train(torch, theirs, getattr(torch.optim, name)(theirs.parameters(), **options), *their_data, steps=50)
    assert_same(ours, theirs, dtype)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_pytorch_state_is_taken_over_in_the_middle(name):
    torch, ours, theirs, data, their_data = pair("float64")
    options = {"lr": 0.01, **({"momentum": 0.9} if name == "SGD" else {})}
    a, b = (
        getattr(optim, name)(ours.parameters(), **options),
        getattr(torch.optim, name)(theirs.parameters(), **options),
    )
    train(torch, theirs, b, *their_data, steps=5)
    ours.load_state_dict(theirs.state_dict())
    a.load_state_dict(b.state_dict())
    train(mg, ours, a, *data, steps=5)
    train(torch, theirs, b, *their_data, steps=5)
    assert_same(ours, theirs, "float64")


def test_groups_have_their_own_options():
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.5}], lr=0.1)
    (p * 2 + q * 2).sum().backward()
    optimizer.step()
    assert p.item() == pytest.approx(0.8)
    assert q.item() == pytest.approx(0.0)


def test_a_parameter_without_gradient_is_skipped_and_a_strided_one_is_updated():
    unused, strided = nn.Parameter([1.0]), nn.Parameter(np.arange(6.0).reshape(2, 3).T)
    optimizer = optim.Adam([unused, strided], lr=0.1)
    strided.sum().backward()
    optimizer.step()
    assert unused.item() == 1.0
    np.testing.assert_allclose(strided.detach(), np.arange(6.0).reshape(2, 3).T - 0.1, atol=1e-6)


def test_a_closure_recomputes_the_loss():
    p = nn.Parameter([3.0])
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert p.item() == pytest.approx(2.4)


def test_an_update_is_noticed_by_a_graph_that_needs_the_old_weight():
    p = nn.Parameter([3.0])
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_bad_input():
    p = nn.Parameter([1.0])
    with pytest.raises(ValueError, match="lr must not be negative, got -1"):
        optim.SGD([p], lr=-1)
    with pytest.raises(ValueError, match=r"betas\[1\]"):
        optim.Adam([p], betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="empty"):
        optim.SGD([], lr=0.1)
    with pytest.raises(ValueError, match="twice"):
        optim.SGD([p, p], lr=0.1)
    with pytest.raises(ValueError, match="only leaves"):
        optim.SGD([p * 2], lr=0.1)
    with pytest.raises(TypeError, match=r"use \[it\]"):
        optim.SGD(p, lr=0.1)
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD([p], nesterov=True)
    optimizer = optim.Adam([p])
    with pytest.raises(ValueError, match=r"groups of \[2\]"):
        optimizer.load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
