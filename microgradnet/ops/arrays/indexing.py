"""Indexing: ``x[index]`` in all its forms, writing to it, and the named variants.

An index has two stages. Numbers, slices, ``...`` and None come first and return a view (``basic``); index tensors and
masks then select from it (``advanced``). So, as in PyTorch and unlike NumPy, a number next to a tensor is applied
before the tensor: ``x[0, :, [1, 2]]`` has the shape of ``x[0][:, [1, 2]]``.
"""

from typing import Any

from ...backends.device import add_at, is_array, np
from ...backends.sums import many_meet
from ...beside import told_as_one
from ...events import state
from ...notation import Notation
from ...part_of import PartOf
from ...primitive import primitive
from ...tensor import Tensor
from ...typing import Operand
from .dims import one_dim
from .writing import write

_ALL = slice(None)
_BASIC = (int, slice, type(None), type(...))


@primitive(formula=Notation("x[i]"), view=True)
def _getitem(x, basic, advanced=None):
    part = x[basic]
    return part if advanced is None else part[advanced]


@primitive(formula=Notation("zeros, [i] += x"))
def _put(x, basic, advanced, shape):
    out = np.zeros(shape, x.dtype)
    _write(out, x, basic, advanced, accumulate=True)
    return out


_getitem.vjp(x=lambda g, basic, advanced, x_shape: _put(g, basic, advanced, x_shape))
_put.vjp(x=lambda g, basic, advanced: _getitem(g, basic, advanced))


@_getitem.fused_vjp
def _(g, needed, basic, advanced, x_shape):
    return [PartOf(g, x_shape, lambda whole, part: _write(whole, part, basic, advanced, accumulate=True))]


@primitive(formula=Notation("x, [i] ← v"))
def _index_put(x, values, basic, advanced=None, accumulate=False):
    out = np.array(x)
    _write(out, values, basic, advanced, accumulate)
    return out


_index_put.vjp(
    x=lambda g, basic, advanced, accumulate: g if accumulate else _index_put(g, 0, basic, advanced),
    values=lambda g, basic, advanced, values_shape: _of_rank(_getitem(g, basic, advanced), len(values_shape)),
)


def setitem(x, index, value) -> None:
    """``x[index] = value``, in place; gradients flow to the value and to the rest of x. Raises IndexError or ValueError
    for an index or value that does not fit.
    """
    basic, advanced = stages(x, index)
    value = value if isinstance(value, Tensor | int | float) else Tensor(np.asarray(value, x.dtype))
    if x.requires_grad or getattr(value, "requires_grad", False) or state.listeners:
        write("setitem", x, _index_put(x, value, basic, advanced, False))
    else:
        try:
            _write(x._array, getattr(value, "_array", value), basic, advanced, accumulate=False)
        except (ValueError, IndexError) as error:
            raise type(error)(f"setitem: {error} (given a tensor of shape {tuple(x.shape)})") from None
        x.version[0] += 1


def _of_rank(g, ndim: int):
    """``g`` with leading dimensions of size 1 added, for a written value that had them."""
    return g if g.ndim >= ndim else g.reshape((1,) * (ndim - g.ndim) + tuple(g.shape))


def _write(out, values, basic, advanced, accumulate: bool) -> None:
    """``out[basic][advanced] = values``, or ``+=``, where a repeated index adds repeatedly."""
    part = out[basic] if basic else out  # [()] on a 0-d array is a number, not a view
    picked = [] if advanced is None else [i for i in advanced if type(i) is not slice]
    once = all(i.dtype == bool for i in picked)
    if not accumulate:
        part[... if advanced is None else advanced] = values
    elif once:
        part[... if advanced is None else advanced] += values
    elif len(picked) == 1:
        _add_rows(part, next(d for d, i in enumerate(advanced) if i is picked[0]), picked[0], values)
    else:
        _add_each(part, advanced, values, _places(part.shape, advanced))


def _add_each(out, index, values, places=None) -> None:
    """``out[index] += values``, one by one; in float64 if many of ``places`` (default: ``index``) are the same."""
    if not many_meet(out.dtype, index if places is None else places):
        add_at(out, index, values)
        return
    sums = out.astype(np.float64)
    add_at(sums, index, values)
    out[...] = sums


def _places(shape: tuple, advanced: tuple):
    """The places along the indexed dimensions of ``shape`` that several index arrays name, as a vector of numbers."""
    flat, dim = np.zeros((), np.int64), 0
    for index in advanced:
        if type(index) is slice:
            dim += 1
            continue
        for along in np.nonzero(index) if index.dtype == bool else (index,):
            flat = flat * shape[dim] + along % max(shape[dim], 1)
            dim += 1
    return flat.reshape(-1)


def _add_rows(out, dim: int, index, rows) -> None:
    """Adds each slice of ``rows`` to the slice of ``out`` along ``dim`` that ``index`` names."""
    out = np.moveaxis(out, dim, 0)
    rows = np.broadcast_to(rows, (*out.shape[1 : dim + 1], *index.shape, *out.shape[dim + 1 :]))
    rows = np.moveaxis(rows, range(dim, dim + index.ndim), range(index.ndim)).reshape(index.size, *out.shape[1:])
    index = index.reshape(-1)
    if not isinstance(out, np.ndarray):
        add_at(out, index, rows)
        return
    index = np.where(index < 0, index + len(out), index)
    wrong = (index < 0) | (index >= len(out))
    if wrong.any():
        given = index[wrong][0]
        raise IndexError(f"index {given - len(out) * (given < 0)} is out of bounds for axis {dim} with size {len(out)}")
    if out.ndim == 1:
        _add_each(out, index, rows)
        return
    # Sort by index and add each group in one sweep: np.add.at is many times slower on whole rows.
    # NumPy uses radix sort for 16 bits, several times faster.
    order = np.argsort(index.astype(np.uint16) if len(out) <= 65_536 else index, kind="stable")
    index = index[order]
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    if len(starts):
        wide = np.float64 if many_meet(out.dtype, index) else None
        out[index[starts]] += np.add.reduceat(np.take(rows, order, axis=0), starts, axis=0, dtype=wide)


def stages(x, index) -> tuple[tuple, tuple | None]:
    """``index`` of ``x`` as its basic and its advanced stage; the latter is None without index tensors.

    Raises:
        IndexError: too many indices, or one that is neither integer nor boolean.
        ValueError: a slice with a negative step.
    """
    parts = index if type(index) is tuple else (index,)
    advanced = False
    for part in parts:
        kind = type(part)
        if kind is slice:
            if part.step is not None and part.step <= 0:
                raise ValueError(f"getitem: a positive step expected, got {part.step}: use flip() to go backwards")
        elif kind not in _BASIC:
            advanced = True
    if not advanced:
        if len(parts) > x.ndim:
            _check_count(x, sum(p is not None and p is not ... for p in parts))
        return (parts if ... in parts else (*parts, ...)), None
    return _two_stages(x, [_plain(part) for part in parts])


def _two_stages(x, parts: list) -> tuple[tuple, tuple | None]:
    used = sum(p.ndim if _is_mask(p) else p is not None and p is not ... for p in parts)
    _check_count(x, used)
    rest = [_ALL] * (x.ndim - used)
    if any(p is ... for p in parts):
        at = next(i for i, p in enumerate(parts) if p is ...)
        parts[at : at + 1] = rest
    else:
        parts += rest
    basic, advanced = [], []
    for part in parts:
        if isinstance(part, int):
            basic.append(part)
        elif part is None or isinstance(part, slice):
            basic.append(part)
            advanced.append(_ALL)
        else:
            basic += [_ALL] * part.ndim if _is_mask(part) and part.ndim else [None] if _is_mask(part) else [_ALL]
            advanced.append(part if part.ndim else part.reshape(1))
    basic = (*basic, ...)
    return basic, None if all(type(a) is slice for a in advanced) else tuple(advanced)


def _is_mask(part) -> bool:
    return is_array(part) and part.dtype == bool


def _check_count(x, used: int) -> None:
    if used > x.ndim:
        raise IndexError(f"getitem: {used} indices given for a tensor of {x.ndim} dimensions, shape {tuple(x.shape)}")


def _plain(part):
    """One part of an index as a number, a slice, ``...``, None or a copied array."""
    if part is None or part is ... or isinstance(part, slice):
        return part
    if isinstance(part, int | np.integer) and not isinstance(part, bool):
        return int(part)
    if not (is_array(part) or isinstance(part, Tensor)):
        array = np.asarray(part)
        array = array.astype(np.int64) if array.size == 0 and array.dtype.kind == "f" else array
    elif part.ndim or part.dtype == bool:
        array = _copied(part)
    else:
        array = np.asarray(getattr(part, "array", part))
    if array.dtype == np.uint8:
        array = array.astype(bool)  # PyTorch's old mask dtype
    if array.dtype.kind not in "iub":
        raise IndexError(
            f"getitem: integers, slices, ..., None and integer or boolean tensors expected, got {part!r:.60}"
        )
    return int(array) if array.ndim == 0 and array.dtype != bool else array


@told_as_one
def _copied(index) -> np.ndarray:
    """The numbers of an index. A copy: writing into it later must not change where the gradient goes."""
    return np.array(getattr(index, "_array", index))


def getitem(x: Tensor, index: Any) -> Tensor:
    """``x[index]``: numbers, slices, ``...``, None, integer tensors (also negative), masks, and mixes of them.

    Without a tensor in the index the result is a view. Raises IndexError if out of range, ValueError for a negative
    step.
    """
    return _getitem(x, *stages(x, index))


def index_put(x: Tensor, indices: tuple[Tensor, ...], values: Operand, accumulate: bool = False) -> Tensor:
    """``x`` with ``values`` written (or with ``accumulate`` added) at ``indices``, a tuple with one tensor per
    dimension.

    None selects a whole dimension. For a repeated index the last value counts; ``accumulate`` adds all. Raises
    TypeError unless ``indices`` is a tuple or list.
    """
    if not isinstance(indices, tuple | list):
        raise TypeError(f"index_put: a tuple of index tensors expected, got {type(indices).__name__}")
    _same_dtype("index_put", x, values)
    basic, advanced = stages(x, tuple(_ALL if i is None else i for i in indices))
    return _index_put(x, values, basic, advanced, accumulate)


def _same_dtype(op: str, x, values) -> None:
    if hasattr(values, "dtype") and values.dtype != x.dtype:
        raise TypeError(
            f"{op}: one dtype expected, x is {x.dtype.name} and the source {values.dtype.name}: convert with .to()"
        )


def _at(x, dim: int, part) -> tuple:
    """The index with ``part`` in dimension ``dim`` and everything in the others."""
    return (_ALL,) * dim + (part,)


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """``x[index]`` in dimension ``dim``, which is removed; a view."""
    return getitem(x, _at(x, one_dim(dim, x.ndim, "select"), int(index)))


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` elements from ``start`` on in dimension ``dim``; a view. Raises IndexError if out of range."""
    dim, start = one_dim(dim, x.ndim, "narrow"), int(start)
    size = x.shape[dim]
    first = start + size if start < 0 else start
    if length < 0 or not 0 <= first <= size - length:
        raise IndexError(f"narrow: {length} elements from {start} on go beyond dimension {dim} of size {size}")
    return _getitem(x, (*_at(x, dim, slice(first, first + length)), ...))


def _positions(op: str, x, dim: int, index, negative: bool = False) -> np.ndarray:
    """``index`` along ``dim`` as a vector, checked; ``negative`` ones may count from the end."""
    return _checked_positions(op, x.shape[dim] if x.ndim else 1, dim, index, negative)


@told_as_one
def _checked_positions(op: str, size: int, dim: int, index, negative: bool) -> np.ndarray:
    index = np.array(getattr(index, "_array", index))
    index = np.where(index < 0, index + size, index) if negative else index
    if index.dtype.kind not in "iu" or index.ndim > 1:
        raise IndexError(f"{op}: a vector of integers expected as index, got shape {index.shape} {index.dtype.name}")
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        raise IndexError(f"{op}: index {index[wrong].flat[0]} is outside of dimension {dim} of size {size}")
    return index.reshape(-1)


def _vector(x):
    return x if x.ndim else x.reshape((1,))


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``x`` along ``dim`` that the vector ``index`` names; a copy."""
    dim = one_dim(dim, x.ndim, "index_select")
    index = _positions("index_select", x, dim, index)
    if x.ndim == 0:
        return getitem(_vector(x), index)[0]
    return _getitem(x, (...,), _at(x, dim, index))


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """``x`` with ``alpha * source`` added to its slices along ``dim`` that ``index`` names."""
    return _written("index_add", x, dim, index, source if alpha == 1 else source * alpha, True)


def index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """``x`` with its slices along ``dim`` that ``index`` names replaced by those of ``source``."""
    return _written("index_copy", x, dim, index, source, False)


def _written(op: str, x, dim: int, index, source, accumulate: bool):
    _same_dtype(op, x, source)
    dim = one_dim(dim, x.ndim, op)
    index = _positions(op, x, dim, index)
    expected = (*x.shape[:dim], len(index), *x.shape[dim + 1 :]) if x.ndim else ()
    if tuple(source.shape) != expected and not (
        x.ndim <= 1 and source.ndim <= 1 and np.prod(source.shape) == len(index)
    ):
        raise ValueError(f"{op}: a source of shape {expected} expected, got {tuple(source.shape)}")
    out = _index_put(_vector(x), _vector(source), (...,), _at(x, dim, index), accumulate)
    return out if x.ndim else out.reshape(())


def index_fill(x: Tensor, dim: int, index: Tensor, value: Tensor | float) -> Tensor:
    """``x`` with its slices along ``dim`` that ``index`` names filled with a number or a 0-d tensor.

    Raises ValueError for another value.
    """
    if np.ndim(getattr(value, "_array", value)):
        raise ValueError(f"index_fill: a number or a 0-d tensor expected, got a value of shape {tuple(value.shape)}")
    dim = one_dim(dim, x.ndim, "index_fill")
    index = _positions("index_fill", x, dim, index, negative=True)
    return _index_put(_vector(x), value, (...,), _at(x, dim, index)).reshape(tuple(x.shape))


def take(x: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened ``x``; negative numbers count from the end.

    Raises IndexError for indices that are not integers.
    """
    if index.dtype.kind not in "iu":
        raise IndexError(f"take: an integer index expected, got {index.dtype.name}")
    return _getitem(x.reshape((-1,)), (...,), (_copied(index),))


def select_scatter(x: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """``x`` with ``src`` in place of ``x.select(dim, index)``."""
    return _replaced("select_scatter", x, src, _at(x, one_dim(dim, x.ndim, "select_scatter"), int(index)))


def slice_scatter(
    x: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """``x`` with ``src`` in place of ``x[start:end:step]`` in dimension ``dim``."""
    return _replaced("slice_scatter", x, src, _at(x, one_dim(dim, x.ndim, "slice_scatter"), slice(start, end, step)))


def _replaced(op: str, x, src, index: tuple):
    """``x`` with ``src`` written over the view ``x[index]`` of the same shape."""
    basic, _ = stages(x, index)
    expected = np.broadcast_to(0, x.shape)[basic].shape
    if tuple(src.shape) != expected:
        raise ValueError(f"{op}: src of shape {expected} expected, got {tuple(src.shape)}")
    return _index_put(x, src, basic)


@primitive(formula=Notation("indices of x ≠ 0"), differentiable=False)
def argwhere(x):
    """The indices of the non-zero elements, one per row, as int64."""
    return np.argwhere(x).astype(np.int64, copy=False)


def nonzero(x: Tensor, *, as_tuple: bool = False) -> Tensor | Any:
    """``argwhere``; with ``as_tuple`` one vector per dimension, usable as an index."""
    if not as_tuple:
        return argwhere(x)
    return tuple(argwhere(_vector(x))[:, d] for d in range(max(x.ndim, 1)))


METHODS = (
    select,
    narrow,
    index_put,
    index_select,
    index_add,
    index_copy,
    index_fill,
    take,
    select_scatter,
    slice_scatter,
    argwhere,
    nonzero,
)
