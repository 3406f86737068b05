"""How time and memory grow with the number of nodes: a chain, and one value used by many others."""

import math
import resource
import subprocess
import sys
import time
from pathlib import Path

import microgradnet as mg

CHAIN = (10_000, 100_000, 1_000_000)
FAN = (1_000, 10_000, 100_000)


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


def table() -> str:
    """Every size in a process of its own, so that memory is that size's."""
    rows = [
        "| graph | nodes | build, s | backward, s | free, s | memory, MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, sizes in (("chain", CHAIN), ("fan", FAN)):
        totals = []
        for nodes in sizes:
            command = [sys.executable, "-m", "tests.benchmarks.growth", name, str(nodes)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            build, backward, free, memory = (float(v) for v in done.stdout.split())
            totals.append(build + backward)
            rows.append(f"| {name} | {nodes:,} | {build:.3f} | {backward:.3f} | {free:.3f} | {memory:.0f} |")
        rows.append(f"| {name} | time grows as nodes to the power of | {exponent(sizes, totals):.2f} | | | |")
    return "\n".join(rows)


def peak_kilobytes() -> int:
    """The largest resident size so far. Linux's getrusage counts the process that forked this one; /proc does not."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    before = peak_kilobytes()
    times = {"chain": chain, "fan": fan}[sys.argv[1]](int(sys.argv[2]))
    print(*times, (peak_kilobytes() - before) / 1024)
