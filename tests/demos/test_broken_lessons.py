"""A lesson whose claim is broken must fail: for the reason that it claims something, and not because it crashes."""

import ast

import pytest

from .test_lessons import LESSONS, ROOT, run


def breaks(name: str) -> list[str]:
    """The names in a lesson's ``BREAKS``, read without running it."""
    for statement in ast.parse((ROOT / "demos" / f"{name}.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "BREAKS":
            return [key.value for key in statement.value.keys]
    return []


CASES = [(lesson, how) for lesson in LESSONS for how in breaks(lesson)]


@pytest.mark.parametrize(("lesson", "how"), CASES, ids=[f"{lesson}: {how}" for lesson, how in CASES])
def test_a_broken_lesson_fails(lesson, how, tmp_path):
    done = run(f"demos/{lesson}.py", "--quick", "--broken", how, "--out", str(tmp_path))
    assert done.returncode == 1, done.stdout
    assert "Not so: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_break_that_is_drawn_is_not_named(tmp_path):
    done = run("demos/dead_relu.py", "--quick", "--broken", "any", "--out", str(tmp_path))
    assert done.returncode == 1
    assert not any(how in done.stdout + done.stderr for how in breaks("dead_relu"))
