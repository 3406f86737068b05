"""Processes that are killed with SIGKILL, at any moment: a training that goes on is the unbroken one bit for bit, and a
file that was being replaced holds all of one version.
"""

import functools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import microgradnet as mg
from tests.training.interrupted import STEPS

ROOT = Path(__file__).parents[2]
TRAINING = ROOT / "tests/training/interrupted.py"
SAVING = """
import sys, numpy as np, microgradnet as mg
print("ready", flush=True)
for version in range(10**6):
    state = {"a": mg.full((2000, 2000), float(version)), "b": mg.full((3,), float(version))}
    if sys.argv[1].endswith("ckpt"):
        mg.save_checkpoint(sys.argv[1], step=version, **state)
    else:
        mg.save(state, sys.argv[1])
    print(version, flush=True)
"""


def begin(*arguments) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *map(str, arguments)], env=environment, **pipes)


def killed(process: subprocess.Popen, last: int, after: float) -> int:
    """Kills the process ``after`` seconds after it said ``last``; returns the last number that it said, or −1."""
    said = -1
    while said < last:
        line = process.stdout.readline()
        if not line:
            break
        said = int(line) if line != "ready\n" else said
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate(timeout=60)
    assert errors == "", errors
    numbers = [int(line) for line in rest.split("\n")[:-1] if line.isdigit()]
    return numbers[-1] if numbers else said


def results(folder: Path) -> tuple:
    """All that a training leaves: the log, and each array's bytes."""
    arrays, plain = mg.serialization.read_file(folder / "last.ckpt")
    return (folder / "log.csv").read_bytes(), plain, {name: array.tobytes() for name, array in arrays.items()}


@functools.cache
def unbroken() -> tuple:
    with tempfile.TemporaryDirectory() as folder:
        _, errors = begin(TRAINING, folder).communicate(timeout=300)
        assert errors == "", errors
        return results(Path(folder))


def training(draw: random.Random) -> str:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(draw.randint(1, 4)):
            process = begin(TRAINING, folder)
            if draw.random() < 0.2:  # while it begins or loads
                killed(process, -1, draw.uniform(0, 2))
            else:
                killed(process, draw.randint(1, STEPS), draw.uniform(0, 0.01))
        _, errors = begin(TRAINING, folder).communicate(timeout=300)
        assert errors == "", errors
        log, plain, arrays = results(Path(folder))
    expected_log, expected_plain, expected_arrays = unbroken()
    assert log == expected_log, "the log differs"
    assert plain == expected_plain, "what is no array differs"
    different = sorted(n for n in arrays.keys() | expected_arrays.keys() if arrays.get(n) != expected_arrays.get(n))
    assert not different, f"{different} differ"
    return "training"


def saving(draw: random.Random) -> str:
    name = draw.choice(["a.ckpt", "a.safetensors"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        said = killed(begin("-c", SAVING, path), draw.randint(0, 3), draw.uniform(0, 0.1))
        if name == "a.ckpt":
            state = mg.load_checkpoint(path)
            assert state["step"] == state["b"].tolist()[0], f"{name}: step {state['step']} of other arrays"
        else:
            state = mg.load(path)
    versions = {float(v) for key in "ab" for v in np.unique(state[key].numpy())}
    assert len(versions) == 1 and versions <= {said, said + 1}, f"{name} holds {versions}, {said} was the last saved"
    return name


def check(seed: int) -> str:
    """Case ``seed``: what was killed. Raises AssertionError if something was lost."""
    draw = random.Random(seed)
    return training(draw) if seed % 3 == 2 else saving(draw)
