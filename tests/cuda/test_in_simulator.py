"""Runs this folder's tests in numba's simulator, on the CPU, where no GPU is at hand. This proves nothing about a GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg

HERE = Path(__file__).parent


def simulated(launched: Path, *arguments: str) -> subprocess.CompletedProcess:
    """pytest on this folder, in a process whose numba simulates; notes in ``launched`` which kernels ran."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "MICROGRADNET_LAUNCHED": str(launched)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE), *arguments]
    return subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("part", ["test_ops.py", "test_kernels.py test_tensor.py test_training.py"])
def test_everything_on_the_simulated_device(part, tmp_path):
    done = simulated(tmp_path / "launched.json", *(f"--deselect={HERE.name}" for _ in ()), "-k", _only(part))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout


def _only(files: str) -> str:
    return " or ".join(name.removesuffix(".py") for name in files.split())


def test_without_a_gpu_moving_a_tensor_says_what_is_missing():
    with pytest.raises(RuntimeError, match=r"to\('cuda'\): .*(GPU|numba-cuda|CuPy|driver)"):
        mg.tensor([1.0]).to("cuda")
    assert mg.tensor([1.0]).to("cpu").tolist() == [1.0]
