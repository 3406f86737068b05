"""Errors that a step catches: a replay calls ops, and has no ``except`` of its own."""

import contextlib

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.nn import functional as F

from . import batch, labels, net, trap


def _square(i: int, singular: bool) -> mg.Tensor:
    return batch(i, 3, 3) * (0 if singular else 1)


@trap(replays=8)
def op_that_fails_at_some_calls_and_is_caught(captured):
    @captured
    def step(x):
        try:
            return mg.linalg.inv(x)
        except ValueError:
            return x + 3

    return lambda i: step(_square(i, i in (6, 7, 8)))


@trap(refused="inv raised an error")
def op_that_fails_while_it_is_recorded(captured):
    @captured
    def step(x):
        try:
            return mg.linalg.inv(x)
        except ValueError:
            return x + 3

    return lambda i: step(_square(i, i < 6))


@trap(refused="rows_of raised an error")
def index_that_is_wrong_while_it_is_recorded(captured):
    weight = mg.ones(6, 3)

    @captured
    def step(y):
        try:
            return F.embedding(y, weight)
        except IndexError:
            return weight[:4] * 2

    return lambda i: step(labels(i, 6) + (6 if i < 6 else 0))


@trap(replays=8)
def error_caught_after_the_weights_have_moved(captured):
    model = nn.Linear(3, 3)
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with contextlib.suppress(ValueError):
            return mg.linalg.inv(x)
        return loss

    return lambda i: (step(_square(i, i in (5, 8))), model, optimizer)


@trap(replays=5)
def weights_moved_in_a_finally(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x, q):
        try:
            loss = model(x).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            return loss.quantile(q)
        finally:
            optimizer.step()

    def call(i):
        try:
            return step(batch(i), mg.tensor(1.5 if i in (5, 8) else 0.5)), model
        except ValueError:
            return "out of range", model

    return call


@trap(refused="an overflow is an error")
def overflow_is_an_error_inside(captured):
    @captured
    def step(x):
        with np.errstate(over="raise"):
            return x * 1e38 * 10

    return lambda i: step(batch(i) * (0.01 if i < 6 else 10))
