import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgradnet.data import DataLoader, Dataset, Digits, Subset, TensorDataset, default_collate
from microgradnet.random import manual_seed
from microgradnet.tensor import Tensor
from tests.oracle import oracle


class Pairs(Dataset):
    """(i, i²) as arrays, made one by one."""

    def __init__(self, n: int):
        self.n = n

    def __getitem__(self, index):
        return np.full(3, index, np.float32), index**2

    def __len__(self):
        return self.n


def indices(loader) -> list[list[int]]:
    return [batch.array.tolist() for batch in loader]


@given(
    samples=st.integers(0, 60),
    batch_size=st.integers(1, 70),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.none() | st.integers(0, 2**63),
    whole_batches=st.booleans(),
)
def test_every_index_exactly_once(samples, batch_size, shuffle, drop_last, seed, whole_batches):
    dataset = TensorDataset(np.arange(samples)) if whole_batches else [(i,) for i in range(samples)]
    loader = DataLoader(dataset, batch_size, shuffle, drop_last=drop_last, seed=seed)
    batches = [batch.array.tolist() for (batch,) in loader]
    seen = [index for batch in batches for index in batch]
    assert len(batches) == len(loader)
    assert len(set(seen)) == len(seen) == (samples // batch_size * batch_size if drop_last else samples)
    assert set(seen) <= set(range(samples))
    assert all(len(batch) == batch_size for batch in batches[: len(batches) - (not drop_last)])
    if not shuffle:
        assert seen == sorted(seen)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 10, 11])
def test_batches_are_those_of_pytorch(batch_size, drop_last):
    torch = oracle()
    x, y = np.random.default_rng(0).normal(size=(10, 2)).astype(np.float32), np.arange(10)
    ours = DataLoader(TensorDataset(x, y), batch_size=batch_size, drop_last=drop_last)
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    theirs = torch.utils.data.DataLoader(tensors, batch_size=batch_size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for our_batch, their_batch in zip(ours, theirs, strict=True):
        for a, b in zip(our_batch, their_batch, strict=True):
            assert isinstance(a, Tensor)
            assert np.array_equal(a.array, b.numpy()) and a.array.dtype == b.numpy().dtype


@pytest.mark.parametrize(
    "samples",
    [
        [3, 4],
        [True, False],
        [np.float32(1), np.float32(2)],
        [np.zeros((2, 3)), np.ones((2, 3))],
        [(np.zeros(2, np.float32), 1), (np.ones(2, np.float32), 2)],
        [{"x": np.zeros(2), "y": 1}, {"x": np.ones(2), "y": 0}],
    ],
)
def test_collating_agrees_with_pytorch(samples):
    torch = oracle()

    def leaves(batch):
        if isinstance(batch, dict):
            return [leaf for key in sorted(batch) for leaf in leaves(batch[key])]
        return [leaf for part in batch for leaf in leaves(part)] if isinstance(batch, tuple | list) else [batch]

    ours, theirs = leaves(default_collate(samples)), leaves(torch.utils.data.default_collate(samples))
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.array, b.numpy()) and a.array.dtype == b.numpy().dtype


def test_python_floats_become_the_default_dtype():
    assert default_collate([0.5, 1.5]).dtype == np.float32


def test_what_cannot_be_a_batch_is_refused():
    with pytest.raises(ValueError, match=r"^default_collate: samples differ in shape: \[\(2,\), \(3,\)\]$"):
        default_collate([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match=r"^default_collate: samples differ in length: \[1, 2\]$"):
        default_collate([(1, 2), (1,)])
    with pytest.raises(TypeError, match=r"^default_collate: tensors, arrays, numbers, .* expected, got 'a'$"):
        default_collate(["a", "b"])


def test_the_same_seed_gives_the_same_passes_and_each_pass_its_own_order():
    first, second = (DataLoader(list(range(30)), 8, shuffle=True, seed=0) for _ in range(2))
    passes = [indices(first) for _ in range(3)]
    assert passes == [indices(second) for _ in range(3)]
    assert len({str(order) for order in passes}) == 3
    assert indices(DataLoader(list(range(30)), 8, shuffle=True, seed=1)) != passes[0]


def test_a_pass_can_be_taken_up_again_by_its_number():
    loader = DataLoader(list(range(30)), 8, shuffle=True, seed=7)
    passes = [indices(loader) for _ in range(4)]
    resumed = DataLoader(list(range(30)), 8, shuffle=True, seed=7)
    resumed.set_epoch(2)
    assert [indices(resumed), indices(resumed)] == passes[2:]


def test_a_pass_that_was_broken_off_counts_and_does_not_disturb_another():
    loader = DataLoader(list(range(30)), 8, shuffle=True, seed=7)
    expected = [indices(loader) for _ in range(2)]
    loader.set_epoch(0)
    broken_off, whole = iter(loader), iter(loader)
    next(broken_off)
    assert [batch.array.tolist() for batch in whole] == expected[1]


def test_without_a_seed_the_default_generator_decides():
    orders = []
    for _ in range(2):
        manual_seed(3)
        orders.append([indices(DataLoader(list(range(100)), 100, shuffle=True)) for _ in range(2)])
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]


@pytest.mark.parametrize("seed", [0, 5])
def test_whole_batches_and_item_by_item_give_the_same(seed):
    digits = Subset(Digits("test"), range(0, 300, 7))
    fast = DataLoader(digits, 10, shuffle=True, seed=seed)
    slow = DataLoader(digits, 10, shuffle=True, seed=seed, collate_fn=default_collate)
    for (x, y), (u, v) in zip(fast, slow, strict=True):
        assert np.array_equal(x.array, u.array) and np.array_equal(y.array, v.array)
        assert x.dtype == u.dtype and y.dtype == v.dtype


def test_a_subclass_with_its_own_samples_is_asked_for_each():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            (x,) = super().__getitem__(index)
            assert x.ndim == 0
            return (2 * x.item(),)

    doubled = Doubled(np.arange(4.0))
    for dataset in (doubled, Subset(doubled, range(4))):
        assert [x.array.tolist() for (x,) in DataLoader(dataset, 3)] == [[0, 2, 4], [6]]


def test_a_dataset_of_ones_own():
    x, y = next(iter(DataLoader(Pairs(5), batch_size=4)))
    assert x.shape == (4, 3) and x.dtype == np.float32
    assert y.array.tolist() == [0, 1, 4, 9]


def test_collate_fn_gets_the_samples():
    assert list(DataLoader(list(range(5)), 2, collate_fn=sum)) == [1, 5, 4]


@pytest.mark.parametrize("batch_size", [0, -3, 2.5, True, None])
def test_a_bad_batch_size_is_named(batch_size):
    with pytest.raises(ValueError, match=f"^DataLoader: batch_size must be a positive integer, got {batch_size}$"):
        DataLoader([1, 2], batch_size)


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(ValueError, match=f"^DataLoader: seed must be .*, got {seed}$"):
        DataLoader([1, 2], seed=seed)


def test_a_bad_epoch_is_named():
    with pytest.raises(ValueError, match=r"^DataLoader: epoch must not be negative, got -1$"):
        DataLoader([1, 2]).set_epoch(-1)
