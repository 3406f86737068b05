"""Replays of a recorded computation: the same numbers as recording it anew, one at a time, in batches, in training."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgradnet.data import make_moons
from microgradnet.scalar import MLP, Replay, ScalarTape, Value, dot
from tests.scalar.test_value import STEPS, ours, run

# Every combination of rarer ops is a loop of its own to compile.
FEW = st.lists(
    st.tuples(st.sampled_from(["add", "mul", "div", "tanh", "relu", "maximum", "neg"]), *[st.integers(0, 30)] * 2),
    min_size=1,
    max_size=25,
)
INPUTS = st.lists(st.floats(-2, 2), min_size=3, max_size=3)


def recorded(program, data):
    """Value and gradients of a program recorded with the given leaves."""
    with ScalarTape():
        leaves = [Value(v) for v in data]
        root = run(program, leaves, ours)[-1]
        root.backward()
        return root.data, [v.grad for v in leaves]


@settings(max_examples=200, deadline=None)
@given(STEPS, INPUTS, INPUTS)
def test_a_replay_is_bit_for_bit_what_recording_anew_gives(program, first, second):
    with ScalarTape():
        leaves = [Value(v) for v in first]
        root = run(program, leaves, ours)[-1]
        replay = Replay(root)
        value = replay(dict(zip(leaves, second, strict=True)))
        gradients = [v.grad for v in leaves]
    expected, expected_gradients = recorded(program, second)
    np.testing.assert_array_equal([value, *gradients], [expected, *expected_gradients])


@settings(max_examples=60, deadline=None)
@given(FEW, st.integers(1, 40), st.integers(0, 10**6))
def test_a_batch_is_what_its_samples_give_one_by_one(program, count, seed):
    samples = np.random.default_rng(seed).uniform(-2, 2, (2, count))
    with ScalarTape():
        leaves = [Value(0.1), Value(0.2), Value(0.3)]
        root = run(program, leaves, ours)[-1]
        batch = Replay(root).batch(dict(zip(leaves[:2], samples, strict=True)), leaves)
        assert [v.data for v in leaves] == [0.1, 0.2, 0.3], "nothing on the tape changes"
    for i in (0, count // 2, count - 1):
        value, gradients = recorded(program, [*samples[:, i], 0.3])
        np.testing.assert_allclose(batch.values[i], value, rtol=1e-13)
        np.testing.assert_allclose([batch.gradients[v][i] for v in leaves], gradients, rtol=1e-12, atol=1e-300)


def moons_loss(model, points, labels):
    """The loss of micrograd's demo: a hinge for each point, and an L2 penalty."""
    scores = [model([Value(v) for v in point]) for point in points]
    hinges = [(1 - label * score).relu() for label, score in zip(labels, scores, strict=True)]
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    return sum(hinges) * (1 / len(hinges)) + penalty


def test_training_in_one_call_is_the_plain_loop_number_by_number():
    x, y = make_moons(20, noise=0.1, seed=0)
    points, labels = x.tolist(), [2 * int(v) - 1 for v in y]
    rates = [1.0 - 0.9 * k / 15 for k in range(15)]

    def fresh():
        random.seed(3)
        return MLP(2, [8, 8, 1])

    plain = []
    with ScalarTape() as tape:
        model = fresh()
        start = tape.mark()
        for rate in rates:
            loss = moons_loss(model, points, labels)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= rate * p.grad
            plain.append(loss.data)
            del loss
            tape.truncate(start)
        weights = [p.data for p in model.parameters()]
    with ScalarTape():
        model = fresh()
        losses = Replay(moons_loss(model, points, labels)).train(model.parameters(), rates)
        assert losses.tolist() == plain
        assert [p.data for p in model.parameters()] == weights
    assert plain[-1] < plain[0] / 2


def test_only_what_the_root_depends_on_is_replayed_and_the_tape_may_go_on():
    with ScalarTape():
        x, other = Value(2.0), Value(5.0)
        beside = other * x
        y = x * x + 1
        replay = Replay(y)
        later = y * 100
        assert replay({x: 3.0}) == 10.0
        assert (x.grad, other.grad) == (6.0, 0.0)
        assert (beside.data, later.data) == (10.0, 500.0), "neither belongs to the computation of y"


def test_a_tape_replays_its_last_node():
    with ScalarTape() as tape:
        x = Value(2.0)
        y = x * x
        assert (tape.replay({x: 3.0}), x.grad, y.data) == (9.0, 6.0, 9.0)
        z = y * x
        assert (tape.replay({x: 1.0}), x.grad, z.data) == (1.0, 3.0, 1.0)


def test_dot_products_replay_and_batch():
    with ScalarTape():
        w, x = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]
        y = dot(w, x).tanh()
        replay = Replay(y)
        assert replay({x[0]: 0.1, x[1]: 0.2}) == np.tanh(0.5)
        batch = replay.batch({x[0]: [0.1, 0.0], x[1]: [0.2, 0.0]}, w)
        np.testing.assert_allclose(batch.values, np.tanh([0.5, 0.0]))
        np.testing.assert_allclose(batch.gradients[w[1]], [0.2 * (1 - np.tanh(0.5) ** 2), 0.0])


def test_rarer_ops_and_their_numbers_replay_and_batch():
    with ScalarTape():
        x = Value(-0.5)
        y = x.softplus(beta=2.0) + x.clamp(-0.25, 1.0) * x.leaky_relu(0.3)
        at = np.linspace(-1, 1, 7)
        replay = Replay(y)
        one_by_one = [(replay({x: v}), x.grad) for v in at]
        batch = replay.batch({x: at}, [x])
        np.testing.assert_allclose(list(zip(batch.values, batch.gradients[x], strict=True)), one_by_one, rtol=1e-13)


def test_bad_calls_say_what_is_wrong():
    with ScalarTape() as tape:
        x = Value(2.0)
        start = tape.mark()
        y = x * x
        replay = Replay(y)
        with pytest.raises(ValueError, match="replay: only a leaf can be set, got the result of mul"):
            replay({y: 1.0})
        with pytest.raises(ValueError, match="replay: a Value from before the root"):
            replay({Value(1.0): 1.0})
        with pytest.raises(ValueError, match=r"batch: for each input an array of one length .* got \(2,\), \(3,\)"):
            replay.batch({x: [1.0, 2.0], Value(1.0): [1.0, 2.0, 3.0]})
        tape.truncate(start)
        with pytest.raises(RuntimeError, match="dropped"):
            replay()
