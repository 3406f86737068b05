"""New tensors: filled, counted, or shaped like another one."""

import numpy as np

from .. import dtypes
from ..primitive import primitive
from ..tensor import Tensor
from .comparison import where


def size_of(op: str, size: tuple) -> tuple[int, ...]:
    """The sizes that a user gave as numbers or as one tuple; raises ValueError for a negative one."""
    size = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    if any(n < 0 for n in size):
        raise ValueError(f"{op}: sizes must not be negative, got {size}")
    return size


def zeros(*size, dtype=None, requires_grad=False) -> Tensor:
    """Zeros of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return Tensor(np.zeros(size_of("zeros", size), dtype or dtypes.get_default_dtype()), requires_grad=requires_grad)


def ones(*size, dtype=None, requires_grad=False) -> Tensor:
    """Ones of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return Tensor(np.ones(size_of("ones", size), dtype or dtypes.get_default_dtype()), requires_grad=requires_grad)


def full(size, fill_value, dtype=None, requires_grad=False) -> Tensor:
    """``fill_value`` everywhere; the dtype is that of a tensor made of the value."""
    dtype = dtype or dtypes.result_type(fill_value)
    return Tensor(np.full(size_of("full", (size,)), fill_value, dtype), requires_grad=requires_grad)


def eye(n, m=None, dtype=None, requires_grad=False) -> Tensor:
    """The identity, n × n or n × m."""
    return Tensor(np.eye(n, m, dtype=dtype or dtypes.get_default_dtype()), requires_grad=requires_grad)


def arange(start, end=None, step=1, dtype=None, requires_grad=False) -> Tensor:
    """``start, start + step, …`` below ``end``; one argument counts from 0. Integers give int64, else the default."""
    start, end = (0, start) if end is None else (start, end)
    dtype = dtype or dtypes.result_type(start, end, step)
    return Tensor(np.arange(start, end, step).astype(dtype), requires_grad=requires_grad)


def linspace(start, end, steps, dtype=None, requires_grad=False) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, evenly spaced."""
    dtype = dtype or dtypes.get_default_dtype()
    return Tensor(np.linspace(start, end, steps).astype(dtype), requires_grad=requires_grad)


def zeros_like(input, dtype=None, requires_grad=False) -> Tensor:
    """Zeros of ``input``'s shape and, unless given, dtype."""
    return Tensor(np.zeros(input.shape, dtype or input.dtype), requires_grad=requires_grad)


def ones_like(input, dtype=None, requires_grad=False) -> Tensor:
    """Ones of ``input``'s shape and, unless given, dtype."""
    return Tensor(np.ones(input.shape, dtype or input.dtype), requires_grad=requires_grad)


def full_like(input, fill_value, dtype=None, requires_grad=False) -> Tensor:
    """``fill_value`` in ``input``'s shape and, unless given, dtype."""
    return Tensor(np.full(input.shape, fill_value, dtype or input.dtype), requires_grad=requires_grad)


def scalar_tensor(value, dtype=None, requires_grad=False) -> Tensor:
    """A 0-d tensor; the default dtype unless ``dtype`` is given."""
    return Tensor(np.asarray(value, dtype or dtypes.get_default_dtype()), requires_grad=requires_grad)


def tril_indices(row, col, offset=0, dtype=None) -> Tensor:
    """Row and column numbers (2, n) of the elements on and below the diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    return Tensor(np.stack(np.tril_indices(row, offset, col)).astype(dtype or dtypes.int64))


def triu_indices(row, col, offset=0, dtype=None) -> Tensor:
    """Row and column numbers (2, n) of the elements on and above the diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    return Tensor(np.stack(np.triu_indices(row, offset, col)).astype(dtype or dtypes.int64))


def new_full(self, size, fill_value, dtype=None, requires_grad=False) -> Tensor:
    """``full`` with this tensor's dtype unless ``dtype`` is given."""
    return full(size, fill_value, dtype or self.dtype, requires_grad)


def new_zeros(self, *size, dtype=None, requires_grad=False) -> Tensor:
    """``zeros`` with this tensor's dtype unless ``dtype`` is given."""
    return zeros(*size, dtype=dtype or self.dtype, requires_grad=requires_grad)


def new_ones(self, *size, dtype=None, requires_grad=False) -> Tensor:
    """``ones`` with this tensor's dtype unless ``dtype`` is given."""
    return ones(*size, dtype=dtype or self.dtype, requires_grad=requires_grad)


@primitive(formula="v")
def fill(input, value):
    """``value`` (a number or a 0-d tensor, which gets the gradient) in ``input``'s shape and dtype."""
    if np.ndim(value):
        raise ValueError(f"a number or a 0-d tensor expected as value, got shape {np.shape(value)}")
    return np.full(input.shape, value, input.dtype)


fill.vjp(
    input=lambda g: where(np.False_, g, 0),
    value=lambda g: g,
)


METHODS = (new_full, new_zeros, new_ones, fill)
