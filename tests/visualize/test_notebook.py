"""What a notebook is shown: text always, HTML of readable size."""

import re

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.scalar import ScalarTape, Value


def shown(x) -> tuple[str, str]:
    bundle = x._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    return bundle["text/plain"], bundle["text/html"]


def taped():
    x = mg.tensor(2.0, requires_grad=True, name="x")
    with mg.Tape() as tape:
        y = mg.tanh(x * 3.0)
    return tape, y


def test_a_small_tensor_is_cells_and_a_large_one_a_histogram():
    text, page = shown(mg.tensor([[1.0, -2.0], [3.0, float("nan")]]))
    assert text.startswith("tensor(")
    assert re.findall(r"<td[^>]*>([^<]*)</td>", page) == ["1", "−2", "3", "nan"]
    text, page = shown(mg.tensor(np.linspace(0, 1, 1000)))
    assert "<td" not in page
    assert page.count("<rect") == 40


def test_a_computed_tensor_shows_its_graph_if_that_is_small():
    _, y = taped()
    assert "<svg" in shown(y)[1]
    assert "tanh" in shown(y)[1]
    for _ in range(100):
        y = y * 1.0
    _, page = shown(y)
    assert "<svg" not in page
    assert "save('graph.html')" in page


@pytest.mark.parametrize("what", ["tape", "graph", "value", "scalar tape"])
def test_graphs_are_pictures(what):
    tape, _ = taped()
    with ScalarTape() as scalars:
        value = Value(2.0) * 3.0
        x = {"tape": tape, "graph": visualize.draw(tape).graph, "value": value, "scalar tape": scalars}[what]
        text, page = shown(x)
    assert "<svg" in page and "mul" in page
    assert "object at 0x" not in text
    assert "<script" not in page


def test_a_module_is_a_list_that_opens():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1)))
    text, page = shown(model)
    assert text == repr(model)
    assert "13 parameters" in page
    assert page.count("<details") == 3
    assert "3×2 float32" in page


def test_a_flow_says_its_verdicts():
    model = nn.Linear(2, 1)
    with visualize.watch(model, every=1) as flow:
        model(mg.ones(3, 2)).sum().backward()
    text, page = shown(flow)
    assert text == str(flow)
    assert "layer 1" in page and "<rect" in page
    assert "nothing was seen" in shown(visualize.watch(model))[1]


def test_player_and_paths_have_text_and_page():
    tape, _ = taped()
    text, page = shown(visualize.play(tape))
    assert text.startswith("1. ") and page.startswith("<iframe")
    x = Value(3.0)
    text, page = shown(visualize.paths(x, x * x))
    assert "2 paths" in text and "<svg" in page and "<pre>" in page


def test_names_are_escaped():
    x = mg.tensor(1.0, requires_grad=True, name="<script>alert(1)</script>")
    for thing in (x, x * 2):
        assert "<script" not in shown(thing)[1]


def test_an_empty_tape_says_so():
    with mg.Tape() as tape:
        pass
    assert "nothing ran" in shown(tape)[1]
