"""Paths: each product of local derivatives, their sum, its check, and the ways of showing them."""

import math
import shutil
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microgradnet as mg
import visualize
from microgradnet.scalar import MLP, ScalarTape, Value, dot, to_scalar
from tests.scalar.test_value import STEPS, ours, run


def two_ways():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    loss = ((w * x).tanh() * (w * 3 - 1)) + w
    loss.label = "L"
    return w, loss


def test_each_path_is_a_product_and_their_sum_is_the_gradient():
    with ScalarTape():
        w, loss = two_ways()
        found = visualize.paths(w, loss)
        loss.backward()
        t = math.tanh(1.0)
        assert [p.product for p in found.listed] == pytest.approx(
            sorted([3 * t, 2 * 0.5 * (1 - t * t), 1.0], reverse=True)
        )
        assert found.total == pytest.approx(w.grad, rel=1e-14)
        assert found.checked == pytest.approx(w.grad, rel=1e-8)
        assert len(found) == 3


def test_the_text_has_symbols_numbers_sum_and_check():
    with ScalarTape():
        text = str(visualize.paths(*two_ways()))
    assert text.startswith("∂L/∂w: 3 paths from w to L\n")
    assert "1. w → v3 → v4 → v5 → L\n     ∂L/∂v5 · ∂v5/∂v4 · ∂v4/∂v3 · ∂v3/∂w\n   = 1 · v2 · 1 · 3\n" in text
    assert "   = 1 · 0.7616 · 1 · 3\n   = 2.285\n" in text
    assert "sum: ∂L/∂w = 3.705\nby finite differences: 3.705 (apart by" in text


@settings(max_examples=100, deadline=None)
@given(STEPS, st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_the_sum_is_the_gradient_of_any_computation(program, data):
    with ScalarTape():
        leaves = [Value(v) for v in data]
        root = run(program, leaves, ours)[-1]
        root.backward()
        leaf = next((v for v in leaves if v.grad), None)
        assume(leaf is not None and abs(leaf.grad) < 1e30)
        found = visualize.paths(leaf, root, shown=5)
        assert found.total == pytest.approx(leaf.grad, rel=1e-9, abs=1e-9 * max(1, abs(root.data)))
        products = [abs(p.product) for p in found.listed]
        assert products == sorted(products, reverse=True)


def test_the_largest_paths_are_found_among_a_million_millions():
    with ScalarTape():
        x = v = Value(1.0, "x")
        for _ in range(40):
            v = v * 0.6 + v * 0.5
        found = visualize.paths(x, v, shown=41)
        assert found.count == 2**40
        assert found.total == pytest.approx(1.1**40)
        assert found.checked == pytest.approx(1.1**40, rel=1e-7)
        # 0.6 forty times, then each of the forty ways to take 0.5 once.
        assert [p.product for p in found.listed] == pytest.approx([0.6**40] + [0.6**39 * 0.5] * 40)
        assert f"and {2**40 - 41:,} smaller ones, which add up to" in str(found)


def test_a_weight_of_a_network_reaches_the_loss_by_one_path_for_each_unit_behind_it():
    with ScalarTape():
        model = MLP(2, [3, 4, 1])
        for p in model.parameters():
            p.data = 0.3  # every relu is open
        loss = (model([Value(1.0), Value(2.0)]) - 1) ** 2
        found = visualize.paths(model.parameters()[0], loss)
        assert found.count == 4
        loss.backward()
        assert found.total == pytest.approx(model.parameters()[0].grad)


def test_sums_and_dots_have_paths_too():
    with ScalarTape():
        w, x = [Value(1.0), Value(2.0)], [Value(3.0, "x"), Value(4.0)]
        y = dot(w, [x[0], x[0]])
        found = visualize.paths(x[0], y)
        assert sorted(p.product for p in found.listed) == [1.0, 2.0]
        assert found.checked == pytest.approx(3.0)


def test_tensors_of_one_element_have_paths_before_backward():
    w = mg.Tensor(0.5, requires_grad=True, name="w")
    loss = (w * w).tanh() * w
    loss.name = "L"
    found = visualize.paths(w, loss)
    loss.backward()
    assert found.total == pytest.approx(w.grad.item(), rel=1e-6)
    assert found.checked == pytest.approx(w.grad.item(), rel=1e-5)
    assert str(found).startswith("∂L/∂w: 3 paths")


def test_a_tensor_computation_is_opened_for_its_paths():
    w = mg.tensor([[0.5, -0.2], [0.1, 0.3]], requires_grad=True)
    with ScalarTape():
        opened = to_scalar(lambda x: mg.tanh(x @ w).sum(), mg.tensor([[1.0, 2.0]]))
        found = visualize.paths(opened.leaves[w][0, 1], opened.output)
        opened.output.backward()
        assert found.total == pytest.approx(opened.leaves[w][0, 1].grad)
    vector = mg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"source must be one number, got shape \(2,\).*to_scalar"):
        visualize.paths(vector, vector.sum())
    single = mg.tensor(2.0, requires_grad=True)
    with pytest.raises(ValueError, match="works on arrays"):
        visualize.paths(single, (single * vector).sum())


def test_what_has_no_paths_is_named():
    with ScalarTape():
        a, b = Value(1.0, "a"), Value(2.0, "b")
        with pytest.raises(ValueError, match="not computed from"):
            visualize.paths(a, b * 2)
        with pytest.raises(TypeError, match="two Values or two Tensors expected, got Value and float"):
            visualize.paths(a, 1.0)


def test_it_is_saved_as_text_page_latex_and_marked_graph(tmp_path):
    with ScalarTape():
        w, loss = two_ways()
        loss.label = "<script>alert(1)</script>"
        found = visualize.paths(w, loss)
        for kind in ("txt", "html", "tex", "svg", "dot"):
            assert found.save(tmp_path / f"paths.{kind}").stat().st_size > 100
        page = (tmp_path / "paths.html").read_text()
        assert "<script" not in page
        assert "<svg" in page
        marked = found.picture(1).graph
        assert [n.name or n.label for n in marked.nodes if n.mark] == ["w", "v3", "v4", "v5", loss.label]
        assert sum(bool(e.mark) for e in marked.edges) == 4
        with pytest.raises(visualize.RenderError, match="the format is one of"):
            found.save(tmp_path / "paths.bmp")


def test_latex_is_balanced_and_names_are_upright():
    with ScalarTape():
        w, loss = two_ways()
        w.label = "0.weight[0, 1]"
        text = visualize.paths(w, loss).latex()
    assert text.startswith("\\begin{align*}\n\\frac{\\partial L}{\\partial \\mathrm{0.weight[0, 1]}} &= ")
    assert text.count("{") == text.count("}")
    assert text.isascii()


@pytest.mark.skipif(not shutil.which("latex"), reason="LaTeX is not installed")
def test_latex_compiles(tmp_path):
    with ScalarTape():
        body = visualize.paths(*two_ways()).latex()
    (tmp_path / "p.tex").write_text(
        rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    )
    done = subprocess.run(["latex", "-halt-on-error", "p.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_number_in_an_array_of_some_dimensions_has_paths_too():
    x = mg.tensor([[0.5]], requires_grad=True, dtype=mg.float64)
    found = visualize.paths(x, (x * x + x).tanh())
    expected = 2 / math.cosh(0.75) ** 2
    assert found.total == pytest.approx(expected)
    assert found.checked == pytest.approx(expected)
    assert len(found.listed) == 3
