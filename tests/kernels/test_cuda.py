"""The CUDA kernels, run on the CPU by numba's simulator, against the CPU kernels. This proves nothing about a GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg
from microgradnet.elementwise import Elementwise
from microgradnet.primitive import registry

ROOT = Path(__file__).parents[2]
OPS = [
    name
    for name, op in registry.items()
    if isinstance(op, Elementwise) and op.numpy is None and len(op.array_names) == 1 and op.partials
]
# The simulator must be chosen before numba is imported, so it has a process of its own.
PROGRAM = """
import sys
import numpy as np
import microgradnet
from microgradnet.kernels import cuda
from microgradnet.primitive import registry

values = [-3.0, -1.5, -0.9, -0.5, -0.1, 0.1, 0.25, 0.5, 0.9, 1.5, 2.5, 7.0]
for name in sys.argv[1:]:
    op = registry[name]
    numbers = dict(zip(op.parameters, op.defaults, strict=True))
    for dtype in (np.dtype("float32"), np.dtype("float64")):
        x, rtol = np.array(values, dtype), 1e-5 if dtype.itemsize == 4 else 1e-11
        scalars = [float(numbers[n]) for n in op.scalar_names]
        with np.errstate(all="ignore"):
            y = np.empty_like(x)
            op.forward_kernel(dtype)(x, y, *scalars)
            inside = np.isfinite(y)  # Python's math, which the simulator calls, raises outside of a function's domain
            x, y = x[inside], y[inside]
            out = np.empty_like(x)
            op.forward_kernel(dtype, cuda)(x, out, *scalars)
            np.testing.assert_allclose(out, y, rtol=rtol, err_msg=name)
            g = np.linspace(1, 2, x.size).astype(dtype)
            needs = op.fused.needs
            needed = [x if n in op.array_names else y for n in needs if n not in op.scalar_names]
            scalars = [float(numbers[n]) for n in needs if n in op.scalar_names]
            expected, dx = np.empty_like(x), np.empty_like(x)
            op.backward_kernel(dtype)(g, *needed, expected, *scalars)
            op.backward_kernel(dtype, cuda)(g, *needed, dx, *scalars)
            np.testing.assert_allclose(dx, expected, rtol=rtol * 5, atol=1e-30, err_msg=name)
print("same", len(sys.argv) - 1)
"""


def test_every_activation_and_function_runs_as_a_cuda_kernel_in_the_simulator():
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *OPS], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["same", str(len(OPS))]
    assert len(OPS) > 20


def test_moving_a_tensor_to_cuda_says_what_is_missing():
    with pytest.raises(RuntimeError, match=r"to\('cuda'\): .*(GPU|numba-cuda|CPU)"):
        mg.tensor([1.0]).to("cuda")
    assert mg.tensor([1.0]).to("cpu").tolist() == [1.0]
