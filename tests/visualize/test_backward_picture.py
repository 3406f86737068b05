"""The backward pass drawn as a computation, second order, and what backward keeps."""

import re

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.scalar import Value
from visualize.picture.memory import bars


def taped():
    a, b = (mg.tensor(v, requires_grad=True, name=n) for n, v in (("a", 2.0), ("b", -3.0)))
    with mg.Tape() as tape:
        loss = mg.tanh(a * b + a)
        loss.backward()
    return tape, a, b


def test_each_gradient_is_a_box_and_the_rules_are_its_edges():
    tape, a, _ = taped()
    graph = visualize.draw(tape, backward=True).graph
    assert [n.label for n in graph.nodes] == ["∂loss/∂loss", "∂loss/∂v2", "∂loss/∂v1", "∂loss/∂b", "∂loss/∂a"]
    assert [n.kind for n in graph.nodes] == ["input", "op", "op", "output", "output"]
    named = {n.key: n for n in graph.nodes}
    into = [e for e in graph.edges if named[e.target].label == "∂loss/∂a"]
    assert [named[e.source].label for e in into] == ["∂loss/∂v2", "∂loss/∂v1"]
    # What the picture says is the gradient: Σ upstream × local.
    total = sum(float(named[e.source].gradient) * float(e.local) for e in into)
    assert total == pytest.approx(float(a.grad), rel=1e-6)
    assert graph.node(into[0].target).details == ["Σ of 2 ways"]


def test_an_edge_against_which_no_gradient_flows_is_not_drawn():
    x, mask = mg.ones(3, requires_grad=True), mg.zeros(3)
    with mg.Tape() as tape:
        (x * mask).sum().backward()
    labels = [n.label for n in visualize.draw(tape, backward=True).graph.nodes]
    assert "∂v2/∂x" in labels
    assert not any("mask" in label for label in labels)


def test_a_scalar_net_has_a_backward_picture_too():
    x = Value(3.0)
    y = x * x
    y.backward()
    graph = visualize.draw(y, backward=True).graph
    assert [float(n.gradient) for n in graph.nodes] == [1.0, 6.0]
    assert len(graph.edges) == 2


def test_without_a_gradient_there_is_no_backward_to_draw():
    with mg.Tape() as tape:
        mg.ones(2) * 2
    with pytest.raises(ValueError, match="no op of this graph needs a gradient"):
        visualize.draw(tape, backward=True)


def test_modules_of_the_backward_pass_are_closed_like_others():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with mg.Tape() as tape:
        model(mg.ones(1, 2)).sum().backward()
    graph = visualize.draw(tape, model, backward=True, level="module").graph
    assert [n.label for n in graph.nodes if n.kind == "module"] == ["1: Tanh", "0: Linear"]


def test_a_second_derivative_is_drawn_with_the_ops_that_made_it():
    x = mg.tensor([0.5, 2.0], requires_grad=True, name="x")
    (slope,) = mg.autograd.grad((x**3).sum(), x, create_graph=True)
    graph = visualize.draw(slope).graph
    assert np.allclose(graph.nodes[-1].value, 3 * x.detach().numpy() ** 2)
    assert len([n for n in graph.nodes if n.kind == "op"]) >= 2
    assert {n.label for n in graph.nodes} >= {"x", "power", "mul"}


def test_memory_is_said_in_total_and_per_op_in_order():
    x = mg.ones(100, requires_grad=True)
    with mg.Tape() as tape:
        y = mg.tanh(x)
        z = y * x
        z.sum().backward()
    picture = visualize.draw(tape, memory=True)
    shown = bars(picture.graph)
    assert [(name, count) for name, count, _ in shown] == [("y = tanh", 400), ("z = mul", 800)]
    assert shown[0][2] * 2 == shown[1][2]
    assert "kept for backward: 1.2 kB" in picture.dot
    assert re.search('WIDTH="160" HEIGHT', picture.dot)
    assert "kept for backward:" not in visualize.draw(tape).dot


def test_a_closed_module_keeps_what_its_ops_keep():
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    with mg.Tape() as tape:
        model(mg.ones(2, 4)).sum().backward()
    opened, closed = (visualize.draw(tape, model, level=level).graph for level in ("op", "module"))
    kept = {n.label: sum(n.kept.values()) for n in closed.nodes if n.kind == "module"}
    assert kept["1: Tanh"] == 2 * 4 * 4
    assert sum(kept.values()) == sum(sum(n.kept.values()) for n in opened.nodes) > 0
