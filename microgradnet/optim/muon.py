"""Muon: momentum matrices are orthogonalized before the step."""

import math

from ..backends.device import np
from .optimizer import Optimizer, options
from .update_rule import check_arrays, held_array

RATE_RULES = (None, "original", "match_rms_adamw")


def orthogonalized(matrix: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float) -> np.ndarray:
    """Approximately ``U·Vᵀ`` of ``matrix = U·S·Vᵀ``, by Newton-Schulz iterations ``X ← aX + (bA + cA²)X`` with ``A =
    X·Xᵀ``.

    With Muon's coefficients the singular values reach about [0.7, 1.2] in few steps, rather than 1 in many.
    """
    a, b, c = coefficients
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix  # gives the smaller A
    x = x / max(np.linalg.norm(x), eps)  # singular values of at most 1
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon(Optimizer):
    """``B ← μB + (1 − μ)g``, ``O ≈ U·Vᵀ of (1 − μ)g + μB``, ``p ← (1 − lr·weight_decay)·p − lr'·O``.

    For matrices only: all singular directions of an update have the same length. ``lr'`` is ``lr·√max(1,
    rows/columns)`` ("original", the default), or ``0.2·lr·√max(rows, columns)`` ("match_rms_adamw"), which suits Adam's
    learning rates. Without ``nesterov`` O is that of B. The iteration runs in the parameter's dtype, while PyTorch
    rounds to bfloat16 at every product: the steps differ by about 1 %. Jordan et al. 2024, "Muon: An optimizer for
    hidden layers in neural networks"; Liu et al. 2025, "Muon is Scalable for LLM Training". Raises ValueError for a
    parameter that is not a matrix, an unknown ``adjust_lr_fn``, other than three ``ns_coefficients``, and ``ns_steps``
    outside [0, 100).
    """

    state_names = ("momentum_buffer",)
    paper = (
        "Jordan et al. 2024, 'Muon: An optimizer for hidden layers in neural networks'; "
        "Liu et al. 2025, 'Muon is Scalable for LLM Training'"
    )
    when = "The hidden matrices of transformers and MLPs; biases, embeddings and the last layer get AdamW."

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
        ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group) -> None:
        super().check(group)
        for p in group["params"]:
            if p.ndim != 2:
                raise ValueError(f"Muon: only matrices can be made orthogonal, got a parameter of shape {p.shape}")
        if group["adjust_lr_fn"] not in RATE_RULES:
            raise ValueError(f"Muon: adjust_lr_fn must be one of {RATE_RULES}, got {group['adjust_lr_fn']!r}")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError(f"Muon: three ns_coefficients expected, got {group['ns_coefficients']}")
        if not 0 <= group["ns_steps"] < 100:
            raise ValueError(f"Muon: ns_steps must be in [0, 100), got {group['ns_steps']}")

    def update_parameter(self, p, g, state, group) -> None:
        check_arrays(p.array, g)
        momentum, lr, buffer = group["momentum"], group["lr"], held_array(state, "momentum_buffer", p.array)
        buffer += (1 - momentum) * (g - buffer)
        direction = g + momentum * (buffer - g) if group["nesterov"] else buffer
        step = orthogonalized(direction, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        else:
            scale = math.sqrt(max(1, rows / max(1, columns)))
        p.array *= 1 - lr * group["weight_decay"]
        p.array -= lr * scale * step
