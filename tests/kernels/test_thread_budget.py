"""set_num_threads: one number for the BLAS and for numba's loops."""

import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg

CODE = """
import numpy as np, numba, threadpoolctl, threading
import microgradnet as mg
from microgradnet.kernels import cpu
cpu.PARALLEL_FROM = 1000
x = mg.randn(5000)
mg.set_num_threads({threads})
assert mg.get_num_threads() == {threads}
one = mg.sigmoid(x).numpy()
blas = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas" and "numpy" in p["filepath"]]
assert [p["num_threads"] for p in blas] == [{threads}]
used = numba.np.ufunc.parallel._is_initialized
assert used is ({threads} > 1), used
np.testing.assert_allclose(one, 1 / (1 + np.exp(-x.numpy())), rtol=1e-5)
print("fine")
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_blas_and_loops_keep_to_the_budget(threads):
    result = subprocess.run(
        [sys.executable, "-c", CODE.format(threads=threads)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout == "fine\n", result.stderr


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be(given):
    with pytest.raises(ValueError, match="from 1 on"):
        mg.set_num_threads(given)
