"""Joining tensors into one."""

import functools
from collections.abc import Sequence

from ...backends.device import np
from ...dtypes import promote_types
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor
from .dims import one_dim
from .indexing import _getitem
from .rearranging import constant_pad_nd
from .shape import atleast_1d, atleast_2d, atleast_3d, broadcast_to, reshape


@primitive(formula=Notation("[x₁, x₂, …]"))
def _cat(*tensors, dim=0):
    if not tensors:
        raise ValueError("at least one tensor expected")
    dtype = _common_dtype(tensors)
    if any(x.shape == (0,) for x in tensors):  # an empty vector joins with anything
        tensors = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    return np.concatenate(tensors, axis=one_dim(dim, tensors[0].ndim), dtype=dtype)


def _common_dtype(tensors) -> np.dtype:
    dtypes = {x.dtype for x in tensors}
    return dtypes.pop() if len(dtypes) == 1 else functools.reduce(promote_types, dtypes)


def _cat_part(g, i, tensors_shape, dim):
    if tensors_shape[i] == (0,):
        return np.zeros(0, g.dtype)
    dim %= len(tensors_shape[i])
    start = sum(shape[dim] for shape in tensors_shape[:i] if shape != (0,))
    return _getitem(g, ((slice(None),) * dim + (slice(start, start + tensors_shape[i][dim]), ...)))


_cat.vjp(tensors=_cat_part)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension; the other sizes must be equal."""
    return _cat(*tensors, dim=dim)


@primitive(formula=Notation("[x₁; x₂; …]"))
def _stack(*tensors, dim=0):
    shapes = {x.shape for x in tensors}
    if len(shapes) != 1:
        raise ValueError(f"at least one tensor, and all of one shape, expected; got {sorted(shapes)}")
    return np.stack(tensors, one_dim(dim, tensors[0].ndim + 1), dtype=_common_dtype(tensors))


_stack.vjp(tensors=lambda g, i, dim: _getitem(g, (slice(None),) * (dim % g.ndim) + (i, ...)))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    return _stack(*tensors, dim=dim)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension; vectors along their only dimension."""
    tensors = atleast_1d(tuple(tensors))
    return cat(tensors, 0 if tensors and tensors[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the first dimension; vectors become rows."""
    return cat(atleast_2d(tuple(tensors)), 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the third dimension."""
    return cat(atleast_3d(tuple(tensors)), 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension; vectors become columns."""
    return cat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in tensors], 1)


def block_diag(*tensors: Tensor) -> Tensor:
    """The matrices along the diagonal of a larger one, zeros elsewhere; vectors become rows.

    Raises ValueError for more than 2 dimensions.
    """
    matrices = atleast_2d(tensors)
    if any(m.ndim > 2 for m in matrices):
        raise ValueError(f"block_diag: at most 2 dimensions expected, got {[tuple(m.shape) for m in matrices]}")
    width, left, rows = sum(m.shape[1] for m in matrices), 0, []
    for m in matrices:
        rows.append(constant_pad_nd(m, (left, width - left - m.shape[1], 0, 0)))
        left += m.shape[1]
    return cat(rows, 0)


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str = "ij") -> tuple[Tensor, ...]:
    """For vectors of sizes m, n, ...: one tensor of shape (m, n, ...) for each, which varies along its own dimension.

    With ``indexing="xy"`` the first two dimensions are swapped. Raises ValueError for another ``indexing`` or more than
    1 dimension.
    """
    if indexing not in ("ij", "xy"):
        raise ValueError(f"meshgrid: indexing 'ij' or 'xy' expected, got {indexing!r}")
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    if any(x.ndim > 1 for x in tensors):
        raise ValueError(f"meshgrid: vectors expected, got {[tuple(x.shape) for x in tensors]}")
    swap = indexing == "xy" and len(tensors) > 1
    order = (1, 0, *range(2, len(tensors))) if swap else range(len(tensors))
    tensors = atleast_1d(tensors)
    shape = tuple(tensors[d].shape[0] for d in order)
    places = {d: place for place, d in enumerate(order)}
    return tuple(
        broadcast_to(reshape(x, tuple(-1 if d == places[i] else 1 for d in range(len(shape)))), shape)
        if x.shape[0]
        else reshape(x, shape)
        for i, x in enumerate(tensors)
    )


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every combination of one element from each vector, one per row."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(x, (-1,)) for x in meshgrid(*tensors)], 1)


METHODS = ()
