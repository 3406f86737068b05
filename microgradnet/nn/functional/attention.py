"""Multi-head attention as a function of its weights. Vaswani et al. 2017, section 3.2."""

import math

import numpy as np

from ...ops import cat, softmax, zeros
from ...ops.arrays.padding import pad
from ...ops.linalg.matmul import linear
from ...ops.nn.dropout import dropout
from ...tensor import Tensor


def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """``softmax(Q Kᵀ/√d + mask)·V`` for each head, joined and projected. See ``nn.MultiheadAttention``.

    query (L, N, E) or (L, E); key and value (S, N, …) or (S, …). A mask leaves out the positions where it is True (or
    −∞). Returns (L, N, E) and the weights. Raises ValueError for shapes that do not fit together or features that do
    not divide by ``num_heads``, RuntimeError for ``is_causal`` without ``attn_mask``.
    """
    batched = query.dim() == 3
    if query.dim() not in (2, 3) or key.dim() != query.dim() or value.dim() != query.dim():
        shapes = ", ".join(str(tuple(t.shape)) for t in (query, key, value))
        raise ValueError(f"multi_head_attention_forward: 2 or 3 dimensions each expected, got {shapes}")
    if query.shape[-1] != embed_dim_to_check:
        raise ValueError(
            f"multi_head_attention_forward: a query of {embed_dim_to_check} features expected, got {query.shape[-1]}"
        )
    if key.shape[:-1] != value.shape[:-1]:
        raise ValueError(
            f"multi_head_attention_forward: keys {tuple(key.shape)} and values {tuple(value.shape)} must be as many"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("multi_head_attention_forward: is_causal=True is a hint about attn_mask, which is missing")
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed = query.shape
    head = embed // num_heads
    if head * num_heads != embed:
        raise ValueError(f"multi_head_attention_forward: {embed} features do not divide by {num_heads} heads")
    separate = (q_proj_weight, k_proj_weight, v_proj_weight)
    weights = separate if use_separate_proj_weight else in_proj_weight.chunk(3)
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    q, k, v = (linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases, strict=True))
    if bias_k is not None:
        k, v = (cat([t, b.expand((1, batch, embed))]) for t, b in ((k, bias_k), (v, bias_v)))
    q, k, v = (t.reshape((t.shape[0], batch, num_heads, head)).permute(1, 2, 0, 3) for t in (q, k, v))
    k, v = (t if s is None else s.reshape((batch, num_heads, -1, head)) for t, s in ((k, static_k), (v, static_v)))
    if add_zero_attn:
        k, v = (cat([t, zeros(batch, num_heads, 1, head, dtype=t.dtype, device=t.device)], 2) for t in (k, v))
    scores = (q * math.sqrt(1 / head)) @ k.mT
    mask = _mask(attn_mask, key_padding_mask, batch, num_heads, length, key.shape[0], k.shape[2], q.dtype)
    attention = softmax(scores if mask is None else scores + mask, -1)
    if dropout_p > 0:
        attention = dropout(attention, dropout_p, training)
    out = (attention @ v).permute(2, 0, 1, 3).reshape((length, batch, embed))
    out = linear(out, out_proj_weight, out_proj_bias)
    weights = (attention.mean(1) if average_attn_weights else attention) if need_weights else None
    if not batched:
        return out.squeeze(1), None if weights is None else weights.squeeze(0)
    return out, weights


def _mask(attn_mask, padding, batch, heads, length, given: int, total: int, dtype) -> Tensor | None:
    """Both masks combined into one that is added to the scores (batch, heads, length, total); keys beyond ``given`` are
    never masked.
    """
    parts = []
    if attn_mask is not None:
        expected = [(length, given), (batch * heads, length, given)]
        if tuple(attn_mask.shape) not in expected:
            raise ValueError(
                f"multi_head_attention_forward: attn_mask of shape {expected[0]} or {expected[1]} expected, "
                f"got {tuple(attn_mask.shape)}"
            )
        added = _added("attn_mask", attn_mask, dtype)
        parts.append(added if added.dim() == 2 else added.reshape((batch, heads, length, given)))
    if padding is not None:
        if tuple(padding.shape) != (batch, given):
            raise ValueError(
                f"multi_head_attention_forward: key_padding_mask of shape {(batch, given)} expected, "
                f"got {tuple(padding.shape)}"
            )
        parts.append(_added("key_padding_mask", padding, dtype).reshape((batch, 1, 1, given)))
    if not parts:
        return None
    mask = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return mask if total == given else pad(mask, (0, total - given))


def _added(name: str, mask: Tensor, dtype) -> Tensor:
    """A boolean mask (True is left out) as one that is added."""
    if mask.dtype.kind == "f":
        return mask
    if mask.dtype.kind != "b":
        raise TypeError(f"multi_head_attention_forward: {name} is boolean or floating, got {mask.dtype.name}")
    return zeros(*mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -np.inf)
