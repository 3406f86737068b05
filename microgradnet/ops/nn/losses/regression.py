"""Losses for regression, and for distributions given by their parameters."""

import math

from ....backends.device import array_of, host, np
from ....backends.sums import dot
from ....beside import told_as_one
from ....choice import where
from ....elementwise import elementwise
from ....primitive import primitive
from ....tensor import Tensor
from ...elementwise.exponential import exp, log
from ...elementwise.rounding import abs, sign
from .reduction import reduced, reduction_name, warn_of_broadcast


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``|input − target|``, averaged (weighted by ``weight``), summed, or unreduced (``reduction="none"``)."""
    reduction = reduction_name("l1_loss", reduction, size_average, reduce)
    return reduced(abs(_difference("l1_loss", input, target, weight)), reduction, weight)


@primitive(formula="scale·Σ(input − target)²")
def _squared_distance(input, target, scale):
    difference = (input - target).reshape(-1)
    if difference.itemsize == 2:  # a float16 does not hold the sum
        wide = difference.astype(np.float32)
        return (dot(wide, wide) * np.float32(scale)).astype(difference.dtype)
    return dot(difference, difference) * difference.dtype.type(scale)


_squared_distance.vjp(
    input=lambda g, input, target, scale: (input - target) * (g * (2 * scale)),
    target=lambda g, input, target, scale: (target - input) * (g * (2 * scale)),
)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``(input − target)²``, averaged (weighted by ``weight``), summed, or unreduced (``reduction="none"``)."""
    reduction = reduction_name("mse_loss", reduction, size_average, reduce)
    alike = (input.shape, input.dtype, input.dtype.kind) == (target.shape, target.dtype, "f")
    if alike and weight is None and reduction != "none":  # the usual case, as one op
        count = input.numel() if reduction == "mean" else 1
        return _squared_distance(input, target, 1 / count if count else math.nan)
    difference = _difference("mse_loss", input, target, weight)
    return reduced(difference * difference, reduction, weight)


@elementwise(
    formula="d²/(2β) if |d| < β else |d| − ½β", derivative_formula="d/β if |d| < β else sign d", integers="float"
)
def _smooth_l1(d, beta=1.0):
    return where(abs(d) < beta, 0.5 * d * d / beta, abs(d) - 0.5 * beta)


@_smooth_l1.derivative
def _(d, beta):
    return where(abs(d) < beta, d / beta, sign(d))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``d²/(2·beta)`` where ``|d| < beta``, else ``|d| − beta/2``, with d = input − target. Girshick 2015, eq. 3.

    Raises ValueError for beta < 0.
    """
    reduction = reduction_name("smooth_l1_loss", reduction, size_average, reduce)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    d = _difference("smooth_l1_loss", input, target)
    return reduced(abs(d) if beta == 0 else _smooth_l1(d, float(beta)), reduction)


@elementwise(
    formula="½d² if |d| ≤ δ else δ·(|d| − ½δ)", derivative_formula="d if |d| ≤ δ else δ·sign d", integers="float"
)
def _huber(d, delta=1.0):
    return where(abs(d) <= delta, 0.5 * d * d, delta * (abs(d) - 0.5 * delta))


@_huber.derivative
def _(d, delta):
    return where(abs(d) <= delta, d, delta * sign(d))


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """``d²/2`` where ``|d| ≤ delta``, else ``delta·(|d| − delta/2)``, with d = input − target. Huber 1964.

    ``weight`` multiplies each loss; the mean divides by the number of elements, as in PyTorch (unlike ``mse_loss``).
    Raises ValueError for delta ≤ 0.
    """
    reduction = reduction_name("huber_loss", reduction)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    losses = _huber(_difference("huber_loss", input, target, weight), float(delta))
    return reduced(losses if weight is None else losses * weight, reduction)


def _difference(op: str, input, target, weight=None):
    warn_of_broadcast(op, input, target)
    if weight is not None and tuple(weight.shape) != tuple(input.shape):
        raise ValueError(f"{op}: the weight has shape {tuple(weight.shape)}, the input's {tuple(input.shape)} expected")
    return input - target


@elementwise(formula="0 if t = 0 else t·(ln t − x)", derivative_formula="−t, ln t + 1 − x", integers="float")
def _kl_term(x, t):
    return where(t == 0, 0, t * log(t)) - t * x


@_kl_term.derivative
def _(x, t):
    return -t, log(t) + 1 - x


@elementwise(formula="eᵗ·(t − x)", derivative_formula="−eᵗ, eᵗ·(t − x + 1)", integers="float")
def _kl_log_term(x, t):
    return exp(t) * (t - x)


@_kl_log_term.derivative
def _(x, t):
    return -exp(t), exp(t) * (t - x + 1)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback–Leibler divergence ``target·(log target − input)``, with ``input`` the logarithms of probabilities.

    Args:
        target: probabilities, or with ``log_target`` their logarithms.
        reduction: ``"batchmean"`` divides the sum by the number of rows, which is the divergence; ``"mean"``, PyTorch's
            default, by the number of elements.
    """
    reduction = reduction_name("kl_div", reduction, size_average, reduce, ("batchmean",))
    losses = (_kl_log_term if log_target else _kl_term)(input, target)
    if reduction != "batchmean":
        return reduced(losses, reduction)
    return losses.sum() / input.shape[0] if input.ndim else losses


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``exp(input) − target·input``: the negative log-likelihood of counts under a Poisson distribution.

    With ``log_input=False`` the input is the rate itself: ``input − target·log(input + eps)``. ``full`` adds Stirling's
    approximation of ``log target!`` where target > 1.
    """
    reduction = reduction_name("poisson_nll_loss", reduction, size_average, reduce)
    losses = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + 0.5 * log(target * (2 * math.pi))
        losses = losses + where(target <= 1, 0, stirling)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """``½·(log v + (input − target)²/v)`` with v = max(var, eps); no gradient flows through the clamp. Nix and Weigend
    1994.

    ``var`` has the input's shape, or lacks its last dimension or has size 1 in one; or is a number. ``full`` adds ½·log
    2π. Raises ValueError for another shape or a negative ``var``.
    """
    reduction = reduction_name("gaussian_nll_loss", reduction)
    _check_variance(var)
    if isinstance(var, int | float):
        var = input.detach() * 0 + var
    else:
        shape, wanted = tuple(var.shape), tuple(input.shape)
        if shape != wanted and shape == wanted[:-1]:
            var = var.reshape((*shape, 1))
        elif shape != wanted and (
            len(shape) != len(wanted) or [v for v, n in zip(shape, wanted, strict=True) if v != n] != [1]
        ):
            raise ValueError(f"gaussian_nll_loss: var has shape {shape}, which does not fit the input's {wanted}")
    limited = var + (eps - var.detach()) * (var.detach() < eps)
    difference = input - target
    losses = (log(limited) + difference * difference / limited) * 0.5
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


@told_as_one
def _check_variance(var) -> None:
    lowest = host(array_of(var)).min(initial=0)
    if lowest < 0:
        raise ValueError(f"gaussian_nll_loss: var must not be negative, got {lowest}")
