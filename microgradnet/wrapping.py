"""Saved arrays as the tensors that a vector-Jacobian product computes with, and back."""

from typing import Any

import numpy as np

from .tensor import Tensor


def constant(value: Any) -> Any:
    """Arrays as Tensors that need no gradient, so that what a rule computes from them is reported."""
    if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
        return type(value)(map(constant, value))
    return Tensor.made(value) if isinstance(value, np.ndarray) else value


def array_of(value: Any) -> Any:
    """The inverse of ``constant``."""
    return [array_of(v) for v in value] if isinstance(value, list) else getattr(value, "_array", value)


def joined(array: Any, parent: Any) -> Tensor:
    """The tensor of ``array`` that ``parent`` made, or is."""
    return parent if isinstance(parent, Tensor) else Tensor.made(array, parent)
