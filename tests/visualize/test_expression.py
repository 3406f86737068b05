"""Formulas from the shell: computed as typed, never run as Python, with errors that say what is wrong."""

import contextlib
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualize.__main__ import main
from visualize.record.expression import ExpressionError, evaluate, functions, names, parse


def test_a_formula_gives_its_value_and_gradients():
    result, variables = evaluate("L = tanh(a*b + c) - -a**2 / 4", {"a": 2.0, "b": -3.0, "c": 6.5})
    result.backward()
    assert result.item() == pytest.approx(math.tanh(0.5) + 1)
    assert variables["b"].grad.item() == pytest.approx(2 * (1 - math.tanh(0.5) ** 2))


def test_names_come_in_their_order_and_functions_are_none():
    target, tree = parse("y = b * sin(a) + maximum(a, c)")
    assert target == "y"
    assert names(tree) == ["b", "a", "c"]
    assert parse("a + 1")[0] == "result"


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_function_can_be_called(name):
    arity = len(getattr(functions()[name], "array_names", ["x"])) if hasattr(functions()[name], "array_names") else None
    for text, values in ((f"{name}(x)", {"x": 0.5}), (f"{name}(x, y)", {"x": 0.5, "y": 0.25})):
        try:
            result, _ = evaluate(text, values)
        except ExpressionError as error:
            assert name in str(error) or "argument" in str(error)
        else:
            assert result.shape == ()
            return
    assert arity is None, name


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a ^ 2", {"a": 1}, "write \\*\\*"),
        ("__import__('os')", {}, "no function __import__|has no place"),
        ("a.real", {"a": 1}, "'a.real' has no place"),
        ("[a for a in b]", {"a": 1, "b": 1}, "has no place"),
        ("(lambda: a)()", {"a": 1}, "has no place"),
        ("a if b else c", {"a": 1, "b": 1, "c": 1}, "has no place"),
        ("a @ b", {"a": 1, "b": 1}, "has no place"),
        ("tanh(a", {"a": 1}, "not a formula"),
        ("a = b = c", {"c": 1}, "a formula such as"),
        ("a; b", {"a": 1, "b": 1}, "one formula expected, got 2"),
        ("tahn(a)", {"a": 1}, "no function tahn: there are"),
        ("a * b", {"a": 1}, "no value for b: add b=1"),
        ("a * 2", {"a": 1, "b": 1}, "b does not appear in the formula, which has a"),
        ("3 + 4", {}, "nothing to differentiate"),
        ("'text' + a", {"a": 1}, "has no place"),
        ("tanh(a, a, a, a)", {"a": 1}, "tanh"),
        ("a" * 3000, {}, "at most 2000 characters"),
        ("(" * 900 + "a" + ")" * 900, {"a": 1}, "not a formula"),
        ("1/0 + a", {"a": 1}, "division by zero"),
        ("True + a", {"a": 1}, "has no place"),
    ],
)
def test_what_is_no_formula_is_refused(text, values, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate(text, values)


@given(st.text(max_size=40))
def test_no_text_does_anything_but_compute_or_be_refused(text):
    with contextlib.suppress(ExpressionError):
        evaluate(text, {"a": 1.0})


@pytest.mark.parametrize("kind", ["html", "svg", "dot", "txt"])
def test_the_command_writes_what_the_ending_says(kind, tmp_path, capsys):
    out = tmp_path / f"l.{kind}"
    assert main(["L = tanh(a*b + c)", "a=2", "b=-3", "c=10", "--out", str(out)]) == 0
    assert "2·(−3) = −6" in capsys.readouterr().out
    marks = {"html": "<!doctype html>", "svg": "<svg", "dot": "digraph", "txt": "1. v1 = a·b"}
    assert marks[kind] in out.read_text()


def test_errors_of_the_command_are_one_line(tmp_path, capsys):
    assert main(["a * b", "a=2", "b=x"]) == 2
    assert capsys.readouterr().err == "visualize: NAME=NUMBER expected, such as a=2, got 'b=x'\n"
    assert main(["a * b", "a=2", "b=1", "--out", str(tmp_path / "no" / "l.html")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert main(["a", "a=2"]) == 2


def test_it_runs_from_the_shell(tmp_path):
    command = [sys.executable, "-m", "visualize", "L = a*b", "a=2", "b=-3", "--out", str(tmp_path / "l.html")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "l.html").exists()
