"""The stream of events: who listens hears each call, write and step of the walk, in order."""

import numpy as np

import microgradnet as mg
from microgradnet.events import Listener, leave, listen


class Heard(Listener):
    """Keeps what it is told of the walk and of writes; arrays as the lists of numbers that they were."""

    def __init__(self):
        self.calls, self.written, self.followed, self.sums, self.accumulated = [], [], [], [], []

    def call(self, op, arguments, settings, result, node):
        self.calls.append(op.name)

    def write(self, name, target, value):
        self.written.append((name, target, target.tolist()))

    def follow(self, view, renewed):
        self.followed.append((view, renewed))

    def add(self, key, before, contribution, after):
        self.sums.append((key, np.asarray(contribution).tolist(), np.asarray(after).tolist()))

    def accumulate(self, leaf, before, contribution, after):
        self.accumulated.append((leaf, after.tolist()))


def heard(function) -> Heard:
    listener = Heard()
    listen(listener)
    try:
        function()
    finally:
        leave(listener)
    return listener


def test_the_sums_of_a_walk_are_told_contribution_by_contribution():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    told = heard(lambda: (x * x * 3).sum().backward())
    assert told.calls == ["mul", "mul", "sum"]
    to_x = [(contribution, after) for key, contribution, after in told.sums if key is x]
    assert to_x == [([3.0, 6.0], [3.0, 6.0]), ([3.0, 6.0], [6.0, 12.0])]
    assert [(leaf is x, after) for leaf, after in told.accumulated] == [(True, [6.0, 12.0])]


def test_the_ops_inside_of_a_rule_are_told_to_those_who_ask_for_them_beside_others_who_do_not():
    class Rules(Heard):
        rules = True

    x, plain, asking = mg.tensor([1.0, 2.0], requires_grad=True), Heard(), Rules()
    listen(plain)
    listen(asking)
    try:
        mg.cumsum(x, 0).sum().backward()
    finally:
        leave(plain)
        leave(asking)
    assert plain.calls[:2] == asking.calls[:2] == ["cumsum", "sum"]
    assert "flip" in asking.calls[2:] and x.grad.tolist() == [2.0, 1.0]


def test_a_write_and_a_view_that_follows_it_are_told():
    x = mg.tensor([1.0, 2.0], requires_grad=True)

    def program():
        y = x * 2
        view = y[:1]
        y.mul_(3)
        view.sum().backward()
        return y, view

    kept = []
    told = heard(lambda: kept.extend(program()))
    y, view = kept
    assert [(name, target is y, numbers) for name, target, numbers in told.written] == [("mul_", True, [6.0, 12.0])]
    assert [v is view for v, _ in told.followed] == [True]
    assert x.grad.tolist() == [6.0, 0.0]
