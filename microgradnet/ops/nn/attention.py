"""Attention."""

import math

from ...backends.device import np
from ...choice import where
from ...tensor import Tensor
from ..arrays.creation import full_like
from ..arrays.rearranging import repeat_interleave
from ..arrays.sampling import bernoulli
from ..reduce.reduction import softmax


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query·keyᵀ·scale + mask)·value``: (..., L, E), (..., S, E), (..., S, V) -> (..., L, V).

    Args:
        attn_mask: broadcasts to (..., L, S): true where a query may attend, or numbers added to the scores.
        is_causal: query i attends to keys 0 to i.
        scale: 1/√E by default. Vaswani et al. 2017, eq. 1.
        enable_gqa: fewer heads (dimension -3) of keys and values than of queries, each serving several.

    A query that may attend to nothing returns zeros. Raises ValueError if the shapes do not fit.
    """
    for name, x in (("query", query), ("key", key), ("value", value)):
        if x.ndim < 2:
            raise ValueError(f"scaled_dot_product_attention: {name} needs 2 dimensions, got shape {tuple(x.shape)}")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            "scaled_dot_product_attention: query (L, E), key (S, E) and value (S, V) expected, got shapes "
            f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: attn_mask and is_causal exclude each other")
    if enable_gqa:
        key = repeat_interleave(key, query.shape[-3] // key.shape[-3], -3)
        value = repeat_interleave(value, query.shape[-3] // value.shape[-3], -3)
    scores = (query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)) @ key.mT
    mask = np.tri(query.shape[-2], key.shape[-2], dtype=bool) if is_causal else attn_mask
    if mask is not None and mask.dtype == bool:
        allowed = getattr(mask, "array", mask)
        scores = where(allowed, scores, -math.inf)
        nowhere = ~allowed.any(axis=-1, keepdims=True)  # type: ignore[call-arg]
        # A row of only −inf would become NaN, and so would its gradient.
        weights = softmax(where(nowhere, 0, scores), -1) if nowhere.any() else softmax(scores, -1)
        weights = where(nowhere, 0, weights) if nowhere.any() else weights
    else:
        weights = softmax(scores if mask is None else scores + mask, -1)
    if not 0 <= dropout_p < 1:
        raise ValueError(f"scaled_dot_product_attention: dropout_p must be in [0, 1), got {dropout_p}")
    if dropout_p > 0:
        kept = bernoulli(full_like(weights, 1 - dropout_p))
        weights = weights * kept / (1 - dropout_p)
    return weights @ value
