"""Elements moved, repeated, padded and masked to triangles; always a copy."""

from collections.abc import Sequence

from ...backends.device import np, read
from ...notation import Notation
from ...primitive import broadcast_to, primitive
from ...tensor import Tensor
from ...typing import Dims, Size
from .dims import one_dim, several_dims, sizes
from .indexing import index_select
from .shape import _reshape, transpose


def repeat(x: Tensor, *repeats: Size) -> Tensor:
    """``x`` tiled ``repeats`` times along each dimension; more numbers than dimensions add leading dimensions.

    Raises ValueError for too few or negative numbers.
    """
    repeats = sizes(repeats)
    if len(repeats) < x.ndim or min(repeats, default=0) < 0:
        raise ValueError(f"repeat: a number >= 0 for each of {x.ndim} dimensions expected, got {repeats}")
    shape = (1,) * (len(repeats) - x.ndim) + tuple(x.shape)
    apart = [n for size in shape for n in (1, size)]
    together = [n for times, size in zip(repeats, shape, strict=True) for n in (times, size)]
    out = broadcast_to(_reshape(x, tuple(apart)), tuple(together))
    return _copy(_reshape(out, tuple(times * size for times, size in zip(repeats, shape, strict=True))))


@primitive(formula="x")
def _copy(x):
    return x if x.flags.owndata else x.copy()


_copy.vjp(x=lambda g: g)


def tile(x: Tensor, *dims: Size) -> Tensor:
    """``repeat``, with 1 for the leading dimensions if ``dims`` are fewer."""
    dims = sizes(dims)
    return repeat(x, (1,) * (x.ndim - len(dims)) + dims)


def repeat_interleave(
    x: Tensor, repeats: Tensor | int | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (or slice along ``dim``) repeated ``repeats`` times in place; one number, or one for each.

    With ``x`` alone: each index i of the vector ``x``, ``x[i]`` times. Raises ValueError for counts that are negative
    or do not fit. A captured step that is handed counts in a tensor runs plainly: they decide the size.
    """
    if repeats is None:
        x, repeats = np.arange(x.shape[0]), x
    counts = read(repeats)
    if dim is None:
        x, dim = _reshape(x, (-1,)), 0
    dim = one_dim(dim, x.ndim, "repeat_interleave")
    if counts.dtype.kind not in "iu" or counts.size not in (1, x.shape[dim]) or counts.ndim > 1 or (counts < 0).any():
        raise ValueError(f"repeat_interleave: a count >= 0, or {x.shape[dim]} of them, expected, got {repeats!r:.60}")
    index = np.repeat(np.arange(x.shape[dim]), counts)
    if output_size is not None and output_size != len(index):
        raise ValueError(f"repeat_interleave: output_size {output_size} given, the repeats add up to {len(index)}")
    if isinstance(x, np.ndarray) and hasattr(repeats, "array"):
        return type(repeats)(index)
    return index_select(x, dim, index)


@primitive(formula=Notation("flip x"))
def _flip(x, dims):
    return np.flip(x, several_dims(dims, x.ndim)).copy()


_flip.vjp(x=lambda g, dims: _flip(g, dims))


def flip(x: Tensor, *dims: Size) -> Tensor:
    """The order of the elements reversed along each of ``dims``; a copy."""
    return _flip(x, sizes(dims))


def fliplr(x: Tensor) -> Tensor:
    """The columns in reverse order. Raises ValueError for fewer than 2 dimensions."""
    if x.ndim < 2:
        raise ValueError(f"fliplr: at least 2 dimensions expected, got shape {tuple(x.shape)}")
    return _flip(x, (1,))


def flipud(x: Tensor) -> Tensor:
    """The rows in reverse order. Raises ValueError for a 0-d ``x``."""
    if x.ndim < 1:
        raise ValueError("flipud: at least 1 dimension expected, got a 0-d tensor")
    return _flip(x, (0,))


@primitive(formula=Notation("roll x"))
def _roll(x, shifts, dims):
    return np.roll(x, shifts, dims)


_roll.vjp(x=lambda g, shifts, dims: _roll(g, tuple(-s for s in shifts), dims))


def roll(x: Tensor, shifts: Size, dims: Dims = None) -> Tensor:
    """Elements shifted by ``shifts`` along ``dims``, wrapping around; without ``dims``, in the flattened tensor.

    Raises ValueError unless there are as many shifts as dims.
    """
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None or dims == ():
        if len(shifts) != 1:
            raise ValueError(f"roll: one shift expected where no dims are given, got {shifts}")
        return _reshape(_roll(_reshape(x, (-1,)), shifts, (0,)), tuple(x.shape))
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(dims) != len(shifts):
        raise ValueError(f"roll: as many shifts as dims expected, got {shifts} and {dims}")
    return _roll(x, shifts, tuple(one_dim(d, x.ndim, "roll") for d in dims))


def rot90(x: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Rotated by ``k`` quarter turns in the plane of ``dims``, from the first towards the second.

    Raises ValueError if both are the same.
    """
    first, second = several_dims(tuple(dims), x.ndim, "rot90") if len(dims) == 2 else (0, 0)
    if first == second:
        raise ValueError(f"rot90: two different dims expected, got {tuple(dims)}")
    if k % 4 == 0:
        return _copy(x)
    if k % 4 == 2:
        return _flip(x, (first, second))
    return transpose(_flip(x, (second if k % 4 == 1 else first,)), first, second)


@primitive(formula=Notation("◺x"))
def tril(x, diagonal: int = 0):
    """The lower triangle of matrices, up to ``diagonal``; zeros above."""
    return np.tril(_matrices(x), diagonal)


@primitive(formula=Notation("◹x"))
def triu(x, diagonal: int = 0):
    """The upper triangle of matrices, from ``diagonal`` on; zeros below."""
    return np.triu(_matrices(x), diagonal)


tril.vjp(x=lambda g, diagonal: tril(g, diagonal))
triu.vjp(x=lambda g, diagonal: triu(g, diagonal))


def _matrices(x):
    if x.ndim < 2:
        raise ValueError("at least 2 dimensions expected")
    return x


@primitive(formula=Notation("pad x"))
def constant_pad_nd(x, pad: Sequence[int], value: float = 0):
    """``value`` added around ``x``: ``pad`` lists before and after for the last dimension, then the one before it, ...

    Negative numbers crop. Raises ValueError for more numbers than two per dimension, an odd number of them, or too much
    cropping.
    """
    pad = tuple(int(n) for n in pad)
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(f"an even number of at most {2 * x.ndim} sizes expected, got {len(pad)}")
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [pad[i : i + 2] for i in range(len(pad) - 2, -1, -2)]
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, pairs, strict=True))
    if min(shape, default=0) < 0:
        raise ValueError(f"pad {pad} cuts off more than there is")
    out = np.full(shape, value, x.dtype)
    into = tuple(slice(max(b, 0), n - max(a, 0)) for n, (b, a) in zip(shape, pairs, strict=True))
    part = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, pairs, strict=True))
    out[into] = x[part]
    return out


constant_pad_nd.vjp(x=lambda g, pad: constant_pad_nd(g, tuple(-n for n in pad)))

METHODS = (repeat, tile, repeat_interleave, flip, fliplr, flipud, roll, rot90, tril, triu)
