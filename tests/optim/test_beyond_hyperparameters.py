"""Hyperparameters outside of their range, and states that do not fit, for the optimizers beyond PyTorch's."""

import copy

import numpy as np
import pytest

from microgradnet import optim
from tests.optim.beyond import gradients, run, start
from tests.optim.test_beyond_papers import CLASSES

BAD = [
    ("Signum", {"momentum": 1.0}, r"Signum: momentum must be in \[0, 1\), got 1.0"),
    ("Lion", {"betas": (0.9,)}, r"Lion: betas has 2 numbers, got \(0.9,\)"),
    ("Yogi", {"initial_accumulator": -1}, "Yogi: initial_accumulator must be at least 0, got -1"),
    ("AdaBelief", {"betas": (0.9, 0.99, 0.999)}, "AdaBelief: betas has 2 numbers"),
    ("AdaBound", {"gamma": 0.0}, "AdaBound: gamma must be positive, got 0.0"),
    ("AdaBound", {"final_lr": -0.1}, "AdaBound: final_lr must be at least 0, got -0.1"),
    ("ADOPT", {"eps": 0.0}, "ADOPT: eps must be positive, got 0.0"),
    ("QHAdam", {"nus": (0.7, 1.1)}, r"QHAdam: nus are two numbers in \[0, 1\], got \(0.7, 1.1\)"),
    ("Adan", {"betas": (0.9, 0.99)}, "Adan: betas has 3 numbers"),
    ("AdEMAMix", {"alpha": -1.0}, "AdEMAMix: alpha must be at least 0, got -1.0"),
    ("AdEMAMix", {"alpha_warmup": 0}, "AdEMAMix: alpha_warmup must be positive, got 0"),
    ("AdEMAMix", {"betas": (0.0, 0.9, 0.99), "beta3_warmup": 5}, r"AdEMAMix: beta3_warmup needs 0 < betas\[0\]"),
    ("AggMo", {"betas": ()}, "AggMo: betas must not be empty"),
    ("AccSGD", {"kappa": 1.0}, "AccSGD: small_constant² · xi must be below kappa"),
    ("AccSGD", {"xi": 0.0}, "AccSGD: xi must be positive, got 0.0"),
    ("NoisySGD", {"eta": -1.0}, "NoisySGD: eta must be at least 0, got -1.0"),
    ("PolyakSGD", {"c": 0}, "PolyakSGD: c must be positive, got 0"),
    ("FTRL", {"lr": 0.0}, "FTRL: lr must be positive, got 0.0"),
    ("FTRL", {"l1": -1.0}, "FTRL: l1 must be at least 0, got -1.0"),
    ("MADGRAD", {"momentum": 1.0}, r"MADGRAD: momentum must be in \[0, 1\), got 1.0"),
    ("NovoGrad", {"betas": (0.9,)}, "NovoGrad: betas has 2 numbers"),
    ("LARS", {"trust_coefficient": 0.0}, "LARS: trust_coefficient must be positive, got 0.0"),
    ("LAMB", {"betas": (0.9,)}, "LAMB: betas has 2 numbers"),
    ("SophiaG", {"rho": 0.0}, "SophiaG: rho must be positive, got 0.0"),
    ("SM3", {"momentum": -0.1}, "SM3: momentum must not be negative, got -0.1"),
    ("ScheduleFreeSGD", {"momentum": 1.0}, r"ScheduleFreeSGD: momentum must be in \[0, 1\), got 1.0"),
    ("ScheduleFreeAdamW", {"warmup_steps": -1}, "ScheduleFreeAdamW: warmup_steps must be at least 0, got -1"),
    ("DAdaptAdam", {"d0": 0.0}, "DAdaptAdam: d0 must be positive, got 0.0"),
    ("Prodigy", {"betas": (0.9,)}, "Prodigy: betas has 2 numbers"),
    ("Shampoo", {"update_every": 0}, "Shampoo: update_every must be a whole number from 1, got 0"),
    ("Shampoo", {"eps": 0.0}, "Shampoo: eps must be positive, got 0.0"),
    ("SOAP", {"max_size": 1.5}, "SOAP: max_size must be a whole number from 1, got 1.5"),
]


@pytest.mark.parametrize(("name", "options", "message"), BAD, ids=str)
def test_a_bad_hyperparameter_is_named(name, options, message):
    made = getattr(optim, name)
    with pytest.raises(ValueError, match=message):
        made(start(), **options)
    optimizer = made(start())
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": start(seed=1), **options})
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize("name", [*CLASSES, "NoisySGD", "SGLD", "PolyakSGD"])
def test_a_negative_lr_and_no_parameters(name):
    made = getattr(optim, name)
    with pytest.raises(ValueError, match=f"{name}: lr must not be negative, got -1"):
        made(start(), lr=-1)
    with pytest.raises(ValueError, match=f"{name}: the list of parameters is empty"):
        made([])


@pytest.mark.parametrize("case", [case for case in CLASSES.values() if case.name != "SignSGD"], ids=str)
def test_a_state_of_other_shapes_is_refused_and_changes_nothing(case):
    params = start(shapes=[(3, 4), (2, 2)])
    other = start(shapes=[(3, 4), (2, 5)])
    optimizer, given = case.make(params), gradients(shapes=[(3, 4), (2, 2)])
    run(optimizer, params, given[:2])
    wrong = case.make(other)
    run(wrong, other, gradients(shapes=[(3, 4), (2, 5)], steps=2))
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=rf"{case.name}: .*\(2, 2\)|{case.name}: .*shape"):
        optimizer.load_state_dict(wrong.state_dict())
    assert str(optimizer.state_dict()) == str(before)


def test_a_state_of_other_betas_is_refused():
    params = start()
    optimizer = optim.AggMo(params, betas=(0.0, 0.9))
    run(optimizer, params, gradients(steps=1))
    state = optimizer.state_dict()
    state["param_groups"][0]["betas"] = (0.0, 0.9, 0.99)
    with pytest.raises(ValueError, match="AggMo: 3 velocities of shape"):
        optimizer.load_state_dict(state)


def test_a_state_of_another_optimizer_is_refused():
    params = start()
    adam = optim.Adam(params)
    run(adam, params, gradients(steps=1))
    state = adam.state_dict()["state"]
    for name in CLASSES:
        optimizer = getattr(optim, name)(start())
        kept = {*optimizer.state_names, *optimizer.number_names} - {"max_exp_avg_sq"}
        if kept == {"exp_avg", "exp_avg_sq", "step"}:
            continue  # what Adam keeps
        given = {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
        with pytest.raises(ValueError, match=f"{name}: the state has"):
            optimizer.load_state_dict(given)
        assert not optimizer.state


def test_zero_gradients_and_zero_weights_stay_finite():
    for case in CLASSES.values():
        params = start(shapes=[(3, 4), (5,), ()])
        for p in params:
            p.array[...] = 0
        zeros = [[np.zeros(p.shape) for p in params]] * 3
        run(case.make(params), params, zeros)
        assert all(np.isfinite(p.array).all() for p in params), case


def test_parameters_without_elements_are_taken():
    for case in CLASSES.values():
        shapes = [(0, 3), (0,)]
        params = start(shapes=shapes)
        run(case.make(params), params, gradients(shapes=shapes, steps=2))
        assert [p.shape for p in params] == shapes, case
