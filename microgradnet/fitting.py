"""What the walk itself does to gradients: brings each to its input's shape and dtype, and joins several outputs.

This is the one place where broadcasting is undone, so no op's rule mentions it.
"""

import functools
import math

from .backends.device import np, placed
from .notation import Notation
from .primitive import primitive
from .tape import Node
from .tensor import Tensor


def fit(g, shape: tuple, dtype: np.dtype):
    """A gradient brought to its input's shape and dtype: the one place where broadcasting is undone."""
    if g.shape != shape:
        g = sum_to(g, shape) if isinstance(g, Tensor) else sum_to.forward(g, shape)
    if g.dtype != dtype:
        g = cast(g, dtype)
    return g if type(g) is np.ndarray or isinstance(g, Tensor) else np.asarray(g)


def output_node(node: Node, index: int, value) -> Node:
    """The Node of one output of an op with several: it hands its cotangent on in that output's place."""
    size = len(node.op.outputs)
    made = Node(output, (node,), {"index": index, "count": size}, (), np.shape(value), value.dtype)
    made.module = node.module
    return made


@primitive(formula=Notation("output i"))
def output(values, index, count):
    """One of the results of an op that has several."""
    return values[index]


output.vjp(values=lambda g, index, count: [g if i == index else None for i in range(count)])


@primitive(formula=Notation("broadcast(x)"), view=True)
def broadcast_to(x, shape):
    """``x`` repeated along new and size-1 dimensions to ``shape``; no memory is copied."""
    return np.broadcast_to(x, shape)


@primitive(formula=Notation("Σ over broadcast dims"))
def sum_to(x, shape):
    """The sum of ``x`` over the dimensions that broadcasting ``shape`` to ``x.shape`` added or stretched."""
    lead = x.ndim - len(shape)
    stretched = [lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1]
    if lead and not stretched and x.dtype.kind == "f" and x.flags.c_contiguous and x.size:
        return np.matmul(*ones_and_rows(x, shape)).reshape(shape)
    return np.asarray(x.sum(axis=(*range(lead), *stretched), keepdims=True)).reshape(shape)


def ones_and_rows(x: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Two operands whose product sums ``x`` over all but its last dimensions: the BLAS adds rows faster than NumPy."""
    rows = x.reshape(-1, math.prod(shape))
    return _ones(len(rows), x.dtype, x.__class__), rows


@functools.lru_cache(maxsize=16)
def _ones(count: int, dtype: np.dtype, kind: type) -> np.ndarray:
    return np.ones(count, dtype)


@primitive(formula="x")
def cast(x, dtype):
    """``x`` with another element type."""
    return np.asarray(x).astype(dtype, copy=False)


@primitive(formula="x")
def moved(x, device, origin):
    """``x``, of the device ``origin``, on ``device``."""
    return placed(x, device)


moved.vjp(x=lambda g, device, origin: moved(g, origin, device))
broadcast_to.vjp(x=lambda g, x_shape: sum_to(g, x_shape))
sum_to.vjp(x=lambda g, x_shape: broadcast_to(g, x_shape))
cast.vjp(x=lambda g: g)  # the walk brings it back to the dtype of x
