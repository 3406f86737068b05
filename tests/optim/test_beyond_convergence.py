"""Optimizers beyond PyTorch's reach the minimum of a quadratic, and descend Rosenbrock's valley."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.optim.test_beyond_papers import CLASSES

START = np.array([-1.2, 1.0])
MINIMUM = np.array([1.0, -2.0])


def quadratic(p):
    return 0.5 * (mg.Tensor(np.array([1.0, 10.0])) * (p - mg.Tensor(MINIMUM)) ** 2).sum()


def rosenbrock(p):
    x, y = p[0], p[1]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def wrapped(name, inner, options):
    return lambda params, lr: getattr(optim, name)(getattr(optim, inner[0])(params, lr=lr, **inner[1]), **options)


def made(name, **options):
    return lambda params, lr: getattr(optim, name)(params, lr=lr, **options)


CONSTANT = ("FTRL",)  # its sums have lr in them

# name: (how it is made, lr for the quadratic, lr for Rosenbrock); lr falls linearly to 0, to end steps of one size.
OPTIMIZERS = {
    "SignSGD": (made("SignSGD"), 0.05, 0.01),
    "Signum": (made("Signum"), 0.05, 0.01),
    "Lion": (made("Lion"), 0.05, 0.01),
    "Yogi": (made("Yogi"), 0.1, 0.05),
    "AdaBelief": (made("AdaBelief", eps=1e-8), 0.1, 0.05),
    "AdaBound": (made("AdaBound"), 1.0, 0.01),
    "ADOPT": (made("ADOPT"), 0.1, 0.05),
    "QHAdam": (made("QHAdam"), 0.1, 0.05),
    "Adan": (made("Adan"), 0.1, 0.05),
    "AdEMAMix": (made("AdEMAMix"), 0.1, 0.05),
    "AggMo": (made("AggMo"), 0.05, 2e-4),
    "AccSGD": (made("AccSGD", kappa=50.0), 1e-2, 1e-4),
    "NoisySGD": (made("NoisySGD"), 0.05, 1e-3),
    "FTRL": (made("FTRL"), 2.0, 1.0),
    "MADGRAD": (made("MADGRAD"), 0.2, 0.1),
    "NovoGrad": (made("NovoGrad"), 0.1, 0.01),
    "LARS": (made("LARS", weight_decay=0.0, trust_coefficient=0.01), 1.0, 0.5),
    "LAMB": (made("LAMB", weight_decay=0.0), 0.05, 0.05),
    "SophiaG": (made("SophiaG", weight_decay=0.0), 0.05, 0.01),
    "SM3": (made("SM3"), 1.0, 0.5),
    "ScheduleFreeSGD": (made("ScheduleFreeSGD"), 0.1, 1e-3),
    "ScheduleFreeAdamW": (made("ScheduleFreeAdamW"), 0.1, 0.05),
    "DAdaptAdam": (made("DAdaptAdam"), 1.0, 1.0),
    "Prodigy": (made("Prodigy"), 1.0, 1.0),
    "Shampoo": (made("Shampoo"), 1.0, 0.5),
    "SOAP": (made("SOAP", weight_decay=0.0), 0.1, 0.05),
    "PolyakSGD": (made("PolyakSGD"), 10.0, 10.0),
    "Lookahead": (wrapped("Lookahead", ("Adam", {}), {}), 0.1, 0.05),
    "SAM": (wrapped("SAM", ("Adam", {}), {"rho": 1e-3}), 0.1, 0.05),
    "ASAM": (wrapped("ASAM", ("Adam", {}), {"rho": 1e-3}), 0.1, 0.05),
}


def trained(make, lr, loss_function, steps=600):
    """The losses at the start and at the end."""
    mg.manual_seed(0)
    p = nn.Parameter(START.copy())
    optimizer = make([p], lr)

    def closure():
        optimizer.zero_grad()
        loss = loss_function(p)
        loss.backward()
        return loss

    first = loss_function(p).item()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 if type(optimizer).__name__ in CONSTANT else 1 - step / steps)
        optimizer.step(closure)
    if hasattr(optimizer, "eval"):
        optimizer.eval()
    return first, loss_function(p).item()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_minimum_of_a_quadratic_is_reached(name):
    make, lr, _ = OPTIMIZERS[name]
    first, last = trained(make, lr, quadratic)
    assert last < 1e-3 * first


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rosenbrocks_valley_is_descended(name):
    make, _, lr = OPTIMIZERS[name]
    first, last = trained(make, lr, rosenbrock)
    assert last < 0.2 * first  # the valley's floor begins at a sixth


def test_every_optimizer_of_the_papers_is_here():
    assert set(CLASSES) <= set(OPTIMIZERS)
