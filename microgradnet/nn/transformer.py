"""The transformer: encoder and decoder layers of attention and a small feed-forward net. Vaswani et al. 2017, section
3.
"""

import copy
from collections.abc import Callable

import numpy as np

from ..tensor import Tensor
from . import functional as F
from . import init
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm


def _function(name: str, activation) -> Callable:
    if isinstance(activation, str):
        known = {"relu": F.relu, "gelu": F.gelu}
        if activation not in known:
            raise ValueError(f"{name}: activation is 'relu', 'gelu' or a function, got {activation!r}")
        return known[activation]
    return activation


class _Layer(Module):
    """The common part of encoder and decoder layers: the feed-forward net, and residual branches with the norm first or
    last.
    """

    def __init__(self, d_model, dim_feedforward, dropout, activation, norm_first, bias, made):
        super().__init__()
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        self.activation = _function(type(self).__name__, activation)

    def feed_forward(self, x: Tensor) -> Tensor:
        """``W₂·dropout(act(W₁ x + b₁)) + b₂``, at each position."""
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def residual(self, x: Tensor, branch: Callable, norm: Module, dropout: Module) -> Tensor:
        """``x + dropout(branch(norm(x)))`` with ``norm_first`` (Xiong et al. 2020), else ``norm(x +
        dropout(branch(x)))``.
        """
        return x + dropout(branch(norm(x))) if self.norm_first else norm(x + dropout(branch(x)))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward net at each position, each in a residual branch with LayerNorm. Vaswani et
    al. 2017.

    (S, N, d_model), or (N, S, d_model) with ``batch_first``, or (S, d_model). ``norm_first`` trains without warm-up.

    >>> nn.TransformerEncoderLayer(8, 2, 16)(mg.zeros(5, 3, 8)).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation=F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        made = {"device": device, "dtype": dtype}
        super().__init__(d_model, dim_feedforward, dropout, activation, norm_first, bias, made)
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **made)
        self._modules.move_to_end("self_attn", last=False)
        for i in (1, 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made))
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)

    def forward(self, src: Tensor, src_mask=None, src_key_padding_mask=None, is_causal: bool = False) -> Tensor:
        def attend(x):
            return self.self_attn(
                x, x, x, attn_mask=src_mask, key_padding_mask=src_key_padding_mask, need_weights=False,
                is_causal=is_causal,
            )[0]  # fmt: skip

        x = self.residual(src, attend, self.norm1, self.dropout1)
        return self.residual(x, self.feed_forward, self.norm2, self.dropout2)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's ``memory``, then a feed-forward net, each in a residual branch.

    >>> nn.TransformerDecoderLayer(8, 2, 16)(mg.zeros(4, 3, 8), mg.zeros(5, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation=F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        made = {"device": device, "dtype": dtype}
        super().__init__(d_model, dim_feedforward, dropout, activation, norm_first, bias, made)
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **made)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **made)
        self._modules.move_to_end("multihead_attn", last=False)
        self._modules.move_to_end("self_attn", last=False)
        for i in (1, 2, 3):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made))
        self.dropout1, self.dropout2, self.dropout3 = (Dropout(dropout) for _ in range(3))

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def attend(x):
            return self.self_attn(
                x, x, x, attn_mask=tgt_mask, key_padding_mask=tgt_key_padding_mask, need_weights=False,
                is_causal=tgt_is_causal,
            )[0]  # fmt: skip

        def attend_to_memory(x):
            return self.multihead_attn(
                x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask, need_weights=False,
                is_causal=memory_is_causal,
            )[0]  # fmt: skip

        x = self.residual(tgt, attend, self.norm1, self.dropout1)
        x = self.residual(x, attend_to_memory, self.norm2, self.dropout2)
        return self.residual(x, self.feed_forward, self.norm3, self.dropout3)


class _Stack(Module):
    """``num_layers`` copies of a layer, followed by a norm."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None):
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def finished(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, with equal weights at the start.

    >>> layer = nn.TransformerEncoderLayer(8, 2, 16)
    >>> nn.TransformerEncoder(layer, 2)(mg.zeros(5, 3, 8)).shape
    (5, 3, 8)
    """

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__(encoder_layer, num_layers, norm)

    def forward(self, src: Tensor, mask=None, src_key_padding_mask=None, is_causal: bool | None = None) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return self.finished(src)


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, with equal weights at the start.

    >>> layer = nn.TransformerDecoderLayer(8, 2, 16)
    >>> nn.TransformerDecoder(layer, 2)(mg.zeros(4, 3, 8), mg.zeros(5, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                bool(tgt_is_causal),
                memory_is_causal,
            )
        return self.finished(tgt)


class Transformer(Module):
    """Encoder and decoder, for sequence-to-sequence tasks. Vaswani et al. 2017, figure 1, without embeddings and output
    layer.

    src (S, N, E), tgt (T, N, E) -> (T, N, E), or N first with ``batch_first``. Mask the future in tgt with
    ``generate_square_subsequent_mask``. Raises ValueError unless both have E features.

    >>> model = nn.Transformer(8, 2, 1, 1, 16)
    >>> model(mg.zeros(5, 3, 8), mg.zeros(4, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation=F.relu,
        custom_encoder=None,
        custom_decoder=None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        made = {"device": device, "dtype": dtype}

        def norm():
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **made)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*sizes, **made), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*sizes, **made), num_decoder_layers, norm()
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask=None,
        tgt_mask=None,
        memory_mask=None,
        src_key_padding_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ValueError(
                f"Transformer: src and tgt of {self.d_model} features expected, "
                f"got shapes {tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device=None, dtype=None) -> Tensor:
        """(sz, sz): −∞ above the diagonal, 0 elsewhere: position i sees positions up to i."""
        return Tensor(np.triu(np.full((sz, sz), -np.inf, dtype or np.float32), 1)).to(str(device or "cpu"))
