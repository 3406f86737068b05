"""A lesson whose claim is broken must fail: because it claims something, and not because it crashes.

The suite breaks each lesson in one way; ``make fuzz ARGS=lessons`` breaks it in every way that it names.
"""

import ast
import tempfile

import pytest

from .test_lessons import LESSONS, ROOT, run


def breaks(name: str) -> list[str]:
    """The names in a lesson's ``BREAKS``, read without running it."""
    for statement in ast.parse((ROOT / "demos" / f"{name}.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "BREAKS":
            return [key.value for key in statement.value.keys]
    return []


CASES = [(lesson, how) for lesson in LESSONS for how in breaks(lesson)]


def check(seed: int) -> str:
    """Breaks a lesson in the way of number ``seed``."""
    lesson, how = CASES[seed % len(CASES)]
    with tempfile.TemporaryDirectory() as out:
        fails(lesson, how, out)
    return lesson


def fails(lesson: str, how: str, out) -> str:
    done = run(f"demos/{lesson}.py", "--quick", "--broken", how, "--out", str(out))
    assert done.returncode == 1, f"{lesson} came out although {how}: {done.stdout}"
    assert "Not so: " in done.stderr, f"{lesson}, {how}: {done.stderr}"
    assert "Traceback" not in done.stderr, f"{lesson}, {how}: {done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("lesson", [name for name in LESSONS if breaks(name)])
def test_a_broken_lesson_fails(lesson, tmp_path):
    assert len(breaks(lesson)) >= 2
    fails(lesson, breaks(lesson)[0], tmp_path)


def test_a_break_that_is_drawn_is_not_named(tmp_path):
    said = fails("dead_relu", "any", tmp_path)
    assert not any(how in said for how in breaks("dead_relu"))
