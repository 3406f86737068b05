"""Tensors from numbers, lists, arrays, and other libraries' tensors."""

from typing import Any

from . import dtypes
from .backends import device as devices
from .backends.device import np
from .beside import told_as_one
from .tensor import Tensor


def tensor(
    data: Any, dtype: Any = None, requires_grad: bool = False, device: str | None = None, name: str | None = None
) -> Tensor:
    """A new leaf with a copy of ``data``: numbers, nested lists, an array or a tensor.

    Python floats become the default dtype, integers int64, booleans bool; an array keeps its dtype. ``device`` is
    ``"cpu"`` or ``"cuda"``; without it the new tensor is where ``data`` is.
    """
    array = _copied(data, dtype) if isinstance(data, Tensor) or devices.is_array(data) else np.array(data, dtype)
    if device is not None:
        array = devices.placed(array, str(device))
    if dtype is None and not isinstance(data, Tensor) and not devices.is_array(data) and array.dtype.kind == "f":
        array = array.astype(dtypes.get_default_dtype())
    return Tensor(array, requires_grad=requires_grad, name=name)


@told_as_one
def _copied(data: Any, dtype: Any) -> Any:
    """A copy of a tensor's or an array's numbers; copied anew in each replay of a captured step."""
    array = data._array if isinstance(data, Tensor) else data
    return np.array(array, dtype) if devices.on_cpu(array) else array.astype(dtype or array.dtype)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """``data`` as a tensor, without copying an array or a tensor that has the dtype already."""
    if isinstance(data, Tensor) and dtype in (None, data.dtype):
        return data
    return Tensor(data, dtype) if devices.is_array(data) and data.ndim else tensor(data, dtype)


def from_dlpack(source: Any) -> Tensor:
    """A tensor that shares memory with another library's (PyTorch's, CuPy's on the CPU, NumPy's)."""
    return Tensor(np.from_dlpack(source))


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares memory with ``array``.

    Raises TypeError for anything but an array, ValueError for one in another machine's byte order.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: a NumPy array expected, got {type(array).__name__}")
    if not array.dtype.isnative:
        raise ValueError(
            f"from_numpy: {array.dtype} has another byte order than this machine, so memory cannot be shared: "
            "use tensor(array), which copies"
        )
    return Tensor(array)
