"""The tape as an object: printed, stepped through, asked for values and gradients."""

import pytest

import microgradnet as mg
from microgradnet.events import state


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
    assert lines[1].split()[:5] == ["c", "mul", "a,", "b", "scalar"]
    assert "x·y" in lines[1]
    assert "test_tape.py" in lines[1]
    assert lines[2].split()[1:4] == ["add", "c,", "a"]


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
    assert state.listeners == ()


def test_a_step_shows_each_contribution_of_an_argument_that_is_there_twice():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.Tape() as tape:
        loss = (x * x).sum()
    product = list(tape.steps(loss))[-1]
    assert {name: c.tolist() for name, c in product.contributions.items()} == {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    assert x.grad.tolist() == [2.0, 4.0]


def test_each_value_is_kept_as_it_was_when_it_was_made():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.Tape() as tape:
        y = w * 2
        y += 1
        y.mul_(3)
    assert [call.value.tolist() for call in tape.calls] == [[2.0, 4.0], [3.0, 5.0], [9.0, 15.0]]
    assert [call.title for call in tape.calls] == ["mul", "add_", "mul_"]
    assert [tape.name(call) for call in tape.calls] == ["y", "y₂", "y₃"]
    assert tape.calls[2].arguments[0].source.call is tape.calls[1]


def test_a_write_to_a_view_changes_its_base_and_the_other_views():
    w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with mg.Tape() as tape:
        y = w * 1
        head, tail = y[:2], y[1:]
        head.mul_(10)
        total = tail.sum()
    made = {tape.name(call): call.value for call in tape.calls}
    assert made["y"].tolist() == [1.0, 2.0, 3.0]
    assert tape.calls[-1].arguments[0].value.tolist() == [20.0, 3.0]
    assert total.item() == 23.0


def test_what_needs_no_gradient_and_plain_numbers_are_kept_too():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    x, mask = mg.tensor([3.0, 4.0]), mg.tensor([True, False])
    with mg.Tape() as tape:
        shifted = x + 0.5
        mg.where(mask, shifted * w, 0.0).sum()
    add, mul, where, _ = tape.calls
    assert add.node is None
    assert [(a.name, a.source is None) for a in add.arguments] == [("x", False), ("y", True)]
    assert add.arguments[1].value == 0.5
    assert mul.arguments[0].source.call is add
    assert tape.name(where.arguments[0].source) == "mask"
    assert [n.op.name for n in tape.nodes] == ["mul", "where", "sum"]
    assert "shifted" in str(tape) and "0.5" in str(tape)


def test_a_function_of_ones_own_and_several_outputs_are_kept():
    class Double(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = mg.tensor([[3.0, 1.0]], requires_grad=True)
    with mg.Tape() as tape:
        values, _ = Double.apply(x).max(1)
        values.sum().backward()
    assert tape.calls[0].op.name == "Double"
    assert tape.name(tape.calls[0].arguments[0].source) == "x"
    assert tape.gradients[x].tolist() == [[2.0, 0.0]]
    assert tape.value(tape.calls[0].node).tolist() == [[6.0, 2.0]]


def test_a_gradient_assigned_by_hand_is_told():
    w = mg.tensor([1.0], requires_grad=True)
    with mg.Tape() as tape:
        (w * 3).sum().backward()
        w.grad = w.grad * 2
    assert tape.gradients[w].tolist() == [6.0]


def test_a_leaf_is_complete_when_its_last_contribution_is_in():
    first, last = (mg.tensor([v], requires_grad=True) for v in (2.0, 3.0))
    order = []
    first.register_hook(lambda g: order.append("first"))
    last.register_hook(lambda g: order.append("last"))
    hidden = mg.tanh(first)
    hidden.register_hook(lambda g: order.append("hidden"))
    (hidden * last).sum().backward()
    assert order == ["last", "hidden", "first"]
