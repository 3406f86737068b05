"""Multi-head attention. Vaswani et al. 2017, section 3.2."""

from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import Linear, empty_parameter
from .module import Module


class MultiheadAttention(Module):
    """``Concat(head₁ … head_h)·W_O``, ``headᵢ = softmax(Q Kᵀ/√d)·V`` of projected queries, keys, values. Vaswani et
    al. 2017.

    Each position attends to all others, by content; without a positional encoding it cannot tell their order, and the
    cost grows with the square of the length. query (L, N, E), key and value (S, N, kdim / vdim), or (N, L, E) with
    ``batch_first``, or without the N; returns (L, N, E) and the weights (N, L, S), averaged over heads unless
    ``average_attn_weights`` is False. A mask leaves out the positions where it is True, or −∞ if it is a float mask,
    which is added. Raises ValueError unless ``embed_dim`` is a multiple of ``num_heads``.

    >>> out, weights = nn.MultiheadAttention(8, 2)(*[mg.zeros(5, 3, 8)] * 3)
    >>> out.shape, weights.shape
    ((5, 3, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}"
            )
        made = {"device": device, "dtype": dtype}
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.head_dim = embed_dim // num_heads
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        same = self._qkv_same_embed_dim
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", None if same else empty_parameter(embed_dim, size, **made))
        self.register_parameter("in_proj_weight", empty_parameter(3 * embed_dim, embed_dim, **made) if same else None)
        self.register_parameter("in_proj_bias", empty_parameter(3 * embed_dim, **made) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, **made)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, empty_parameter(1, 1, embed_dim, **made) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Xavier for the projections, zeros for their biases."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if self._parameters[name] is not None:
                init.xavier_uniform_(self._parameters[name])
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for name in ("bias_k", "bias_v"):
            if self._parameters[name] is not None:
                init.xavier_normal_(self._parameters[name])

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        turned = self.batch_first and query.dim() == 3
        if turned:
            query, key, value = (t.transpose(0, 1) for t in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if turned else out, weights
