"""Settings for every test; counts the comparisons with PyTorch that a run left out, and says so at its end."""

import pytest

import microgradnet as mg
from microgradnet.events import state
from tests.oracle import LEFT_OUT

try:
    from hypothesis import settings
except ImportError:  # tests/cuda runs on a GPU machine that has pytest and the [cuda] extra alone
    pass
else:
    # A first example may compile a kernel or import PyTorch: its time says nothing.
    settings.register_profile("no-deadline", deadline=None)
    settings.load_profile("no-deadline")

CATEGORY = "left out"


def _left_out(report) -> bool:
    return report.skipped and isinstance(report.longrepr, tuple) and LEFT_OUT in report.longrepr[2]


def pytest_report_teststatus(report):
    if _left_out(report):
        return CATEGORY, "o", "LEFT OUT"
    return None


def pytest_terminal_summary(terminalreporter):
    count = len(terminalreporter.stats.get(CATEGORY, []))
    if count:
        tests = "test that compares" if count == 1 else "tests that compare"
        terminalreporter.write_line(f"{count} {tests} with PyTorch left out (MICROGRADNET_ORACLE=0)")


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """A test that leaves a mode of the library changed fails itself, instead of the tests after it."""
    yield
    left = {"grad mode": state.grad_enabled, "listeners": state.listeners, "default dtype": mg.get_default_dtype().name}
    state.grad_enabled, state.listeners, state.module = True, (), ()
    mg.set_default_dtype("float32")
    assert left == {"grad mode": True, "listeners": (), "default dtype": "float32"}
