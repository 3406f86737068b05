"""A training that Ctrl-C or kill -9 stops at any moment, and that is resumed, is the unbroken one bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from microgradnet.serialization import read_file
from tests.training.interrupted import STEPS

SCRIPT = Path(__file__).with_name("interrupted.py")


def begin(folder: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, SCRIPT, folder], env=environment, **pipes)
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    _, errors = begin(folder).communicate(timeout=60)
    assert errors == ""
    return folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no such signals")
@pytest.mark.parametrize("kind", ["SIGINT", "SIGKILL"])
def test_it_is_the_unbroken_one(kind, unbroken, tmp_path):
    moments, stops = random.Random(kind), 0
    for first in (1, 12, 25, 40):
        process = begin(tmp_path)
        while int(process.stdout.readline()) < first:
            pass
        time.sleep(moments.uniform(0, 0.01))  # anywhere within one of the next steps
        process.send_signal(getattr(signal, kind))
        _, errors = process.communicate(timeout=60)
        stops += process.returncode != 0
        if kind == "SIGINT" and process.returncode:
            assert errors.rstrip().endswith("KeyboardInterrupt")
    assert stops == 4
    process = begin(tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and errors == ""
    assert (tmp_path / "log.csv").read_bytes() == (unbroken / "log.csv").read_bytes()
    (arrays, plain), (expected_arrays, expected_plain) = (read_file(f / "last.ckpt") for f in (tmp_path, unbroken))
    assert plain == expected_plain and arrays.keys() == expected_arrays.keys() and len(arrays) > 20
    for name, array in arrays.items():
        assert array.tobytes() == expected_arrays[name].tobytes(), name
    assert len((tmp_path / "log.csv").read_text().splitlines()) == STEPS + 1
