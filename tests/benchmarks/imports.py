"""How long ``import`` takes in a new process."""

import os
import statistics
import subprocess
import sys

from tests.benchmarks.race import Result

PROGRAM = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"


def measure(torch) -> list[Result]:
    """Medians of five new processes each, after one that leaves its bytecode."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    modules = {"ours": "microgradnet", **({"torch": "torch"} if torch is not None else {})}
    times: dict[str, list[float]] = {name: [] for name in modules}
    for turn in range(6):
        for name, module in modules.items():
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM.format(module=module)],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            )
            if turn:
                times[name].append(float(done.stdout) * 1e3)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return [Result("import", medians.pop("ours"), medians, 0.15)]
