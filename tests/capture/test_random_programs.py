"""Random training programs run plainly and captured: each of 12 calls gives the same bits."""

import pytest

from .random_programs import program
from .traps import sprung

COUNT = 300
GROUPS = 10


def check(seed: int) -> str:
    """Whether the program of that number was replayed; raises AssertionError if it is not what the plain one is."""
    plain, captured, (step,), warnings = sprung(program(seed))
    differs = [call for call, (a, b) in enumerate(zip(plain, captured, strict=True)) if a != b]
    assert not differs, f"calls {differs} of program {seed} differ: {warnings}"
    assert len(warnings) <= 1, warnings
    return "replayed" if step.replays else "refused" if warnings else "recorded anew"


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_programs_give_the_same_bits(group):
    met = [check(seed) for seed in range(group * COUNT // GROUPS, (group + 1) * COUNT // GROUPS)]
    assert met.count("replayed") > len(met) / 3
