"""New tensors: filled, counted, or shaped like another one; on ``device``: ``"cpu"`` unless given, or ``"cuda"``."""

import math
from operator import index

from ... import dtypes
from ...backends.device import np, placed
from ...primitive import primitive
from ...tensor import Tensor
from ..elementwise.comparison import where


def size_of(op: str, size: tuple) -> tuple[int, ...]:
    """The sizes that a user gave as numbers or as one tuple.

    Raises TypeError for what is no whole number, ValueError for a negative one.
    """
    given = size[0] if len(size) == 1 and isinstance(size[0], tuple | list) else size
    try:
        size = tuple(index(n) for n in given)
    except TypeError:
        raise TypeError(f"{op}: sizes must be whole numbers, got {given!r:.80}") from None
    if any(n < 0 for n in size):
        raise ValueError(f"{op}: sizes must not be negative, got {size}")
    return size


def _made(array, requires_grad: bool, device: str | None) -> Tensor:
    """A new leaf of ``array``, on ``device`` if one is given."""
    return Tensor(array if device is None else placed(array, str(device)), requires_grad=requires_grad)


def zeros(*size, dtype=None, requires_grad=False, device=None) -> Tensor:
    """Zeros of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return _made(np.zeros(size_of("zeros", size), dtype or dtypes.get_default_dtype()), requires_grad, device)


def ones(*size, dtype=None, requires_grad=False, device=None) -> Tensor:
    """Ones of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return _made(np.ones(size_of("ones", size), dtype or dtypes.get_default_dtype()), requires_grad, device)


def full(size, fill_value, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``fill_value`` everywhere; the dtype is that of a tensor made of the value."""
    dtype = dtype or dtypes.result_type(fill_value)
    return _made(np.full(size_of("full", (size,)), _number(fill_value), dtype), requires_grad, device)


def eye(n, m=None, dtype=None, requires_grad=False, device=None) -> Tensor:
    """The identity, n × n or n × m."""
    rows, columns = size_of("eye", (n, n if m is None else m))
    return _made(np.eye(rows, columns, dtype=dtype or dtypes.get_default_dtype()), requires_grad, device)


def arange(start, end=None, step=1, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``start, start + step, …`` below ``end``; one argument counts from 0. Integers give int64, else the default.

    Raises ValueError for a step of 0, or one that leads away from ``end``.
    """
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (_number(x) for x in (start, end, step))
    dtype = np.dtype(dtype or dtypes.result_type(start, end, step))
    if dtype.kind == "b":
        raise TypeError("arange: a dtype of numbers expected, got bool")
    if dtype.kind != "f":
        start, end, step = int(start), int(end), int(step)
    if step == 0 or (end - start) * step < 0:
        raise ValueError(f"arange: step {step} does not lead from {start} to {end}")
    count = -(-(end - start) // step) if dtype.kind != "f" else math.ceil((end - start) / step)
    return _made((start + step * np.arange(count)).astype(dtype), requires_grad, device)


def linspace(start, end, steps, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, evenly spaced."""
    (steps,) = size_of("linspace", (steps,))
    numbers = np.linspace(_number(start), _number(end), steps)
    return _made(numbers.astype(dtype or dtypes.get_default_dtype()), requires_grad, device)


def _number(x):
    """A number, or the one in a 0-d tensor."""
    return x.item() if isinstance(x, Tensor) else x


def zeros_like(input, dtype=None, requires_grad=False, device=None) -> Tensor:
    """Zeros of ``input``'s shape and, unless given, dtype."""
    return _made(np.zeros(input.shape, dtype or input.dtype), requires_grad, device or input.device)


def ones_like(input, dtype=None, requires_grad=False, device=None) -> Tensor:
    """Ones of ``input``'s shape and, unless given, dtype."""
    return _made(np.ones(input.shape, dtype or input.dtype), requires_grad, device or input.device)


def full_like(input, fill_value, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``fill_value`` in ``input``'s shape and, unless given, dtype."""
    return _made(np.full(input.shape, _number(fill_value), dtype or input.dtype), requires_grad, device or input.device)


def scalar_tensor(s, dtype=None, requires_grad=False, device=None) -> Tensor:
    """A 0-d tensor; the default dtype unless ``dtype`` is given."""
    return _made(np.asarray(_number(s), dtype or dtypes.get_default_dtype()), requires_grad, device)


def tril_indices(row, col, offset=0, dtype=None, device=None) -> Tensor:
    """Row and column numbers (2, n) of what is on or below the diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    row, col = size_of("tril_indices", (row, col))
    return _made(np.stack(np.tril_indices(row, offset, col)).astype(dtype or dtypes.int64), False, device)


def triu_indices(row, col, offset=0, dtype=None, device=None) -> Tensor:
    """Row and column numbers (2, n) of what is on or above the diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    row, col = size_of("triu_indices", (row, col))
    return _made(np.stack(np.triu_indices(row, offset, col)).astype(dtype or dtypes.int64), False, device)


def new_full(input, size, fill_value, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``full`` with this tensor's dtype unless ``dtype`` is given."""
    return full(size, fill_value, dtype or input.dtype, requires_grad, device or input.device)


def new_zeros(input, *size, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``zeros`` with this tensor's dtype unless ``dtype`` is given."""
    return zeros(*size, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device)


def new_ones(input, *size, dtype=None, requires_grad=False, device=None) -> Tensor:
    """``ones`` with this tensor's dtype unless ``dtype`` is given."""
    return ones(*size, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device)


@primitive(formula="value")
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
