"""What optimizers must do: reach a minimum, climb where asked to, decay weights, keep groups apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn, optim
from tests.optim.test_agreement import OPTIONS
from tests.optim.test_optimizer import with_gradient

ELEMENTWISE = sorted({name for name, _ in OPTIONS} | {"SparseAdam"})
RATES = {"Adadelta": 20.0, "Adagrad": 0.5, "SGD": 0.1, "ASGD": 0.1, "Rprop": 0.1}


def quadratic(p) -> mg.Tensor:
    """Its minimum is 0, at (1, −2, 3); it is ten times as steep along one axis as along another."""
    return (mg.Tensor(np.array([0.5, 2.0, 5.0])) * (p - mg.Tensor(np.array([1.0, -2.0, 3.0]))) ** 2).sum()


def rosenbrock(p) -> mg.Tensor:
    """A bent valley with its minimum 0 at (1, 1)."""
    x, y = p[0], p[1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def minimize(function, start, optimizer_of, steps: int) -> list[float]:
    """The losses on the way."""
    p = nn.Parameter(np.array(start, "float64"))
    optimizer, losses = optimizer_of([p]), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = function(p)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_minimum_of_a_quadratic_is_reached(name):
    rate = RATES.get(name, 0.3)
    decay = 0.99 if name not in ("Adagrad", "Adadelta", "Rprop") else 1.0

    def optimizer_of(params):
        optimizer = getattr(optim, name)(params, lr=rate, **options_of(name, weight_decay=0))
        step = optimizer.step

        def decaying_step():
            step()
            optimizer.param_groups[0]["lr"] *= decay

        optimizer.step = decaying_step
        return optimizer

    assert minimize(quadratic, [0.0, 0.0, 0.0], optimizer_of, 800)[-1] < 1e-4


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_rosenbrock_is_descended(name):
    rate = {"SGD": 1e-3, "ASGD": 1e-3, "Adadelta": 1.0, "Adagrad": 0.1, "RAdam": 1e-3}.get(name, 0.01)
    losses = minimize(rosenbrock, [-1.2, 1.0], lambda params: getattr(optim, name)(params, lr=rate), 400)
    assert losses[-1] < losses[0] / 4


def options_of(name: str, **wanted) -> dict:
    """Those of the options wanted that the optimizer has."""
    return {k: v for k, v in wanted.items() if k in getattr(optim, name)([nn.Parameter([1.0])]).defaults}


vectors = st.lists(st.floats(-10, 10).filter(lambda v: v == 0 or abs(v) > 1e-3), min_size=1, max_size=4)


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(max_examples=10, deadline=None)
@given(values=vectors, data=st.data())
def test_to_maximize_is_to_minimize_the_negative(name, values, data):
    gradient = data.draw(st.lists(st.floats(-5, 5), min_size=len(values), max_size=len(values)))
    p, q = with_gradient(values, gradient), with_gradient(values, [-g for g in gradient])
    up, down = getattr(optim, name)([p], maximize=True), getattr(optim, name)([q])
    for _ in range(3):
        up.step()
        down.step()
    np.testing.assert_array_equal(p.detach(), q.detach())


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if n not in ("Adafactor", "AdamW", "SparseAdam", "Rprop")])
@settings(max_examples=10, deadline=None)
@given(values=vectors, decay=st.floats(0, 1))
def test_weight_decay_is_a_gradient_of_half_its_square(name, values, decay):
    p, q = with_gradient(values, np.ones(len(values))), nn.Parameter(np.array(values))
    decayed, plain = getattr(optim, name)([p], weight_decay=decay), getattr(optim, name)([q])
    for _ in range(3):
        q.grad = mg.Tensor(1 + decay * q.detach().numpy())
        decayed.step()
        plain.step()
    np.testing.assert_allclose(p.detach(), q.detach(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["AdamW", "Adam", "NAdam", "RAdam"])
@given(values=vectors, decay=st.floats(0, 1), rate=st.floats(0, 1))
@settings(max_examples=10, deadline=None)
def test_decoupled_decay_shrinks_whatever_the_gradient(name, values, decay, rate):
    p = with_gradient(values, np.zeros(len(values)))
    options = {} if name == "AdamW" else {"decoupled_weight_decay": True}
    getattr(optim, name)([p], lr=rate, weight_decay=decay, **options).step()
    np.testing.assert_allclose(p.detach(), (1 - rate * decay) * np.array(values), rtol=1e-12)


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(max_examples=5, deadline=None)
@given(rates=st.tuples(st.floats(1e-4, 1), st.floats(1e-4, 1)), values=vectors)
def test_a_group_is_an_optimizer_of_its_own(name, rates, values):
    def params():
        return [with_gradient(values, np.linspace(-1, 2, len(values))) for _ in rates]

    together, apart = params(), params()
    optimizers = [getattr(optim, name)([{"params": [p], "lr": r} for p, r in zip(together, rates, strict=True)])]
    optimizers += [getattr(optim, name)([p], lr=r) for p, r in zip(apart, rates, strict=True)]
    for _ in range(3):
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(together, apart, strict=True):
        np.testing.assert_array_equal(p.detach(), q.detach())
