"""What is drawn of a computation: all of it, with the numbers that were."""

import itertools

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from visualize.picture.arrange import copied, rows
from visualize.record.trace import PARTLY, trace


def incoming(graph, key: str) -> list[str]:
    labels = {node.key: node.name or node.label for node in graph.nodes}
    return [labels[edge.source] for edge in graph.edges if edge.target == key]


def test_operands_that_need_no_gradient_are_drawn_and_can_be_hidden():
    layer = nn.Linear(2, 2)
    with mg.Tape() as tape:
        x, target = mg.ones(1, 2), mg.zeros(1, 2)
        y = x + layer(x) * x
        mask = y > 0
        loss = mg.where(mask, y - target, np.array([1.0, 2.0], np.float32)).sum()
        loss.backward()
    graph = visualize.draw(tape, layer).graph
    by_name = {node.name or node.label: node for node in graph.nodes}
    assert incoming(graph, by_name["y"].key) == ["x", "v2"]
    assert incoming(graph, by_name["mask"].key) == ["y"]
    assert [by_name[n].kind for n in ("x", "target", "c1", "weight")] == ["input", "input", "constant", "parameter"]
    assert not any(by_name[n].needs_gradient for n in ("x", "target", "mask", "c1"))
    assert by_name["mask"].formula == "[x > 0]", "a plain number is in the formula"
    assert all(node.line and "test_trace.py" in node.line for node in graph.nodes if node.kind in ("op", "output"))
    hidden = visualize.draw(tape, layer, gradient_only=True).graph
    assert [n.name or n.label for n in hidden.nodes] == ["weight", "bias", "v1", "v2", "y", "v5", "v6", "loss"]


def test_every_version_of_what_is_written_in_place_is_drawn_with_its_numbers():
    with mg.Tape() as tape:
        x = mg.ones(2)
        x += 1
        w = mg.ones(2, requires_grad=True)
        y = x * w
        y.add_(3.0)
        y[0] = 7.0
    graph = visualize.draw(tape).graph
    shown = [(n.name or n.label, n.value.tolist()) for n in graph.nodes]
    assert shown == [
        ("x", [1, 1]),
        ("x₂", [2, 2]),
        ("w", [1, 1]),
        ("y", [2, 2]),
        ("y₂", [5, 5]),
        ("y₃", [7, 5]),
    ]
    assert [n.label for n in graph.nodes if n.kind in ("op", "output")] == ["add_", "mul", "add_", "index_put_"]


def test_all_outputs_of_an_op_are_drawn():
    x = mg.Tensor([[[1.0, 2.0], [4.0, 3.0]]], requires_grad=True, name="x")
    with mg.Tape() as tape:
        values, indices = nn.functional.max_pool2d(x, 2, return_indices=True)
        (values.sum() + (indices * 2).sum()).backward()
    picture = visualize.draw(tape)
    pool = next(n for n in picture.graph.nodes if n.label == "max_pool")
    assert [(o.name.partition(".")[2], o.value.item()) for o in pool.outputs] == [("values", 4.0), ("indices", 2)]
    assert {e.output for e in picture.graph.edges if e.source == pool.key} == {0, 1}
    assert f"{pool.key}:out1:e" in picture.dot


def test_a_forward_that_fails_is_drawn_up_to_the_op_that_failed():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(5, 2))
    with pytest.warns(RuntimeWarning, match="the forward failed and is drawn up to there: linear: input has"):
        picture = visualize.draw(model, inputs=mg.ones(2, 3))
    assert [n.label for n in picture.graph.nodes if n.kind in ("op", "failed")] == ["linear", "tanh", "linear"]
    failed = picture.graph.nodes[-1]
    assert (failed.kind, failed.module) == ("failed", ("Sequential", "2: Linear"))
    assert failed.details[0].startswith("ValueError: linear: input has")
    assert failed.details[1:] == ["input: 2×4 float32", "weight: 2×5 float32", "bias: 2 float32"]
    assert "#c1121f" in picture.dot


def test_a_forward_that_fails_outside_of_an_op_is_drawn_up_to_its_module():
    class Wrong(nn.Module):
        def forward(self, x):
            return x.tanh().no_such_method()

    with pytest.warns(RuntimeWarning, match="no_such_method"):
        graph = visualize.draw(nn.Sequential(Wrong()), inputs=mg.ones(2)).graph
    assert [(n.label, n.kind) for n in graph.nodes[-2:]] == [("tanh", "output"), ("0: Wrong", "failed")]
    assert "input0: 2 float32" in graph.nodes[-1].details


def test_an_error_that_was_caught_is_not_drawn():
    with mg.Tape() as tape:
        x = mg.ones(2, requires_grad=True)
        with pytest.raises(ValueError):
            x + mg.ones(3)
        x * 2
    assert [n.label for n in visualize.draw(tape).graph.nodes] == ["x", "mul"]


def test_edges_of_ops_on_arrays_have_matrix_statements_with_shapes():
    model = nn.Linear(3, 4)
    with mg.Tape() as tape:
        x, target = mg.ones(2, 3, requires_grad=True), mg.tensor([0, 1])
        h = model(x)
        nn.functional.cross_entropy(h, target).backward()
    edges = {edge.argument: edge.statement for edge in visualize.draw(tape, model).graph.edges if edge.needs_gradient}
    assert edges["weight"] == "∂L/∂weight = gᵀ·x; 4×3 = 4×2 · 2×3"
    assert edges["input"] == "∂L/∂x = g·weight; 2×3 = 2×4 · 4×3"
    assert edges["x"].startswith("∂L/∂h = softmax_less_target(g, h, ")


def test_what_is_kept_for_backward_is_said_in_bytes():
    with mg.Tape() as tape:
        (mg.ones(2, 3, requires_grad=True) * mg.ones(2, 3)).sum().backward()
    picture = visualize.draw(tape)
    assert next(n for n in picture.graph.nodes if n.label == "mul").kept == {"y": 24}
    assert "keeps 24 B for backward: y" in picture.dot


def loop(steps: int):
    w, h = mg.ones(2, requires_grad=True), mg.ones(2)
    with mg.Tape() as tape:
        for _ in range(steps):
            h = mg.tanh(h * w)
    return visualize.draw(tape, level="op").graph


def test_a_shared_leaf_is_copied_for_each_use_and_a_long_chain_is_cut_into_rows():
    graph = loop(40)
    whole = copied(graph)
    assert sum(n.label == "w" for n in whole.nodes) == 40
    assert len({e.source for e in whole.edges if e.argument == "y"}) == 40
    assert sum(n.mark == "copy" for n in whole.nodes) == 39
    parts = rows(whole, False)
    assert len(parts) > 2
    shown = [n.key for part in parts for n in part.nodes if n.kind != "stub"]
    assert sorted(shown) == sorted(n.key for n in whole.nodes), "each box is in one row"
    for left, right in itertools.pairwise(parts):
        assert len([n for n in left.nodes if n.label.endswith(chr(0x245F + parts.index(right)))]) == 1
        assert sum(n.kind == "stub" and n.key.startswith("in") for n in right.nodes) == 1
    assert sum(len(part.edges) for part in parts) == len(whole.edges) + len(parts) - 1
    assert len(rows(copied(loop(3)), False)) == 1


def test_many_derivatives_are_written_into_boxes_and_few_on_edges():
    few, many = (visualize.Picture(loop(steps)).dot for steps in (3, 60))
    assert "∂ =" in few and "∂/∂" not in few
    assert "∂/∂h = w" in many and "∂ =" not in many.replace("∂: local", "")


def test_half_of_a_surrogate_pair_in_a_name_does_not_stop_a_picture(tmp_path):
    x = mg.Tensor(1.0, requires_grad=True, name="a\ud800b")
    picture = visualize.draw(x * 2, title="\udc00")
    for kind in ("svg", "dot", "mmd", "txt"):
        assert picture.save(tmp_path / f"p.{kind}").stat().st_size


@pytest.mark.parametrize("afterwards", [False, True])
def test_a_tensors_picture_says_that_operands_are_missing(afterwards):
    """Also after backward, which frees what was saved."""
    x, layer = mg.randn(2, 3), mg.nn.Linear(3, 3, bias=False)
    w = mg.ones(3, requires_grad=True)
    for y, missing in (((x + layer(x) * x).sum(), True), ((w * w).sum(), False), (layer(w).sum(), False)):
        if afterwards:
            y.backward()
        assert (PARTLY in trace(y).notes) == missing
