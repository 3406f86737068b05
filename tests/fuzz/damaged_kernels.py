"""Damaged files in the folder of compiled kernels: a program gives the same numbers, and the folder heals."""

import functools
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from .damaged_files import damaged

PROGRAM = "import microgradnet as mg; print(mg.tanh(mg.tensor([-1.0, 0.5])).tolist(), mg.relu(mg.ones(2)).tolist())"


def run(folder: str) -> str:
    """What the program prints with this cache folder, or how it ended."""
    environment = {**os.environ, "MICROGRADNET_CACHE": folder}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=300, cwd=root
    )
    return done.stdout if done.returncode == 0 else f"exit {done.returncode}: {done.stderr[-300:]}"


@functools.cache
def sound() -> tuple[str, dict[str, bytes]]:
    """What the program prints, and the files that it makes."""
    with tempfile.TemporaryDirectory() as folder:
        return run(folder), {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def check(seed: int) -> str:
    """Case ``seed``: which kind of file was damaged. Raises AssertionError if the program notices."""
    draw = random.Random(seed)
    expected, files = sound()
    name = draw.choice(sorted(files))
    with tempfile.TemporaryDirectory() as folder:
        for other, content in files.items():
            (Path(folder) / other).write_bytes(damaged(content, draw) if other == name else content)
        said = run(folder)
        healed = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    assert said == expected, f"{name}: {said!r}"
    assert healed.keys() == files.keys(), f"{name}: {sorted(healed)}"
    return name.rpartition(".")[2]
