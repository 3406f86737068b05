"""set_num_threads: one number for the BLAS and for numba's loops."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg

CODE = """
import numpy as np, numba, threadpoolctl, threading
import microgradnet as mg
from microgradnet.backends import threads
threads.PARALLEL_FROM = 1000
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


FORKED = """
import os, numpy as np
import microgradnet as mg
from microgradnet.backends import threads
threads.PARALLEL_FROM = 1000
x = mg.randn(5000)
before = mg.sigmoid(x).numpy()
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(mg.sigmoid(x).numpy(), before) else 3)
assert os.waitpid(child, 0)[1] == 0
print("fine")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_on_its_own_thread():
    command = [sys.executable, "-c", FORKED]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2])
    assert result.stdout == "fine\n", result.stderr


LAYER = """
import numba, microgradnet as mg
mg.relu(mg.ones(3))
print(numba.config.THREADING_LAYER)
"""


@pytest.mark.parametrize(
    ("chosen", "expected"), [({}, {"omp", "workqueue"}), ({"NUMBA_THREADING_LAYER": "workqueue"}, {"workqueue"})]
)
def test_the_layer_is_the_one_asked_for_if_any(chosen, expected):
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_THREADING_LAYER"} | chosen
    command = [sys.executable, "-c", LAYER]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2], env=environment
    )
    assert result.stdout.strip() in expected, result.stderr


THRESHOLD = """
import numba, numpy as np
import microgradnet as mg
from microgradnet.backends.cpu.rows import softmax
mg.relu(mg.ones(3))  # the first kernel chooses the layer
if numba.config.THREADING_LAYER != "omp":
    raise SystemExit("no OpenMP layer")
mg.set_num_threads(2)
started = []
for rows in (511, 512):  # of 1,024 numbers: the threads are there from 524,288 on
    x = np.zeros((rows, 1024), np.float32)
    out = np.empty_like(x)
    softmax(x, out)
    np.testing.assert_array_equal(out, np.float32(1 / 1024))
    started.append(numba.np.ufunc.parallel._is_initialized)
print(started)
"""


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor has no other threads to wake")
def test_parallel_loops_start_from_the_threshold_that_was_lowered_for_openmp():
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_THREADING_LAYER"}
    command = [sys.executable, "-c", THRESHOLD]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2], env=environment
    )
    if "no OpenMP layer" in result.stderr:
        pytest.skip("the lower threshold is the OpenMP layer's")
    assert result.stdout == "[False, True]\n", result.stderr


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be(given):
    with pytest.raises(ValueError, match="from 1 on"):
        mg.set_num_threads(given)


AFTER_A_PRODUCT = """
import os, sys, threading, time
import numpy as np
a = np.random.default_rng(0).standard_normal((600, 600))
expected = a @ a
if sys.argv[1] == "busy":
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
import microgradnet as mg
mg.sigmoid(mg.ones(3))
threads = len(os.listdir("/proc/self/task"))
np.testing.assert_array_equal(a @ a, expected)
assert len(os.listdir("/proc/self/task")) == threads
assert "OPENBLAS_THREAD_TIMEOUT" not in os.environ or sys.argv[1] == "set"
spent = []
for _ in range(5):
    a @ a
    started = time.process_time()
    time.sleep(0.1)
    spent.append(time.process_time() - started)
print(min(spent))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the BLAS's settings are looked up in /proc")
@pytest.mark.parametrize(("what", "chosen"), [("alone", {}), ("busy", {}), ("set", {"OPENBLAS_THREAD_TIMEOUT": "4"})])
def test_the_blas_threads_give_the_cores_back_soon_and_are_left_alone_where_others_may_use_them(what, chosen):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")} | chosen
    command = [sys.executable, "-c", AFTER_A_PRODUCT, what]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2], env=environment
    )
    assert result.returncode == 0, result.stderr
    if what == "alone":
        assert float(result.stdout) < 0.01  # seconds of the processor's time; 0.026 for each thread otherwise
