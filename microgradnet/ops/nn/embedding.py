"""Embeddings: rows of a table by index, single or in bags."""

import math

from ...backends.cpu import rows as kernels
from ...backends.device import host, is_array, np, of, on_cpu, placed, read
from ...backends.sums import many_meet
from ...beside import told_as_one
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor


@primitive(formula=Notation("rows i of W"))
def _take_rows(weight, index, factors=None):
    """``weight[index]``; ``factors``, one per index, scale only the gradient.

    On a GPU an index outside the table gives NaN: to raise an error, the host would have to wait for the device.
    """
    if on_cpu(index):
        return weight[index]
    outside = (index < 0) | (index >= weight.shape[0])
    return np.where(outside[..., None], weight.dtype.type(np.nan), weight[np.where(outside, 0, index)])


@primitive(formula=Notation("zeros, rows i += x"))
def _add_rows(x, index, shape):
    out = np.zeros(shape, x.dtype)
    if x.size:
        index = index.reshape(-1)
        wide = np.float64 if many_meet(x.dtype, index) else x.dtype
        out = np.zeros(shape, wide)
        kernels.add_rows(np.ascontiguousarray(x, wide).reshape(-1, shape[1]), index, out)
    return out.astype(x.dtype, copy=False)


_take_rows.vjp(
    weight=lambda g, index, factors, weight_shape: _add_rows(
        g if factors is None else g * factors.reshape((*factors.shape, 1)), index, weight_shape
    )
)
_add_rows.vjp(x=lambda g, index: _take_rows(g, index))


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of ``weight`` (V, D) by index: integers (*) in [0, V) -> (*, D).

    Args:
        padding_idx: a row that gets no gradient.
        max_norm: rows looked up that are longer (in the norm of ``norm_type``) are first scaled down to it, in place.
        scale_grad_by_freq: each row's gradient is divided by the number of times it is used.
        sparse: accepted; the gradient is dense.

    Raises TypeError for an input that is not integer, IndexError for an index outside [0, V).
    """
    index = _checked("embedding", input, weight)
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    padding_idx = _row("embedding", weight, padding_idx)
    return _take_rows(weight, index, _factors(index, weight, padding_idx, scale_grad_by_freq))


def _checked(op: str, input, weight) -> np.ndarray:
    if weight.ndim != 2:
        raise ValueError(f"{op}: a weight (V, D) expected, got shape {tuple(weight.shape)}")
    return _rows_of(op, input, weight.shape[0])


@told_as_one
def _rows_of(op: str, input, rows: int) -> np.ndarray:
    """The indices, copied and checked."""
    index = getattr(input, "_array", input)
    index = index.copy() if is_array(index) else np.array(index)
    if index.dtype.kind not in "iu":
        raise TypeError(f"{op}: integers expected, got {index.dtype.name}: convert with .long()")
    if on_cpu(index):
        wrong = (index < 0) | (index >= rows)
        if wrong.any():
            raise IndexError(f"{op}: {index[wrong].flat[0]} is outside of [0, {rows}), the rows of the weight")
    return index


def _row(op: str, weight, padding_idx: int | None) -> int | None:
    """``padding_idx`` counted from 0. Raises ValueError if the weight has no such row."""
    rows = weight.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueError(f"{op}: padding_idx from {-rows} to {rows - 1} expected, got {padding_idx}")
    return None if padding_idx is None else padding_idx % rows


@told_as_one(writes=lambda weight, *_: (weight,))
def _shorten(weight, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    array, used = weight._array, np.unique(read(index))
    norms = np.linalg.norm(read(array[used]), norm_type, axis=1)
    long = norms > max_norm
    array[used[long]] *= placed((max_norm / (norms[long] + 1e-7))[:, None].astype(array.dtype), of(array))
    weight.version[0] += 1


def _factors(index: np.ndarray, weight, padding_idx, by_frequency: bool):
    """The factor of each index's gradient, or None if all are 1."""
    if padding_idx is None and not by_frequency:
        return None
    return _computed_factors(index, weight, padding_idx, by_frequency)


@told_as_one
def _computed_factors(index: np.ndarray, weight, padding_idx, by_frequency: bool) -> np.ndarray:
    factors = np.ones_like(index, weight.dtype)
    if padding_idx is not None:
        factors[index == padding_idx] = 0
    if by_frequency:
        factors /= np.bincount(index.reshape(-1), minlength=weight.shape[0])[index].astype(weight.dtype)
    return factors


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of each bag: (B, n), or (N) with ``offsets`` (B) -> (B, D).

    Args:
        offsets: start of each bag in a vector of indices; with ``include_last_offset`` also the end of the last.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag is 0.
        per_sample_weights: a factor for each index, with ``mode="sum"``.
        padding_idx: a row that is left out. The others: as for ``embedding``.

    Raises ValueError for another mode or weights that do not fit. With ``padding_idx`` or ``include_last_offset`` the
    numbers decide how many rows are taken: a captured step that computes them, or is handed them, runs plainly.
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode is 'sum', 'mean' or 'max', got {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise ValueError(f"embedding_bag: per_sample_weights need mode='sum', got {mode!r}")
    numbers = input
    if padding_idx is not None or include_last_offset or not on_cpu(getattr(input, "_array", input)):
        numbers, offsets = read(input), None if offsets is None else read(offsets)
    index = _checked("embedding_bag", numbers, weight)
    bags, ends = _bags(index, offsets, include_last_offset)
    index, count = index.reshape(-1)[: bags.size], len(ends)
    kept, padding_idx = np.arange(index.size), _row("embedding_bag", weight, padding_idx)
    if padding_idx is not None:
        kept = np.nonzero(index != padding_idx)[0]
        index, bags = index[kept], bags[kept]
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    rows = _take_rows(weight, index, _factors(index, weight, None, scale_grad_by_freq))
    if mode == "max":
        return _largest(rows, bags, count)
    if per_sample_weights is not None:
        if tuple(per_sample_weights.shape) != tuple(input.shape):
            raise ValueError(
                f"embedding_bag: per_sample_weights {tuple(per_sample_weights.shape)} must have the input's shape "
                f"{tuple(input.shape)}"
            )
        rows = rows * per_sample_weights.reshape((-1,))[kept].reshape((-1, 1))
    sums = _add_rows(rows, bags, (count, weight.shape[1]))
    if mode == "sum":
        return sums
    return sums / _sizes(bags, count, weight.dtype)


@told_as_one
def _sizes(bags: np.ndarray, count: int, dtype) -> np.ndarray:
    return np.maximum(np.bincount(bags, minlength=count), 1).astype(dtype).reshape(-1, 1)


@told_as_one
def _bags(index: np.ndarray, offsets, include_last: bool) -> tuple[np.ndarray, np.ndarray]:
    """The bag of each index, and where each bag ends."""
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError("embedding_bag: a matrix of numbers has one bag a row and takes no offsets")
        return np.repeat(np.arange(index.shape[0]), index.shape[1]), (np.arange(index.shape[0]) + 1) * index.shape[1]
    if index.ndim != 1 or offsets is None:
        raise ValueError(f"embedding_bag: a matrix, or a vector with offsets expected, got shape {index.shape}")
    starts = read(offsets)
    if starts.size and (starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > index.size):
        raise ValueError(f"embedding_bag: offsets must rise from 0 to at most {index.size}, got {starts.tolist()}")
    ends = starts[1:] if include_last else np.append(starts[1:], index.size)
    return np.repeat(np.arange(len(ends)), ends - starts[: len(ends)]), ends


def _largest(rows, bags: np.ndarray, count: int):
    """The largest element of each column in each bag; the gradient goes to the row it is from."""
    if not bags.size:
        return _add_rows(rows, bags, (count, rows.shape[1]))
    places, present = _places_of_largest(rows, bags, count)
    return rows[places, np.arange(rows.shape[1])] * present


@told_as_one
def _places_of_largest(rows, bags: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The row of the largest element of each column in each bag, and 0 for each bag without any."""
    values = read(rows)
    places = np.zeros((count, values.shape[1]), np.int64)
    present = np.zeros((count, 1), values.dtype)
    for bag in np.unique(bags):
        members = np.nonzero(bags == bag)[0]
        places[bag] = members[np.argmax(values[members], axis=0)]
        present[bag] = 1
    return places, present


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at each class index, else 0: int64 (*) -> (*, num_classes); −1 means the largest + 1.

    Raises TypeError unless int64, IndexError for an index out of range, ValueError for an empty tensor without
    ``num_classes``.
    """
    if tensor.dtype != np.int64:
        raise TypeError(f"one_hot: int64 class numbers expected, got {tensor.dtype.name}: convert with .long()")
    if math.prod(tensor.shape) == 0 and num_classes <= 0:
        raise ValueError("one_hot: num_classes must be given for an empty tensor")
    return _one_hot(tensor, int(read(tensor).max()) + 1 if num_classes == -1 else num_classes)


@told_as_one
def _one_hot(tensor: Tensor, classes: int) -> Tensor:
    numbers = host(tensor._array)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise IndexError(f"one_hot: class numbers in [0, {classes}) expected, got {numbers.min()} to {numbers.max()}")
    hot = (numbers[..., None] == np.arange(classes)).astype(np.int64)
    return type(tensor).made(placed(hot, tensor.device))
