"""A tensor as text."""

from typing import Any

import numpy as np

from . import dtypes


def text(tensor: Any, numbers: np.ndarray) -> str:
    """``tensor([1., 2.], dtype=float64, requires_grad=True)``: what differs from the default is named."""
    shown = np.array2string(numbers, precision=4, separator=", ", prefix="tensor(", threshold=1000)
    if tensor.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_):
        shown += f", dtype={tensor.dtype.name}"
    if tensor.device != "cpu":
        shown += f", device={tensor.device!r}"
    if tensor.grad_fn is not None:
        shown += f", grad_fn=<{tensor.grad_fn.op.name}>"
    elif tensor.requires_grad:
        shown += ", requires_grad=True"
    return f"tensor({shown})"
