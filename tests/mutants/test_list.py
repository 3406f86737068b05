"""The list of mutants is true: each still fits the source, and no explanation is about code that is gone."""

import ast

import pytest

from tests.mutants.by_hand import BY_HAND
from tests.mutants.operators import candidates
from tests.mutants.survivors import SURVIVORS
from tests.mutants.targets import ROOT, TARGETS, chosen


def test_there_are_two_hundred_and_every_target_has_as_many_as_it_asks_for():
    assert sum(len(chosen(target)) for target in TARGETS) >= 200
    assert [t.file for t in TARGETS if len(chosen(t)) < t.count] == []


def test_every_test_file_exists():
    assert [test for t in (*TARGETS, *BY_HAND) for test in t.tests if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("change", BY_HAND, ids=lambda change: change.why)
def test_the_old_text_of_a_change_by_hand_stands_in_the_file_once(change):
    (mutant,) = chosen(change)
    assert mutant.text != (ROOT / change.file).read_text(encoding="utf-8")
    ast.parse(mutant.text)


def test_every_survivor_that_is_explained_can_still_be_made():
    made = {(file, m.key) for file in {f for f, _ in SURVIVORS} for m in candidates((ROOT / file).read_text("utf-8"))}
    assert sorted(set(SURVIVORS) - made) == []


def test_a_mutant_is_the_file_with_one_change():
    source = "def f(x, n=3):\n    if x < 2 and not n:\n        x += n * 4.0\n    return -x\n"
    texts = {m.text.replace("(", "").replace(")", "") for m in candidates(source)}
    plain = source.replace("(", "").replace(")", "")
    changes = (
        ("x < 2", "x <= 2"), ("< 2", "< 3"), ("x < 2 and not n", "x < 2 or not n"), ("not n", "n"),
        ("x += n * 4.0", "pass"), ("x += n", "x = n"), ("n * 4.0", "n / 4.0"), ("n * 4.0", "n"), ("4.0", "8.0"),
        ("return -x", "return x"),
    )  # fmt: skip
    assert texts == {plain.replace(*change, 1) for change in changes}
    assert all(m.text != source for m in candidates(source))
