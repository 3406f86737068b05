"""Each trap run plainly and captured: the same bits at each call, one warning at most, and replayed where it can be."""

import re
from importlib import import_module

import pytest

from .traps import TRAPS, sprung

for subject in (
    "arguments",
    "changes",
    "chains",
    "errors",
    "gradients",
    "host_reads",
    "python_state",
    "reached",
    "results",
    "trainings",
):
    import_module(f"{__package__}.traps.{subject}")


@pytest.mark.parametrize("name", TRAPS)
def test_a_captured_step_gives_what_the_plain_one_gives(name):
    trap = TRAPS[name]
    plain, captured, steps, warnings = sprung(trap.build, trap.calls)
    for call, (a, b) in enumerate(zip(plain, captured, strict=True)):
        assert a == b, f"call {call} of {name}"
    assert len(warnings) <= len(steps)
    assert sum(step.replays for step in steps) >= trap.replays, warnings
    if trap.refused is not None:
        assert warnings and re.search(trap.refused, warnings[0]), warnings
    elif not trap.warned:
        assert not warnings
