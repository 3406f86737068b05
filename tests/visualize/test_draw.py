"""Pictures: the model behind them, what survives in a label, and the ways in which rendering can fail."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import microgradnet as mg
import visualize
from microgradnet import nn
from visualize import RenderError, render
from visualize.picture.dot import to_dot
from visualize.record.formula import numbers
from visualize.record.graph import Graph, GraphNode


def taped():
    a, b = (mg.Tensor(v, requires_grad=True, name=n) for n, v in (("a", 2.0), ("b", -3.0)))
    with mg.Tape() as tape:
        loss = mg.tanh(a * b + a)
        loss.backward()
    return tape


def test_the_model_has_values_gradients_and_kinds():
    graph = visualize.draw(taped()).graph
    assert [(n.label, n.kind) for n in graph.nodes] == [
        ("a", "input"),
        ("b", "input"),
        ("mul", "op"),
        ("add", "op"),
        ("tanh", "output"),
    ]
    mul = graph.nodes[2]
    assert mul.value == -6.0
    assert mul.formula == "x·y"
    assert mul.gradient is not None
    assert [(e.source, e.target, e.argument) for e in graph.edges[:2]] == [("leaf0", "op0", "x"), ("leaf1", "op0", "y")]


def test_a_value_used_twice_by_one_op_has_two_edges():
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    picture = visualize.draw(x * x)
    assert [(e.source, e.argument) for e in picture.graph.edges] == [("leaf0", "x"), ("leaf0", "y")]
    assert picture._repr_svg_().count('class="edge"') == 2


def test_an_op_with_several_results_is_one_box_in_the_middle_of_the_graph():
    x = mg.Tensor([[[1.0, 2.0], [4.0, 3.0]]], requires_grad=True, name="x")
    with mg.Tape() as tape:
        nn.functional.max_pool2d(x * 2, 2).sum().backward()
    graph = visualize.draw(tape).graph
    labels = [n.label for n in graph.nodes]
    pool = next(n for n in graph.nodes if "pool" in n.label)
    assert labels[0] == "x"
    assert labels[-1] == "sum"
    assert "output" not in labels
    assert pool.kind == "op"
    assert pool.value.item() == 8.0
    assert pool.gradient.item() == 1.0
    ends = {e.source for e in graph.edges} | {e.target for e in graph.edges}
    assert ends == {n.key for n in graph.nodes}
    assert len([n for n in graph.nodes if n.kind == "output"]) == 1


def test_before_backward_a_gradient_is_not_computed_yet_rather_than_zero():
    x = mg.Tensor(3.0, requires_grad=True)
    picture = visualize.draw(x * 2)
    assert all(node.gradient is None for node in picture.graph.nodes)
    assert picture.dot.count("not computed yet") == 2


def test_modules_are_nested_clusters_and_parameters_have_their_names():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    picture = visualize.draw(model(mg.tensor([[1.0, 2.0]])).sum(), model=model)
    by_label = {n.label: n for n in picture.graph.nodes}
    assert by_label["linear"].module == ("Sequential", "0: Linear")
    assert by_label["0.weight"].kind == "parameter"
    assert "cluster_0_0" in picture.dot


def test_a_graph_of_100000_nodes_is_aggregated_by_module_without_a_hang():
    class Deep(nn.Module):
        def forward(self, x):
            for _ in range(50_000):
                x = x + 1.0
            return x

    model = nn.Sequential(Deep(), Deep())
    result = model(mg.tensor(1.0, requires_grad=True))
    start = time.process_time()
    graph = visualize.draw(result).graph
    assert time.process_time() - start < 10  # 3.5 s on a machine with nothing else to do
    assert [n.label for n in graph.nodes] == ["input", "0: Deep × 2"]
    assert graph.nodes[1].details == ["50,000 ops", "0 parameters", "gives scalar"]
    assert [(e.source, e.target) for e in graph.edges] == [("leaf0", "group0")]


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        'quote " and \\ and \\n',
        "{a|b}",
        "two\nlines",
        "‮right to left",
        "&amp; <B>",
        "x" * 10_000,
    ],
    ids=["script", "quotes", "record", "newline", "rtl", "entity", "long"],
)
def test_any_label_stays_text(label):
    graph = Graph([GraphNode("n", "input", label, module=(label,))], title=label)
    svg = render(to_dot(graph), "svg").decode()
    assert "<script" not in svg
    assert len(svg) < 20_000


def test_numbers_are_short_and_say_what_an_array_is_like():
    assert numbers(1 / 3) == "0.3333"
    assert numbers([1.0, 2.5]) == "[1, 2.5]"
    assert numbers(range(100)) == "49.5 ± 28.9, 0 to 99"


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "dot"])
def test_it_saves_in_every_format(kind, tmp_path):
    path = visualize.draw(taped(), title="a title").save(tmp_path / f"graph.{kind}")
    start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}[kind]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [f"graph.{kind}"]


def test_it_renders_without_dot_on_the_path(tmp_path):
    program = (
        "import microgradnet as mg, visualize, shutil\n"
        "assert shutil.which('dot') is None\n"
        "x = mg.Tensor(3.0, requires_grad=True)\n"
        f"visualize.draw(x * x).save({str(tmp_path / 'g.svg')!r})\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "g.svg").read_text()


def test_without_any_engine_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(RenderError, match=r"pip install pygraphviz.*\.dot"):
        render("digraph {}", "svg")


def test_a_layout_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr("visualize.picture.engine._engine", lambda kind: ["sleep", "10"])
    with pytest.raises(RenderError, match=r"longer than 0\.2 s"):
        render("digraph {}", "svg", seconds=0.2)


def test_a_layout_that_crashes_is_a_message(monkeypatch):
    crash = [sys.executable, "-c", "import os; os.abort()"]
    monkeypatch.setattr("visualize.picture.engine._engine", lambda kind: crash)
    with pytest.raises(RenderError, match="failed: it ended with status"):
        render("digraph {}", "svg")


def test_an_unknown_format_and_an_unwritable_place_are_named(tmp_path):
    picture = visualize.draw(taped())
    with pytest.raises(RenderError, match="svg, png, pdf, html, dot, mmd, json, txt, got 'bmp'"):
        picture.save(tmp_path / "g.bmp")
    with pytest.raises(RenderError, match=r"missing/g\.dot"):
        picture.save(tmp_path / "missing" / "g.dot")


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(TypeError, match="Tensor, Tape, Value, ScalarTape, or a module with inputs expected, got int"):
        visualize.draw(3)


def test_learning_curves_are_written(tmp_path):
    history = [
        {
            "epoch": e,
            "train_loss": 1 / e,
            "test_loss": 1.2 / e,
            "train_accuracy": 1 - 0.5 / e,
            "test_accuracy": 0.9 - 0.4 / e,
        }
        for e in (1, 2, 3)
    ]
    path = visualize.learning_curves(history, tmp_path / "curves.svg")
    text = path.read_text()
    assert "<svg" in text
