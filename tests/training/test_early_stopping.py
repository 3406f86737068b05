import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn
from microgradnet.training import EarlyStopping


def run(stopping: EarlyStopping, values) -> int | None:
    """The number of the evaluation that stopped it; the weights are that number."""
    for step, value in enumerate(values):
        stopping.model.weight.array[...] = step
        if stopping(value):
            return step
    return None


@given(
    st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=1), st.integers(1, 4), st.sampled_from(["min", "max"])
)
def test_it_stops_when_patience_is_over_and_keeps_the_best(values, patience, mode):
    stopping = EarlyStopping(nn.Linear(1, 1), patience, mode=mode)
    stopped = run(stopping, values)
    seen = values if stopped is None else values[: stopped + 1]
    numbers = [value for value in seen if value == value]
    if not numbers:
        assert stopping.best is None and (stopped is None) == (len(values) < patience)
        return
    best = min(numbers) if mode == "min" else max(numbers)
    assert stopping.best == best and stopping.best_step == seen.index(best)
    if stopped is not None:
        assert stopped - seen.index(best) == patience
    stopping.restore()
    assert stopping.model.weight.item() == seen.index(best)


def test_a_gain_within_min_delta_is_none():
    stopping = EarlyStopping(nn.Linear(1, 1), patience=2, min_delta=0.1)
    assert run(stopping, [1.0, 0.95, 0.91]) == 2 and stopping.best == 1.0
    assert run(EarlyStopping(nn.Linear(1, 1), patience=2, min_delta=0.1), [1.0, 0.85, 0.7, 0.65, 0.61]) == 4


def test_buffers_are_put_back_too():
    model = nn.BatchNorm1d(2)
    stopping = EarlyStopping(model, patience=1)
    stopping(1.0)
    model(mg.randn(4, 2))
    assert stopping(2.0)
    stopping.restore()
    assert model.num_batches_tracked.item() == 0 and (model.running_mean.numpy() == 0).all()


def test_it_goes_on_from_a_checkpoint(tmp_path):
    values = [3.0, 1.0, 2.0, 1.5, 1.2, 1.1]
    whole = EarlyStopping(nn.Linear(1, 1), patience=4)
    assert run(whole, values) == 5
    for cut in range(6):
        first = EarlyStopping(nn.Linear(1, 1), patience=4)
        run(first, values[:cut])
        mg.save_checkpoint(tmp_path / "c", stopping=first)
        second = EarlyStopping(nn.Linear(1, 1), patience=4)
        mg.load_checkpoint(tmp_path / "c", stopping=second)
        assert run(second, values[cut:]) == 5 - cut
        assert (second.best, second.best_step) == (1.0, 1)


def test_tensors_are_values():
    stopping = EarlyStopping(nn.Linear(1, 1), patience=1)
    assert not stopping(mg.tensor(1.0)) and stopping(mg.tensor(2.0)) and stopping.best == 1.0
    assert not stopping(np.float32(0.5))


def test_bad_options_are_named():
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"^EarlyStopping: patience must be a positive integer, got 0$"):
        EarlyStopping(model, 0)
    with pytest.raises(ValueError, match=r"^EarlyStopping: min_delta must not be negative, got -1$"):
        EarlyStopping(model, min_delta=-1)
    with pytest.raises(ValueError, match=r"^EarlyStopping: mode must be 'min' or 'max', got 'low'$"):
        EarlyStopping(model, mode="low")
    with pytest.raises(RuntimeError, match=r"^EarlyStopping: there are no best weights yet"):
        EarlyStopping(model).restore()
