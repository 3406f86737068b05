"""CUDA loops: the same function of one element as on the CPU, run by a grid of threads.

``elementwise`` takes what ``cpu.elementwise`` takes and gives a launcher of the same form, for arrays on the device
(anything with ``__cuda_array_interface__``) or, under ``NUMBA_ENABLE_CUDASIM=1``, for NumPy arrays.
"""

import functools

import numpy as np

from . import cache

THREADS = 256  # in a block
ELEMENTS = 4  # that each thread goes through, at least

# On the device libdevice has these in either precision; the CPU's branch-free versions exist for its SIMD units.
LIBDEVICE = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "erfc", "exp", "expm1",
    "lgamma", "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
HEADER = "import math\nimport numpy as np\nfrom numba import cuda, float32, float64\n"


def missing() -> str | None:
    """What CUDA lacks on this machine, in words for the user; None if it can be used."""
    try:
        from numba import cuda
    except ImportError:
        return "numba-cuda is not installed: pip install 'microgradnet[cuda]'"
    if cuda.is_available():
        return None
    try:
        cuda.current_context()
    except Exception as error:  # whatever the driver says
        return f"no usable GPU or driver ({str(error).strip().splitlines()[0] or type(error).__name__})"
    return "no GPU was found"


def elementwise(name: str, functions: dict[str, str], call: str, dtype: str, arrays: list[str], scalars: list[str]):
    """A launcher ``run(*arrays, *scalars)`` for ``call`` at every index; arguments as for ``cpu.elementwise``."""
    texts = []
    for function, text in functions.items():
        base = function.removesuffix(f"_{dtype}")
        if base in LIBDEVICE:
            text = f"def {function}(x):\n    return {dtype}(math.{base}(x))"
        texts.append(f"@cuda.jit(device=True)\n{text}\n")
    helpers = "\n".join(texts)
    source = (
        f"{helpers}\n@cuda.jit\ndef kernel({', '.join(arrays + scalars)}):\n"
        f"    for i in range(cuda.grid(1), {arrays[0]}.size, cuda.gridsize(1)):\n        {call}\n"
    )

    @functools.cache
    def kernel():
        return cache.load(f"{name}_{dtype}_cuda", source, HEADER).kernel

    def run(*arguments):
        size = arguments[0].size
        if size:
            blocks = max(1, -(-size // (THREADS * ELEMENTS)))
            numbers = [np.dtype(dtype).type(v) for v in arguments[len(arrays) :]]
            kernel()[blocks, min(THREADS, size)](*arguments[: len(arrays)], *numbers)

    return run
