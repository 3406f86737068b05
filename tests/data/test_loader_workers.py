"""Batches made ahead by threads are those of a loader without any."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.data import DataLoader, Dataset, TensorDataset, random_noise
from microgradnet.random import default_generator, substream


class Noisy(Dataset):
    """Sample i is i and a random number, after a pause that mixes up the threads; ``at_work`` is who is in it."""

    def __init__(self, n: int = 24, pause: float = 0.0):
        self.n, self.pause, self.at_work, self.most, self.made = n, pause, set(), 0, []

    def __getitem__(self, index):
        self.at_work.add(threading.get_ident())
        self.most = max(self.most, len(self.at_work))
        self.made.append(index)
        if self.pause:
            time.sleep(self.pause * (index * 7 % 3))
        self.at_work.discard(threading.get_ident())
        return index, mg.rand(2)

    def __len__(self):
        return self.n


def listed(loader) -> list:
    return [tuple(part.tolist() for part in batch) for batch in loader]


@given(
    samples=st.integers(0, 30),
    batch_size=st.integers(1, 8),
    workers=st.integers(1, 4),
    ahead=st.integers(1, 3),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_number_of_workers_gives_the_same_batches(samples, batch_size, workers, ahead, shuffle, drop_last):
    options = {"shuffle": shuffle, "drop_last": drop_last, "seed": 3}
    alone = DataLoader(Noisy(samples), batch_size, **options)
    helped = DataLoader(Noisy(samples, 0.0002), batch_size, num_workers=workers, prefetch_factor=ahead, **options)
    for _ in range(2):
        assert listed(alone) == listed(helped)
        assert alone.state_dict() == helped.state_dict()


@pytest.mark.parametrize("workers", [0, 3])
def test_a_pass_is_resumed_in_the_middle_with_the_same_noise(workers):
    def collate(samples):
        return (random_noise(np.stack([x.numpy() for (x,) in samples])),)

    data = TensorDataset(np.zeros((20, 3), np.float32))
    make = lambda w: DataLoader(data, 3, shuffle=True, seed=1, collate_fn=collate, num_workers=w)  # noqa: E731
    whole = listed(make(0))
    for stop in range(len(whole)):
        first = make(workers)
        batches = iter(first)
        begun = [next(batches) for _ in range(stop)]
        second = make(3 - workers)
        second.load_state_dict(first.state_dict())
        assert [tuple(part.tolist() for part in b) for b in begun] + listed(second) == whole
        batches.close()


def test_batches_are_made_at_the_same_time_and_not_too_far_ahead():
    data = Noisy(40, 0.002)
    loader = DataLoader(data, 2, num_workers=3, prefetch_factor=2)
    batches = iter(loader)
    next(batches)
    time.sleep(0.1)
    assert data.most >= 2 and max(data.made) < 2 * (1 + 3 * 2)
    batches.close()
    left = len(data.made)
    time.sleep(0.05)
    assert len(data.made) == left  # nothing goes on when nobody listens
    assert not any(thread.name.startswith("DataLoader") for thread in threading.enumerate())


def test_reading_overlaps_with_training():
    def elapsed(workers: int) -> float:
        begin = time.perf_counter()
        for _ in DataLoader(Noisy(12, 0.01), 2, num_workers=workers):
            time.sleep(0.015)
        return time.perf_counter() - begin

    assert elapsed(2) < 0.85 * elapsed(0)


def test_an_exception_comes_with_its_batch():
    class Broken(Noisy):
        def __getitem__(self, index):
            if index == 9:
                raise OSError("sample 9 cannot be read")
            return super().__getitem__(index)

    for workers in (0, 2):
        batches = iter(DataLoader(Broken(), 4, num_workers=workers))
        assert [next(batches)[0].tolist() for _ in range(2)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
        with pytest.raises(OSError, match=r"^sample 9 cannot be read$"):
            next(batches)


def test_the_default_generator_is_left_alone():
    mg.manual_seed(2)
    loader = DataLoader(Noisy(), 4, num_workers=2)
    before = default_generator.get_state()
    first = listed(loader)
    assert default_generator.get_state() == before
    mg.manual_seed(2)
    assert listed(DataLoader(Noisy(), 4)) == first
    assert len({str(noise) for _, noise in first}) == len(first)


def test_a_substream_is_a_threads_own_and_ends():
    mg.manual_seed(0)
    expected = mg.rand(2).tolist()
    mg.manual_seed(0)
    with substream(1, 2):
        inner = mg.rand(2).tolist()
        with substream(1, 2):
            assert mg.rand(2).tolist() == inner
        assert mg.rand(2).tolist() != inner
        seen = []
        thread = threading.Thread(target=lambda: seen.append(mg.rand(2).tolist()))
        thread.start()
        thread.join()
        assert seen == [expected]
        mg.manual_seed(9)
    with substream(1, 3):
        assert mg.rand(2).tolist() != inner
    after = mg.rand(2).tolist()
    mg.manual_seed(0)
    mg.rand(2)
    assert mg.rand(2).tolist() == after


@pytest.mark.parametrize("layer", ["workqueue", "the default"])
def test_samples_may_be_made_with_the_librarys_ops(layer):
    code = """
        import microgradnet as mg
        from microgradnet.data import DataLoader, Dataset

        class Curves(Dataset):  # large enough for numba's threads; a kernel is first met by several workers at once
            def __getitem__(self, index):
                return mg.sigmoid(mg.full((600_000,), float(index))).mean().item()

            def __len__(self):
                return 24

        mg.set_num_threads(2)
        first, second = ([b.tolist() for b in DataLoader(Curves(), 2, num_workers=n)] for n in (3, 0))
        assert first == second, (first, second)
    """
    environment = os.environ | ({"NUMBA_THREADING_LAYER": layer} if layer == "workqueue" else {})
    command = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("option", "value"), [("num_workers", -1), ("num_workers", 0.5), ("prefetch_factor", 0)])
def test_bad_options_are_named(option, value):
    with pytest.raises(ValueError, match=f"^DataLoader: {option} must be a .* integer, got {value}$"):
        DataLoader([1, 2], **{option: value})
