"""An input that was the same in every recorded call: the step may depend on what is in it."""

import numpy as np
import pytest

import microgradnet as mg


def copied(x, weights):
    """Takes a copy of ``weights``, which no longer follows what a later call is given."""
    return (x * mg.tensor(weights)).sum()


def summed_up(x, weights):
    """Computes with the content of ``weights`` in NumPy, where no op is recorded."""
    return (x * mg.Tensor(np.cumsum(weights))).sum()


@pytest.mark.filterwarnings("ignore:capture")
@pytest.mark.parametrize("changed", [0, 3])
@pytest.mark.parametrize("weighted", [copied, summed_up])
def test_an_input_that_changes_for_the_first_time_after_the_recording_is_noticed(weighted, changed):
    step = mg.capture(weighted)
    random = np.random.default_rng(0)
    weights = np.arange(6, dtype=np.float32)

    def call(weights):
        x = mg.Tensor(random.standard_normal(6).astype(np.float32))
        assert step(x, weights).item() == weighted(x, weights).item()

    for _ in range(6):
        call(weights.copy())
    other = weights.copy()
    other[changed] += 1
    for _ in range(4):
        call(other)
    call(weights)
