"""Floors: how long a row's memory traffic takes by itself, and how long a step's matrix products do.

They are measured, not derived, so a program can be a little faster than its floor (a tenth, as optimizers were): where
its arrays happen to stay in a cache that the floor's fell out of, or where a smarter product needs fewer operations.
"""

import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np

from microgradnet.backends import threads
from tests.benchmarks.race import Floor


def copying(passes: int, arrays: int, elements: int) -> Floor:
    """The time in which a copy on all threads moves as many bytes as ``passes`` passes over ``elements`` float32.

    A pass reads or writes an array once; half of a copy's passes read, half write. It goes over as many bytes as the
    row's ``arrays`` have, again and again until it has moved enough: what fits the caches there fits them here. Two
    ways to copy, since which one is faster depends on the size: a compiled loop starts sooner, NumPy's memcpy writes
    large arrays past the caches.
    """
    source = np.ones(arrays * elements // 2, np.float32)
    target = np.zeros_like(source)
    rounds, rest = divmod(passes * elements // 2, source.size)
    pieces = [(target, source)] * rounds + [(target[:rest], source[:rest])] * (rest > 0)
    ways = {
        "copy by a loop": _one_by_one([partial(_compiled_copy(), *piece) for piece in pieces]),
        "copy by NumPy": _one_by_one([_copy_by_numpy(*piece) for piece in pieces]),
    }
    return Floor(f"copying {passes} passes", ways, passes * elements * 4)


def updating(written: int, elements: int) -> Floor:
    """The time in which a loop on all threads adds one array to ``written`` others: 2·written + 1 passes.

    It is what an optimizer does to memory: what it writes, it has read. That is faster than a copy of as many bytes,
    whose target's lines are mostly fetched before they are written.
    """
    # Not zeros: until they are written, all pages of np.zeros are the same one.
    gradient, *arrays = (np.ones(elements, np.float32) for _ in range(written + 1))
    passes = 2 * written + 1
    update = partial(_compiled_update(written), gradient, *arrays)
    return Floor(f"updating in place, {passes} passes", {"update": update}, passes * elements * 4)


@functools.cache
def _compiled_copy() -> Callable:
    import numba

    @numba.njit(parallel=True)
    def copy(target, source):
        for i in numba.prange(source.size):
            target[i] = source[i]

    return copy


@functools.cache
def _compiled_update(written: int) -> Callable:
    """All arrays side by side in one loop; block after block of each was slower (measured)."""
    import numba

    arrays = [f"a{k}" for k in range(written)]
    additions = "; ".join(f"{array}[i] += g[i]" for array in arrays)
    namespace = {"prange": numba.prange}
    exec(f"def update(g, {', '.join(arrays)}):\n    for i in prange(g.size):\n        {additions}\n", namespace)
    return numba.njit(parallel=True)(namespace["update"])


def _one_by_one(calls: list[Callable[[], None]]) -> Callable[[], None]:
    def run() -> None:
        for call in calls:
            call()

    return run


def _copy_by_numpy(target: np.ndarray, source: np.ndarray) -> Callable[[], None]:
    """``np.copyto`` of one piece in each thread; it holds no lock meanwhile."""
    workers = threads.get_num_threads()
    targets, sources = np.array_split(target, workers), np.array_split(source, workers)
    pool = _pool(workers - 1)

    def copy() -> None:
        others = [pool.submit(np.copyto, *pair) for pair in zip(targets[1:], sources[1:], strict=True)]
        np.copyto(targets[0], sources[0])
        for other in others:
            other.result()

    return copy


@functools.cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(workers, 1))


def products(shapes: list[tuple[int, int, int]]) -> Floor:
    """The matrix products of a training step, by NumPy and nothing else: for each layer (rows, in, out) the forward
    one, the weights' gradient and, but for the first layer, the input's. Results go to arrays that stay.
    """
    layers = [_Layer(*shape) for shape in shapes]

    def step() -> None:
        for i, layer in enumerate(layers):
            layer.multiply(with_input=i > 0)

    operations = sum(2 * math.prod(shape) * (3 if i else 2) for i, shape in enumerate(shapes))
    return Floor(f"its {3 * len(shapes) - 1} matrix products", {"matrix products": step}, operations, "GFLOP/s")


class _Layer:
    """One layer's operands and results."""

    def __init__(self, rows: int, fan_in: int, fan_out: int):
        random = np.random.default_rng(0)
        self.x, self.w, self.g = (
            random.standard_normal(shape, np.float32) for shape in ((rows, fan_in), (fan_in, fan_out), (rows, fan_out))
        )
        self.y, self.dw, self.dx = (np.empty_like(array) for array in (self.g, self.w, self.x))

    def multiply(self, with_input: bool) -> None:
        np.matmul(self.x, self.w, out=self.y)
        np.matmul(self.x.T, self.g, out=self.dw)
        if with_input:
            np.matmul(self.g, self.w.T, out=self.dx)


def mlp_shapes(sizes: list[int], batch: int) -> list[tuple[int, int, int]]:
    """The layers of an MLP as ``products`` wants them."""
    return [(batch, fan_in, fan_out) for fan_in, fan_out in pairwise(sizes)]


def cnn_shapes(batch: int) -> list[tuple[int, int, int]]:
    """Those of ``training_steps.cnn``: a convolution is a product of every window with the kernels (im2col)."""
    return [(batch * 26 * 26, 9, 32), (batch * 24 * 24, 32 * 9, 64), (batch, 64 * 12 * 12, 128), (batch, 128, 10)]
