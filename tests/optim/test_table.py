"""The table of optimizers: up to date, and nothing left out of it."""

import inspect

import pytest

from microgradnet.optim import table


def test_the_page_is_what_the_classes_say():
    written = table.PATH.read_text(encoding="utf-8")
    assert written == table.text(), "docs/optimizers.md is out of date: run python -m microgradnet.optim.table"


@pytest.mark.parametrize("optimizer", table.optimizers(), ids=lambda o: o.__name__)
def test_every_optimizer_says_what_it_does(optimizer):
    name, equation, _, hyperparameters, paper, when = table.row(optimizer)
    assert optimizer.__doc__ is not optimizer.__base__.__doc__, f"{name}: no docstring of its own"
    assert "←" in equation or "=" in equation, f"{name}: the docstring starts with the equation"
    assert "\n" not in paper + when
    assert paper and "paper" in vars(optimizer)
    assert when and "when" in vars(optimizer)
    assert all(f"`{p}" in hyperparameters for p in inspect.signature(optimizer).parameters if p in ("lr", "betas"))


def test_cells_do_not_break_the_table():
    lines = [line for line in table.text().splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {len(table.COLUMNS) + 1}
