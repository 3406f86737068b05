"""Connectionist temporal classification: sequences without a known alignment."""

from collections.abc import Sequence

from ....backends.cpu import ctc as kernels
from ....backends.device import np, read
from ....beside import told_as_one
from ....choice import where
from ....notation import Notation
from ....primitive import primitive
from ....tensor import Tensor
from .reduction import reduced, reduction_name


@primitive(formula=Notation("−log Σ over alignments of p"))
def _ctc(log_probs, targets, input_lengths, target_lengths, blank):
    """The loss of each sample: log_probs (T, N, C), targets (N, S)."""
    out = np.empty(log_probs.shape[1], log_probs.dtype)
    if out.size:
        kernels.losses(_by_sample(log_probs), targets, input_lengths, target_lengths, blank, out)
    return out


@primitive(formula=Notation("g·(p − γ)"))
def _ctc_gradient(g, log_probs, targets, input_lengths, target_lengths, blank):
    out = np.zeros((log_probs.shape[1], log_probs.shape[0], log_probs.shape[2]), g.dtype)
    if out.size:
        g = np.ascontiguousarray(g)
        kernels.gradients(_by_sample(log_probs), targets, input_lengths, target_lengths, blank, g, out)
    return np.swapaxes(out, 0, 1)


def _by_sample(log_probs):
    return np.ascontiguousarray(np.swapaxes(log_probs, 0, 1))


_ctc.vjp(
    log_probs=lambda g, log_probs, targets, input_lengths, target_lengths, blank: _ctc_gradient(
        g, log_probs, targets, input_lengths, target_lengths, blank
    )
)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """``−log p(targets)``, p summed over all alignments with blanks and repeats. Graves et al. 2006, eqs. 6 to 15.

    Args:
        log_probs: (T, N, C) or (T, C), from ``log_softmax``.
        targets: (N, S), or all of them concatenated (ΣS); class indices other than ``blank``.
        input_lengths, target_lengths: (N) or (), tensors or tuples.
        reduction: the mean is over loss / target length.
        zero_infinity: whether an infinite loss, of a target that has no alignment, becomes 0, and its gradient too.

    The gradient is p − γ, as in PyTorch: that with respect to the logits, and so only right after a log_softmax. There
    is no second derivative. Raises ValueError for shapes, lengths or a ``blank`` that do not fit. A captured step that
    is handed concatenated targets runs plainly: their numbers decide the shape.
    """
    reduction = reduction_name("ctc_loss", reduction)
    if log_probs.ndim not in (2, 3):
        raise ValueError(f"ctc_loss: log_probs (T, N, C) or (T, C) expected, got shape {tuple(log_probs.shape)}")
    batched = log_probs.ndim == 3
    x = log_probs if batched else log_probs.reshape((log_probs.shape[0], 1, log_probs.shape[1]))
    steps, count, classes = x.shape
    if not 0 <= blank < classes:
        raise ValueError(f"ctc_loss: blank {blank} must be in [0, {classes})")
    given, wanted = _lengths("input", input_lengths, steps), _lengths("target", target_lengths)
    if len(given) != count or len(wanted) != count:
        raise ValueError(f"ctc_loss: {count} input and target lengths expected, got {len(given)} and {len(wanted)}")
    if getattr(targets, "ndim", 2) != 2:
        targets, wanted = read(targets), _lengths("target", read(target_lengths))
    losses = _ctc(x, _by_length(targets, wanted, classes), given, wanted, int(blank))
    if zero_infinity:
        losses = where(losses.detach() == np.inf, 0, losses)
    if reduction == "mean":
        losses = losses / _divisors(wanted, losses.dtype)
    return reduced(losses if batched or reduction != "none" else losses.reshape(()), reduction)


@told_as_one
def _divisors(lengths: np.ndarray, dtype) -> np.ndarray:
    return np.maximum(lengths, 1).astype(dtype)


@told_as_one
def _lengths(which: str, given, most: int | None = None) -> np.ndarray:
    """The lengths as int64, each at least 0."""
    lengths = read(given).reshape(-1)
    if lengths.size and lengths.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: integer {which} lengths expected, got {lengths.dtype.name}: convert with .long()")
    if lengths.size and lengths.min() < 0:
        raise ValueError(f"ctc_loss: {which} lengths of 0 or more expected, got {lengths.tolist()}")
    if most is not None and lengths.size and lengths.max() > most:
        raise ValueError(f"ctc_loss: {which} lengths of at most {most} expected, got {lengths.tolist()}")
    return lengths.astype(np.int64)


@told_as_one
def _by_length(targets, lengths: np.ndarray, classes: int) -> np.ndarray:
    """The targets as rows: those given, or split from one vector, which then are as long as the longest."""
    array = read(targets)
    if array.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: integer targets expected, got {array.dtype.name}: convert with .long()")
    longest = int(lengths.max(initial=0))
    rows = np.zeros((len(lengths), max(array.shape[1] if array.ndim == 2 else longest, 1)), np.int64)
    if array.ndim == 2:
        if array.shape[0] != len(lengths) or array.shape[1] < longest:
            raise ValueError(f"ctc_loss: targets ({len(lengths)}, {longest} or more) expected, got shape {array.shape}")
        rows[:, :longest] = array[:, :longest]
    else:
        if array.ndim != 1 or array.size < lengths.sum():
            raise ValueError(f"ctc_loss: {lengths.sum()} targets in a vector expected, got shape {array.shape}")
        starts = np.cumsum(lengths) - lengths
        for row, start, length in zip(rows, starts, lengths, strict=True):
            row[:length] = array[start : start + length]
    for row, length in zip(rows, lengths, strict=True):
        if ((row[:length] < 0) | (row[:length] >= classes)).any():
            raise IndexError(f"ctc_loss: targets in [0, {classes}) expected, got {row[:length].tolist()}")
        row[length:] = 0
    return rows
