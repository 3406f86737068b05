"""Long random tests, one for each subject that has one: ``python -m tests.fuzz capture --count 10000``.

A fuzzer is a function of a seed that raises AssertionError where the subject fails for that seed, and else returns what
it met, in a word or two, to be counted.
"""

from collections.abc import Callable
from importlib import import_module

# name -> module and function; imported when it is asked for
FUZZERS = {
    "capture": "tests.capture.test_random_programs:check",
    "calls": "tests.fuzz.bad_calls:check",
    "files": "tests.fuzz.damaged_files:check",
    "formulas": "tests.fuzz.formulas:check",
    "cache": "tests.fuzz.damaged_kernels:check",
    "indices": "tests.fuzz.indices:check",
    "kills": "tests.fuzz.kills:check",
    "lessons": "tests.demos.test_broken_lessons:check",
}

SLOW = {"cache": 300, "kills": 150, "lessons": 33}  # seeds, where each starts processes


def fuzzer(name: str) -> Callable[[int], str]:
    """The fuzzer of that name."""
    module, _, function = FUZZERS[name].partition(":")
    return getattr(import_module(module), function)
