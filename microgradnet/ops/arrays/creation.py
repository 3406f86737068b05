"""New tensors: filled, ranges, or shaped like another one; on ``device``: ``"cpu"`` (default) or ``"cuda"``."""

import math
from operator import index

from ... import dtypes
from ...backends.device import np, placed
from ...choice import where
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import DType, Number, Size


def size_of(op: str, size: tuple) -> tuple[int, ...]:
    """Sizes given as numbers or as one tuple.

    Raises TypeError for anything but integers, ValueError for a negative one.
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
    """A new leaf with ``array``, on ``device`` if one is given."""
    return Tensor(array if device is None else placed(array, str(device)), requires_grad=requires_grad)


def zeros(*size: Size, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None) -> Tensor:
    """Zeros of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return _made(np.zeros(size_of("zeros", size), dtype or dtypes.get_default_dtype()), requires_grad, device)


def ones(*size: Size, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None) -> Tensor:
    """Ones of a size given as numbers or as a tuple; the default dtype unless ``dtype`` is given."""
    return _made(np.ones(size_of("ones", size), dtype or dtypes.get_default_dtype()), requires_grad, device)


def full(
    size: Size, fill_value: Number, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """A tensor filled with ``fill_value``; the default dtype is that of ``tensor(fill_value)``."""
    dtype = dtype or dtypes.result_type(fill_value)
    return _made(np.full(size_of("full", (size,)), _number(fill_value), dtype), requires_grad, device)


def eye(
    n: int, m: int | None = None, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """The identity, n × n or n × m."""
    rows, columns = size_of("eye", (n, n if m is None else m))
    return _made(np.eye(rows, columns, dtype=dtype or dtypes.get_default_dtype()), requires_grad, device)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """``start, start + step, …`` below ``end``; one argument counts from 0. int64 for integers, else the default dtype.

    Raises ValueError for a step of 0 or in the wrong direction, TypeError for dtype bool.
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


def linspace(
    start: float,
    end: float,
    steps: int,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, evenly spaced."""
    (steps,) = size_of("linspace", (steps,))
    numbers = np.linspace(_number(start), _number(end), steps)
    return _made(numbers.astype(dtype or dtypes.get_default_dtype()), requires_grad, device)


def _number(x):
    """A number, or the one in a 0-d tensor."""
    return x.item() if isinstance(x, Tensor) else x


def zeros_like(
    input: Tensor, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """Zeros of ``input``'s shape and, unless given, dtype."""
    return _made(np.zeros(input.shape, dtype or input.dtype), requires_grad, device or input.device)


def ones_like(
    input: Tensor, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """Ones of ``input``'s shape and, unless given, dtype."""
    return _made(np.ones(input.shape, dtype or input.dtype), requires_grad, device or input.device)


def full_like(
    input: Tensor,
    fill_value: Number,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """``fill_value`` in ``input``'s shape and, unless given, dtype."""
    return _made(np.full(input.shape, _number(fill_value), dtype or input.dtype), requires_grad, device or input.device)


def scalar_tensor(
    s: Number, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """A 0-d tensor; the default dtype unless ``dtype`` is given."""
    return _made(np.asarray(_number(s), dtype or dtypes.get_default_dtype()), requires_grad, device)


def tril_indices(row: int, col: int, offset: int = 0, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Row and column indices (2, n) of the elements on or below diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    row, col = size_of("tril_indices", (row, col))
    return _made(np.stack(np.tril_indices(row, offset, col)).astype(dtype or dtypes.int64), False, device)


def triu_indices(row: int, col: int, offset: int = 0, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Row and column indices (2, n) of the elements on or above diagonal ``offset`` of a ``row`` × ``col`` matrix."""
    row, col = size_of("triu_indices", (row, col))
    return _made(np.stack(np.triu_indices(row, offset, col)).astype(dtype or dtypes.int64), False, device)


def new_full(
    input: Tensor,
    size: Size,
    fill_value: Number,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """``full`` with this tensor's dtype unless ``dtype`` is given."""
    return full(size, fill_value, dtype or input.dtype, requires_grad, device or input.device)


def new_zeros(
    input: Tensor, *size: Size, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """``zeros`` with this tensor's dtype unless ``dtype`` is given."""
    return zeros(*size, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device)


def new_ones(
    input: Tensor, *size: Size, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """``ones`` with this tensor's dtype unless ``dtype`` is given."""
    return ones(*size, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device)


@primitive(formula="value")
def fill(input, value):
    """``value`` (a number or a 0-d tensor, which gets the gradient) in ``input``'s shape and dtype.

    Raises ValueError for any other value.
    """
    if np.ndim(value):
        raise ValueError(f"a number or a 0-d tensor expected as value, got shape {np.shape(value)}")
    return np.full(input.shape, value, input.dtype)


fill.vjp(
    input=lambda g: where(np.False_, g, 0),
    value=lambda g: g,
)


METHODS = (new_full, new_zeros, new_ones, fill)
