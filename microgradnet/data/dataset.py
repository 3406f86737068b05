"""Datasets, which are samples by index: from tensors, subsets, and random splits."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnet import random
from microgradnet.tensor import Tensor


class Dataset:
    """Samples by index, ``dataset[i]`` for ``0 <= i < len(dataset)``; a subclass defines both.

    Indexing past the end raises IndexError, which also ends ``for sample in dataset``.
    """

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: define __getitem__(index), which returns one sample")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: define __len__(), the number of samples")


class TensorDataset(Dataset):
    """Sample i is the tuple of row i of every tensor: ``(tensors[0][i], tensors[1][i], ...)``.

    Takes Tensors or NumPy arrays, all with the same first dimension; they are kept in ``tensors`` without copying, and
    the samples carry no gradient. Indexing with an array of indices returns a whole batch, copied in one step.

    Raises ValueError when lengths differ or floating-point values are NaN (checked once, here), TypeError for anything
    that is not an array, IndexError for an index out of range.
    """

    def __init__(self, *tensors: Tensor | np.ndarray):
        name = type(self).__name__
        if not tensors:
            raise ValueError(f"{name}: at least one tensor is needed, got none")
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor | np.ndarray):
                raise TypeError(f"{name}: tensors or NumPy arrays expected, tensors[{position}] is {tensor!r:.40}")
            if tensor.ndim == 0:
                raise ValueError(f"{name}: every tensor needs a dimension of samples, tensors[{position}] has none")
        self.tensors = tuple(t if isinstance(t, Tensor) else Tensor(t) for t in tensors)
        lengths = [len(t.array) for t in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"{name}: all tensors must have the same number of samples, got {lengths}")
        for position, tensor in enumerate(self.tensors):
            refuse_nan(f"{name}: tensors[{position}]", tensor.array)

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        try:
            return tuple(Tensor(t.array[index]) for t in self.tensors)
        except IndexError as error:
            raise IndexError(f"{type(self).__name__}: {error}") from None

    def __len__(self) -> int:
        return len(self.tensors[0].array)


class Subset(Dataset):
    """The samples of ``dataset`` at ``indices``, in that order; sample i is ``dataset[indices[i]]``.

    Negative indices count from the end of ``dataset``. Raises IndexError for one out of range, TypeError unless
    ``indices`` is a sequence of integers.
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray):
        self.dataset = dataset
        self.indices = np.asarray(indices, np.int64) if len(indices) == 0 else np.asarray(indices)
        if self.indices.ndim != 1 or self.indices.dtype.kind not in "iu":
            raise TypeError(f"Subset: a sequence of integer indices expected, got {indices!r:.60}")
        length = len(dataset)
        outside = self.indices[(self.indices < -length) | (self.indices >= length)]
        if outside.size:
            raise IndexError(f"Subset: index {outside[0]} is out of range for a dataset of {length} samples")

    def __getitem__(self, index: Any) -> Any:
        try:
            chosen = self.indices[index]
        except IndexError as error:
            raise IndexError(f"Subset: {error}") from None
        return self.dataset[chosen if isinstance(chosen, np.ndarray) else int(chosen)]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset, lengths: Sequence[int] | Sequence[float], generator: random.Generator | None = None
) -> list[Subset]:
    """Cuts ``dataset`` at random into disjoint Subsets that cover it, of ``lengths`` samples each.

    ``lengths`` are whole numbers that sum to ``len(dataset)``, or fractions that sum to 1: each part then gets
    ⌊fraction · n⌋ samples, and the remaining samples go one each to the first parts. The split is drawn from
    ``generator``, or from the one that ``manual_seed`` seeds.

    Raises ValueError when the lengths are negative or do not add up.
    """
    total, parts = len(dataset), list(lengths)
    if any(part < 0 for part in parts):
        raise ValueError(f"random_split: lengths must not be negative, got {lengths}")
    if math.isclose(sum(parts), 1):
        parts = [math.floor(total * fraction) for fraction in parts]
        left_over = total - sum(parts)
        parts = [part + (position < left_over) for position, part in enumerate(parts)]
    if sum(parts) != total or any(part != int(part) for part in parts):
        raise ValueError(
            f"random_split: whole numbers that sum to the dataset's {total} samples, or fractions that sum to 1, "
            f"expected; got {lengths}, which sum to {sum(lengths)}"
        )
    order = (generator or random.default_generator).numpy.permutation(total)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(parts, dtype=int)[:-1])]


def refuse_nan(what: str, array: np.ndarray) -> None:
    """Raises ValueError, with a message that begins with ``what``, for an array that contains NaN."""
    if array.dtype.kind != "f":
        return
    count = int(np.isnan(array).sum())
    if count:
        raise ValueError(f"{what}: {count} of its {array.size} values are NaN; drop or replace those samples first")
