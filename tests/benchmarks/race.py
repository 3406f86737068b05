"""Timing two or more programs fairly: interleaved in one process, medians, the same number of threads."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    """Medians in milliseconds of one row of the table."""

    row: str
    ours: float
    peers: dict[str, float]
    goal: float | None  # ours / PyTorch eager

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


def table(results: list[Result]) -> str:
    """The results as a Markdown table."""
    peers = sorted({peer for result in results for peer in result.peers})
    head = ["work", "ours, ms", *(f"{peer}, ms" for peer in peers), "ours ÷ torch", "goal", "met"]
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
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
