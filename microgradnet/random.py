"""Random numbers: one default generator, seeded by ``manual_seed``, and separate generators."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


class Generator:
    """A stream of random numbers with a state that can be saved and restored (NumPy's PCG64)."""

    def __init__(self, seed: int | None = None):
        self.manual_seed(int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1) if seed is None else seed)

    def manual_seed(self, seed: int) -> "Generator":
        """Restarts the stream from ``seed``. Raises ValueError unless it is a non-negative integer."""
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"manual_seed: a non-negative integer expected, got {seed!r}")
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> dict:
        """The state as a plain dict (it can be written as JSON)."""
        return {"seed": self._seed, "bit_generator": self.numpy.bit_generator.state}

    def set_state(self, state: dict) -> "Generator":
        self._seed = state["seed"]
        self.numpy.bit_generator.state = state["bit_generator"]
        return self


class _Substream(threading.local):
    seed: tuple | None = None
    numpy: np.random.Generator | None = None  # created when the first number is drawn


_substream = _Substream()


class _DefaultGenerator(Generator):
    """The generator that ``manual_seed`` seeds; within ``substream`` a thread draws from another one instead."""

    @property
    def numpy(self) -> np.random.Generator:
        if _substream.seed is None:
            return self._numpy
        if _substream.numpy is None:
            _substream.numpy = np.random.Generator(np.random.PCG64(_substream.seed))
        return _substream.numpy

    @numpy.setter
    def numpy(self, numpy: np.random.Generator) -> None:
        if _substream.seed is None:
            self._numpy = numpy
        else:
            _substream.numpy = numpy


default_generator = _DefaultGenerator(0)


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, which initializers, dropout and random tensors draw from."""
    return default_generator.manual_seed(seed)


@contextmanager
def substream(*seed: int) -> Iterator[None]:
    """Inside it, draws from the default generator in this thread come from a generator seeded with ``seed``.

    Afterwards the default generator continues where it was. So the numbers depend only on ``seed``, not on earlier
    draws or on other threads.
    """
    outer = _substream.seed, _substream.numpy
    _substream.seed, _substream.numpy = seed, None
    try:
        yield
    finally:
        _substream.seed, _substream.numpy = outer
