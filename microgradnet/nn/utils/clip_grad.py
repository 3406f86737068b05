"""Gradient clipping, for single batches whose gradients explode. Pascanu et al. 2013, algorithm 1."""

import math

import numpy as np

from ...backends.sums import dot
from ...beside import told_as_one
from ...tensor import Tensor


def _listed(parameters) -> list[Tensor]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def get_total_norm(tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach=None) -> Tensor:
    """The norm of all elements of ``tensors`` as one vector: ``(Σ|x|ᵖ)^(1/p)``, the largest |x| for p = ∞.

    Raises RuntimeError for NaN or Inf, if ``error_if_nonfinite``.
    """
    arrays = [getattr(t, "array", t) for t in _listed(tensors)]
    dtype = np.result_type(*arrays) if arrays else np.dtype(np.float32)
    p = float(norm_type)
    if not arrays:
        total = 0.0
    elif p == 2.0:
        # The dot product with itself needs no array of squares. Sums of float32 are added up in float64.
        squares = [dot(a.reshape(-1), a.reshape(-1)).astype(np.float64) for a in arrays]
        total = math.sqrt(float(sum(squares)))  # on a GPU: one wait
        if not math.isfinite(total) or (0 < total < 1e-15):  # the squares may have over- or underflowed
            total = _norm(np.array([np.linalg.norm(a.astype(np.float64).reshape(-1)) for a in arrays]), p)
    else:
        total = _norm(np.array([_norm(a.reshape(-1), p) for a in arrays]), p)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"the total norm of order {p:g} is {total}, so gradients cannot be clipped by it: "
            "pass error_if_nonfinite=False to go on"
        )
    return Tensor(np.asarray(total, dtype))


def _norm(vector: np.ndarray, p: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(vector.astype(np.float64), p)) if vector.size else 0.0


@told_as_one
def clip_grad_norm_(
    parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach=None
) -> Tensor:
    """Scales all gradients, as one vector, down to norm ``max_norm`` if theirs is greater; returns the norm before.

    ``g ← g·min(1, max_norm/(‖g‖ + 1e-6))``: the direction is kept.
    """
    gradients = [p.grad for p in _listed(parameters) if p.grad is not None]
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    _scale(gradients, max_norm, total)
    return total


@told_as_one
def clip_grads_with_norm_(parameters, max_norm: float, total_norm: Tensor, foreach=None) -> None:
    """``clip_grad_norm_`` with an already computed norm."""
    _scale([p.grad for p in _listed(parameters) if p.grad is not None], max_norm, total_norm)


def _scale(gradients: list[Tensor], max_norm: float, total_norm: Tensor) -> None:
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_: max_norm must not be negative, got {max_norm}")
    factor = max_norm / (float(total_norm) + 1e-6)
    if factor < 1 or math.isnan(factor):
        for gradient in gradients:
            gradient.array *= gradient.dtype.type(factor)
            gradient.version[0] += 1


@told_as_one
def clip_grad_value_(parameters, clip_value: float, foreach=None) -> None:
    """Clamps each element of each gradient to [−clip_value, clip_value]; this may change the direction.

    Raises ValueError for a negative ``clip_value``.
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_grad_value_: clip_value must not be negative, got {clip_value}")
    for p in _listed(parameters):
        if p.grad is not None:
            np.clip(p.grad.array, -clip_value, clip_value, out=p.grad.array)
            p.grad.version[0] += 1
