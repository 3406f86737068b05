"""An elementwise op of integers gives what it gives for floats, in a dtype that holds it, or raises."""

import numpy as np
import pytest

from microgradnet.elementwise import Elementwise
from microgradnet.primitive import registry

NUMBERS = [np.array([-7, -3, -1, 0, 1, 2, 5]), np.array([2, 3, 1, 2, 3, 1, 3]), np.array([1, -2, 2, 3, 1, 2, 1])]
ELEMENTWISE = [name for name, op in registry.items() if isinstance(op, Elementwise)]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_integers_are_not_cut_to_integers(name):
    op = registry[name]
    arrays = NUMBERS[: len(op.array_names)]
    try:
        ours = op(*arrays)
        with np.errstate(all="ignore"):
            wanted = op(*(a.astype(np.float32) for a in arrays))
    except TypeError:
        assert op.kinds == "f" or name.startswith("bitwise")
        return
    if wanted.dtype.kind == "f":
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
