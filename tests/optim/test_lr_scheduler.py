"""Every schedule: the rates (and momenta) of 200 steps are PyTorch's, chained, in sequence, and after a reload."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.optim import lr_scheduler
from tests.covered import covers
from tests.oracle import oracle

STEPS = 200

# name, arguments, options; functions of the step are shared by both sides
SCHEDULES = [
    ("LambdaLR", (lambda t: 0.95**t,), {}),
    ("LambdaLR", ([lambda t: 1 / (1 + t), lambda t: 0.9**t],), {}),
    ("MultiplicativeLR", (lambda t: 0.97,), {}),
    ("StepLR", (30,), {}),
    ("StepLR", (7,), {"gamma": 0.9}),
    ("MultiStepLR", ([5, 50, 50, 120],), {"gamma": 0.5}),
    ("MultiStepLR", ([0, 10],), {}),
    ("ConstantLR", (), {}),
    ("ConstantLR", (), {"factor": 0.25, "total_iters": 40}),
    ("LinearLR", (), {}),
    ("LinearLR", (), {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 77}),
    ("ExponentialLR", (0.97,), {}),
    ("CosineAnnealingLR", (50,), {}),
    ("CosineAnnealingLR", (37,), {"eta_min": 0.01}),
    ("PolynomialLR", (), {}),
    ("PolynomialLR", (), {"total_iters": 150, "power": 2.0}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 20}),
    ("CyclicLR", ([0.01, 0.02], [0.1, 0.3]), {"step_size_up": 20, "step_size_down": 35, "mode": "triangular2"}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 9, "mode": "exp_range", "gamma": 0.99, "base_momentum": 0.7}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 9, "scale_fn": lambda x: 1 / x, "cycle_momentum": False}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 9, "scale_fn": lambda x: 0.99**x, "scale_mode": "iterations"}),
    ("CosineAnnealingWarmRestarts", (20,), {}),
    ("CosineAnnealingWarmRestarts", (10,), {"T_mult": 2, "eta_min": 0.001}),
    ("OneCycleLR", (0.5,), {"total_steps": 201}),
    ("OneCycleLR", ([0.5, 1.0],), {"epochs": 21, "steps_per_epoch": 10, "anneal_strategy": "linear"}),
    ("OneCycleLR", (0.5,), {"total_steps": 220, "three_phase": True, "pct_start": 0.25, "div_factor": 10.0}),
    ("OneCycleLR", (0.5,), {"total_steps": 201, "cycle_momentum": False, "final_div_factor": 100.0}),
]
covers(*(f"lr_scheduler.{name}" for name, *_ in SCHEDULES))
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(SCHEDULES)]


def optimizer_of(library, kind: str = "SGD"):
    groups = [{"params": [parameter(library)]}, {"params": [parameter(library)], "lr": 0.3}]
    return getattr(library.optim, kind)(groups, lr=0.1, **({"momentum": 0.9} if kind == "SGD" else {}))


def parameter(library):
    return nn.Parameter([1.0]) if library is mg else library.nn.Parameter(library.tensor([1.0]))


def snapshot(optimizer) -> list[float]:
    values = [float(group["lr"]) for group in optimizer.param_groups]
    values += [float(group["momentum"]) for group in optimizer.param_groups if "momentum" in group]
    return values + [float(group["betas"][0]) for group in optimizer.param_groups if "betas" in group]


def run(optimizer, scheduler, steps: int = STEPS) -> list[list[float]]:
    rows = [snapshot(optimizer)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rows.append(snapshot(optimizer))
        assert [float(r) for r in scheduler.get_last_lr()] == rows[-1][: len(optimizer.param_groups)]
    return rows


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "args", "options"), SCHEDULES, ids=IDS)
def test_the_rates_are_pytorchs(name, args, options, kind):
    torch = oracle()
    ours, theirs = optimizer_of(mg, kind), optimizer_of(torch, kind)
    a = run(ours, getattr(lr_scheduler, name)(ours, *args, **options))
    b = run(theirs, getattr(torch.optim.lr_scheduler, name)(theirs, *args, **options))
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("name", "args", "options"), SCHEDULES, ids=IDS)
def test_a_reload_in_the_middle_goes_on_as_if_nothing_had_been(name, args, options):
    whole = optimizer_of(mg)
    expected = run(whole, getattr(lr_scheduler, name)(whole, *args, **options))
    first = optimizer_of(mg)
    scheduler = getattr(lr_scheduler, name)(first, *args, **options)
    run(first, scheduler, 83)
    second = optimizer_of(mg)
    resumed = getattr(lr_scheduler, name)(second, *args, **options)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    assert run(second, resumed, STEPS - 83) == expected[83:]


@pytest.mark.parametrize("name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR"])
def test_step_to_an_epoch_jumps_there_as_pytorchs(name):
    torch = oracle()
    args = {"StepLR": (3,), "MultiStepLR": ([2, 8],), "ExponentialLR": (0.9,)}.get(name, ())
    ours, theirs = optimizer_of(mg), optimizer_of(torch)
    a, b = getattr(lr_scheduler, name)(ours, *args), getattr(torch.optim.lr_scheduler, name)(theirs, *args)
    for epoch in (4, 11, 2):
        for scheduler in (a, b):
            with pytest.warns(UserWarning):
                scheduler.step(epoch)
        np.testing.assert_allclose(snapshot(ours), snapshot(theirs), rtol=1e-12)


def test_fractions_of_an_epoch_with_warm_restarts():
    torch = oracle()
    ours, theirs = optimizer_of(mg), optimizer_of(torch)
    a = lr_scheduler.CosineAnnealingWarmRestarts(ours, 10, T_mult=2)
    b = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, 10, T_mult=2)
    for epoch in (0.3, 4.7, 10.0, 25.5, 69.9, 3.1):
        a.step(epoch), b.step(epoch)
        np.testing.assert_allclose(snapshot(ours), snapshot(theirs), rtol=1e-12)


def build_sequence(library):
    optimizer, s = optimizer_of(library), library.optim.lr_scheduler
    parts = [s.ConstantLR(optimizer, 0.1, 20), s.ExponentialLR(optimizer, 0.95), s.CosineAnnealingLR(optimizer, 40)]
    return optimizer, s.SequentialLR(optimizer, parts, [20, 70])


def build_chain(library):
    optimizer, s = optimizer_of(library), library.optim.lr_scheduler
    return optimizer, s.ChainedScheduler([s.LinearLR(optimizer, 0.2, total_iters=30), s.ExponentialLR(optimizer, 0.98)])


def build_sequence_of_chain(library):
    optimizer, s = optimizer_of(library), library.optim.lr_scheduler
    parts = [s.LinearLR(optimizer, 0.2, total_iters=10), s.StepLR(optimizer, 25, 0.5)]
    return optimizer, s.SequentialLR(optimizer, parts, milestones=[10])


@covers("lr_scheduler.SequentialLR", "lr_scheduler.ChainedScheduler")
@pytest.mark.parametrize("build", [build_sequence, build_chain, build_sequence_of_chain])
def test_schedules_of_schedules_are_pytorchs_and_reload(build):
    torch = oracle()
    a = run(*build(mg))
    np.testing.assert_allclose(a, run(*build(torch)), rtol=1e-12)
    first, scheduler = build(mg)
    run(first, scheduler, 45)
    second, resumed = build(mg)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    assert run(second, resumed, STEPS - 45) == a[45:]


@covers("lr_scheduler.ReduceLROnPlateau")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "max", "factor": 0.5, "patience": 3},
        {"threshold_mode": "abs", "threshold": 0.05, "patience": 2, "cooldown": 4},
        {"patience": 0, "min_lr": [0.01, 0.02], "factor": 0.3},
        {"patience": 1, "eps": 0.05, "factor": 0.5, "mode": "max", "threshold_mode": "abs"},
    ],
    ids=str,
)
def test_plateau_is_pytorchs(options):
    torch = oracle()
    metrics = np.random.default_rng(0).normal(1, 0.3, STEPS) + np.exp(-np.arange(STEPS) / 20)
    rows = []
    for library in (mg, torch):
        optimizer = optimizer_of(library)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rows.append([])
        for i, metric in enumerate(metrics):
            scheduler.step(library.tensor(float(metric)))
            rows[-1].append(snapshot(optimizer))
            if library is mg and i == 60:
                state = scheduler.state_dict()
                scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
                scheduler.load_state_dict(state)
    # The metric is float32 in both; rates are multiplied up in the same order.
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-12)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_plateau_wants_an_improvement_by_more_than_the_threshold(threshold_mode, mode):
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer_of(mg), mode, threshold=0.1, threshold_mode=threshold_mode)
    sign, threshold = (-1 if mode == "min" else 1), (0.2 if threshold_mode == "rel" else 0.1)  # from 2.0 on
    assert plateau.is_better(2 + sign * (threshold + 0.01), 2.0)
    assert not plateau.is_better(2 + sign * (threshold - 0.01), 2.0)
    assert not plateau.is_better(2 - sign * (threshold + 0.01), 2.0)


def test_plateau_counts_its_steps():
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer_of(mg))
    plateau.step(1.0)
    plateau.step(1.0)
    assert plateau.last_epoch == 2
    plateau.step(1.0, epoch=9)
    assert plateau.state_dict()["last_epoch"] == 9


def rates(name: str, *args, steps: int = 60, **options) -> np.ndarray:
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.5)
    scheduler = getattr(lr_scheduler, name)(optimizer, *args, **options)
    seen = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        scheduler.step()
        seen.append(optimizer.param_groups[0]["lr"])
    return np.array(seen)


T = np.arange(61)


@covers("lr_scheduler.InverseSqrt")
def test_inverse_sqrt_rises_to_the_base_rate_and_falls():
    n = T + 1.0
    np.testing.assert_allclose(rates("InverseSqrt", 16), 0.5 * 4 * np.minimum(n**-0.5, n * 16**-1.5))
    assert rates("InverseSqrt", 16).argmax() == 15
    assert rates("InverseSqrt", 16).max() == pytest.approx(0.5)
    paper = 512**-0.5 * np.minimum(n**-0.5, n * 4000**-1.5)
    np.testing.assert_allclose(rates("InverseSqrt", model_size=512), 0.5 * paper)


@covers("lr_scheduler.InverseTimeDecay")
def test_inverse_time_decay():
    np.testing.assert_allclose(rates("InverseTimeDecay", 0.1), 0.5 / (1 + 0.1 * T))
    np.testing.assert_allclose(rates("InverseTimeDecay", 0.5, 7, staircase=True), 0.5 / (1 + 0.5 * (T // 7)))


@covers("lr_scheduler.WarmupCosine")
def test_warmup_cosine():
    down = 0.05 + (0.5 - 0.05) * (1 + np.cos(np.pi * (np.minimum(T, 50) - 10) / 40)) / 2
    expected = np.where(T < 10, 0.5 * (0.2 + 0.8 * T / 10), down)
    np.testing.assert_allclose(rates("WarmupCosine", 10, 50, eta_min=0.05, start_factor=0.2), expected)
    to_zero = rates("WarmupCosine", 0, 50)
    assert to_zero[0] == 0.5 and to_zero[50] == 0


@covers("lr_scheduler.WarmupStableDecay")
@pytest.mark.parametrize(
    ("decay", "shape"),
    [
        ("linear", lambda z: 1 - z),
        ("cosine", lambda z: (1 + np.cos(np.pi * z)) / 2),
        ("sqrt", lambda z: 1 - np.sqrt(z)),
    ],
)
def test_warmup_stable_decay(decay, shape):
    z = np.clip((T - 30) / 20, 0, 1)
    expected = 0.5 * np.where(T < 10, T / 10, 0.1 + 0.9 * shape(z))
    np.testing.assert_allclose(rates("WarmupStableDecay", 10, 20, 20, min_factor=0.1, decay=decay), expected)


@covers("lr_scheduler.REX")
def test_rex_stays_above_the_line():
    z = np.minimum(T, 50) / 50
    got = rates("REX", 50)
    np.testing.assert_allclose(got, 0.5 * (1 - z) / (0.5 + 0.5 * (1 - z)))
    assert (got >= 0.5 * (1 - z) - 1e-15).all()


def test_a_rate_that_is_a_tensor_is_written_in_place():
    lr = mg.tensor(0.5, dtype=mg.float64)
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=lr)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.25


def test_a_schedule_resumes_at_an_epoch_of_the_optimizers_groups():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    with pytest.raises(KeyError, match="'initial_lr'"):
        lr_scheduler.StepLR(optimizer, 5, last_epoch=4)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    assert lr_scheduler.StepLR(optimizer, 5, last_epoch=4).last_epoch == 5
    assert math.isclose(optimizer.param_groups[0]["lr"], 0.1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR(3, 5), TypeError, "optimizer must be an Optimizer, got int"),
        (lambda o: lr_scheduler.StepLR(o, 0), ValueError, "step_size must be at least 1, got 0"),
        (lambda o: lr_scheduler.MultiStepLR(o, [5, 3]), ValueError, r"must not decrease, got \[5, 3\]"),
        (lambda o: lr_scheduler.ConstantLR(o, 1.5), ValueError, r"in \[0, 1\], got 1.5"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), ValueError, r"in \(0, 1\], got 0.0"),
        (lambda o: lr_scheduler.LinearLR(o, end_factor=2), ValueError, "end_factor"),
        (lambda o: lr_scheduler.LambdaLR(o, 3), TypeError, "a function of the step, got int"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs]), ValueError, "for each of 2 groups expected, got 1"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0 is an integer from 1 on, got 0"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 5).step(-1), ValueError, "epoch must be at least 0"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, mode="saw"), ValueError, "got 'saw'"),
        (lambda o: lr_scheduler.CyclicLR(o, [0.1], 1), ValueError, "base_lr for each of 2 groups"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1), ValueError, "give total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, 10, anneal_strategy="exp"), ValueError, "got 'exp'"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, 10, pct_start=2), ValueError, r"\[0, 1\], got 2"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be below 1"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="up"), ValueError, "got 'up'"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "got 'x'"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "at least one schedule"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]),
            ValueError,
            "one milestone less than schedules expected, got 1 for 1",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            ValueError,
            "needs a metric at each step",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(optimizer_of(mg), 1)], []),
            ValueError,
            "StepLR, is of another optimizer",
        ),
        (lambda o: lr_scheduler.WarmupCosine(o, 10, 10), ValueError, "total_steps must be at least 11"),
        (lambda o: lr_scheduler.WarmupStableDecay(o, 1, 1, 1, decay="x"), ValueError, "got 'x'"),
        (lambda o: lr_scheduler.REX(o, 0), ValueError, "total_iters"),
        (lambda o: lr_scheduler.InverseSqrt(o, 0), ValueError, "warmup_steps"),
        (lambda o: lr_scheduler.InverseTimeDecay(o, -1), ValueError, "decay_rate"),
        (
            lambda o: lr_scheduler.StepLR(o, 1).load_state_dict(lr_scheduler.ExponentialLR(o, 0.5).state_dict()),
            ValueError,
            "the state lacks step_size",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(optimizer_of(mg))


def test_an_optimizer_without_momentum_has_none_to_cycle():
    optimizer = optim.Adagrad([nn.Parameter([1.0])])
    with pytest.raises(ValueError, match="Adagrad has no momentum and no betas to cycle: pass cycle_momentum=False"):
        lr_scheduler.CyclicLR(optimizer, 0.1, 1.0)


def test_a_step_beyond_the_cycle_is_an_error():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.1, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.5, 5)
    for _ in range(5):
        scheduler.step()
    with pytest.raises(ValueError, match="step 6 is beyond total_steps=5"):
        scheduler.step()
