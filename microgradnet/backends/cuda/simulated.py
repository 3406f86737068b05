"""The replacement for CuPy under ``NUMBA_ENABLE_CUDASIM=1``: arrays that behave as if they were on a GPU.

They are as strict as CuPy: no implicit conversion to NumPy, no arithmetic with NumPy arrays, no reductions by ufunc
methods, 0-d arrays where NumPy returns numbers. ``waits`` counts the times that the host would have to wait for the
device, so a test can check that a training step never does.
"""

import numpy as np

waits = 0  # number of results read by the host
METHODS = (
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "copy", "cumprod", "cumsum", "diagonal", "dot",
    "fill", "flatten", "max", "mean", "min", "nonzero", "prod", "put", "ravel", "repeat", "reshape", "round",
    "searchsorted", "sort", "squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var", "view",
)  # fmt: skip


# Functions whose result size is known only on the device.
WAITING = ("argwhere", "bincount", "flatnonzero", "nonzero", "unique")


def _wait() -> None:
    global waits
    waits += 1


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of the simulated device; ``host`` is the NumPy array with its numbers."""

    __slots__ = ("__weakref__", "host")

    def __init__(self, host):
        self.host = np.asarray(host)

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    strides = property(lambda self: self.host.strides)
    flags = property(lambda self: self.host.flags)
    T = property(lambda self: Array(self.host.T))
    mT = property(lambda self: Array(np.swapaxes(self.host, -1, -2)))
    base = property(lambda self: None if self.host.base is None else Array(self.host.base))

    def get(self) -> np.ndarray:
        """A copy on the host, which waits for the device."""
        _wait()
        return self.host.copy()

    def set(self, array: np.ndarray) -> None:
        self.host[...] = array

    def item(self, *index):
        return self.get().item(*index)

    def tolist(self):
        return self.get().tolist()

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed: use .get()")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__":
            return NotImplemented
        return _wrapped(ufunc(*_unwrapped(inputs), **_unwrapped(kwargs)), kwargs.get("out"))

    def __array_function__(self, function, types, args, kwargs):
        if function.__name__ in WAITING:
            _wait()
        if kwargs.get("shape") == ():
            raise TypeError(f"{function.__name__}: CuPy takes shape=() for no shape given")
        return _wrapped(function(*_unwrapped(args), **_unwrapped(kwargs)), kwargs.get("out"))

    def __getitem__(self, index):
        if any(
            getattr(i, "dtype", None) == np.dtype("bool") for i in (index if isinstance(index, tuple) else (index,))
        ):
            _wait()  # the result's shape depends on the number of true elements
        return _wrapped(self.host[_indices(index)])

    def __setitem__(self, index, value) -> None:
        self.host[_indices(index)] = _unwrapped(value)

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __index__(self) -> int:
        return self.get().__index__()

    def __repr__(self) -> str:
        return f"Array({self.host!r})"


def _method(name: str):
    def method(self, *args, **kwargs):
        return _wrapped(getattr(self.host, name)(*_unwrapped(args), **_unwrapped(kwargs)), kwargs.get("out"))

    return method


for _name in METHODS:
    setattr(Array, _name, _method(_name))
ndarray = Array


def _unwrapped(value):
    """Arguments unwrapped for NumPy. Raises TypeError for a NumPy array, as CuPy does."""
    if isinstance(value, Array):
        return value.host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: an array of the host, shape {value.shape}, meets the device")
    if isinstance(value, tuple | list):
        return type(value)(_unwrapped(v) for v in value)
    if isinstance(value, dict):
        return {k: _unwrapped(v) for k, v in value.items()}
    return value


def _indices(index):
    """An index for NumPy; here CuPy accepts host arrays too."""
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(p.host if isinstance(p, Array) else p for p in parts)
    return parts if isinstance(index, tuple) else parts[0]


def _wrapped(result, out=None):
    """A NumPy result, wrapped as the device would return it."""
    if out is not None:
        return out[0] if isinstance(out, tuple) else out
    if isinstance(result, np.ndarray | np.generic):
        return Array(result)
    if isinstance(result, tuple | list):
        return tuple(_wrapped(r) for r in result)
    return result


def _creating(name: str):
    function = getattr(np, name)

    def create(*args, **kwargs):
        return _wrapped(function(*_unwrapped(args), **_unwrapped(kwargs)))

    return create


empty, zeros, ones, full, arange, eye = (_creating(n) for n in ("empty", "zeros", "ones", "full", "arange", "eye"))
linspace, tri, identity, array = (_creating(n) for n in ("linspace", "tri", "identity", "array"))
meshgrid, indices, tril_indices, triu_indices = (
    _creating(n) for n in ("meshgrid", "indices", "tril_indices", "triu_indices")
)


def asarray(a, dtype=None, order=None) -> Array:
    """``a`` on the device, moved there if necessary."""
    if isinstance(a, Array):
        return a if dtype in (None, a.dtype) else a.astype(dtype)
    return Array(np.array(a, dtype, order=order))


def ascontiguousarray(a, dtype=None) -> Array:
    return Array(np.ascontiguousarray(_unwrapped(a), dtype))


def asnumpy(a) -> np.ndarray:
    return a.get() if isinstance(a, Array) else np.asarray(a)


def may_share_memory(a, b) -> bool:
    return isinstance(a, Array) and isinstance(b, Array) and np.may_share_memory(a.host, b.host)


class _At:
    """A ufunc's ``at``, which CuPy has for some."""

    def __init__(self, ufunc):
        self.ufunc = ufunc

    def at(self, array, index, values) -> None:
        self.ufunc.at(array.host, _indices(index), _unwrapped(values))


add, maximum, minimum = _At(np.add), _At(np.maximum), _At(np.minimum)
