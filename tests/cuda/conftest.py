"""Where the tests of this folder run: on a GPU, if there is one, else in numba's simulator.

The simulator must be chosen before numba is imported. So without a GPU only ``test_in_simulator.py`` is collected: it
runs all others in a process of its own, and compiles what they launched for a GPU that need not be there. A pass in the
simulator says that the launches and the kernels' logic are right, and nothing about a GPU.
"""

import json
import os

import numpy as np

from microgradnet.backends import device
from microgradnet.backends.cuda import launcher as cuda

HERE = cuda.missing() is None
collect_ignore_glob = (
    []
    if HERE
    else ["test_capture.py", "test_kernels.py", "test_layers.py", "test_ops.py", "test_tensor.py", "test_training.py"]
)
if HERE:
    device.library()
    if cuda.simulated():
        collect_ignore_glob = ["test_in_simulator.py"]

# What test_in_simulator.py compiles: each kernel that was launched, by its module, with the types of its arguments.
_LAUNCHED: set[tuple] = set()


def _noted(launch):
    def launch_and_note(kernel, blocks, threads, arrays, numbers=(), number=None):
        types = [f"{a.dtype} {a.ndim}" if getattr(a, "ndim", 0) else type(a).__name__ for a in arrays]
        types += [np.dtype(number).name for _ in numbers]
        _LAUNCHED.add((kernel.__module__, *types))
        launch(kernel, blocks, threads, arrays, numbers, number)

    return launch_and_note


if HERE and "MICROGRADNET_LAUNCHED" in os.environ:
    cuda._launch = _noted(cuda._launch)


def pytest_sessionfinish():
    if "MICROGRADNET_LAUNCHED" in os.environ and _LAUNCHED:
        with open(os.environ["MICROGRADNET_LAUNCHED"], "w") as file:
            json.dump(sorted(_LAUNCHED), file)
