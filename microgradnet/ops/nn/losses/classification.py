"""Classification losses for class indices: negative log-likelihood, cross-entropy and the multi-class margin."""

from ....backends.cpu import rows
from ....backends.device import np, on_cpu
from ....backends.sums import total
from ....choice import where
from ....notation import Notation
from ....primitive import primitive
from ....tensor import Tensor
from ...arrays.shape import movedim
from ...reduce.reduction import log_softmax, softmax, sum
from .reduction import reduced, reduction_name


@primitive(formula=Notation("−Σ w·log p[target]"))
def _nll(log_probabilities, target, weight, reduction):
    """−weight·log_probabilities[target], for rows (N, C), target (N), weight (N): (N), or () if reduced."""
    rows, classes = log_probabilities.shape
    picked = log_probabilities[np.arange(rows), target] if classes else weight  # without classes all are ignored
    return _weighted(-picked, weight, reduction)


def _weighted(losses, weight, reduction):
    """``losses·weight``, or their sum; a weight of 0 ignores a row, also one that holds infinities. A mean, whose
    weights have the sum 1, is NaN where all are 0.
    """
    with np.errstate(invalid="ignore"):
        losses = np.where(weight == 0, weight, losses * weight)
    if reduction == "none":
        return losses
    loss = total(losses)
    return np.where(weight.any(), loss, loss.dtype.type(np.nan)) if reduction == "mean" else loss


@primitive(formula=Notation("zeros, [target] = −g·w"))
def _nll_gradient(g, target, weight, shape):
    out = np.zeros(shape, g.dtype)
    if shape[1]:
        out[np.arange(len(target)), target] = -g * weight
    return out


_nll.vjp(
    log_probabilities=lambda g, target, weight, log_probabilities_shape: _nll_gradient(
        g, target, weight, log_probabilities_shape
    )
)
_nll_gradient.vjp(g=lambda h, target, weight, g_shape: _nll(h, target, weight, "none" if g_shape else "sum"))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of the classes in ``target`` under log-probabilities ``input``.

    Args:
        input: (C), (N, C) or (N, C, d1, …), log-probabilities along the class dimension.
        target: (), (N) or (N, d1, …), int64 class indices in [0, C), or ``ignore_index``.
        weight: (C), one factor per class; the mean is then weighted.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        TypeError: labels that are not integers. ValueError: shapes that do not fit, an unknown reduction.
        IndexError: a label outside [0, C).
    """
    reduction = reduction_name("nll_loss", reduction, size_average, reduce)
    return _by_class("nll_loss", _nll, input, target, weight, ignore_index, reduction)


def _by_class(name, op, input, target, weight, ignore_index, reduction):
    """``op`` on the rows of ``input`` (…, C, …), with one factor per row from the weights and the ignored labels."""
    if input.ndim == 0:
        raise ValueError(f"{name}: the input needs a class dimension, got a 0-d tensor")
    labels, factors = _class_factors_of(name, input, target, weight, ignore_index, reduction == "mean")
    flat = movedim(input, 1, -1) if input.ndim > 2 else input
    flat = flat.reshape((target.numel(), input.shape[0 if input.ndim == 1 else 1])) if input.ndim != 2 else flat
    losses = op(flat, labels, factors, reduction)
    return losses.reshape(tuple(target.shape)) if reduction == "none" else losses


def _class_factors_of(name: str, input, target, weight, ignore_index: int | None, mean: bool):
    """``_class_factors`` for ``input``, with errors that name the loss."""
    classes = input.shape[0 if input.ndim == 1 else 1]
    expected = () if input.ndim == 1 else (input.shape[0], *input.shape[2:])
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: labels must be integers (class numbers), got {target.dtype.name}: convert with .long()"
        )
    if tuple(target.shape) != tuple(expected):
        given = tuple(target.shape)
        raise ValueError(f"{name}: input {tuple(input.shape)} needs labels of shape {tuple(expected)}, got {given}")
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError(f"{name}: a weight for each of {classes} classes expected, got shape {tuple(weight.shape)}")
    try:
        return _class_factors(target, weight, classes, input.dtype, ignore_index, mean)
    except IndexError as error:
        raise IndexError(str(error).replace(_class_factors.name, name, 1)) from None


@primitive(formula=Notation("labels, w[labels]"), outputs=("labels", "factors"), differentiable=False)
def _class_factors(target, weight, classes, dtype, ignore_index, mean):
    """The labels as a vector (0 for ignored ones), and the factor of each: its class weight or 0; for a mean,
    normalized.

    On a GPU the factor of a label outside [0, classes) is NaN: to raise, the host would have to wait for the device.
    """
    labels = target.reshape(-1)
    counted = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    wrong = counted & ((labels < 0) | (labels >= classes))
    if on_cpu(wrong):
        if wrong.any():
            raise IndexError(f"label {labels[wrong][0]} is outside of [0, {classes}) for {classes} classes")
    else:
        counted, labels = np.where(wrong, dtype.type(np.nan), counted), np.where(wrong, 0, labels)
    labels = np.where(counted != 0, labels, 0)
    factors = counted.astype(dtype)
    if weight is not None and classes:
        factors = factors * weight[labels].astype(dtype, copy=False)
    if mean:
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = np.where(counted == 0, factors, factors / total(factors))
    return labels, factors


@primitive(formula=Notation("Σ w·(log Σeˣ − x[target])"))
def _cross_entropy(x, target, weight, reduction):
    """weight·(log Σ exp(x) − x[target]), for rows x (N, C), target (N), weight (N): (N), or () if reduced."""
    if x.dtype.kind != "f":
        raise TypeError(f"floating logits expected, got {x.dtype.name}: convert with .float()")
    losses = np.zeros(len(target), x.dtype)
    if x.size:
        rows.cross_entropy(np.ascontiguousarray(x), target, losses)
    return _weighted(losses, weight, reduction)


def _softmax_less_target(g, x, target, weight):
    hot = np.zeros(tuple(x.shape), x.dtype)
    if x.shape[1]:
        hot[np.arange(len(target)), target] = 1
    return (softmax(x, 1) - hot) * (g * weight).reshape((-1, 1))


_cross_entropy.vjp(x=_softmax_less_target)


@_cross_entropy.fused_vjp
def _(g, needed, x, target, weight):
    out = np.empty(x.shape, x.dtype)
    if out.size:
        rows.cross_entropy_gradient(np.ascontiguousarray(x), target, np.ascontiguousarray(g * weight), out)
    return [out]


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``−Σ_k q_k log softmax(input)_k`` with q the target distribution; ``input`` are logits.

    Args:
        input: (C), (N, C) or (N, C, d1, …).
        target: class indices as for ``nll_loss``, or a distribution: floating, of the input's shape.
        weight, ignore_index, reduction: as for ``nll_loss`` (``ignore_index`` only for class indices).
        label_smoothing: ε mixes in the uniform distribution: ``q = (1 − ε)·target + ε/C``. Szegedy et al. 2015.

    Raises: as ``nll_loss``, and ``ValueError`` for a smoothing outside [0, 1].
    """
    reduction = reduction_name("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    if input.ndim == 0:
        raise ValueError("cross_entropy: the input needs a class dimension, got a 0-d tensor")
    distribution = tuple(target.shape) == tuple(input.shape) and target.dtype.kind == "f"
    if label_smoothing == 0 and not distribution:
        return _by_class("cross_entropy", _cross_entropy, input, target, weight, ignore_index, reduction)
    dim = 0 if input.ndim == 1 else 1
    classes = input.shape[dim]
    log_probabilities = log_softmax(input, dim)
    if weight is not None:
        weighted = log_probabilities * weight.reshape((-1, *(1,) * (input.ndim - dim - 1)))
    else:
        weighted = log_probabilities
    if distribution:
        q = target * (1 - label_smoothing) + label_smoothing / max(classes, 1)
        losses = -sum(weighted * q, dim)
        # The mean is over samples, unweighted: q has no single class whose weight could be used.
        return reduced(losses, reduction)
    hard = _by_class("cross_entropy", _nll, log_probabilities, target, weight, ignore_index, reduction)
    uniform = where(target != ignore_index, -sum(weighted, dim), 0)
    if reduction != "none":
        uniform = sum(uniform)
    if reduction == "mean":
        _, factors = _class_factors_of("cross_entropy", input, target, weight, ignore_index, False)
        uniform = uniform / sum(factors)
    return hard * (1 - label_smoothing) + uniform * (label_smoothing / max(classes, 1))


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``Σ_{j≠y} w_y·max(0, margin − x_y + x_j)ᵖ / C``: the target class should win by a margin. Crammer and Singer
    2001.

    Args:
        input: (N, C) or (C), one score per class. target: (N) or (), class indices. p: 1 or 2. weight: (C).

    Raises ValueError for another p or rank.
    """
    reduction = reduction_name("multi_margin_loss", reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p is 1 or 2, got {p}")
    if input.ndim not in (1, 2):
        raise ValueError(f"multi_margin_loss: 1 or 2 dimensions expected, got an input of shape {tuple(input.shape)}")
    x = input if input.ndim == 2 else input.reshape((1, *input.shape))
    labels = target.reshape((1,)) if input.ndim == 1 else target
    labels, factors = _class_factors_of("multi_margin_loss", x, labels, weight, None, False)
    labels = labels.reshape((-1, 1))
    others = (labels != np.arange(x.shape[1])).to(x.dtype)
    distance = (x - x.gather(1, labels) + margin).relu() * others
    losses = sum(distance if p == 1 else distance * distance, 1) * factors / x.shape[1]
    return reduced(losses if input.ndim == 2 else losses.reshape(()), reduction)
