"""CUDA loops: the same functions as on the CPU, run by a grid of threads.

``elementwise`` takes the arguments of the CPU's and returns the same kind of launcher; ``loop`` builds one from the
source of a ``loops.loop``. Arrays are CuPy's on a GPU or, under ``NUMBA_ENABLE_CUDASIM=1``, ``simulated.Array``.
Launches are queued on CuPy's current stream, asynchronously.
"""

import ast
import functools
import math
import os

import numpy as np

from .. import cache
from . import translation as cuda_source

THREADS = 256  # maximum per block
ELEMENTS = 4  # minimum per thread of an elementwise loop
FEW_THREADS = 64  # per block of a loop without lanes, which has few iterations: this occupies the whole GPU
BLOCKS = 1 << 16  # maximum per grid: further rows are processed in turn
LEGACY_STREAM = 1  # CUDA's name for the stream that CuPy calls 0

# libdevice has these in both precisions; the CPU's branch-free versions exist for its SIMD units.
LIBDEVICE = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "erfc", "exp", "expm1",
    "lgamma", "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
# These numba has only for the CPU. From 2⁵² on every number is an integer.
WRITTEN_OUT = {
    "exp2": "math.pow({dtype}(2), x)",
    "abs": "abs(x)",
    "fmod": "math.fmod(x, y)",
    "pow": "x ** y",
    "trunc": "math.copysign({dtype}(int64(abs(x))), x) if abs(x) < 4503599627370496.0 else x",
    "floor": "math.copysign({dtype}(math.floor(x)), x) if abs(x) < 4503599627370496.0 else x",
    "ceil": "math.copysign({dtype}(math.ceil(x)), x) if abs(x) < 4503599627370496.0 else x",
    "round": "math.copysign({dtype}(round(x)), x) if abs(x) < 4503599627370496.0 else x",
}
HEADER = f"import math\nimport numpy as np\nfrom {__package__}.compiler import cuda, float32, float64, int64\n"


def simulated() -> bool:
    """Whether numba simulates a GPU on the CPU."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def missing() -> str | None:
    """Why CUDA cannot be used on this machine, as text for the user; None if it can."""
    try:
        from .compiler import cuda
    except ImportError:
        return "numba-cuda is not installed: pip install 'microgradnet[cuda]'"
    if not cuda.is_available():
        try:
            cuda.current_context()
        except Exception as error:  # whatever the driver says
            return f"no usable GPU or driver ({_in_short(error)})"
        return "no GPU was found"
    if simulated():
        return None
    try:
        import cupy
    except ImportError:
        return "CuPy is not installed: pip install 'microgradnet[cuda]'"
    try:
        one = cupy.ones((1, 1))
        one @ one  # only now does CuPy look for cuBLAS
    except ImportError as error:
        return f"CuPy lacks CUDA's libraries ({_in_short(error)}): pip install 'microgradnet[cuda]'"
    except Exception as error:
        return f"CuPy finds no usable GPU or driver ({_in_short(error)})"
    return None


def _in_short(error: Exception) -> str:
    """The first two lines of a driver's message, joined."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__


def elementwise(name: str, functions: dict[str, str], call: str, dtype: str, arrays: list[str], scalars: list[str]):
    """A launcher ``run(*arrays, *scalars)`` for ``call`` at every index; arguments as for ``cpu.elementwise``."""
    helpers = "\n".join(_device_function(function, ast.parse(text).body[0]) for function, text in functions.items())
    body = cuda_source.strided(call, arrays, scalars, ELEMENTS)

    @functools.cache
    def kernel():
        return cache.load(f"{name}_{dtype}_cuda", f"{helpers}\n@cuda.jit{_options()}\n{body}", HEADER).kernel

    number = np.dtype(dtype).type

    def run(*arguments):
        size = arguments[0].size
        if size:
            blocks = min(max(1, -(-size // (THREADS * ELEMENTS))), BLOCKS)
            _launch(kernel(), blocks, min(THREADS, size), arguments[: len(arrays)], arguments[len(arrays) :], number)

    return run


def loop(name: str, callees: dict[str, ast.FunctionDef], tree: ast.FunctionDef):
    """A launcher for the loop ``tree``; ``callees`` are the functions that it calls, in order."""
    shares: set[str] = set()
    helpers = []
    for function, callee in callees.items():
        called = {n.id for n in ast.walk(callee) if isinstance(n, ast.Name)}
        if called & (shares | set(cuda_source.MARKERS)):
            shares.add(function)
        helpers.append(_device_function(function, callee))
    helpers.insert(0, cuda_source.IN_SIMULATOR if simulated() else cuda_source.ON_DEVICE)

    @functools.cache
    def compiled() -> list:
        built = []
        for i, phase in enumerate(cuda_source.phases(tree, shares)):
            text = "\n".join([*helpers, f"@cuda.jit{_options()}\n{phase.source}", phase.extent])
            module = cache.load(f"{name}_cuda{i}", text, HEADER)
            built.append((module.kernel, module.extent, phase.shared_out))
        return built

    def run(*arguments):
        largest = max(a.size for a in arguments if hasattr(a, "size"))
        for kernel, extent, shared_out in compiled():
            count = extent(*arguments)
            if count < 1:
                continue
            if shared_out:  # a power of two, which divides the loops' chunks
                threads = min(max(32, 1 << math.ceil(math.log2(max(largest / count, 1)))), THREADS)
                _launch(kernel, min(count, BLOCKS), threads, arguments)
            else:
                _launch(kernel, min(-(-count // FEW_THREADS), BLOCKS), min(FEW_THREADS, count), arguments)

    return run


# The simulator's threads are Python threads: a few test as much as many.
_SIMULATED_BLOCKS, _SIMULATED_THREADS = 3, 4


def _options() -> str:
    return "" if simulated() or cache.folder() is None else "(cache=True)"


def _launch(kernel, blocks: int, threads: int, arrays: tuple, numbers: tuple = (), number=None) -> None:
    arguments = [_on_device(a) for a in arrays] + [number(v) for v in numbers]
    if simulated():
        with np.errstate(all="ignore"):
            kernel[min(blocks, _SIMULATED_BLOCKS), min(threads, _SIMULATED_THREADS)](*arguments)
        return
    with cache.counted():
        kernel[blocks, threads, _stream()](*arguments)


@functools.cache
def _external(pointer: int):
    from .compiler import config, cuda

    # Both libraries use this stream, so passing arrays between them needs no synchronization.
    config.CUDA_ARRAY_INTERFACE_SYNC = 0
    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # small arrays are intended
    return cuda.external_stream(pointer or LEGACY_STREAM)


def _stream():
    import cupy

    return _external(cupy.cuda.get_current_stream().ptr)


def _on_device(argument):
    """A kernel's argument: a device array or a number. Small host arrays are constants, moved once."""
    if not isinstance(argument, np.ndarray):
        if not simulated() or not hasattr(argument, "host"):
            return argument
        # The simulator copies its arguments back, so they must be writable.
        return argument.host if argument.host.flags.writeable else argument.host.copy()
    if simulated():
        return np.ascontiguousarray(argument)
    if argument.nbytes <= 1 << 14:
        return _constant(argument.tobytes(), argument.dtype.str, argument.shape)
    import cupy

    return cupy.asarray(argument)


@functools.lru_cache(maxsize=512)
def _constant(content: bytes, dtype: str, shape: tuple[int, ...]):
    import cupy

    return cupy.asarray(np.frombuffer(content, dtype).reshape(shape))


def _device_function(name: str, tree: ast.FunctionDef) -> str:
    base, _, dtype = name.rpartition("_")
    body = f"math.{base}(x)" if base in LIBDEVICE else WRITTEN_OUT.get(base)
    if body is None or dtype not in ("float32", "float64"):
        return f"@cuda.jit(device=True)\n{cuda_source.device_function(tree)}\n"
    parameters = ", ".join(a.arg for a in tree.args.args)
    return f"@cuda.jit(device=True)\ndef {name}({parameters}):\n    return {dtype}({body.format(dtype=dtype)})\n"
