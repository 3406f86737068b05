"""DataLoader: iterates over a dataset in batches."""

import collections
import contextlib
import functools
import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from numbers import Real
from typing import Any

import numpy as np

from microgradnet import random
from microgradnet.tensor import Tensor

from .dataset import Subset, TensorDataset


class DataLoader:
    """Iterates over ``dataset``, ``batch_size`` samples at a time; each ``for batch in loader`` is one pass.

    ``dataset`` is anything with ``len()`` and ``dataset[i]``. The last batch is smaller when the length is not a
    multiple of ``batch_size``, or left out with ``drop_last=True``. ``len(loader)`` is the number of batches.
    ``collate_fn`` turns a list of samples into a batch.

    With ``shuffle=True`` each pass has its own random order, which depends only on ``seed`` and the number of the pass:
    the same seed gives the same orders in every run. Passes count from 0; ``set_epoch(k)`` makes the next one pass k,
    so that a resumed training sees the same batches as an uninterrupted one. Without a seed the loader draws one, once,
    from the generator that ``manual_seed`` seeds; it is kept in ``seed``.

    With ``num_workers`` above 0 that many threads prepare batches ahead, up to ``prefetch_factor`` each, during
    training. It pays off where samples are read from disk or decoded, which releases the GIL, but not where a batch
    takes a few microseconds of indexing. The batches, their order and ``state_dict`` are the same as with 0 workers:
    random numbers that samples and ``collate_fn`` draw from the default generator come from one stream per batch,
    seeded by seed, pass and batch. An exception is raised when its batch is due.

    Raises ValueError for a ``batch_size`` or ``prefetch_factor`` that is not a positive integer, or a negative seed or
    number of workers.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        collate_fn: Callable | None = None,
        drop_last: bool = False,
        seed: int | None = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
    ):
        for name, count in (("batch_size", batch_size), ("prefetch_factor", prefetch_factor)):
            if not isinstance(count, int | np.integer) or isinstance(count, bool) or count < 1:
                raise ValueError(f"DataLoader: {name} must be a positive integer, got {count!r}")
        if not isinstance(num_workers, int | np.integer) or num_workers < 0:
            raise ValueError(f"DataLoader: num_workers must be a non-negative integer, got {num_workers!r}")
        if seed is not None and (not isinstance(seed, int | np.integer) or seed < 0):
            raise ValueError(f"DataLoader: seed must be a non-negative integer or None, got {seed!r}")
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.seed = int(random.default_generator.numpy.integers(2**63) if seed is None else seed)
        self.num_workers, self.prefetch_factor = int(num_workers), int(prefetch_factor)
        self.epoch = 0
        self._under_way = (0, 0)  # the latest pass, and how many of its batches were returned

    def set_epoch(self, epoch: int) -> None:
        """Makes the next pass number ``epoch``, with the order that this pass has in an uninterrupted run.

        Raises ValueError for a negative number.
        """
        if epoch < 0:
            raise ValueError(f"DataLoader: epoch must not be negative, got {epoch}")
        self.epoch = epoch
        self._under_way = (epoch, 0)

    def state_dict(self) -> dict:
        """Seed, pass, and the number of its batches returned so far, which determine the rest. For a checkpoint."""
        epoch, given = self._under_way
        return {"seed": self.seed, "epoch": epoch, "given": given}

    def load_state_dict(self, state_dict: dict) -> None:
        """Resumes from a ``state_dict``: the next pass begins with the batch that was due."""
        self.seed, self.epoch = int(state_dict["seed"]), int(state_dict["epoch"])
        self._under_way = (self.epoch, int(state_dict["given"]))

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator:
        samples = len(self.dataset)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(samples)
        else:
            order = np.arange(samples)
        epoch, given = self._under_way if self._under_way[0] == self.epoch else (self.epoch, 0)
        self.epoch += 1
        return self._pass(order, epoch, given)

    def _pass(self, order: np.ndarray, epoch: int, given: int) -> Iterator:
        """The batches of one pass, without the first ``given``."""
        batches = len(self)
        calls = (
            functools.partial(self._batch, order[n * self.batch_size : (n + 1) * self.batch_size], epoch, n)
            for n in range(given, batches)
        )
        made = _made_ahead(calls, self.num_workers, self.prefetch_factor) if self.num_workers else (c() for c in calls)
        with contextlib.closing(made):
            for number, batch in enumerate(made, given + 1):
                self._under_way = (epoch, number) if number < batches else (epoch + 1, 0)
                yield batch

    def _batch(self, indices: np.ndarray, epoch: int, number: int):
        if self.collate_fn is None and _takes_index_arrays(self.dataset):
            return self.dataset[indices]
        with random.substream(self.seed, epoch, number):
            return (self.collate_fn or default_collate)([self.dataset[i] for i in indices.tolist()])


def _made_ahead(calls: Iterator[Callable], workers: int, each: int) -> Generator:
    """The results of ``calls`` in order, computed by threads at most ``workers·each`` ahead."""
    with ThreadPoolExecutor(workers, "DataLoader") as pool:
        ahead = collections.deque(pool.submit(call) for call in itertools.islice(calls, workers * each))
        try:
            while ahead:
                batch = ahead.popleft().result()
                ahead.extend(pool.submit(call) for call in itertools.islice(calls, 1))
                yield batch
        finally:
            for future in ahead:
                future.cancel()


def default_collate(samples: Sequence) -> Any:
    """Stacks samples into a batch: Tensors and arrays (s₁, …) to a Tensor (N, s₁, …), numbers to a Tensor (N,).

    For tuples or lists each position becomes a batch, in a tuple; for dicts each key. Arrays keep their dtype; Python
    floats become float32, ints int64, bools bool. Raises TypeError for other samples, ValueError when shapes or lengths
    differ.
    """
    first = samples[0]
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        if len({len(sample) for sample in samples}) > 1:
            raise ValueError(f"default_collate: samples differ in length: {sorted({len(s) for s in samples})}")
        return tuple(default_collate(field) for field in zip(*samples, strict=True))
    if isinstance(first, Tensor):
        arrays = [sample.array for sample in samples]
    elif isinstance(first, np.ndarray | np.generic):
        arrays = samples
    elif isinstance(first, Real):
        return Tensor(np.array(samples, np.float32 if isinstance(first, float) else None))
    else:
        raise TypeError(
            f"default_collate: tensors, arrays, numbers, tuples or dicts of them expected, got {first!r:.40}"
        )
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ValueError(f"default_collate: samples differ in shape: {sorted(shapes)}")
    return Tensor(np.stack(arrays))


def _takes_index_arrays(dataset) -> bool:
    """Whether ``dataset[array]`` is the batch; not for a subclass that overrides ``__getitem__``."""
    getitem = getattr(type(dataset), "__getitem__", None)
    if getitem is Subset.__getitem__:
        return _takes_index_arrays(dataset.dataset)
    return getitem is TensorDataset.__getitem__
