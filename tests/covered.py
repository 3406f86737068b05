"""Which public names have a check. Each test module says what it checks; ``tests/test_coverage.py`` finds the gaps."""

from collections.abc import Callable

COVERED: set[str] = set()


def covers(*names: str) -> Callable:
    """Says that the test under it checks these names ("nn.Maxout", "init.lecun_normal_", "optim.Lion").

    Also called as a statement over a table: ``covers(*(f"nn.{case.name}" for case in CASES))``.
    """
    COVERED.update(names)
    return lambda test: test
