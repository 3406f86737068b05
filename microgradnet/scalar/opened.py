"""From tensors to scalars: a small computation opened into sums, products and functions of single numbers."""

import functools
import math
import operator
from typing import NamedTuple

import numpy as np

from ..elementwise import Elementwise
from ..events import Listener, leave, listen
from ..tensor import Tensor
from . import opcodes
from .sums import sum as node_sum
from .tape import current_tape
from .value import Value, record

LIMIT = 100_000  # nodes; more are useless to look at


class Opened(NamedTuple):
    """A computation as Values: its ``output``, and the ``leaves`` that it was computed from.

    ``output`` is a Value, or an array of Values (dtype object) in the output's shape. ``leaves`` maps each tensor that
    requires a gradient, and each input, to its array of Values. The Values are labelled ``name[i, j]``.
    """

    output: Value | np.ndarray
    leaves: dict[Tensor, np.ndarray]


def to_scalar(function, *inputs: Tensor, names: dict[Tensor, str] | None = None) -> Opened:
    """Runs ``function(*inputs)`` and opens every op that runs into scalar nodes on the current tape.

    A matrix product becomes products and sums, softmax becomes exps, a sum and quotients; elementwise ops become one
    node for each element. Values and gradients are those of the tensors, up to rounding (Values are float64).

    Args:
        function: any function of tensors, such as a module.
        names: labels of tensors; ``Tensor.name`` where absent, and the parameters' names if ``function`` is a module.

    Raises NotImplementedError for an op without a scalar form, ValueError beyond 100,000 nodes, TypeError for a
    function that does not return a Tensor.

    >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> opened = to_scalar(lambda x: (w * x).sum(), mg.tensor([3.0, 4.0]))
    >>> opened.output.data
    11.0
    >>> opened.output.backward()
    >>> [v.grad for v in opened.leaves[w]]
    [3.0, 4.0]
    """
    if hasattr(function, "named_parameters"):
        names = {parameter: name for name, parameter in function.named_parameters()} | (names or {})
    opener = _Opener(names or {})
    for i, tensor in enumerate(inputs):
        opener.leaf(tensor, tensor.name or ("input" if len(inputs) == 1 else f"input{i}"))
    listen(opener)
    try:
        result = function(*inputs)
    finally:
        leave(opener)
    if not isinstance(result, Tensor):
        raise TypeError(f"to_scalar: a function that returns a Tensor expected, got {type(result).__name__}")
    values = opener.values(result)
    return Opened(values.item() if values.ndim == 0 else values, opener.leaves)


class _Opener(Listener):
    """Opens every op that runs."""

    def __init__(self, names: dict):
        self.names, self.leaves = names, {}
        self._of: dict[int, tuple] = {}  # id of a tensor -> (the tensor itself, which keeps the id, its Values)
        self._start = len(current_tape())

    def leaf(self, tensor: Tensor, name: str) -> np.ndarray:
        """An array of labelled leaves."""
        name = self.names.get(tensor, name)
        values = np.empty(tensor.shape, object)
        for index in np.ndindex(tensor.shape):
            label = f"{name}[{', '.join(map(str, index))}]" if index else name
            values[index] = Value(float(tensor._array[index]), label)
        self.leaves[tensor] = values
        self._of[id(tensor)] = (tensor, values)
        return values

    def values(self, x):
        """An argument as an array of Values, or of numbers if none of it needs a gradient."""
        if not isinstance(x, Tensor):
            return x
        if id(x) in self._of:
            return self._of[id(x)][1]
        if x.requires_grad and x.grad_fn is None:
            return self.leaf(x, x.name or "parameter")
        if x.requires_grad:
            raise NotImplementedError(f"to_scalar: {x.grad_fn.op.name} ran before, or on arrays: run it inside")
        return x._array.astype(object) if x._array.dtype.kind == "f" else x._array

    def call(self, op, arguments, settings, result, node) -> None:
        opened = [self.values(a) for a in arguments]
        if not any(isinstance(v, np.ndarray) and v.dtype == object for v in opened):
            return
        outputs = result if isinstance(result, tuple) else (result,)
        if isinstance(op, Elementwise):
            values = _elementwise(op, opened, result._array)
        elif not getattr(op, "differentiable", True):
            return
        elif op.name in _FORMS:
            values = _FORMS[op.name](*opened, **(settings or {}))
        elif op.name in _MOVES or op.view:
            values = op.forward(*opened, **(settings or {}))
        else:
            raise NotImplementedError(f"to_scalar: {op.name} has no scalar form; write this step with matmul and sums")
        for tensor, part in zip(outputs, values if isinstance(values, tuple) else (values,), strict=True):
            part = np.asarray(part, object)
            self._of[id(tensor)] = (tensor, part.reshape(tensor.shape))
        if len(current_tape()) - self._start > LIMIT:
            raise ValueError(
                f"to_scalar: more than {LIMIT:,} nodes at {op.name}: take smaller tensors, or fewer samples"
            )

    def refuse(self, problem: str) -> None:
        raise NotImplementedError(f"to_scalar: {problem}, which has no scalar form")

    def outside(self, function, arguments, keywords, result, writes) -> None:
        if any(isinstance(r, Tensor) and r.requires_grad for r in (result if isinstance(result, tuple) else (result,))):
            self.refuse(f"{function.__name__} runs as a whole")

    def write(self, name, target, value) -> None:
        if target.requires_grad or id(target) in self._of:  # running statistics and counters may be written
            self.refuse("a tensor was changed in place")


# Ops that only rearrange elements, whose forward works on arrays of Values too.
_MOVES = {"broadcast_to", "getitem", "clone", "copy", "flip", "roll", "cat", "stack", "diagonal", "take_rows", "gather"}


def _elementwise(op: Elementwise, arguments: list, out) -> np.ndarray:
    if op.name not in opcodes.CODES:
        return np.asarray(out)
    count = len(op.array_names)
    numbers = [float(a) for a in arguments[count:]]
    broadcast = np.broadcast_arrays(*(np.asarray(a, object) for a in arguments[:count]))
    values = np.empty(broadcast[0].shape, object)
    for index in np.ndindex(values.shape):
        element = [a[index] for a in broadcast]
        if any(isinstance(e, Value) for e in element):
            values[index] = record(opcodes.CODES[op.name], [*element, *numbers], op.name)
        else:
            values[index] = float(np.asarray(out)[index])
    return values


def _total(terms) -> Value | float:
    terms = list(terms)
    if not any(isinstance(t, Value) for t in terms):
        return math.fsum(terms)
    return terms[0] if len(terms) == 1 else node_sum(terms)


def _along(x: np.ndarray, dim, keepdim: bool, function) -> np.ndarray:
    """``function`` of the elements along ``dim`` (an index, several, or None for all)."""
    dims = range(x.ndim) if dim is None or dim == () else [dim] if isinstance(dim, int) else dim
    dims = sorted(d % x.ndim for d in dims)
    kept = [d for d in range(x.ndim) if d not in dims]
    rows = x.transpose([*kept, *dims]).reshape(*(x.shape[d] for d in kept), -1)
    result = np.empty(rows.shape[:-1], object)
    for index in np.ndindex(result.shape):
        result[index] = function(list(rows[index]))
    return np.expand_dims(result, tuple(dims)) if keepdim else result


def _sum(x, dim=None, keepdim=False, dtype=None):
    return _along(x, dim, keepdim, _total)


def _mean(x, dim=None, keepdim=False, dtype=None):
    return _along(x, dim, keepdim, lambda row: _total(row) / len(row))


def _extreme(better):
    def extreme(x, dim=None, keepdim=False):
        def of(row):
            best = row[0]
            for v in row[1:]:
                best = record(opcodes.CODES[better], [best, v], better)
            return best

        return _along(x, dim, keepdim, of)

    return extreme


def _matmul(a, b):
    a, b = np.asarray(a, object), np.asarray(b, object)
    rows, columns = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    batch = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, batch + rows.shape[-2:])
    columns = np.broadcast_to(columns, batch + columns.shape[-2:]).swapaxes(-1, -2)
    result = np.empty((*batch, rows.shape[-2], columns.shape[-2]), object)
    for index in np.ndindex(result.shape):
        *outer, i, j = index
        result[index] = _total(x * y for x, y in zip(rows[(*outer, i)], columns[(*outer, j)], strict=True))
    return result.reshape(batch + rows.shape[-2:-1] * (a.ndim > 1) + columns.shape[-2:-1] * (b.ndim > 1))


def _linear(input, weight, bias):
    result = _matmul(input, np.asarray(weight, object).T)
    return result if bias is None else result + bias


def _exps(row: list) -> tuple[list, float]:
    """The exponentials of a row minus its maximum, which avoids overflow and changes no quotient."""
    largest = max(float(v) for v in row)
    return [record(opcodes.CODES["exp"], [v - largest], "exp") for v in row], largest


def _rows(x, dim: int, function) -> np.ndarray:
    """``function`` of each row along ``dim``, which returns a row."""
    moved = np.moveaxis(x, dim, -1)
    result = np.empty(moved.shape, object)
    for index in np.ndindex(moved.shape[:-1]):
        result[index] = function(list(moved[index]))
    return np.moveaxis(result, -1, dim)


def _softmax(x, dim, dtype=None):
    def row(values):
        exps, _ = _exps(values)
        total = _total(exps)
        return [e / total for e in exps]

    return _rows(x, dim, row)


def _logsumexp_of(values):
    exps, largest = _exps(values)
    return _total(exps).log() + largest


def _log_softmax(x, dim, dtype=None):
    def row(values):
        total = _logsumexp_of(values)
        return [v - total for v in values]

    return _rows(x, dim, row)


def _logsumexp(x, dim, keepdim=False):
    return _along(x, dim, keepdim, _logsumexp_of)


def _cross_entropy(x, target, weight, reduction):
    losses = []
    for row, label, share in zip(x, target, weight, strict=True):
        loss = _logsumexp_of(list(row)) - row[int(label)]
        losses.append(loss if float(share) == 1 else loss * float(share))
    return np.array(losses, object) if reduction == "none" else _total(losses)


def _squared_distance(x, target, scale):
    differences = [a - b for a, b in zip(x.flat, target.flat, strict=True)]
    return _total(d * d for d in differences) * float(scale)


def _where(condition, x, y):
    condition, x, y = np.broadcast_arrays(np.asarray(condition, bool), np.asarray(x, object), np.asarray(y, object))
    return np.where(condition, x, y)


def _var(x, dim=None, correction=1, keepdim=False):
    def of(row):
        mean = _total(row) / len(row)
        return _total((v - mean) * (v - mean) for v in row) / (len(row) - correction)

    return _along(x, dim, keepdim, of)


def _standardized(values: list, eps: float, centered: bool) -> list:
    mean = _total(values) / len(values) if centered else 0.0
    apart = [v - mean for v in values] if centered else values
    deviation = (_total(v * v for v in apart) / len(values) + eps).sqrt()
    return [v / deviation for v in apart]


def _rows_norm(x, weight, bias, eps, centered, layout, statistics):
    count, groups, inner, outer = layout
    rows = x.reshape(count, inner * outer)
    result = np.array([_standardized(list(row), float(eps), centered) for row in rows], object)
    result = result.reshape(count // groups, groups, inner, outer)
    result = result * np.asarray(weight, object).reshape(groups, inner, 1)
    return (result + np.asarray(bias, object).reshape(groups, inner, 1)).reshape(x.shape)


def _channels_norm(x, weight, bias, eps, statistics):
    moved = np.moveaxis(x, 1, 0)
    rows = [_standardized(list(row), float(eps), True) for row in moved.reshape(len(moved), -1)]
    result = np.array(rows, object) * np.asarray(weight, object)[:, None] + np.asarray(bias, object)[:, None]
    return np.moveaxis(result.reshape(moved.shape), 0, 1)


def _prod(x, dim=None, keepdim=False, dtype=None):
    return _along(x, dim, keepdim, lambda row: functools.reduce(operator.mul, row))


def _p_norm(x, ord, dim=None, keepdim=False):
    if ord in (math.inf, -math.inf, 0):
        raise NotImplementedError(f"to_scalar: a norm of order {ord} has no scalar form here")

    def of(row):
        if ord == 2:
            return _total(v * v for v in row).sqrt()
        return _total(abs(v) ** ord for v in row) ** (1 / ord)

    return _along(x, dim, keepdim, of)


def _cast(x, dtype):
    return x


_FORMS = {
    "sum": _sum, "mean": _mean, "amax": _extreme("maximum"), "amin": _extreme("minimum"), "max": _extreme("maximum"),
    "min": _extreme("minimum"), "matmul": _matmul, "linear": _linear, "softmax": _softmax,
    "log_softmax": _log_softmax, "logsumexp": _logsumexp, "cross_entropy": _cross_entropy, "where": _where, "var": _var,
    "squared_distance": _squared_distance,
    "cast": _cast, "p_norm": _p_norm, "prod": _prod, "rows_norm": _rows_norm, "channels_norm": _channels_norm,
}  # fmt: skip
