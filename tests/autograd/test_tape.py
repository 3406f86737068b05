"""The tape as an object: printed, stepped through, asked for values and gradients."""

import pytest

import microgradnet as mg
from microgradnet.tape import state


def record():
    a, b = (mg.Tensor(v, requires_grad=True, name=n) for n, v in (("a", 2.0), ("b", -3.0)))
    with mg.Tape() as tape:
        c = a * b
        d = mg.tanh(c + a)
    return a, b, d, tape


def test_it_lists_ops_in_order_with_inputs_values_and_source_lines():
    _, _, _, tape = record()
    assert [n.op.name for n in tape.nodes] == ["mul", "add", "tanh"]
    lines = str(tape).splitlines()
    assert lines[0].split()[:3] == ["#", "op", "inputs"]
    assert lines[1].split()[:5] == ["v1", "mul", "a,", "b", "scalar"]
    assert "x·y" in lines[1]
    assert "test_tape.py" in lines[1]
    assert lines[2].split()[1:4] == ["add", "v1,", "a"]


def test_values_and_gradients_of_results_in_between():
    a, _, d, tape = record()
    mul, add, tanh = tape.nodes
    assert tape.value(mul) == -6.0
    assert tape.gradient(mul) is None
    with tape:
        d.backward()
    slope = 1 - tape.value(tanh) ** 2
    assert tape.gradient(add) == tape.gradient(mul) == pytest.approx(slope, rel=1e-3)
    assert a.grad.item() == pytest.approx(float(slope * -3 + slope), rel=1e-3)


def test_steps_play_backward_one_node_at_a_time():
    a, b, d, tape = record()
    steps = list(tape.steps(d))
    assert [s.node.op.name for s in steps] == ["tanh", "add", "mul"]
    upstream = steps[2].upstream
    assert steps[2].local_derivatives == {"x": -3.0, "y": 2.0}
    assert steps[2].contributions == {"x": upstream * -3, "y": upstream * 2}
    assert steps[1].sums[a] == upstream  # the path through the sum alone; the product's is still to come
    assert steps[2].sums[a] == pytest.approx(float(upstream * -3 + upstream))
    assert a.grad.item() == float(upstream * -3 + upstream)
    assert b.grad.item() == float(upstream * 2)


def test_nothing_is_recorded_after_the_block():
    *_, tape = record()
    mg.exp(mg.tensor(1.0, requires_grad=True))
    assert len(tape.nodes) == 3
    assert state.watchers == ()


def test_a_step_shows_each_contribution_of_an_argument_that_is_there_twice():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.Tape() as tape:
        loss = (x * x).sum()
    product = list(tape.steps(loss))[-1]
    assert {name: c.tolist() for name, c in product.contributions.items()} == {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    assert x.grad.tolist() == [2.0, 4.0]
