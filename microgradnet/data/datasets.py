"""The handwritten digits that come with the library."""

from pathlib import Path

import numpy as np

from .dataset import TensorDataset

# Every fifth image of a class is held out: no random numbers, so the split is the same with every version of NumPy.
HELD_OUT = 5


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """The shipped digits as arrays: images (1797, 8, 8) float32 from 0 to 16, labels (1797,) int64 from 0 to 9.

    They are the test set of the UCI dataset "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
    1998, CC BY 4.0), in its order. A pixel counts the dark points of a 4×4 block of the 32×32 scan.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as archive:
        return archive["images"].astype(np.float32), archive["labels"].astype(np.int64)


class Digits(TensorDataset):
    """Handwritten digits, 8×8: sample i is (image, label), a float32 (1, 8, 8) from 0 to 1 and an int64 from 0 to 9.

    ``split="train"`` has 1,442 samples and ``"test"`` the other 355. Within each class, taken in the file's order, the
    5th, 10th, 15th, ... image is held out for the test: both splits thus have the same proportion of classes, and they
    never change. The pixels of ``load_digits`` are divided by 16. Raises ValueError for any other split.
    """

    def __init__(self, split: str = "train"):
        if split not in ("train", "test"):
            raise ValueError(f"Digits: split must be 'train' or 'test', got {split!r}")
        images, labels = load_digits()
        held_out = np.zeros(len(labels), bool)
        for digit in range(10):
            held_out[np.flatnonzero(labels == digit)[HELD_OUT - 1 :: HELD_OUT]] = True
        chosen = held_out if split == "test" else ~held_out
        super().__init__(images[chosen, None] / np.float32(16), labels[chosen])
