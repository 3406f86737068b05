"""How time and memory grow: with the number of nodes (a chain, and one value used by many others), and with the batch,
the width and the depth of a tanh MLP that takes training steps.
"""

import contextlib
import math
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from tests.benchmarks.training_steps import mlp, stepper

CHAIN = (10_000, 100_000, 1_000_000)
FAN = (1_000, 10_000, 100_000)


class Sweep(NamedTuple):
    """One size of the MLP that varies while the others stay at ``BASE``, and the exponent that arithmetic says."""

    sizes: tuple[int, ...]
    expected: int
    because: str


# Every layer is square, so that a step is 6·batch·width²·depth operations and nothing else grows.
BASE = {"batch": 64, "width": 64, "depth": 4}
SWEEPS = {
    "batch": Sweep(tuple(64 << i for i in range(7)), 1, "every product and every activation has batch rows"),
    "width": Sweep(tuple(64 << i for i in range(6)), 2, "a layer has width² weights and as many gradients"),
    "depth": Sweep(tuple(2 << i for i in range(7)), 1, "layer after layer, each kept until its backward"),
}
SECONDS = 1.0  # of timed steps for each size


def chain(nodes: int) -> tuple[float, float, float]:
    """Seconds to build, to go backward through and to free ``x + 1 + 1 + …``."""
    x = mg.tensor(1.0, requires_grad=True)
    started = time.perf_counter()
    y = x
    for _ in range(nodes):
        y = y + 1.0
    built = time.perf_counter()
    y.backward()
    backward = time.perf_counter()
    del y
    return built - started, backward - built, time.perf_counter() - backward


def fan(nodes: int) -> tuple[float, float, float]:
    """The same for one value used by ``nodes`` others, which are stacked and summed."""
    x = mg.tensor(1.0, requires_grad=True)
    started = time.perf_counter()
    y = x * 1.0
    total = mg.stack([y * 1.0 for _ in range(nodes)]).sum()
    built = time.perf_counter()
    total.backward()
    backward = time.perf_counter()
    del total
    return built - started, backward - built, time.perf_counter() - backward


def exponent(sizes, times) -> float:
    """The slope of log time against log size, by least squares: 1 is linear."""
    xs, ys = [math.log(s) for s in sizes], [math.log(t) for t in times]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def training(batch: int, width: int, depth: int):
    """One training step of a tanh MLP of ``depth`` square layers: forward, backward, SGD."""
    random = np.random.default_rng(0)
    x, y = (mg.Tensor(random.standard_normal((batch, width)).astype(np.float32)) for _ in range(2))
    model = mlp(nn, [width] * (depth + 1), "Tanh")
    return stepper(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.01), x, y)


def step_cost(batch: int, width: int, depth: int) -> tuple[float, float, float]:
    """The median milliseconds of a step, and the megabytes that it needs at most above its model and data: resident
    ones and allocated ones.

    Allocations are the clearer count: a process is also resident with what the BLAS keeps for its panels and with what
    its allocator has not given back. They are taken on a model of its own, since tracing slows every step down.
    """
    training(2, 2, 2)()  # loads the compiled loops, which are not the step's
    step = training(batch, width, depth)
    forget_peak()
    before = resident_kilobytes("VmRSS")
    step()
    step()
    peak = resident_kilobytes("VmHWM") - before
    milliseconds = median_time(step)
    step = training(batch, width, depth)
    tracemalloc.start()
    step()
    step()
    return milliseconds, peak / 1024, tracemalloc.get_traced_memory()[1] / 2**20


def median_time(step) -> float:
    """The median milliseconds of one call, over ``SECONDS`` or five calls."""
    times: list[float] = []
    while len(times) < 5 or sum(times) < SECONDS:
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def table() -> str:
    """Both tables: nodes, then the sizes of an MLP."""
    return f"{nodes_table()}\n\n{steps_table()}"


def steps_table() -> str:
    """Time and memory of a training step against each size, and the fitted exponents.

    They are fitted over the larger half of the sizes: among the smaller ones the fixed costs of a node (some µs, some
    hundred bytes) are most of the step, and no exponent describes them.
    """
    rows = [
        f"Steps of a tanh MLP, forward + backward + SGD; {', '.join(f'{k} {v}' for k, v in BASE.items())} where not "
        "said otherwise. Memory is the peak above model and data. Exponents are of the larger half of the sizes.\n",
        "| grows | to | step, ms | peak resident, MB | peak allocated, MB | expected |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, sweep in SWEEPS.items():
        costs = [run(name, size) for size in sweep.sizes]
        rows += [
            f"| {name} | {size:,} | {ms:.3f} | {resident:.2f} | {allocated:.3f} | |"
            for size, (ms, resident, allocated) in zip(sweep.sizes, costs, strict=True)
        ]
        half = len(sweep.sizes) // 2
        columns = zip(*costs[half:], strict=True)
        # A resident peak of nothing at all has no logarithm: a kilobyte stands for it.
        fits = (exponent(sweep.sizes[half:], [max(v, 1e-3) for v in column]) for column in columns)
        fitted = " | ".join(f"{fit:.2f}" for fit in fits)
        rows.append(f"| {name} | to the power of | {fitted} | {sweep.expected}: {sweep.because} |")
    return "\n".join(rows)


def run(name: str, size: int) -> list[float]:
    """The figures of one size, from a process of its own, so that memory is that size's."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", name, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(v) for v in done.stdout.split()]


def nodes_table() -> str:
    """Every number of nodes in a process of its own."""
    rows = [
        "| graph | nodes | build, s | backward, s | free, s | memory, MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, sizes in (("chain", CHAIN), ("fan", FAN)):
        totals = []
        for nodes in sizes:
            build, backward, free, memory = run(name, nodes)
            totals.append(build + backward)
            rows.append(f"| {name} | {nodes:,} | {build:.3f} | {backward:.3f} | {free:.3f} | {memory:.0f} |")
        rows.append(f"| {name} | time grows as nodes to the power of | {exponent(sizes, totals):.2f} | | | |")
    return "\n".join(rows)


def resident_kilobytes(key: str) -> int:
    """What the process has resident now (``VmRSS``) or had at most (``VmHWM``).

    Linux's getrusage counts the process that forked this one; /proc does not. Elsewhere the peak stands for both.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith(key)).split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def forget_peak() -> None:
    """Makes ``VmHWM`` start anew from what is resident now, where the system lets a process do so."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def main(name: str, size: int) -> None:
    """Prints the figures of one size."""
    if name in SWEEPS:
        print(*step_cost(**{**BASE, name: size}))
        return
    before = resident_kilobytes("VmHWM")
    times = {"chain": chain, "fan": fan}[name](size)
    print(*times, (resident_kilobytes("VmHWM") - before) / 1024)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
