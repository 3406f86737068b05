"""The story that the step player tells: every event's numbers, its sums, the update, and what it refuses."""

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from visualize.record.expression import evaluate


def example():
    a, b, c = (mg.tensor(v, dtype=mg.float64, requires_grad=True) for v in (2.0, -3.0, 6.5))
    a.name, b.name, c.name = "a", "b", "c"
    with mg.Tape() as tape:
        loss = mg.tanh(a * b + c) * a
    return (a, b, c), tape, loss


def test_forward_events_have_the_formula_with_names_and_with_numbers():
    _, tape, _ = example()
    forward = [e for e in visualize.tell(tape).events if e.kind == "forward"]
    assert [(e.formula, e.filled) for e in forward] == [
        ("v1 = a·b", "2·(−3) = −6"),
        ("v2 = v1 + c", "−6 + 6.5 = 0.5"),
        ("v3 = tanh v2", "tanh 0.5 = 0.4621"),
        ("loss = v3·a", "0.4621·2 = 0.9242"),
    ]
    assert all("test_story.py:" in e.line for e in forward)


def test_the_lines_of_a_formula_that_was_typed_are_not_told():
    with mg.Tape() as tape:
        evaluate("tanh(a*b)", {"a": 2.0, "b": -3.0})
    forward = [e for e in visualize.tell(tape).events if e.kind == "forward"]
    assert [e.line for e in forward] == ["", ""]


def test_backward_events_are_one_edge_each_and_their_sums_are_the_gradients():
    (a, b, _), tape, loss = example()
    story = visualize.tell(tape, loss)
    back = [e for e in story.events if e.kind == "backward"]
    assert len(back) == len(story.graph.edges) == 7
    assert {e.edge for e in back} == set(range(7))
    for e in back:
        upstream, local = (float(t.replace("−", "-")) for t in (e.upstream, e.local))
        assert e.exact == pytest.approx(upstream * local, rel=2e-3)
    into_a = [e for e in back if e.target == next(n.key for n in story.graph.nodes if n.label == "a")]
    assert [e.before for e in into_a] == ["not computed yet", into_a[0].after]
    loss.backward()
    assert sum(e.exact for e in into_a) == pytest.approx(a.grad.item())
    assert next(n for n in story.graph.nodes if n.label == "b").gradient == pytest.approx(b.grad.item())
    assert back[1].local_formula == "∂loss/∂a = v3"


def test_gradients_are_left_as_they_were_and_the_graph_can_be_used_again():
    (a, _, _), tape, loss = example()
    loss.backward(retain_graph=True)
    before = a.grad.item()
    visualize.tell(tape)
    assert a.grad.item() == before
    loss.backward()


def test_a_square_has_two_edges_and_two_contributions():
    x = mg.tensor(3.0, dtype=mg.float64, requires_grad=True)
    with mg.Tape() as tape:
        x * x
    back = [e for e in visualize.tell(tape).events if e.kind == "backward"]
    assert [(e.exact, e.after) for e in back] == [(3.0, "3"), (3.0, "6")]


def test_the_update_is_told_with_the_value_before_and_after():
    (a, b, c), tape, _ = example()
    story = visualize.tell(tape, optimizer=optim.SGD([a, b, c], lr=0.1))
    updates = [e for e in story.events if e.kind == "update"]
    assert [e.target for e in updates] == [n.key for n in story.graph.nodes if n.kind == "input"]
    assert updates[0].before == "2"
    assert float(updates[0].after.replace("−", "-")) == pytest.approx(a.item(), rel=1e-3)
    assert next(n for n in story.graph.nodes if n.label == "a").value == 2.0


def test_arrays_are_told_by_what_they_are_like_and_parameters_by_their_names():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    with mg.Tape() as tape:
        loss = (model(mg.randn(4, 3)) ** 2).mean()
    story = visualize.tell(tape, loss, model=model)
    assert "0.weight" in story.names.values()
    assert all(e.contribution for e in story.events if e.kind == "backward")
    assert "gradient so far" in story.transcript()[-1]


def test_a_large_graph_is_told_module_by_module():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(200)))
    with mg.Tape() as tape:
        loss = model(mg.ones(1, 2)).sum()
        for _ in range(200):
            loss = loss + 1
    story = visualize.tell(tape)
    assert ("Sequential", "0: Linear × 200") in {n.module for n in story.graph.nodes}
    assert len(story.graph.nodes) <= 300
    assert {e.kind for e in story.events} == {"forward", "backward"}


def test_what_cannot_be_told():
    with pytest.raises(TypeError, match="record the computation inside"):
        visualize.play(mg.ones(1, requires_grad=True) * 2)
    with mg.Tape() as empty:
        mg.ones(2) + 1
    with pytest.raises(ValueError, match="no input of the computation requires grad"):
        visualize.play(empty)
    with mg.Tape() as tape:
        mg.ones(2, requires_grad=True) * 2
    with pytest.raises(ValueError, match="mul, is not one number: pass the loss"):
        visualize.play(tape)
    with mg.Tape() as tape:
        (mg.ones(2, requires_grad=True) ** 2).sum().backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        visualize.play(tape)


def test_a_constant_stands_in_the_formula_as_its_number():
    x = mg.tensor(3.0, dtype=mg.float64, requires_grad=True)
    with mg.Tape() as tape:
        x / 4
    story = visualize.tell(tape)
    assert story.events[0].filled == "3/4 = 0.75"
    assert story.events[-1].local_formula == "∂v1/∂x".replace("x", story.graph.nodes[0].label) + " = 1/4"


def test_numbers_that_are_not_finite_are_shown_and_not_guessed():
    x = mg.tensor(0.0, dtype=mg.float64, requires_grad=True)
    with mg.Tape() as tape:
        mg.log(x)
    story = visualize.tell(tape)
    assert story.events[-1].exact is None
    assert story.events[-1].contribution == "inf"
    assert np.isneginf(story.graph.nodes[-1].value)


def test_the_only_number_of_a_matrix_is_told_exactly():
    x = mg.tensor([[2.0]], requires_grad=True)
    with mg.Tape() as tape:
        (x * 3).sum()
    steps = [event for event in visualize.tell(tape).events if event.kind == "backward"]
    assert [event.exact for event in steps] == [1.0, 3.0]


@pytest.mark.parametrize(
    ("function", "forward", "local"),
    [
        (lambda x: x.tanh(), ("v1 = tanh x", "tanh(−3) = −0.9951"), "1 − v1² = 1 − (−0.9951)²"),
        (lambda x: x**2, ("v1 = x²", "(−3)² = 9"), "2·x = 2·(−3)"),
        (lambda x: x**3, ("v1 = x³", "(−3)³ = −27"), "3·x² = 3·(−3)²"),
        (lambda x: (x / 4).exp(), ("v2 = e^v1", "e^(−0.75) = 0.4724"), "e^v1 = e^(−0.75)"),
        (lambda x: 1 / x, ("v1 = 1/x", "1/(−3) = −0.3333"), "−1/x² = −1/(−3)²"),
        (lambda x: 2 - x, ("v1 = 2 − x", "2 − (−3) = 5"), "−1"),
        (
            lambda x: nn.functional.leaky_relu(x),
            ("v1 = x if x > 0 else 0.01·x", "(−3 if −3 > 0 else 0.01·(−3)) = −0.03"),
            "(1 if x > 0 else 0.01) = (1 if −3 > 0 else 0.01)",
        ),
        (
            lambda x: nn.functional.softplus(x),
            ("v1 = x if x > 20 else ln(1 + eˣ)", "(−3 if −3 > 20 else ln(1 + e⁻³)) = 0.04859"),
            "(1 if x > 20 else σ(x)) = (1 if −3 > 20 else σ(−3))",
        ),
    ],
)
def test_numbers_stand_in_every_place_of_a_formula(function, forward, local):
    x = mg.tensor(-3.0, dtype=mg.float64, requires_grad=True)
    x.name = "x"
    with mg.Tape() as tape:
        function(x)
    story = visualize.tell(tape)
    *_, last = [e for e in story.events if e.kind == "forward"]
    assert (last.formula, last.filled) == forward
    first = next(e for e in story.events if e.kind == "backward")
    assert first.local_formula.partition(" = ")[2] == local
    assert all(e.local for e in story.events if e.kind == "backward")
    assert all(e.local is not None for e in visualize.draw(tape).graph.edges)


def test_an_op_with_two_results_and_a_custom_function_are_told():
    class Cube(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

    x = mg.ones(1, 1, 2, 2, requires_grad=True)
    with mg.Tape() as tape:
        Cube.apply(nn.functional.max_pool2d(x * 2, 2)).sum()
    story = visualize.tell(tape)
    assert [n.label for n in story.graph.nodes] == ["x", "mul", "max_pool", "Cube", "sum"]
    back = [e for e in story.events if e.kind == "backward"]
    assert [e.exact for e in back][:2] == [1.0, 12.0]
    assert len(tape.calls) == 4, "what a backward runs is no part of the forward"
