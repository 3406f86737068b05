"""Where arrays live: NumPy's in the CPU's memory, CuPy's in a GPU's.

Only this module decides. Ops take their ``np`` from here: NumPy, except that functions that create arrays create them
on the device of the current op's arguments. All other functions NumPy dispatches to the array's library by itself.
Under ``NUMBA_ENABLE_CUDASIM=1`` ``cuda.simulated`` replaces CuPy.
"""

import functools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy

from .cpu import launcher as cpu
from .cuda import launcher as cuda

NAMES = ("cpu", "cuda")
# The functions that have no array argument from which to infer the device of the result.
_MAKE = (
    "arange", "array", "asarray", "ascontiguousarray", "empty", "eye", "full", "identity", "linspace", "ones", "tri",
    "tril_indices", "triu_indices", "zeros",
)  # fmt: skip


_ON_CPU = numpy.ndarray | numpy.generic


class _Here(threading.local):
    library = None  # the device's array library while an op with arguments there runs; None on the CPU


_here = _Here()
loaded = False  # whether there may be GPU arrays at all: until then no checks are needed


@functools.cache
def library():
    """CuPy or its replacement. Raises RuntimeError, saying what is missing."""
    global loaded
    reason = cuda.missing()
    if reason:
        raise RuntimeError(f"cuda: {reason}")
    if cuda.simulated():  # imported here, as CuPy is: it takes 2 ms, and hardly anybody needs it
        from .cuda import simulated as there
    else:
        import cupy as there
    loaded = True
    np.__dict__.update({name: _made_here(name) for name in _MAKE})
    np.may_share_memory = _may_share_memory
    return there


def _made_here(name: str):
    of_numpy = getattr(numpy, name)

    @functools.wraps(of_numpy)
    def make(*args, **kwargs):
        there = _here.library
        if there is None and args and not on_cpu(args[0]):
            there = library()
        return (of_numpy if there is None else getattr(there, name))(*args, **kwargs)

    return make


def _may_share_memory(a, b) -> bool:
    return type(a) is type(b) and _library_of(a).may_share_memory(a, b)


class _Numpy:
    """NumPy's names, including those that NumPy loads lazily.

    They are NumPy's own functions until there is a GPU array; then ``library`` replaces some.
    """

    def __init__(self):
        self.__dict__.update(vars(numpy))

    def __getattr__(self, name: str):
        value = getattr(numpy, name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import numpy as np
else:
    np = _Numpy()


@contextmanager
def use(array):
    """Inside it, ops create arrays on the device of ``array``."""
    before, _here.library = _here.library, None if on_cpu(array) else library()
    try:
        yield
    finally:
        _here.library = before


def elsewhere(args: tuple) -> bool:
    """Whether an op needs ``call_there``: its arguments are on several devices, or not on the current one."""
    here = there = False
    for value in args:
        value = getattr(value, "_array", value)
        if isinstance(value, numpy.ndarray):
            here = True
        elif not on_cpu(value):
            there = True
    return here or _here.library is None if there else here and _here.library is not None


def call_there(op, args: tuple, kwargs: dict):
    """``op(*args, **kwargs)`` on the device of its tensors. Other arrays, constants, are moved there.

    Raises RuntimeError for tensors on different devices; a 0-d CPU tensor may be mixed with any, as in PyTorch.
    """
    arrays = [getattr(value, "_array", value) for value in args]
    there = next((a for a in arrays if not on_cpu(a)), None)
    if there is None:
        with use(numpy.empty(0)):
            return op(*args, **kwargs)
    moved = []
    for value, array in zip(args, arrays, strict=True):
        if isinstance(array, numpy.ndarray) and array is not value:
            if array.ndim:
                raise RuntimeError(
                    f"{op.name}: all tensors must be on one device, got {of(there)} and cpu (shape {array.shape}): "
                    f"move one with .to({of(there).partition(':')[0]!r})"
                )
            value = value.to(of(there))
        moved.append(library().asarray(array) if array is value and isinstance(array, numpy.ndarray) else value)
    with use(there):
        return op(*moved, **kwargs)


def of(array) -> str:
    """The name of the device of an array: ``"cpu"`` or ``"cuda:0"``."""
    if on_cpu(array):
        return "cpu"
    return f"cuda:{getattr(getattr(array, 'device', None), 'id', 0)}"


def is_array(value) -> bool:
    """Whether ``value`` is an array, on any device, or a NumPy number."""
    return hasattr(value, "dtype") and hasattr(value, "strides")


def loops(array):
    """The launcher of loops for an array: ``cpu.launcher`` or ``cuda.launcher``."""
    return cpu if isinstance(array, numpy.ndarray) else cuda


def flat(array, dtype):
    """``array`` as a contiguous, writable vector of ``dtype``, without a copy if it is one already."""
    if type(array) is numpy.ndarray and array.dtype is dtype and array.flags.carray:
        return array.reshape(-1)
    there = _here.library
    if there is None and isinstance(array, numpy.ndarray | numpy.generic | float | int):
        return numpy.require(array, dtype, ("C", "W")).reshape(-1)
    there = there or library()
    return there.ascontiguousarray(there.asarray(array, dtype)).reshape(-1)


def array_of(value):
    """A tensor's array; an array unchanged; anything else as a NumPy array."""
    value = getattr(value, "_array", value)
    return value if is_array(value) else numpy.asarray(value)


def read(value) -> numpy.ndarray:
    """The numbers of a tensor or array on the host, for decisions that the host must make."""
    return host(array_of(getattr(value, "array", value)))


def filled(shape, value: float, like):
    """An array filled with ``value``, with the dtype and device of the tensor or array ``like``."""
    # Not full_like(shape=): CuPy's treats () as no shape.
    return _library_of(like).full(shape, value, like.dtype)


def empty(shape, like):
    """An uninitialized array with the dtype and device of the tensor or array ``like``."""
    return _library_of(like).empty(shape, like.dtype)


def _library_of(value):
    """NumPy or CuPy, the library of a tensor's array or an array."""
    return numpy if on_cpu(getattr(value, "_array", value)) else library()


def add_at(array, index, values) -> None:
    """``array[index] += values``, where a repeated index adds repeatedly."""
    with_each(numpy.add, array, index, values)


def with_each(ufunc, array, index, values) -> None:
    """``array[index] = ufunc(array[index], values)``, applied repeatedly for a repeated index.

    Raises NotImplementedError on a GPU for a ufunc that CuPy does not have in this form.
    """
    try:
        _library_of(array).__dict__[ufunc.__name__].at(array, index, values)
    except (KeyError, NotImplementedError, TypeError):
        if on_cpu(array):
            raise
        raise NotImplementedError(
            f"no {ufunc.__name__} of scattered {array.dtype.name} values on a GPU: move it with .cpu()"
        ) from None


def first_of(cotangent):
    """One array of a cotangent in flight, which is an array, a Tensor, or a list of them with gaps."""
    while isinstance(cotangent, list):
        cotangent = next(c for c in cotangent if c is not None)
    return getattr(cotangent, "_array", cotangent)


def plus(x, y):
    """``x + y``, where None adds nothing: an array also of 0 dimensions, of which NumPy makes a scalar."""
    if x is None or y is None:
        return y if x is None else x
    out = x + y
    return numpy.asarray(out) if isinstance(out, numpy.generic) else out


def on_cpu(value) -> bool:
    """Whether ``value`` is not a GPU array."""
    return isinstance(value, _ON_CPU) or not is_array(value)


def host(array) -> numpy.ndarray:
    """``array`` in the CPU's memory; waits for the GPU if it comes from there."""
    return array if on_cpu(array) else array.get()


def names_device(value) -> bool:
    """Whether ``value`` is a device's name, such as ``"cuda:0"``."""
    return isinstance(value, str) and value.partition(":")[0] in NAMES


def placed(array, device: str):
    """``array`` on ``device``. Raises RuntimeError, saying what is missing, if there is no such device."""
    kind, _, number = device.partition(":")
    if kind not in NAMES or (number and not number.isdecimal()):
        raise RuntimeError(f"to({device!r}): a device is 'cpu', 'cuda' or 'cuda:0'")
    if kind == "cpu":
        return host(array)
    try:
        there = library()
    except RuntimeError as error:
        raise RuntimeError(f"to({device!r}): {str(error).removeprefix('cuda: ')}") from None
    if number not in ("", "0"):
        raise RuntimeError(f"to({device!r}): one GPU is used, 'cuda:0'")
    return there.asarray(array) if on_cpu(array) else array
