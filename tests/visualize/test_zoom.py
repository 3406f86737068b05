"""Zoom levels, closed modules, folded repeats, what a module or a Value is drawn as, differences between two steps."""

import pytest

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.scalar import ScalarTape, Value


def deep(count: int) -> nn.Module:
    layers = [layer for _ in range(count) for layer in (nn.Linear(4, 4), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(4, 1))


def test_repeats_are_drawn_once_and_counted():
    graph = visualize.draw(deep(12), inputs=mg.ones(1, 4), level="module").graph
    assert graph.nodes[0].label == "input"
    assert [(n.label, n.details[-1]) for n in graph.nodes[1:]] == [
        ("0: Linear", "× 12"),
        ("1: ReLU", "× 12"),
        ("24: Linear", "gives 1×1"),
    ]
    assert [(e.source, e.target) for e in graph.edges] == [
        ("leaf0", "group0"),
        ("group0", "group1"),
        ("group1", "group24"),
    ]
    assert graph.nodes[1].details == ["1 op", "20 parameters", "gives 1×4", "× 12"]


def test_depth_says_which_modules_are_open():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 1))
    labels = {}
    for depth in (0, 1, 2, 3):
        graph = visualize.draw(model, inputs=mg.ones(1, 2), depth=depth).graph
        labels[depth] = [n.label for n in graph.nodes if n.kind not in ("parameter", "input")]
    assert labels[0] == ["Sequential"]
    assert labels[1] == ["0: Sequential", "1: Linear"]
    assert labels[2] == ["0: Linear", "1: Tanh", "linear"], "1: Linear lies in one module only"
    assert labels[3] == ["linear", "tanh", "linear"]
    box = visualize.draw(model, inputs=mg.ones(1, 2), depth=0).graph.nodes[-1]
    assert box.details == ["3 ops", "9 parameters", "gives 1×1"]


def test_a_residual_connection_is_not_folded_away():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 3)

        def forward(self, x):
            return x + self.inner(x)

    model = nn.Sequential(*(Block() for _ in range(4)))
    folded = visualize.draw(model, inputs=mg.ones(1, 3), level="module").graph
    assert [n.details[-1] for n in folded.nodes if n.kind == "module"] == ["× 4"]
    inside = visualize.draw(model, inputs=mg.ones(1, 3), depth=2).graph
    assert len([n for n in inside.nodes if n.label == "add"]) == 4
    assert all(sum(e.target == n.key for e in inside.edges) == 2 for n in inside.nodes if n.label == "add")


def test_scalar_level_opens_a_module_into_single_numbers():
    graph = visualize.draw(
        nn.Sequential(nn.Linear(2, 1), nn.Tanh()), inputs=mg.tensor([[1.0, 2.0]]), level="scalar"
    ).graph
    assert [n.label for n in graph.nodes if n.kind in ("op", "output")] == ["mul", "mul", "sum", "add", "tanh"]
    assert {n.label for n in graph.nodes if n.kind in ("input", "parameter")} >= {
        "input[0, 0]",
        "0.weight[0, 1]",
        "0.bias[0]",
    }


def test_a_value_is_drawn_with_labels_parallel_edges_and_local_derivatives():
    with ScalarTape():
        x = Value(3.0, "x")
        y = x * x
        y.label = "y"
        before = visualize.draw(y).graph
        assert all(n.gradient is None for n in before.nodes)
        y.backward()
        graph = visualize.draw(y).graph
    assert [(n.label, n.name, n.kind) for n in graph.nodes] == [("x", "", "input"), ("mul", "y", "output")]
    assert [(e.argument, str(e.symbol), float(e.local)) for e in graph.edges] == [("x", "x", 3.0), ("y", "x", 3.0)]
    assert graph.nodes[0].gradient == 6.0


def test_a_million_scalars_are_refused_with_advice():
    with ScalarTape():
        x = Value(1.0)
        for _ in range(200_001):
            x = x + x
        with pytest.raises(ValueError, match="too many for a picture: draw one sample"):
            visualize.draw(x)


def test_edges_have_local_derivatives_in_symbols_and_numbers():
    a, b = (mg.Tensor(v, requires_grad=True, name=n) for n, v in (("a", 2.0), ("b", -3.0)))
    with mg.Tape() as tape:
        y = a * b
        y.backward()
    picture = visualize.draw(tape)
    assert [(str(e.symbol), float(e.local)) for e in picture.graph.edges] == [("b", -3.0), ("a", 2.0)]
    assert "∂ = b = −3" in picture.dot
    assert "dashed" in picture.dot
    assert "size of the gradient" in picture.dot


def test_a_shared_parameter_has_a_badge_and_its_gradient_says_of_how_many_ways_it_is_the_sum():
    w = mg.Tensor(2.0, requires_grad=True, name="w")
    with mg.Tape() as tape:
        (w * w + w).backward()
    dot = visualize.draw(tape).dot
    assert "shared, used 3×" in dot
    assert "Σ of 3 ways" in dot


def test_the_graph_of_the_backward_pass_is_drawn():
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    (g,) = mg.autograd.grad(x**3, x, create_graph=True)
    labels = [n.label for n in visualize.draw(g).graph.nodes]
    assert labels[0] == "x"
    assert labels.count("power") >= 1
    assert "mul" in labels


def test_mermaid_and_text_say_the_same_and_stay_text():
    w = mg.Tensor(2.0, requires_grad=True, name='w"] --> x["<script>')
    with mg.Tape() as tape:
        (w * 3).backward()
    picture = visualize.draw(tape, title="T")
    mermaid = picture.mermaid
    assert mermaid.startswith("flowchart LR\n")
    assert "<script>" not in mermaid
    assert '"] --> x["' not in mermaid
    assert mermaid.count("-->") == 1
    text = str(picture)
    assert text.splitlines()[0] == "T"
    assert "mul(" in text and "x·3" in text


def test_every_text_format_is_saved(tmp_path):
    with ScalarTape():
        y = Value(2.0).tanh()
        for kind, start in (("mmd", "flowchart"), ("txt", "name"), ("dot", "digraph")):
            assert visualize.draw(y).save(tmp_path / f"g.{kind}").read_text().startswith(start)


def test_a_notebook_gets_html_that_scrolls_and_text_without_an_engine(monkeypatch):
    with ScalarTape():
        picture = visualize.draw(Value(2.0).tanh())
    assert picture._repr_html_().startswith('<div style="overflow:auto')
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert "<pre>" in picture._repr_html_() and "pip install pygraphviz" in picture._repr_html_()


def test_a_dark_picture_has_light_ink():
    with ScalarTape():
        y = Value(2.0).tanh()
        assert "#12181f" in visualize.draw(y, dark=True).dot
        assert "#12181f" not in visualize.draw(y).dot


def test_wrong_levels_and_missing_inputs_are_named():
    with pytest.raises(ValueError, match="level is 'module', 'op' or 'scalar', got 'atom'"):
        visualize.draw(deep(1), inputs=mg.ones(1, 4), level="atom")
    with pytest.raises(ValueError, match="a module needs inputs"):
        visualize.draw(deep(1))
    with pytest.raises(ValueError, match="go with a module, got Tensor"):
        visualize.draw(mg.ones(1), level="scalar")


def step(model, optimizer):
    with mg.Tape() as tape:
        loss = (model(mg.tensor([[1.0, -1.0]])) ** 2).sum()
        loss.backward()
    picture = visualize.draw(tape, model=model)
    optimizer.step()
    optimizer.zero_grad()
    return picture


def test_two_steps_are_compared_on_one_layout():
    mg.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = optim.SGD([model.weight], lr=0.1)
    first, second = step(model, optimizer), step(model, optimizer)
    picture = visualize.diff(first, second)
    by_label = {n.label: n for n in picture.graph.nodes}
    assert by_label["weight"].mark == "changed"
    assert by_label["weight"].details[0].startswith("data was")
    assert not any(d.startswith("data was") for d in by_label["bias"].details), "the bias was not trained"
    assert picture.graph.title == "5 of 6 boxes changed by more than 0.0001 %"
    assert by_label["weight"].details[1].startswith("changed by")
    loose = visualize.diff(first, second, tolerance=1e6)
    assert not any(n.mark for n in loose.graph.nodes)
    same = visualize.diff(first, first)
    assert not any(n.mark for n in same.graph.nodes)


def test_a_box_that_only_one_step_has_says_so():
    x = mg.Tensor(1.0, requires_grad=True, name="x")
    picture = visualize.diff(visualize.draw(x * 2), visualize.draw((x * 2).tanh()))
    assert [(n.label, n.details) for n in picture.graph.nodes if n.mark] == [
        ("mul", ["only in the second"]),
        ("tanh", ["only in the second"]),
        ("mul", ["only in the first"]),
    ]


def test_repeats_of_a_graph_that_is_too_large_are_drawn_once_and_open():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 3)

        def forward(self, x):
            return (x + self.inner(x)).tanh()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(*(Block() for _ in range(100)))
            self.last = nn.Linear(3, 1)

        def forward(self, x):
            return self.last(self.blocks(x))

    graph = visualize.draw(Net(), inputs=mg.ones(1, 3)).graph
    ops = [(n.label, n.module) for n in graph.nodes if n.kind in ("op", "output")]
    block = ("Net", "blocks: Sequential", "0: Block × 100")
    assert ops == [
        ("linear", (*block, "inner: Linear")),
        ("add", block),
        ("tanh", block),
        ("linear", ("Net", "last: Linear")),
    ]
    tanh, last = (n.key for n in graph.nodes if n.label == "tanh" or n.kind == "output")
    assert any((e.source, e.target) == (tanh, last) for e in graph.edges), "what the last repeat gives goes on"
    assert graph.notes == [
        "301 ops drawn as 9 boxes: repeats, marked ×, are drawn once; draw(…, level='op') draws each"
    ]


def test_ops_without_modules_are_put_together_and_a_part_can_be_drawn():
    w = mg.ones(2, requires_grad=True)
    w.name = "w"
    with mg.Tape() as tape:
        x = w + 1
        for _ in range(600):
            x = mg.sin(x * w)
        for k in range(150):
            x = (mg.exp, mg.tanh, mg.cos)[k * k % 3 if k % 7 else k % 2](x)
    graph = visualize.draw(tape).graph
    assert [n.label for n in graph.nodes][:3] == ["w", "ops 1 to 1", "mul → sin"]
    assert graph.nodes[2].details[-2:] == ["ops 2 to 1,201", "× 600"]
    assert "draw(…, part=(1, 100)) draws the first hundred ops" in graph.notes[0]
    assert sum(int(n.details[0].split()[0].replace(",", "")) for n in graph.nodes if n.kind == "module") == 1351
    part = visualize.draw(tape, part=(2, 5)).graph
    assert [n.label for n in part.nodes] == ["w", "add", "mul", "sin", "mul", "sin"]
    with pytest.raises(ValueError, match="no op is in part='encoder'; the modules are: none"):
        visualize.draw(tape, part="encoder")


def test_parameters_of_scalar_nets_have_names_and_their_colour():
    from microgradnet.scalar import MLP

    with ScalarTape():
        model = MLP(1, [1])
        graph = visualize.draw(model([2.0]), model).graph
    assert {n.label for n in graph.nodes if n.kind == "parameter"} == {
        "layers[0].neurons[0].w[0]",
        "layers[0].neurons[0].b",
    }
    net = visualize.draw(nn.Linear(2, 1), inputs=mg.ones(1, 2), level="scalar").graph
    assert {n.label for n in net.nodes if n.kind == "parameter"} == {"weight[0, 0]", "weight[0, 1]", "bias[0]"}
