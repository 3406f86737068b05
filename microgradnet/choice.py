"""Choice between two tensors, element by element. Derivatives of elementwise ops are written with it."""

from typing import Any

from . import dtypes
from .backends.device import is_array, np
from .primitive import primitive
from .tensor import Tensor
from .typing import Operand


@primitive(formula="x if condition else y")
def _where(condition, x, y):
    if getattr(condition, "dtype", dtypes.bool_) != dtypes.bool_:
        raise TypeError("the condition must be boolean: compare with 0, or convert with .bool()")
    dtype = dtypes.result_type(x, y)
    x, y = (v.astype(dtype, copy=False) if is_array(v) else dtype.type(v) for v in (x, y))
    return np.where(condition, x, y)


_where.vjp(
    x=lambda g, condition: _where(condition, g, 0),
    y=lambda g, condition: _where(condition, 0, g),
)


def where(condition: Operand, input: Operand | None = None, other: Operand | None = None) -> Tensor | Any:
    """``input`` where ``condition`` is true, else ``other``; all three broadcast. In a scalar function: a select.

    With the condition alone: the indices of what is true, one tensor for each dimension.
    """
    if input is None and other is None:
        return tuple(Tensor(indices) for indices in np.nonzero(condition.array))
    return _where(condition, input, other)


def exact_where(condition, x, y):
    """``where`` in a derivative: two numbers are float64, so that a float64 gradient loses nothing. The walk rounds."""
    if isinstance(x, int | float) and isinstance(y, int | float) and not (isinstance(x, int) and isinstance(y, int)):
        x, y = np.float64(x), np.float64(y)
    return _where(condition, x, y)
