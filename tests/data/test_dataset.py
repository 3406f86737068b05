import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgradnet.data import Dataset, Subset, TensorDataset, random_split
from microgradnet.random import Generator
from microgradnet.tensor import Tensor
from tests.oracle import oracle


def squares(n: int) -> TensorDataset:
    x = np.arange(n, dtype=np.float32)
    return TensorDataset(x[:, None], Tensor(x**2))


def test_a_tensor_dataset_keeps_what_it_is_given():
    x, y = np.zeros((4, 2)), Tensor(np.arange(4))
    dataset = TensorDataset(x, y)
    assert len(dataset) == 4
    assert dataset.tensors[0].array is x and dataset.tensors[1] is y
    assert dataset[1][0].dtype == np.float64 and dataset[1][1].dtype == np.int64


def test_a_sample_is_a_row_of_each_tensor():
    dataset = squares(5)
    x, y = dataset[-2]
    assert isinstance(x, Tensor) and isinstance(y, Tensor)
    assert x.array.tolist() == [3] and y.item() == 9
    assert [float(y.array) for _, y in dataset] == [0, 1, 4, 9, 16]


def test_a_batch_is_a_copy():
    dataset = squares(5)
    x, y = dataset[np.array([4, 0, 4])]
    assert x.array.tolist() == [[4], [0], [4]] and y.array.tolist() == [16, 0, 16]
    x.array[:] = -1
    assert dataset[4][0].array.tolist() == [4]


@pytest.mark.parametrize("index", [5, -6, [0, 7]])
def test_an_index_out_of_range_is_named(index):
    outside = index[-1] if isinstance(index, list) else index
    with pytest.raises(IndexError, match=f"^TensorDataset: index {outside} is out of bounds .* size 5$"):
        squares(5)[index]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ValueError, "TensorDataset: at least one tensor is needed, got none"),
        (([1.0, 2.0],), TypeError, r"TensorDataset: tensors or NumPy arrays expected, tensors\[0\] is \[1.0, 2.0\]"),
        ((np.float32(3),), TypeError, r"TensorDataset: tensors or NumPy arrays expected, tensors\[0\] is .*3.*"),
        ((np.array(3.0),), ValueError, r"TensorDataset: every tensor needs .* samples, tensors\[0\] has none"),
        ((np.zeros(3), np.zeros((3, 2)), np.zeros(4)), ValueError, r"TensorDataset: all .* samples, got \[3, 3, 4\]"),
        (
            (np.zeros((2, 3)), np.array([[np.nan, 1], [2, np.nan]])),
            ValueError,
            r"TensorDataset: tensors\[1\]: 2 of its 4 values are NaN; .*",
        ),
    ],
)
def test_what_is_no_dataset_is_refused_in_one_line(arguments, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        TensorDataset(*arguments)


def test_integers_and_infinities_pass():
    assert len(TensorDataset(np.array([1, 2]), np.array([np.inf, -np.inf]))) == 2


def test_a_dataset_without_its_methods_says_which():
    class Empty(Dataset):
        pass

    with pytest.raises(NotImplementedError, match=r"^Empty: define __getitem__"):
        Empty()[0]
    with pytest.raises(NotImplementedError, match=r"^Empty: define __len__"):
        len(Empty())


def test_a_subset_is_its_indices_of_anything_with_a_length():
    subset = Subset("abcdef", [5, 0, -2])
    assert len(subset) == 3
    assert list(subset) == ["f", "a", "e"]
    assert Subset(subset, [1])[0] == "a"
    assert len(Subset("abc", [])) == 0


def test_a_subset_of_tensors_takes_an_array_of_indices():
    outer = Subset(Subset(squares(10), [2, 4, 6, 8]), [3, 1])
    assert outer[np.array([1, 0])][1].array.tolist() == [16, 64]


def test_a_bad_subset_is_refused():
    with pytest.raises(IndexError, match=r"^Subset: index 3 is out of range for a dataset of 3 samples$"):
        Subset("abc", [0, 3])
    with pytest.raises(IndexError, match=r"^Subset: index -4 is out of range"):
        Subset("abc", [-4])
    with pytest.raises(TypeError, match=r"^Subset: a sequence of integer indices expected, got \[0.5\]$"):
        Subset("abc", [0.5])
    with pytest.raises(IndexError, match=r"^Subset: index 2 is out of bounds"):
        Subset("abc", [0, 1])[2]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 2**32))
def test_a_random_split_covers_everything_once(lengths, seed):
    dataset = range(sum(lengths))
    parts = random_split(dataset, lengths, Generator(seed))
    assert [len(part) for part in parts] == lengths
    assert sorted(sample for part in parts for sample in part) == list(dataset)
    again = random_split(dataset, lengths, Generator(seed))
    assert [list(part) for part in parts] == [list(part) for part in again]


@pytest.mark.filterwarnings("ignore:Length of split")
@given(st.integers(0, 50), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_fractions_give_the_lengths_that_pytorch_gives(samples, weights):
    torch = oracle()
    fractions = [weight / sum(weights) for weight in weights]
    if sum(fractions) > 1:  # by rounding; PyTorch refuses those
        fractions[-1] = 1 - sum(fractions[:-1])
    theirs = torch.utils.data.random_split(range(samples), fractions)
    ours = random_split(range(samples), fractions)
    assert [len(part) for part in ours] == [len(part) for part in theirs]


def test_another_seed_is_another_split():
    first, second = (list(random_split(range(100), [50, 50], Generator(seed))[0]) for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.6], [2.5, 7.5], [11, -1]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ValueError, match=r"^random_split: .* got \["):
        random_split(range(10), lengths)
