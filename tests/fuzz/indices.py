"""Indices of ops and compiled loops, many at once, some of them beyond the bounds: a call answers if all are within
them and raises if one is not, and touches no memory beside its arrays.

Each array ends where a page begins that may not be touched, and begins after canaries that are NaN when they are read.
So a process of its own makes the calls: one that ends is a finding too.
"""

import atexit
import ctypes
import functools
import math
import mmap
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

import microgradnet as mg
from microgradnet.nn import functional as F
from tests.ops.test_index_bounds import POSITIONS, arguments_of, loops_with_indices

PAGE = mmap.PAGESIZE
REDUCED = ("sum", "prod", "mean", "amax", "amin")

# op -> which index it takes, and its call with x, the index, values that fit it, and a dimension.
CALLS = {
    "gather": ("along", lambda x, i, v, dim: x.gather(dim, i)),
    "scatter": ("along", lambda x, i, v, dim: x.scatter(dim, i, v)),
    "scatter_add": ("along", lambda x, i, v, dim: x.scatter_add(dim, i, v)),
    **{
        f"scatter_reduce {how}": ("along", lambda x, i, v, dim, how=how: x.scatter_reduce(dim, i, v, how))
        for how in REDUCED
    },
    "take_along_dim": ("broadcast", lambda x, i, v, dim: mg.take_along_dim(x, i, dim)),
    "index_select": ("line", lambda x, i, v, dim: x.index_select(dim, i)),
    "index_add": ("line", lambda x, i, v, dim: x.index_add(dim, i, v)),
    "index_copy": ("line", lambda x, i, v, dim: x.index_copy(dim, i, v)),
    "index_fill": ("line", lambda x, i, v, dim: x.index_fill(dim, i, 0.5)),
    "getitem": ("rows", lambda x, i, v, dim: x[i]),
    "getitem of pairs": ("square", lambda x, i, v, dim: x[i, i]),
    "index_put": ("rows", lambda x, i, v, dim: x.index_put((i,), v)),
    "index_put, added": ("rows", lambda x, i, v, dim: x.index_put((i,), v, accumulate=True)),
    "setitem": ("rows", lambda x, i, v, dim: written(x, i, v)),
    "take": ("flat", lambda x, i, v, dim: mg.take(x, i)),
    "embedding": ("table", lambda x, i, v, dim: F.embedding(i, x)),
    **{
        f"embedding_bag {how}": ("table", lambda x, i, v, dim, how=how: F.embedding_bag(i, x, mode=how))
        for how in ("sum", "mean", "max")
    },
    "cross_entropy": ("labels", lambda x, i, v, dim: F.cross_entropy(x, i)),
    "nll_loss": ("labels", lambda x, i, v, dim: F.nll_loss(x, i)),
    "multi_margin_loss": ("labels", lambda x, i, v, dim: F.multi_margin_loss(x, i)),
    "one_hot": ("labels", lambda x, i, v, dim: F.one_hot(i, x.shape[1]) * x),
}


def written(x, i, v):
    out = x.clone()
    out[i] = v
    return out


def fenced(values) -> tuple[np.ndarray, np.ndarray]:
    """A copy of ``values`` that ends at a page without access, and the bytes before it, all ones."""
    values = np.ascontiguousarray(values)
    size = (values.nbytes // PAGE + 1) * PAGE
    pages = mmap.mmap(-1, size + PAGE)
    memory = np.frombuffer(pages, np.uint8)
    if hasattr(mmap, "PROT_READ"):  # else only the canaries
        ctypes.CDLL(None).mprotect(ctypes.c_void_p(memory.ctypes.data + size), ctypes.c_size_t(PAGE), 0)
    canaries, own = memory[: size - values.nbytes], memory[size - values.nbytes : size]
    canaries[...] = 0xFF
    inside = own.view(values.dtype).reshape(values.shape)
    inside[...] = values
    return inside, canaries


def places(draw: random.Random, shape, size: int, least: int) -> tuple[np.ndarray, bool]:
    """Indices of ``shape`` into ``size`` elements, from ``least`` on, and whether all are within the bounds."""
    index = np.array([draw.randrange(least, size) for _ in range(math.prod(shape))]).reshape(shape)
    if draw.random() < 0.5:
        at = draw.randrange(index.size)
        index.flat[at] = draw.choice([size, size + 1, least - 1, 2 * size, -2 * size - 1, 2**31, -(2**31) - 1, 2**62])
    inside = bool(((index >= least) & (index < size)).all())
    return index, inside


@functools.cache
def least_index(name: str) -> int:
    """−1 if the op counts negative indices from the end, as ``tests/ops/test_index_bounds.py`` holds it to, else 0."""
    kind, call = CALLS[name]
    x = mg.ones(2, 2)
    shape = {"along": (1, 2), "broadcast": (1, 2), "line": (1,), "labels": (2,), "table": (1, 1)}.get(kind, (1,))
    index = np.full(shape, -1)
    values = mg.ones(1, 2)
    try:
        call(x, mg.Tensor(index), values, 0)
    except (IndexError, ValueError):
        return 0
    return -1


def op_case(draw: random.Random) -> str:
    """One call of an op; its name and what came of it."""
    name = draw.choice(list(CALLS))
    kind, call = CALLS[name]
    rank = 2 if kind in ("table", "labels", "square") else draw.randint(1, 3)
    shape = [draw.randint(1, 6) for _ in range(rank)]
    if kind == "square":
        shape[1] = shape[0]
    dim, count = draw.randrange(rank), draw.randint(1, 40)
    others = [draw.randint(1, n) for n in shape]
    wanted, size = {  # the index's shape, and the number of elements that it is for
        "along": ([*others[:dim], count, *others[dim + 1 :]], shape[dim]),
        "broadcast": ([count if d == dim else draw.choice([1, n]) for d, n in enumerate(shape)], shape[dim]),
        "line": ([count], shape[dim]),
        "labels": (shape[:1], shape[-1]),
        "table": ([draw.randint(1, 3), count], shape[0]),
        "flat": ([count], math.prod(shape)),
    }.get(kind, ([count], shape[0]))
    index, inside = places(draw, wanted, size, least_index(name) * size)
    of_values = {"along": wanted, "line": [*shape[:dim], count, *shape[dim + 1 :]], "rows": [count, *shape[1:]]}
    random_numbers = np.random.default_rng(draw.getrandbits(32))
    dtype = draw.choice([np.float32, np.float64])
    arrays = [fenced(random_numbers.uniform(0.5, 2, s).astype(dtype)) for s in (shape, of_values.get(kind, [1]))] + [
        fenced(index)
    ]
    x, v, i = (mg.Tensor(a) for a, _ in arrays)
    leaves = [x.requires_grad_(), v.requires_grad_()]
    what = f"{name} of {shape} along {dim}, index {index.tolist()}"
    try:
        out = call(x, i, v, dim)
        assert inside, f"{what}: an index beyond the bounds was taken"
        out.sum().backward()
        results = [out.detach().array, *(leaf.grad.array for leaf in leaves if leaf.grad is not None)]
        assert all(np.isfinite(r).all() for r in results), f"{what}: read beside its arrays: {results}"
    except (IndexError, ValueError) as error:
        assert not inside, f"{what}: {error}"
    assert all((canaries == 0xFF).all() for _, canaries in arrays), f"{what}: wrote before its arrays"
    return "answered" if inside else "refused"


def loop_case(draw: random.Random) -> str:
    """One call of a compiled loop, which skips an index beyond the bounds, or answers NaN."""
    loops = loops_with_indices()
    name = draw.choice([n for n in loops if not n.startswith(("pooling.max_pool", "ctc."))])
    position = draw.choice([*POSITIONS, draw.randint(-20, 20)])
    arrays = [fenced(a) for a in arguments_of(name, position)]
    loops[name](*(a for a, _ in arrays))
    what = f"{name} at {position}"
    assert all((canaries == 0xFF).all() for _, canaries in arrays), f"{what}: wrote before its arrays"
    return "loop"


def work() -> None:
    """Answers each seed on a line of the input with a word, or ``!`` and what failed."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        draw = random.Random(int(line))
        try:
            said = loop_case(draw) if draw.random() < 0.1 else op_case(draw)
        except Exception as error:
            said = f"!{type(error).__name__}: {error}".replace("\n", " ")
        print(said, flush=True)


workers: list[subprocess.Popen] = []


def check(seed: int) -> str:
    """Case ``seed``: what came of it. Raises AssertionError for a wrong answer, or if the process ended."""
    if not workers:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", "from tests.fuzz.indices import work; work()"]
        workers.append(subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes))
        atexit.register(workers[0].kill)
    worker = workers[0]
    worker.stdin.write(f"{seed}\n")
    worker.stdin.flush()
    said = worker.stdout.readline().strip()
    if not said:
        workers.clear()
        raise AssertionError(f"the process ended with {worker.wait()}: memory beside an array was touched")
    assert not said.startswith("!"), said[1:]
    return said
