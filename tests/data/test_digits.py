import hashlib
from importlib import resources

import numpy as np
import pytest

from microgradnet.data import Digits, load_digits
from microgradnet.tensor import Tensor

# Counts of optdigits.tes as the UCI repository states them.
PER_CLASS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_shipped_numbers_are_the_originals():
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8) and images.dtype == np.float32
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 16)
    assert np.bincount(labels).tolist() == PER_CLASS
    stored = images.astype(np.uint8).tobytes() + labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(stored).hexdigest() == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


def test_the_shipped_file_is_small_and_attributed():
    folder = resources.files("microgradnet.data")
    archive = (folder / "digits.npz").read_bytes()
    assert len(archive) < 100_000
    assert hashlib.sha256(archive).hexdigest() == "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"
    attribution = (folder / "DIGITS_ATTRIBUTION.md").read_text(encoding="utf-8")
    for words in ("E. Alpaydin and C. Kaynak", "CC BY 4.0", "UCI Machine Learning Repository", "1998"):
        assert words in attribution


def test_the_first_image_is_a_zero():
    images, labels = load_digits()
    assert labels[0] == 0
    assert images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert images[0, 3:5, 3:5].max() < images[0, 3:5, 2].min()  # the hole


def test_the_two_splits_are_the_whole_once_each():
    images, labels = load_digits()
    train, test = Digits("train"), Digits("test")
    assert (len(train), len(test)) == (1442, 355)
    assert abs(len(test) / len(labels) - 0.2) < 0.005
    rows = [np.c_[d.tensors[0].array.reshape(-1, 64) * 16, d.tensors[1].array] for d in (train, test)]
    together = np.concatenate(rows)
    whole = np.c_[images.reshape(-1, 64), labels]
    assert np.array_equal(together[np.lexsort(together.T)], whole[np.lexsort(whole.T)])
    assert len(np.unique(whole, axis=0)) == len(whole)  # so equal rows are the same sample


def test_the_split_is_stratified_and_is_every_fifth_of_a_class():
    images, labels = load_digits()
    test_images, test_labels = Digits("test").tensors
    assert np.bincount(test_labels.array).tolist() == [count // 5 for count in PER_CLASS]
    for digit in range(10):
        expected = images[labels == digit][4::5] / 16
        assert np.array_equal(test_images.array[test_labels.array == digit, 0], expected)


def test_a_sample_is_an_image_with_a_channel_and_its_label():
    train = Digits()
    image, label = train[0]
    assert isinstance(image, Tensor) and isinstance(label, Tensor)
    assert image.shape == (1, 8, 8) and image.dtype == np.float32
    assert label.shape == () and label.dtype == np.int64
    assert train.tensors[0].array.min() == 0 and train.tensors[0].array.max() == 1
    assert np.array_equal(image.array[0] * 16, load_digits()[0][0])


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match=r"^Digits: split must be 'train' or 'test', got 'validation'$"):
        Digits("validation")
