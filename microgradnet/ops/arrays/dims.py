"""Resolves ``dim`` arguments: negative numbers count from the end; out of range or repeated ones are errors."""

import math

from ...primitive import broadcast_to


def one_dim(dim: int, ndim: int, op: str = "") -> int:
    """``dim`` as a number in [0, ndim); 0 and -1 for a 0-d tensor. Raises IndexError if out of range."""
    size = ndim or 1
    if not -size <= dim < size:
        raise IndexError(f"{op and op + ': '}dim {dim} is outside of [{-size}, {size - 1}] of a {ndim}-d tensor")
    return dim % size


def several_dims(dim, ndim: int, op: str = "") -> tuple[int, ...]:
    """``dim`` (a number, several, None for all) as distinct numbers in [0, ndim). Raises IndexError if out of range,
    ValueError if repeated.
    """
    if dim is None:
        return tuple(range(ndim))
    dims = tuple(one_dim(int(d), ndim, op) for d in ((dim,) if isinstance(dim, int) else dim))
    if len(set(dims)) != len(dims):
        raise ValueError(f"{op and op + ': '}dim {tuple(dim)} names a dimension twice")
    return dims


def sizes(given: tuple) -> tuple[int, ...]:
    """Sizes given separately, ``f(x, 2, 3)``, or as one tuple, list or shape, ``f(x, (2, 3))``."""
    if len(given) == 1 and not hasattr(given[0], "__index__"):
        given = given[0]
    return tuple(int(n) for n in given)


def axes(x, dim) -> tuple[int, ...] | None:
    """``dim`` of a reduction of the array ``x`` as NumPy's ``axis``; None and () stand for all dimensions."""
    if dim is None or x.ndim == 0 or dim == ():
        several_dims(dim, x.ndim)
        return None
    return one_dim(dim, x.ndim) if isinstance(dim, int) else several_dims(dim, x.ndim)


def count(shape: tuple, dim) -> int:
    """The number of elements of ``shape`` that a reduction over ``dim`` combines into one."""
    if dim is None or dim == () or not shape:
        return math.prod(shape)
    return math.prod(shape[d] for d in several_dims(dim, len(shape)))


def spread(g, shape: tuple, dim, keepdim: bool):
    """A reduction's result or cotangent, repeated over the dimensions that were reduced."""
    if not keepdim and dim is not None and dim != () and shape:
        dims = several_dims(dim, len(shape))
        g = g.reshape(tuple(1 if i in dims else n for i, n in enumerate(shape)))
    return broadcast_to(g, shape)
