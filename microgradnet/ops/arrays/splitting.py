"""Splitting a tensor into parts, each a view of it."""

import itertools
from collections.abc import Sequence

from ...tensor import Tensor
from ...typing import Size
from .dims import one_dim
from .indexing import _getitem


def split(x: Tensor, split_size_or_sections: Size, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of ``split_size`` along ``dim``, the last one possibly smaller; or of the listed sizes. A tuple.

    Raises ValueError for a size that is not positive.
    """
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(x, split_size_or_sections, dim)
    size = x.shape[_dim("split", x, dim)]
    step = split_size_or_sections
    if step < 0 or (step == 0 and size):
        raise ValueError(f"split: a positive size of the parts expected, got {step}")
    return _between(x, dim, [*range(0, size, step or 1), size] if size else [0, 0])


def split_with_sizes(x: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the listed sizes along ``dim``. A tuple. Raises ValueError if the sizes do not add up."""
    size = x.shape[_dim("split_with_sizes", x, dim)]
    if sum(split_sizes) != size or min(split_sizes, default=0) < 0:
        raise ValueError(f"split_with_sizes: sizes {list(split_sizes)} do not add up to dimension {dim}'s {size}")
    return _between(x, dim, [0, *itertools.accumulate(split_sizes)])


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` parts of equal size along ``dim``, the last one possibly smaller. A tuple.

    Raises ValueError for ``chunks`` < 1.
    """
    if chunks < 1:
        raise ValueError(f"chunk: a positive number of chunks expected, got {chunks}")
    size = x.shape[_dim("chunk", x, dim)]
    if size == 0:
        return _between(x, dim, [0] * (chunks + 1))
    return split(x, -(-size // chunks), dim)


def tensor_split(x: Tensor, indices_or_sections: Tensor | Size, dim: int = 0) -> tuple[Tensor, ...]:
    """The given number of parts, with sizes that differ by at most 1; or split at the given indices. A tuple.

    Raises ValueError for a number below 1.
    """
    size = x.shape[_dim("tensor_split", x, dim)]
    cuts = getattr(indices_or_sections, "array", indices_or_sections)
    cuts = cuts.tolist() if hasattr(cuts, "tolist") else cuts
    if not isinstance(cuts, int):
        ends = [slice(c).indices(size)[1] for c in cuts]
        return _between(x, dim, [0, *ends, size])
    if cuts < 1:
        raise ValueError(f"tensor_split: a positive number of sections expected, got {cuts}")
    each, more = divmod(size, cuts)
    return _between(x, dim, [i * each + min(i, more) for i in range(cuts + 1)])


def hsplit(x: Tensor, indices_or_sections: Tensor | Size) -> tuple[Tensor, ...]:
    """``tensor_split`` along the second dimension; for a vector, along its only one.

    Raises ValueError for a 0-d ``x``.
    """
    if x.ndim == 0:
        raise ValueError("hsplit: at least 1 dimension expected, got a 0-d tensor")
    return _even_split("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1)


def vsplit(x: Tensor, indices_or_sections: Tensor | Size) -> tuple[Tensor, ...]:
    """``tensor_split`` along the first dimension. Raises ValueError for fewer than 2 dimensions."""
    if x.ndim < 2:
        raise ValueError(f"vsplit: at least 2 dimensions expected, got shape {tuple(x.shape)}")
    return _even_split("vsplit", x, indices_or_sections, 0)


def _even_split(op: str, x, indices_or_sections, dim: int):
    if isinstance(indices_or_sections, int) and (indices_or_sections < 1 or x.shape[dim] % indices_or_sections):
        raise ValueError(
            f"{op}: dimension {dim} of size {x.shape[dim]} cannot be cut into {indices_or_sections} equal parts"
        )
    return tensor_split(x, indices_or_sections, dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``dim``, which is removed. A tuple."""
    before = (slice(None),) * _dim("unbind", x, dim)
    return tuple(_getitem(x, (*before, i, ...)) for i in range(x.shape[len(before)]))


def _dim(op: str, x, dim: int) -> int:
    if x.ndim == 0:
        raise ValueError(f"{op}: a tensor with dimensions expected, got a 0-d one")
    return one_dim(dim, x.ndim, op)


def _between(x, dim: int, cuts) -> tuple:
    before = (slice(None),) * (dim % x.ndim)
    return tuple(_getitem(x, (*before, slice(start, max(start, end)), ...)) for start, end in itertools.pairwise(cuts))


METHODS = (split, split_with_sizes, chunk, tensor_split, hsplit, vsplit, unbind)
