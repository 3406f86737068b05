"""Random tensors. All draw from the default generator (``manual_seed``) unless given a ``Generator``.

The generators are NumPy's, so a seed gives other numbers than in PyTorch, with the same distribution.
"""

from ... import dtypes
from ...backends.device import np, placed, read
from ...beside import told_as_one
from ...random import Generator, default_generator
from ...tensor import Tensor
from ...typing import DType, Size
from .creation import size_of


def _stream(generator: Generator | None) -> np.random.Generator:
    return (generator or default_generator).numpy


def _made(values, dtype, requires_grad: bool, device: str | None) -> Tensor:
    array = np.asarray(values).astype(dtype or dtypes.get_default_dtype(), copy=False)
    return Tensor(placed(array, str(device or "cpu")), requires_grad=requires_grad)


@told_as_one
def _drawn(method: str, arguments: tuple, generator: Generator | None, dtype, device: str | None) -> Tensor:
    """What NumPy's generator draws; drawn anew in each replay of a captured step."""
    return _made(getattr(_stream(generator), method)(*arguments), dtype, False, device)


def rand(
    *size: Size,
    generator: Generator | None = None,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """Uniform in [0, 1)."""
    kind = np.float64 if dtype == dtypes.float64 else np.float32
    drawn = _drawn("random", (size_of("rand", size), kind), generator, dtype, device)
    return drawn.requires_grad_() if requires_grad else drawn


def randn(
    *size: Size,
    generator: Generator | None = None,
    dtype: DType | None = None,
    requires_grad: bool = False,
    device: str | None = None,
) -> Tensor:
    """Normal with mean 0 and variance 1."""
    kind = np.float64 if dtype == dtypes.float64 else np.float32
    drawn = _drawn("standard_normal", (size_of("randn", size), kind), generator, dtype, device)
    return drawn.requires_grad_() if requires_grad else drawn


def randint(
    low: int,
    high: int | None = None,
    size: Size | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: str | None = None,
) -> Tensor:
    """Integers from ``low`` to ``high - 1``, all equally likely; ``randint(high, size)`` starts at 0.

    Raises ``ValueError`` for an empty range.
    """
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise ValueError(f"randint: low must be below high, got {low} and {high}")
    arguments = low, high, size_of("randint", (size,))
    return _drawn("integers", arguments, generator, dtype or dtypes.int64, device)


def randperm(
    n: int, generator: Generator | None = None, dtype: DType | None = None, device: str | None = None
) -> Tensor:
    """The numbers 0 to n − 1 in random order. Raises ValueError for a negative n."""
    if n < 0:
        raise ValueError(f"randperm: n of 0 or more expected, got {n}")
    return _drawn("permutation", (n,), generator, dtype or dtypes.int64, device)


def rand_like(
    input: Tensor, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """``rand`` of ``input``'s shape and, unless given, dtype."""
    return rand(
        tuple(input.shape), dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device
    )


def randn_like(
    input: Tensor, dtype: DType | None = None, requires_grad: bool = False, device: str | None = None
) -> Tensor:
    """``randn`` of ``input``'s shape and, unless given, dtype."""
    return randn(
        tuple(input.shape), dtype=dtype or input.dtype, requires_grad=requires_grad, device=device or input.device
    )


@told_as_one
def normal(
    mean: Tensor | float, std: Tensor | float, size: Size | None = None, generator: Generator | None = None
) -> Tensor:
    """Normal with ``mean`` and ``std >= 0``: numbers and a size, or tensors that broadcast.

    Raises ValueError for a negative ``std``.
    """
    means, stds = (read(v) for v in (mean, std))
    place = next((v.device for v in (mean, std) if isinstance(v, Tensor)), None)
    if np.any(np.asarray(stds) < 0):
        raise ValueError(f"normal: std must not be negative, got {np.min(stds)}")
    shape = np.broadcast_shapes(np.shape(means), np.shape(stds)) if size is None else size_of("normal", (size,))
    return _made(means + stds * _stream(generator).standard_normal(shape), None, False, place)


@told_as_one
def bernoulli(input: Tensor, generator: Generator | None = None) -> Tensor:
    """1 with probability ``input``, else 0, element by element, in its dtype. Raises ValueError outside [0, 1]."""
    p = read(input)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"bernoulli: probabilities must be in [0, 1], got {p.min():.4g} to {p.max():.4g}")
    return _made(_stream(generator).random(p.shape) < p, p.dtype, False, input.device)


@told_as_one
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, generator: Generator | None = None
) -> Tensor:
    """``num_samples`` indices for each row of weights ``input`` (C) or (N, C), drawn in proportion to them.

    Raises ``ValueError`` for weights that are negative or all zero or, without replacement, too few non-zero ones.
    """
    weights = np.atleast_2d(read(input)).astype(np.float64)
    if np.any(weights < 0) or not np.all(np.isfinite(weights)) or np.any(weights.sum(1) <= 0):
        raise ValueError("multinomial: weights must be finite and not negative, with a positive sum in each row")
    if not replacement and np.any((weights > 0).sum(1) < num_samples):
        raise ValueError(
            f"multinomial: {num_samples} samples without replacement need as many positive weights in a row"
        )
    stream, classes = _stream(generator), weights.shape[1]
    rows = [stream.choice(classes, num_samples, replace=replacement, p=w / w.sum()) for w in weights]
    return _made(rows[0] if input.ndim == 1 else np.stack(rows), dtypes.int64, False, input.device)


METHODS = (bernoulli, multinomial)
