"""Timing two or more programs fairly: interleaved in one process, medians, the same number of threads."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Floor(NamedTuple):
    """What no program that does a row's work can be much faster than, to be timed in the same run."""

    what: str
    ways: dict[str, Callable[[], None]]  # the fastest counts
    amount: float  # bytes moved, or operations
    unit: str = "GB/s"

    def speed(self, milliseconds: float) -> str:
        """What the floor does, and how fast it did it."""
        return f"{self.what}, {self.amount / milliseconds / 1e6:.3g} {self.unit}"


class Result(NamedTuple):
    """Medians in milliseconds of one row of the table."""

    row: str
    ours: float
    peers: dict[str, float]
    goal: float | None  # ours / PyTorch eager
    floor: float | None = None
    floor_is: str = ""

    def ratio(self) -> float | None:
        """Ours divided by PyTorch's."""
        return self.ours / self.peers["torch"] if "torch" in self.peers else None


def race(runners: dict[str, Callable[[], None]], seconds: float = 2.0) -> dict[str, float]:
    """The median time of one call of each runner, in ms.

    Each is warmed up (kernels compile, buffers are allocated), then all take turns in short blocks, so that a change
    in the machine's speed meets them alike. A pause before each block lets the other library's threads go to sleep:
    they spin for a while after a parallel region.
    """
    times: dict[str, list[float]] = {name: [] for name in runners}
    estimates = {}
    for name, run in runners.items():
        run()
        run()
        started = time.perf_counter()
        run()
        estimates[name] = time.perf_counter() - started
    rounds = 5
    for _ in range(rounds):
        for name, run in runners.items():
            calls = max(3, min(2000, int(seconds / rounds / len(runners) / max(estimates[name], 1e-6))))
            time.sleep(0.02)
            run()
            for _ in range(calls):
                started = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) * 1e3 for name, values in times.items()}


def race_row(
    row: str,
    runners: dict[str, Callable[[], None]],
    goal: float | None,
    floor: Floor | None = None,
    seconds: float = 2.0,
) -> Result:
    """The row of a race in which "ours" and, if there is one, the floor take part."""
    ways = floor.ways if floor else {}
    times = race({**runners, **ways}, seconds)
    lowest = min((times.pop(way) for way in ways), default=None)
    return Result(row, times.pop("ours"), times, goal, lowest, floor.speed(lowest) if floor else "")


def table(results: list[Result]) -> str:
    """The results as a Markdown table; with the floors' columns where any row has a floor."""
    peers = sorted({peer for result in results for peer in result.peers})
    head = ["work", "ours, ms", *(f"{peer}, ms" for peer in peers), "ours ÷ torch", "goal", "met"]
    floors = any(result.floor is not None for result in results)
    if floors:
        head += ["floor, ms", "ours ÷ floor", "the floor is"]
    rows = [head, ["---"] * len(head)]
    for result in results:
        ratio, goal = result.ratio(), result.goal
        met = "" if ratio is None or goal is None else "yes" if ratio <= goal else f"no, {ratio / goal:.2f}× over"
        rows.append(
            [
                result.row,
                f"{result.ours:.4g}",
                *(f"{result.peers[peer]:.4g}" if peer in result.peers else "" for peer in peers),
                "" if ratio is None else f"{ratio:.2f}",
                "" if goal is None else f"≤ {goal}",
                met,
                *(_floor_cells(result) if floors else []),
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _floor_cells(result: Result) -> list[str]:
    if result.floor is None:
        return ["", "", ""]
    return [f"{result.floor:.4g}", f"{result.ours / result.floor:.2f}", result.floor_is]
