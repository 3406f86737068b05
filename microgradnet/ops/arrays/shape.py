"""Shape: the same elements in another shape. If possible, the result is a view of the same memory."""

import math
from collections.abc import Sequence
from typing import Any

from ...backends.device import np
from ...notation import Notation
from ...primitive import broadcast_to, primitive
from ...tensor import Tensor
from ...typing import Dims, Size
from .dims import one_dim, several_dims, sizes


@primitive(formula=Notation("reshape x"), view=True)
def _reshape(x, shape):
    return x.reshape(shape)


_reshape.vjp(x=lambda g, x_shape: _reshape(g, x_shape))


def reshape(x: Tensor, *shape: Size) -> Tensor:
    """``x`` in another shape with as many elements; one size may be -1, to be inferred. A view if possible."""
    return _reshape(x, sizes(shape))


def view(x: Tensor, *shape: Size) -> Tensor:
    """``reshape`` that never copies. Raises ValueError if that is impossible: use ``reshape`` then."""
    out = reshape(x, *shape)
    if out.ndim and math.prod(out.shape) and not np.may_share_memory(out._array, x._array):
        raise ValueError(
            f"view: shape {tuple(out.shape)} needs a copy of this tensor of shape {tuple(x.shape)}, "
            "whose memory is not in row-major order: use reshape()"
        )
    return out


def reshape_as(x: Tensor, other: Tensor) -> Tensor:
    """``x`` with the shape of ``other``."""
    return _reshape(x, other.shape)


def view_as(x: Tensor, other: Tensor) -> Tensor:
    """``x`` with the shape of ``other``, without a copy."""
    return view(x, tuple(other.shape))


def ravel(x: Tensor) -> Tensor:
    """``x`` as a vector; a view if possible."""
    return _reshape(x, (-1,))


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` merged into one. Raises ValueError if they are in reverse order."""
    if x.ndim == 0:
        return _reshape(x, (1,))
    start, end = one_dim(start_dim, x.ndim, "flatten"), one_dim(end_dim, x.ndim, "flatten")
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {tuple(x.shape)}")
    joined = math.prod(x.shape[start : end + 1])  # not -1, which is undefined if a size is 0
    return _reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))


def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension ``dim`` split into ``sizes``, one of which may be -1. Raises ValueError if they do not fit."""
    dim = one_dim(dim, x.ndim, "unflatten")
    known = math.prod(n for n in sizes if n != -1)
    parts = tuple(x.shape[dim] // (known or 1) if n == -1 else int(n) for n in sizes)
    if list(sizes).count(-1) > 1 or math.prod(parts) != x.shape[dim]:
        raise ValueError(f"unflatten: sizes {tuple(sizes)} do not multiply to dimension {dim}'s {x.shape[dim]}")
    return _reshape(x, (*x.shape[:dim], *parts, *x.shape[dim + 1 :]))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1 at ``dim``."""
    dim = one_dim(dim, x.ndim + 1, "unsqueeze")
    return _reshape(x, (*x.shape[:dim], 1, *x.shape[dim:]))


def squeeze(x: Tensor, dim: Dims = None) -> Tensor:
    """``x`` without its dimensions of size 1: all of them, or those among ``dim``."""
    dims = several_dims(dim, x.ndim, "squeeze")
    return _reshape(x, tuple(n for i, n in enumerate(x.shape) if not (n == 1 and i in dims)))


@primitive(formula="xᵀ", view=True)
def transpose(x, dim0: int, dim1: int):
    """``x`` with dimensions ``dim0`` and ``dim1`` swapped; a view."""
    return np.swapaxes(x, one_dim(dim0, x.ndim), one_dim(dim1, x.ndim)) if x.ndim else x


transpose.vjp(x=lambda g, dim0, dim1: transpose(g, dim0, dim1))


def t(x: Tensor) -> Tensor:
    """A matrix transposed; a vector or 0-d tensor unchanged. Raises ValueError for more dimensions."""
    if x.ndim > 2:
        raise ValueError(f"t: at most 2 dimensions expected, got shape {tuple(x.shape)}: use transpose or .mT")
    return x if x.ndim < 2 else transpose(x, 0, 1)


@primitive(formula=Notation("permute x"), view=True)
def _permute(x, dims):
    dims = several_dims(dims, x.ndim)
    if len(dims) != x.ndim:
        raise ValueError(f"each of the {x.ndim} dimensions expected once, got {dims}")
    return x.transpose(dims)


_permute.vjp(x=lambda g, dims: _permute(g, tuple(int(i) for i in np.argsort([d % len(dims) for d in dims]))))


def permute(x: Tensor, *dims: Size) -> Tensor:
    """The dimensions in another order: ``permute(x, 2, 0, 1)``; a view."""
    return _permute(x, sizes(dims))


def movedim(x: Tensor, source: Size, destination: Size) -> Tensor:
    """Dimension(s) ``source`` moved to ``destination``, the others kept in their order; a view.

    Raises ValueError unless both are as many.
    """
    source, destination = (several_dims(d, x.ndim, "movedim") for d in (source, destination))
    if len(source) != len(destination):
        raise ValueError(f"movedim: as many destinations as sources expected, got {source} and {destination}")
    order = [d for d in range(x.ndim) if d not in source]
    for to, from_ in sorted(zip(destination, source, strict=True)):
        order.insert(to, from_)
    return _permute(x, tuple(order))


def expand(x: Tensor, *shape: Size) -> Tensor:
    """``x`` broadcast to ``shape``, where -1 keeps a size; no memory is copied.

    Raises ValueError if ``x`` does not broadcast to it.
    """
    shape = sizes(shape)
    lead = len(shape) - x.ndim
    kept = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(shape))
    if lead < 0 or any(n < 0 for n in kept) or any(m not in (1, n) for m, n in zip(x.shape, kept[lead:], strict=True)):
        raise ValueError(f"expand: shape {tuple(x.shape)} cannot be expanded to {shape}: only sizes of 1 stretch")
    return broadcast_to(x, kept)


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """``x`` broadcast to the shape of ``other``."""
    return expand(x, other.shape)


def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """All tensors broadcast against each other, as a tuple."""
    shape = np.broadcast_shapes(*(t.shape for t in tensors))
    return tuple(broadcast_to(t, shape) for t in tensors)


def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | Any:
    """Each with at least 1 dimension; a tuple if several are given."""
    return _each(lambda x: x if x.ndim else _reshape(x, (1,)), tensors)


def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | Any:
    """Each with at least 2 dimensions: a vector becomes a row. A tuple if several are given."""
    return _each(lambda x: x if x.ndim > 1 else _reshape(x, (1, -1)), tensors)


def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | Any:
    """Each with at least 3 dimensions: a vector of n becomes (1, n, 1), a matrix (m, n, 1). A tuple if several."""
    return _each(lambda x: x if x.ndim > 2 else _reshape(x, (*x.shape, 1) if x.ndim == 2 else (1, -1, 1)), tensors)


def _each(function, tensors: tuple):
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        return tuple(function(t) for t in tensors[0])
    return function(tensors[0]) if len(tensors) == 1 else tuple(function(t) for t in tensors)


@primitive(formula="x")
def clone(x):
    """A copy of ``x``, connected to it in the graph."""
    return np.array(x)


clone.vjp(x=lambda g: g)


@primitive(formula="x", view=True)
def contiguous(x):
    """``x`` in row-major memory: itself, or a copy."""
    return np.ascontiguousarray(x) if x.ndim else x


contiguous.vjp(x=lambda g: g)


METHODS = (
    reshape,
    view,
    reshape_as,
    view_as,
    ravel,
    flatten,
    unflatten,
    unsqueeze,
    squeeze,
    transpose,
    t,
    permute,
    movedim,
    expand,
    expand_as,
    broadcast_to,
    clone,
    contiguous,
)
