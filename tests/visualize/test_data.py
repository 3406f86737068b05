"""JSON: every key that the documentation names, and the tree of boxes behind the page."""

import json
import re

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from visualize.picture import data as module
from visualize.record.trace import skeleton
from visualize.record.tree import Box, Tree


def saved(picture, folder) -> dict:
    return json.loads(picture.save(folder / "graph.json").read_text())


def net() -> tuple:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x, y = mg.tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3)), mg.zeros(2, 2)
    with mg.Tape() as tape:
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
    return model, tape


def test_json_has_nodes_edges_and_boxes_that_refer_to_each_other(tmp_path):
    model, tape = net()
    data = saved(visualize.draw(tape, model, "net"), tmp_path)
    assert (data["format"], data["version"], data["title"]) == ("microgradnet graph", 1, "net")
    nodes = {node["label"]: node for node in data["nodes"]}
    assert data["ops"] == 4
    assert data["parameters"] == 3 * 4 + 4 + 4 * 2 + 2
    assert data["boxes"][0]["kind"] == "root"
    home = data["boxes"][nodes["0.weight"]["box"]]
    assert (home["label"], home["kind"], home["parameters"]) == ("0: Linear", "module", 16)
    assert data["boxes"][home["parent"]]["label"] == "Sequential"
    first = next(node for node in data["nodes"] if node.get("number") == 1)
    read = [data["nodes"][e["source"]]["label"] for e in data["edges"] if data["nodes"][e["target"]] is first]
    assert read == ["x", "0.weight", "0.bias"]
    edge = next(e for e in data["edges"] if data["nodes"][e["source"]]["label"] == "0.weight")
    assert edge["argument"] == "weight" and edge["statement"].startswith("∂L/∂0.weight = gᵀ·x")


def test_json_has_the_numbers_that_were(tmp_path):
    model, tape = net()
    data = saved(visualize.draw(tape, model), tmp_path)
    weight = next(node for node in data["nodes"] if node["label"] == "2.weight")
    parameter = dict(model.named_parameters())["2.weight"]
    assert np.allclose(weight["value"]["numbers"], parameter.detach().numpy().ravel(), rtol=1e-5)
    assert np.allclose(weight["gradient"]["numbers"], parameter.grad.numpy().ravel(), rtol=1e-5)
    assert sum(weight["value"]["counts"]) == 8
    assert weight["value"]["mean"] == pytest.approx(float(parameter.detach().numpy().mean()), rel=1e-4)
    loss = data["nodes"][-1]
    assert loss["value"]["number"] == pytest.approx(float(tape.calls[-1].value), rel=1e-5)
    assert data["kept"] == sum(sum(call.kept.values()) for call in tape.calls) > 0


def test_numbers_that_are_not_finite_are_json(tmp_path):
    x = mg.tensor([1.0, float("nan"), float("inf")], requires_grad=True)
    data = saved(visualize.draw(x * 2), tmp_path)
    value = data["nodes"][0]["value"]
    assert value["numbers"] == [1.0, None, None]
    assert value["not_finite"] == pytest.approx(2 / 3, rel=1e-5)


def test_half_a_surrogate_pair_in_a_name_is_no_reason_to_raise(tmp_path):
    x = mg.tensor(1.0, requires_grad=True, name="\ud800")
    for kind in ("json", "html", "svg", "dot", "mmd", "txt"):
        visualize.draw(x * 2, title="\udfff").save(tmp_path / f"graph.{kind}")
    picture = visualize.draw(x * 2)
    assert saved(picture, tmp_path)["nodes"][0]["label"] == "?"
    picture.json.encode()
    picture.html().encode()


def test_every_key_is_documented():
    model, tape = net()
    keys: set[str] = set()

    def collect(value):
        if isinstance(value, dict):
            keys.update(set(value))
            for name, item in value.items():
                if name != "kept":  # by the op's own names
                    collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    pool = mg.tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    with mg.Tape() as other:
        nn.functional.max_pool2d(pool, 2).sum().backward()
    for tape_ in (tape, other):
        collect(json.loads(visualize.draw(tape_, model).json))
    documented = set(re.findall(r"``(\w+)(?:\[0\])?``", module.__doc__))
    assert keys - documented == set()


def items_of(box: Box) -> list[str]:
    return [f"{item.label} × {item.count}" if isinstance(item, Box) else item.label for item in box.items]


def test_layers_that_repeat_are_one_box_of_as_many():
    model = nn.Sequential(nn.Linear(2, 3), *(nn.Linear(3, 3) for _ in range(12)), nn.Linear(3, 1))
    tree = Tree(skeleton(model(mg.ones(1, 2)), model))
    (whole,) = tree.root.items
    assert items_of(whole) == ["0: Linear × 1", "Linear × 12", "13: Linear × 1"]
    assert [box.label for box in whole.items[1].items] == [f"{i}: Linear" for i in range(1, 13)]


def test_steps_of_a_loop_are_turns_and_what_they_share_stands_outside():
    cell = nn.LSTMCell(2, 3)
    x = mg.ones(20, 1, 2)
    with mg.Tape() as tape:
        h = c = mg.zeros(1, 3)
        for i in range(20):
            h, c = cell(x[i], (h, c))
    tree = Tree(skeleton(tape, cell))
    loop = next(item for item in tree.root.items if isinstance(item, Box))
    assert (loop.label, loop.count) == ("getitem → LSTMCell", 20)
    assert [turn.label for turn in loop.items[:2]] == ["1 of 20", "2 of 20"]
    assert {"x", "weight_ih", "weight_hh"} <= {item.label for item in tree.root.items}


def test_a_module_that_runs_again_after_something_else_is_another_box():
    inner = nn.Linear(2, 2)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(mg.tanh(self.inner(x)))

    tree = Tree(skeleton(Twice()(mg.ones(1, 2))))
    (whole,) = tree.root.items
    runs = [(item.label, item.count) for item in whole.items if isinstance(item, Box)]
    assert runs == [("inner: Linear", 1), ("inner: Linear", 2)]


def test_no_box_has_more_than_a_screen_can_show_and_all_ops_are_in_one():
    x = mg.tensor(1.0, requires_grad=True)
    y = x
    for i in range(5000):
        y = (mg.tanh, mg.sin, mg.exp)[i * i % 7 % 3](y)
    graph = skeleton(y)
    tree = Tree(graph)
    found = []
    for box in tree.boxes():
        assert len(box.items) <= 62  # and the input
        found += [item.key for item in box.items if not isinstance(item, Box)]
    assert sorted(found) == sorted(node.key for node in graph.nodes)


def test_within_any_box_edges_run_forwards():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), 3)
    with mg.Tape() as tape:
        model(mg.ones(1, 3, 8)).sum()
    graph = skeleton(tape, model)
    tree = Tree(graph)
    place = {}

    def number(box):
        for item in box.items:
            place[id(item) if isinstance(item, Box) else item.key] = len(place)
            if isinstance(item, Box):
                number(item)

    number(tree.root)
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)
