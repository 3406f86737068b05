"""Fuzzers: what no example thought of, found by many generated cases. ``python -m tests.fuzz NAME --count N``.

A fuzzer is a function of a case's number that returns None, or what went wrong, in one line. The number seeds whatever
the case draws, so ``--from`` repeats it. ``make fuzz`` runs each for long, ``make test`` a share of it.
"""

from collections.abc import Callable
from typing import NamedTuple


class Fuzzer(NamedTuple):
    """One fuzzer, and how many cases ``make fuzz`` runs of it."""

    case: Callable[[int], str | None]
    count: int
    about: str


registry: dict[str, Fuzzer] = {}


def fuzzer(name: str, count: int) -> Callable:
    """Registers the function under it; its docstring's first line says what it tries."""

    def register(case: Callable[[int], str | None]) -> Callable[[int], str | None]:
        registry[name] = Fuzzer(case, count, (case.__doc__ or "").partition("\n")[0])
        return case

    return register


def run(name: str, count: int, start: int = 0) -> list[str]:
    """The failures of ``count`` cases, each with its number."""
    case = registry[name].case
    return [f"case {i}: {problem}" for i in range(start, start + count) if (problem := case(i)) is not None]
