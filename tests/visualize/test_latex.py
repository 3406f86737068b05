"""LaTeX: formulas from their trees, names, numbers."""

import itertools
import shutil
import subprocess

import pytest

from microgradnet.formulas import Notation, parse
from microgradnet.primitive import registry
from visualize.picture.latex import name_latex, number_latex, to_latex


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("σ(x)·(1 − σ(x))", r"\sigma\left(x\right) \cdot \left(1 - \sigma\left(x\right)\right)"),
        ("1/√(2π)", r"\frac{1}{\sqrt{2 \pi}}"),
        ("tanh²x", r"\tanh^{2} x"),
        ("tanh²(x + 1)", r"\tanh^{2}\left(x + 1\right)"),
        ("½(x + 1)", r"\tfrac{1}{2} \left(x + 1\right)"),
        ("e^(−x²)", r"e^{-x^{2}}"),
        ("(x/y)²", r"\left(\frac{x}{y}\right)^{2}"),
        ("log₂ x", r"\log_{2} x"),
        ("erf⁻¹ x", r"\operatorname{erf}^{-1} x"),
        ("ln |Γ(x)|", r"\ln\left(\left| \Gamma\left(x\right)\right|\right)"),
        ("x − ln Σeˣ", r"x - \ln\left(\sum e^{x}\right)"),
        ("0 if x ≤ −1 else x", r"\begin{cases} 0 & \text{if } x \le -1 \\ x & \text{otherwise} \end{cases}"),
        ("[x < y]", r"\left[x < y\right]"),
        ("A·Bᵀ", r"A \cdot B^{\top}"),
        ("u with u = 2x", r"u,\quad u = 2 x"),
    ],
)  # fmt: skip
def test_a_formula_in_latex(formula, expected):
    assert to_latex(parse(formula)) == expected


def test_filled_in_names_and_numbers_in_latex():
    formula = parse("2x + y²")
    assert to_latex(formula.filled({"x": "v10", "y": "0.weight"})) == r"2 v_{10} + \mathrm{0.weight}^{2}"
    assert to_latex(formula.filled({"x": "−3", "y": "1.5e−07"})) == (
        r"2 \cdot \left(-3\right) + \left(1.5 \cdot 10^{-7}\right)^{2}"
    )


def test_names_and_numbers_in_latex():
    assert name_latex("v12") == "v_{12}"
    assert name_latex("0.weight_a[0, 1]") == r"\mathrm{0.weight\_a[0, 1]}"
    assert name_latex("x^{2}") == r"\mathrm{x\wedge \{2\}}"
    assert number_latex("1.5e−07") == r"1.5 \cdot 10^{-7}"
    assert number_latex("(−2e+10)") == r"(-2 \cdot 10^{10})"
    assert number_latex("−inf") == r"-\infty"


def formulas():
    texts = itertools.chain.from_iterable(
        (op.formula, getattr(op, "derivative_formula", ""))
        for op in registry.values()
        if op.__module__.startswith("microgradnet.")
    )
    return dict.fromkeys(text for text in texts if text and not isinstance(text, Notation))


def test_every_formula_of_an_op_has_a_latex_form_in_ascii():
    for formula in formulas():
        latex = to_latex(parse(formula))
        assert latex.isascii(), formula
        assert latex.count("{") == latex.count("}"), formula
        assert latex.count(r"\left") == latex.count(r"\right"), formula


@pytest.mark.skipif(not shutil.which("latex"), reason="LaTeX is not installed")
def test_every_formula_compiles(tmp_path):
    body = "\n".join(rf"\[ {to_latex(parse(formula))} \]" for formula in formulas())
    page = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "p.tex").write_text(page)
    done = subprocess.run(["latex", "-halt-on-error", "p.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
