"""PyTorch as the oracle: what the comparing tests compare with."""

import importlib.util
import os
from types import ModuleType

import pytest

LEFT_OUT = "comparison with PyTorch left out (MICROGRADNET_ORACLE=0)"


def oracle() -> ModuleType:
    """The ``torch`` module, for a test to compare with; call it inside the test, first.

    With ``MICROGRADNET_ORACLE=0`` in the environment the calling test is left out, and the closing summary counts it.
    Otherwise a missing PyTorch fails the test.
    """
    if os.environ.get("MICROGRADNET_ORACLE") == "0":
        pytest.skip(LEFT_OUT)
    if importlib.util.find_spec("torch") is None:
        pytest.fail(
            "PyTorch is not installed: run `make test`, or set MICROGRADNET_ORACLE=0 to leave comparisons out",
            pytrace=False,
        )
    return importlib.import_module("torch")
