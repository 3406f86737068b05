"""Averages of models, their batch norms and their schedule, beside PyTorch's; the learning-rate range test."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.optim import swa_utils
from tests.covered import covers
from tests.oracle import oracle


def models(library, torch_state=None):
    n = library.nn
    return n.Sequential(n.Linear(2, 3), n.BatchNorm1d(3), n.ReLU(), n.Linear(3, 1))


def both():
    torch = oracle()
    ours, theirs = models(mg), models(torch)
    ours.load_state_dict(theirs.state_dict())
    return torch, ours, theirs


def change(ours, theirs, torch, seed: int) -> None:
    random = np.random.default_rng(seed)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        step = random.standard_normal(p.shape).astype(np.float32)
        p.array[...] += step
        with torch.no_grad():
            q += torch.tensor(step)
    x = random.standard_normal((8, 2)).astype(np.float32)
    ours(mg.Tensor(x)), theirs(torch.tensor(x))


def averaged(library, kind: str, model):
    utils = library.optim.swa_utils
    options = {
        "mean": {},
        "swa_avg": {"avg_fn": utils.get_swa_avg_fn()},
        "swa_multi": {"multi_avg_fn": utils.get_swa_multi_avg_fn()},
        "ema_avg": {"avg_fn": utils.get_ema_avg_fn(0.7)},
        "ema_multi": {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.7)},
        "ema_buffers": {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.7), "use_buffers": True},
        "mean_buffers": {"use_buffers": True},
    }[kind]
    return utils.AveragedModel(model, **options)


@covers(
    "swa_utils.AveragedModel",
    "swa_utils.get_swa_avg_fn",
    "swa_utils.get_swa_multi_avg_fn",
    "swa_utils.get_ema_avg_fn",
    "swa_utils.get_ema_multi_avg_fn",
)
@pytest.mark.parametrize(
    "kind", ["mean", "swa_avg", "swa_multi", "ema_avg", "ema_multi", "ema_buffers", "mean_buffers"]
)
def test_averages_are_pytorchs(kind):
    torch, ours, theirs = both()
    a, b = averaged(mg, kind, ours), averaged(torch, kind, theirs)
    for seed in range(5):
        change(ours, theirs, torch, seed)
        a.update_parameters(ours), b.update_parameters(theirs)
    assert list(a.state_dict()) == list(b.state_dict())
    for (name, v), w in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        if "num_batches" in name and "buffers" in kind:
            continue  # an average of counts: PyTorch's rounds in its own way
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-5, atol=1e-6, err_msg=name)
    x = np.ones((2, 2), np.float32)
    np.testing.assert_allclose(
        a.eval()(mg.Tensor(x)).detach(), b.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5
    )


@covers("swa_utils.update_bn")
def test_running_statistics_are_worked_out_anew():
    torch, ours, theirs = both()
    random = np.random.default_rng(0)
    batches = [random.standard_normal((6, 2)).astype(np.float32) for _ in range(4)]
    ours.eval(), theirs.eval()
    swa_utils.update_bn([(mg.Tensor(b), 0) for b in batches], ours)
    torch.optim.swa_utils.update_bn([(torch.tensor(b), 0) for b in batches], theirs)
    assert not any(m.training for m in ours.modules())
    assert ours[1].momentum == theirs[1].momentum
    for a, b in zip(ours.buffers(), theirs.buffers(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("norm", "statistics"),
    [
        (lambda: nn.BatchRenorm(3), {"running_mean": lambda x: x.mean((0, 2)), "running_std": None}),
        (lambda: nn.EvoNormB0(3), {"running_var": lambda x: x.var((0, 2))}),
        (lambda: nn.SwitchableNorm(3), {"running_mean": lambda x: x.mean((0, 2))}),
        (lambda: nn.Sequential(nn.Flatten(1, 1), nn.PowerNorm(5)), {"1.running_square": lambda x: (x**2).mean((0, 1))}),
        (lambda: nn.InstanceNorm1d(3, track_running_stats=True), {"running_mean": lambda x: x.mean((0, 2))}),
    ],
    ids=["BatchRenorm", "EvoNormB0", "SwitchableNorm", "PowerNorm", "InstanceNorm1d"],
)
def test_running_statistics_beyond_pytorchs_are_means_over_all_batches(norm, statistics):
    random = np.random.default_rng(0)
    batches = [random.standard_normal((6, 3, 5)).astype(np.float32) * 2 + 1 for _ in range(4)]
    model = norm().eval()
    settings = [dict(vars(m)) for m in model.modules()]
    for _ in range(2):  # the second pass forgets the first
        swa_utils.update_bn([mg.Tensor(b) for b in batches], model)
    buffers = dict(model.named_buffers())
    for name, of in statistics.items():
        of = of or (lambda x: np.sqrt(x.var((0, 2)) + 1e-5))
        np.testing.assert_allclose(buffers[name].numpy(), np.mean([of(b) for b in batches], 0), rtol=1e-5)
    for m, was in zip(model.modules(), settings, strict=True):
        assert not m.training
        for name in ("momentum", "alpha_forward"):
            assert getattr(m, name, None) == was.get(name)


@covers("swa_utils.SWALR")
@pytest.mark.parametrize(
    "options", [{}, {"anneal_epochs": 4, "anneal_strategy": "linear"}, {"anneal_epochs": 0}], ids=str
)
def test_the_schedule_is_pytorchs(options):
    torch = oracle()
    rows = []
    for library in (mg, torch):
        p = nn.Parameter([1.0]) if library is mg else torch.nn.Parameter(torch.tensor([1.0]))
        optimizer = library.optim.SGD([p], lr=0.5)
        decay = library.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        for _ in range(3):
            optimizer.step(), decay.step()
        swa = library.optim.swa_utils.SWALR(optimizer, 0.05, **options)
        rows.append([optimizer.param_groups[0]["lr"]])
        for _ in range(20):
            optimizer.step(), swa.step()
            rows[-1].append(optimizer.param_groups[0]["lr"])
    np.testing.assert_allclose(*rows, rtol=1e-12)


def test_bad_arguments_of_averages():
    with pytest.raises(ValueError, match="not both"):
        swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=abs, multi_avg_fn=abs)
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\], got 2"):
        swa_utils.get_ema_avg_fn(2)
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.1)
    with pytest.raises(ValueError, match="got 'exp'"):
        swa_utils.SWALR(optimizer, 0.1, anneal_strategy="exp")
    with pytest.raises(ValueError, match="from 0 on, got -1"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)
    with pytest.raises(ValueError, match="for each of 1 groups expected, got 2"):
        swa_utils.SWALR(optimizer, [0.1, 0.2])


def test_the_range_test_finds_where_it_learns_and_leaves_all_as_it_was():
    mg.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.3, momentum=0.5)
    x = mg.randn(64, 3)
    y = x @ mg.tensor([[1.0], [-2.0], [0.5]])
    (model(x) - y).pow(2).mean().backward()
    optimizer.step()
    weights, momentum = model.weight.tolist(), optimizer.state[model.weight]["momentum_buffer"].tolist()
    result = optim.lr_range_test(model, optimizer, nn.functional.mse_loss, [(x, y)], start_lr=1e-5, end_lr=10.0)
    assert 1e-3 < result.suggestion < 1.5  # descent on this loss diverges near 2/λ_max of its Hessian, about 1
    assert result.losses[-1] < result.losses[0] or len(result.losses) < 100
    assert model.weight.tolist() == weights
    assert optimizer.state[model.weight]["momentum_buffer"].tolist() == momentum
    assert optimizer.param_groups[0]["lr"] == 0.3
    assert model.weight.grad is None


def test_the_range_test_refuses_what_it_cannot_do():
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="there are no batches"):
        optim.lr_range_test(model, optimizer, nn.functional.mse_loss, [])
    with pytest.raises(ValueError, match="0 < start_lr < end_lr"):
        optim.lr_range_test(model, optimizer, nn.functional.mse_loss, [], start_lr=1.0, end_lr=0.1)
    with pytest.raises(ValueError, match="at least 2 steps"):
        optim.lr_range_test(model, optimizer, nn.functional.mse_loss, [], steps=1)
