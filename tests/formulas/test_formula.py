"""Formulas: what is read, how it is written with names and numbers filled in, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgradnet.elementwise import Elementwise
from microgradnet.formulas import FormulaError, Notation, formula_of, parse, partials_of
from microgradnet.formulas.tree import Tree, number
from microgradnet.primitive import registry


@pytest.mark.parametrize(
    ("formula", "texts", "expected"),
    [
        ("x²", {"x": "−3"}, "(−3)²"),
        ("x²", {"x": "v4"}, "v4²"),
        ("eˣ", {"x": "0.5"}, "e^0.5"),
        ("eˣ", {"x": "−0.5"}, "e^(−0.5)"),
        ("eˣ", {"x": "3"}, "e³"),
        ("eˣ", {"x": "w"}, "eʷ"),
        ("eˣ", {"x": "v12"}, "e^v12"),
        ("xʸ⁻¹", {"x": "v1", "y": "v2"}, "v1^(v2 − 1)"),
        ("2ˣ", {"x": "−2"}, "2⁻²"),
        ("1 − y²", {"y": "0.46"}, "1 − 0.46²"),
        ("x + y", {"x": "−6", "y": "6.5"}, "−6 + 6.5"),
        ("x − y", {"x": "2", "y": "−3"}, "2 − (−3)"),
        ("x·y", {"x": "−2", "y": "−3"}, "(−2)·(−3)"),
        ("x/y", {"x": "−2", "y": "3"}, "(−2)/3"),
        ("−x", {"x": "−3"}, "−(−3)"),
        ("2x", {"x": "3"}, "2·3"),
        ("2x", {"x": "−3"}, "2·(−3)"),
        ("2x", {"x": "v3"}, "2v3"),
        ("2x", {"x": "0.weight[0, 1]"}, "2·0.weight[0, 1]"),
        ("1/(2x)", {"x": "3"}, "1/(2·3)"),
        ("βx", {"beta": "2", "x": "v1"}, "2v1"),
        ("x·y", {"x": "a + b", "y": "c"}, "(a + b)·c"),
        ("x²", {"x": "1.5e−07"}, "(1.5e−07)²"),
        ("tanh x", {"x": "0.5"}, "tanh 0.5"),
        ("tanh x", {"x": "−0.5"}, "tanh(−0.5)"),
        ("1 − tanh²x", {"x": "−0.5"}, "1 − tanh²(−0.5)"),
        ("√x", {"x": "−2"}, "√(−2)"),
        ("|x|", {"x": "−2"}, "|−2|"),
        ("σ(x)", {"x": "−2"}, "σ(−2)"),
        ("x if x > 0 else α·(eˣ − 1)", {"x": "−1", "alpha": "0.5"}, "−1 if −1 > 0 else 0.5·(e⁻¹ − 1)"),
        ("max(0, x)", {"x": "-2"}, "max(0, −2)"),
        ("s·(1 − s) with s = σ(x)", {"x": "v1"}, "s·(1 − s) with s = σ(v1)"),
        ("s·(1 − s) with s = σ(x)", {"x": "s"}, "σ(s)·(1 − σ(s))"),  # the user's s is another
        ("x·y", {"x": "y", "y": "x"}, "y·x"),
    ],
)
def test_names_and_numbers_are_filled_in_with_the_brackets_that_they_need(formula, texts, expected):
    assert str(parse(formula).filled(texts)) == expected


@pytest.mark.parametrize(
    ("formula", "numbers", "expected"),
    [
        ("n·xⁿ⁻¹", {"n": 3}, "3·x²"),
        ("n·xⁿ⁻¹", {"n": 1}, "1"),
        ("n·xⁿ⁻¹", {"n": -1}, "−x⁻²"),
        ("n·xⁿ⁻¹", {"n": -0.5}, "−0.5·x^(−1.5)"),
        ("0 if n = 0 else n·xⁿ⁻¹", {"n": 2}, "2·x"),
        ("0 if n = 0 else n·xⁿ⁻¹", {"n": 0}, "0"),
        ("x if βx > t else ln(1 + e^(βx))/β", {"beta": 1, "t": 20}, "x if x > 20 else ln(1 + eˣ)"),
        ("0 if x = 0 and n < 0 else x", {"n": 2}, "x"),
        ("1 if x > 0 or n > 1 else x", {"n": 2}, "1"),
        ("−αx", {"alpha": -2}, "2·x"),
    ],
)
def test_constants_are_put_in_and_what_follows_is_drawn(formula, numbers, expected):
    assert str(parse(formula).given(numbers)) == expected


def test_symbols_are_those_that_have_no_value_of_their_own():
    assert parse("λx if x > t else eˣ·π − ∞").symbols == {"lambd", "x", "t"}
    assert parse("s + βx with s = σ(u), u = 2x").symbols == {"beta", "x", "u"}  # u is read before it is named
    assert parse("s + x with u = 2x, s = σ(u)").symbols == {"x"}
    assert parse("Σx/n with n = count x").symbols == {"x"}


def test_a_part_keeps_what_it_reads_of_what_is_named():
    formula = parse("s + x, x², u with u = 2x, s = σ(u)")
    assert [str(formula.part(i)) for i in range(3)] == ["s + x with u = 2x, s = σ(u)", "x²", "u with u = 2x"]


def test_the_output_has_one_name_in_a_derivative():
    assert str(partials_of(registry["tanh"])["x"]) == "1 − out²"
    assert {a: str(f) for a, f in partials_of(registry["mul"]).items()} == {"x": "y", "y": "x"}
    assert {a: str(f) for a, f in partials_of(registry["hypot"]).items()} == {"x": "x/out", "y": "y/out"}
    for op in registry.values():
        if isinstance(op, Elementwise) and op.derivative_formula and "y" in op.parameters:
            assert parse(op.derivative_formula).symbols <= {*op.parameters, "out"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("α(x + 1)", "α is no function: write a product as α·"),
        ("1/2x", "brackets expected around the two factors below /"),
        ("(x", r"\) expected, got the end"),
        ("x if y", "else expected"),
        ("x +", "more expected"),
        ("x y", "its end expected"),
        ("eᵃˣ", "one letter expected in the exponent"),
        ("x with 2", "a name and = expected"),
        ("x ← 0", "its end expected"),
        ("", "more expected"),
        ("x ²", "an exponent after a blank"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text, problem):
    with pytest.raises(FormulaError, match=problem):
        parse(text)


def test_a_formula_that_cannot_be_read_is_none_for_a_picture():
    class Op:
        formula = "whatever ← I like"

    assert formula_of(Op) is None
    Op.formula = Notation("x²")
    assert formula_of(Op) is None
    Op.formula = "x²"
    assert str(formula_of(Op)) == "x²"


def test_a_missing_value_is_named():
    with pytest.raises(KeyError, match="y"):
        parse("x + y").evaluate({"x": 1.0})
    with pytest.raises(KeyError, match="v1 was filled in"):
        parse("x + y").filled({"y": "v1"}).evaluate({"x": 1.0})


LEAVES = st.sampled_from(["x", "y", "n", "α"]).map(lambda name: Tree("name", name)) | st.integers(0, 9).map(number)


def _grown(trees):
    return st.one_of(
        st.tuples(st.sampled_from("+−·/^"), trees, trees).map(lambda t: Tree(*t)),
        trees.map(lambda t: Tree("neg", t)),
        st.tuples(st.sampled_from(["tanh", "σ", "√", "|", "Σ", "ln", "max"]), trees).map(lambda t: Tree("call", *t)),
        st.tuples(trees, trees).map(lambda t: Tree("call", "max", *t)),
        st.tuples(trees, st.sampled_from("<≤=≠"), trees).map(lambda t: Tree("holds", Tree("compare", *t))),
        st.tuples(trees, trees, trees).map(lambda t: Tree("if", Tree("compare", t[0], ">", Tree("name", "x")), *t[1:])),
        st.tuples(trees, trees).map(lambda t: Tree("joined", number(2), Tree("^", Tree("name", "x"), t[0]))),
    )


@settings(max_examples=500, deadline=None)
@given(st.recursive(LEAVES, _grown, max_leaves=12))
def test_what_a_tree_writes_has_the_value_of_the_tree(tree):
    from microgradnet.formulas.evaluation import evaluate

    known = {"x": 1.375, "y": -0.625, "n": 3.0, "alpha": 0.75}
    written = parse(tree.text())
    np.testing.assert_allclose(written.evaluate(known)[0], evaluate(tree, known), rtol=1e-12, equal_nan=True)
    filled = {"x": "1.375", "y": "−0.625", "n": "3", "alpha": "0.75"}
    np.testing.assert_allclose(
        parse(str(written.filled(filled))).evaluate({})[0], evaluate(tree, known), rtol=1e-9, equal_nan=True
    )


def test_formulas_are_parsed_when_someone_asks():
    code = "import sys, microgradnet; sys.exit('microgradnet.formulas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
