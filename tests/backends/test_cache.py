"""Compiled kernels on disk: whatever happens to the folder, a kernel is right, and it never stops a program."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from microgradnet.backends import cache

USE = """
    import numpy as np, microgradnet as mg
    x = mg.tensor([-1.0, 0.5, 2.0])
    assert mg.relu(x).tolist() == [0, 0.5, 2]
    print("fine")
"""


def run(folder: Path, code: str = USE, **environment: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "MICROGRADNET_CACHE": str(folder), **environment}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2]
    )


def files(folder: Path, pattern: str) -> set[str]:
    return {path.name for path in folder.rglob(pattern)}


def test_a_second_process_takes_the_kernels_from_disk(tmp_path):
    assert run(tmp_path).stdout == "fine\n"
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert made
    assert run(tmp_path).stdout == "fine\n"
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == made


def test_two_processes_at_once_share_an_empty_folder(tmp_path):
    environment = {**os.environ, "MICROGRADNET_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(USE)]
    both = [
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for process in both:
        out, error = process.communicate(timeout=300)
        assert out == "fine\n", error


@pytest.mark.parametrize("pattern", ["mg_*.py", "*.nbi", "*.nbc"])
@pytest.mark.parametrize("content", [b"", b"garbage \x00\xff("])
def test_a_corrupt_file_is_made_anew(tmp_path, pattern, content):
    assert run(tmp_path).stdout == "fine\n"
    damaged = list(tmp_path.rglob(pattern))
    assert damaged
    for path in damaged:
        path.write_bytes(content)
    result = run(tmp_path)
    assert result.stdout == "fine\n", result.stderr


def test_another_processor_does_not_get_this_ones_machine_code(tmp_path):
    assert run(tmp_path).stdout == "fine\n"
    before = files(tmp_path, "*.nbc")
    result = run(tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert result.stdout == "fine\n", result.stderr
    assert files(tmp_path, "*.nbc") > before


def test_a_folder_that_cannot_be_written_is_not_used(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert run(blocked / "cache").stdout == "fine\n"


def test_a_change_of_source_is_another_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_folder", tmp_path)
    text = "@njit(cache=True)\ndef f(x):\n    return x * {}\n"
    assert cache.load("scaled", text.format(2)).f(np.float64(3)) == 6
    assert cache.load("scaled", text.format(5)).f(np.float64(3)) == 15
    assert len(files(tmp_path, "mg_scaled_*.py")) == 2


def test_a_first_run_that_takes_long_says_so_once(tmp_path):
    code = """
        import time, microgradnet.backends.cache as cache
        for _ in range(4):
            with cache.compiling():
                time.sleep(0.4)
    """
    assert run(tmp_path, code).stderr == "microgradnet: compiling 3 kernels, first run only ...\n"
    assert run(tmp_path, code.replace("0.4", "0.001")).stderr == ""
