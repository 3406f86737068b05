"""Element types, by PyTorch's names, and PyTorch's rule for mixing them.

``float32`` is the default; ``float64`` is precise enough for gradcheck. The names are NumPy dtypes.
"""

from typing import Any

import numpy as np

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")
double, half, long = float64, float16, int64

default = float32  # of new tensors made of Python floats: change it with set_default_dtype
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}


def get_default_dtype() -> np.dtype:
    """The dtype of a new tensor made of Python floats, and of true division of integers."""
    return default


def set_default_dtype(dtype: np.dtype | type | str) -> None:
    """Makes ``dtype`` (float32 or float64) the default. Raises ``TypeError`` for any other."""
    global default
    if np.dtype(dtype) not in (float32, float64):
        raise TypeError(f"set_default_dtype: float32 or float64 expected, got {np.dtype(dtype).name}")
    default = np.dtype(dtype)


def promote_types(a: np.dtype | type | str, b: np.dtype | type | str) -> np.dtype:
    """The smallest dtype that both convert to; a floating dtype wins over any integer (int64 and float32: float32)."""
    a, b = np.dtype(a), np.dtype(b)
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def result_type(*values: Any) -> np.dtype:
    """The dtype of an operation on tensors (or arrays) and Python numbers.

    Tensors with dimensions decide; a 0-d one counts only if it is of a higher category (bool < integer < float), and a
    Python number only if it is of a still higher one: so ``float32_vector * float64_scalar`` stays float32.
    """
    ranked: list[np.dtype | None] = [None, None, None]
    for value in values:
        value = getattr(value, "_array", value)
        if hasattr(value, "dtype"):
            rank, dtype = (0 if value.ndim else 1), value.dtype
        else:
            rank, dtype = 2, _python_dtype(value)
        before = ranked[rank]
        ranked[rank] = dtype if before is None else promote_types(before, dtype)
    dtype = None
    for lower in ranked:
        if lower is not None and (dtype is None or _CATEGORY[lower.kind] > _CATEGORY[dtype.kind]):
            dtype = lower
    return dtype


def _python_dtype(value) -> np.dtype:
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return default
    raise TypeError(f"a tensor or a number expected, got {type(value).__name__}")
