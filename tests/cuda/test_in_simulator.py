"""Where no GPU is at hand: this folder's tests in numba's simulator, and every kernel compiled for a GPU.

The first shows that the logic is right, the second that types and instructions are. Neither says that a kernel ran on a
GPU.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg

ROOT = Path(__file__).parents[2]


def run(*command: str, **variables: str) -> str:
    """What a Python process printed; fails with its last words, if it failed."""
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    return done.stdout


@pytest.mark.parametrize(
    "files",
    [("test_ops.py",), ("test_capture.py", "test_kernels.py", "test_layers.py", "test_tensor.py", "test_training.py")],
)
def test_everything_on_the_simulated_device_and_compiled_for_a_real_one(files, tmp_path):
    launched = str(tmp_path / "launched.json")
    paths = [f"tests/cuda/{name}" for name in files]
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *paths]
    said = run(*command, NUMBA_ENABLE_CUDASIM="1", MICROGRADNET_LAUNCHED=launched)
    assert " passed" in said
    assert " skipped" not in said
    if importlib.util.find_spec("numba_cuda") is None:  # the compiler for GPUs has wheels for Linux and Windows alone
        assert sys.platform not in ("linux", "win32")
        return
    said = run("-m", "tests.cuda.compile_kernels", launched, NUMBA_ENABLE_CUDASIM="0")
    compiled, shuffled = (int(n) for n in re.match(r"compiled (\d+) of .*, (\d+) with shuffles", said).groups())
    assert compiled > 100
    assert shuffled >= 8


def test_without_a_gpu_moving_a_tensor_says_what_is_missing():
    with pytest.raises(RuntimeError, match=r"to\('cuda'\): .*(GPU|numba-cuda|CuPy|driver)"):
        mg.tensor([1.0]).to("cuda")
    assert mg.tensor([1.0]).to("cpu").tolist() == [1.0]
