"""Recurrent layers, attention and transformers beside PyTorch's over their options, and their gradients checked."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import functional as F
from tests.covered import covers
from tests.nn.agreement import LayerCase, assert_agrees, assert_gradients
from tests.oracle import oracle

SEQUENCE, ONE = (4, 2, 3), (4, 3)


def case(name, *inputs, args=(3, 5), text=True, call=None, **options) -> LayerCase:
    return LayerCase(name, inputs, args, options, call=call or {}, steps=1, text=text)


RECURRENT = [
    case(name, SEQUENCE, **options)
    for name in ("RNN", "LSTM", "GRU")
    for options in ({}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "batch_first": True})
]
RECURRENT += [
    *(case(name, ONE, args=(3, 2), bidirectional=True) for name in ("RNN", "LSTM", "GRU")),
    case("RNN", SEQUENCE, nonlinearity="relu"),
    case("RNN", SEQUENCE, (2, 2, 5), bidirectional=True),
    case("GRU", ONE, (1, 5)),
    case("LSTM", SEQUENCE, args=(3, 4), proj_size=2, num_layers=2, bidirectional=True),
    case("RNNCell", (2, 3)),
    case("RNNCell", (2, 3), (2, 5), nonlinearity="relu", bias=False),
    case("LSTMCell", (3,)),
    case("LSTMCell", (2, 3), bias=False),
    case("GRUCell", (2, 3), (2, 5)),
    case("GRUCell", (3,)),
]

BOOLEAN = np.array([[False, True, False, False], [False, False, False, True], [True, False, False, False]])
ADDED = np.where(BOOLEAN, -1.5, 0.3).astype(np.float32)
PADDED = np.array([[False, False, False, True], [False, True, False, False]])
QUERY, KEYS = (3, 2, 4), (4, 2, 4)


def attention(*inputs, args=(4, 2), call=None, **options) -> LayerCase:
    return case("MultiheadAttention", *(inputs or (QUERY, KEYS, KEYS)), args=args, text=False, call=call, **options)


ATTENTION = [
    attention(),
    attention(bias=False),
    attention((3, 4), (4, 4), (4, 4)),
    attention((2, 3, 4), (2, 4, 4), (2, 4, 4), batch_first=True),
    attention(QUERY, (4, 2, 5), (4, 2, 3), kdim=5, vdim=3),
    attention(add_bias_kv=True, add_zero_attn=True),
    attention(call={"attn_mask": BOOLEAN}),
    attention(call={"attn_mask": np.stack([BOOLEAN, ~BOOLEAN] * 2)}),
    attention((3, 4), (4, 4), (4, 4), batch_first=True, call={"key_padding_mask": PADDED[0]}),
    attention(QUERY, QUERY, QUERY, call={"attn_mask": ~np.tri(3, dtype=bool), "is_causal": True}),
    attention(call={"key_padding_mask": PADDED, "average_attn_weights": False}),
    attention(call={"attn_mask": ADDED, "need_weights": False}),
    attention(add_bias_kv=True, add_zero_attn=True, call={"attn_mask": BOOLEAN, "key_padding_mask": PADDED}),
]

LAYER = {"dim_feedforward": 6, "dropout": 0.0}
CAUSAL = np.triu(np.full((3, 3), -np.inf, np.float32), 1)
TRANSFORMER = [
    case("TransformerEncoderLayer", QUERY, args=(4, 2), text=False, **LAYER),
    case("TransformerEncoderLayer", QUERY, args=(4, 2), text=False, norm_first=True, activation="gelu", **LAYER),
    case("TransformerEncoderLayer", (3, 4), args=(4, 2), text=False, bias=False, **LAYER),
    case("TransformerEncoderLayer", QUERY, args=(4, 2), text=False, call={"src_mask": CAUSAL}, **LAYER),
    case("TransformerDecoderLayer", QUERY, KEYS, args=(4, 2), text=False, **LAYER),
    case("TransformerDecoderLayer", (2, 3, 4), (2, 5, 4), args=(4, 2), text=False, batch_first=True, **LAYER),
    case("TransformerDecoderLayer", QUERY, KEYS, args=(4, 2), text=False, norm_first=True, **LAYER),
    case("Transformer", KEYS, QUERY, args=(4, 2, 2, 1), text=False, call={"tgt_mask": CAUSAL}, **LAYER),
    case(
        "TransformerDecoderLayer",
        QUERY,
        KEYS,
        args=(4, 2),
        text=False,
        bias=False,
        call={"tgt_mask": CAUSAL, "memory_key_padding_mask": PADDED, "tgt_is_causal": True},
        **LAYER,
    ),
    case(
        "Transformer",
        KEYS,
        QUERY,
        args=(4, 2, 1, 1),
        text=False,
        bias=False,
        call={"src_key_padding_mask": PADDED, "memory_key_padding_mask": PADDED},
        **LAYER,
    ),
    case(
        "Transformer", (2, 4, 4), (2, 3, 4), args=(4, 2, 1, 2), text=False, batch_first=True, norm_first=True, **LAYER
    ),
]
CASES = [*RECURRENT, *ATTENTION, *TRANSFORMER]
covers(*(f"nn.{c.name}" for c in CASES), "F.multi_head_attention_forward")


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_pytorchs(case, dtype, training):
    if dtype == "float64" and any(getattr(v, "dtype", None) == np.float32 for v in case.call.values()):
        case = LayerCase(
            case.name, case.inputs, case.args, case.options, steps=1, text=case.text,
            call={k: v.astype(dtype) if v is ADDED or v is CAUSAL else v for k, v in case.call.items()},
        )  # fmt: skip
    assert_agrees(case, dtype, training)


# Finite differences cost a forward pass for each number, so these are as small as can be.
TINY = [
    *(case(name, (2, 1, 2), args=(2, 2), bidirectional=True) for name in ("RNN", "LSTM", "GRU")),
    case("RNN", (2, 1, 2), args=(2, 2), nonlinearity="relu"),
    case("LSTM", (2, 1, 2), args=(2, 2), num_layers=2, proj_size=1),
    *(case(name, (1, 2), args=(2, 2)) for name in ("RNNCell", "LSTMCell", "GRUCell")),
    attention((2, 1, 2), (2, 1, 2), (2, 1, 2), args=(2, 1)),
    attention((2, 1, 2), (2, 1, 3), (2, 1, 1), args=(2, 2), kdim=3, vdim=1, add_bias_kv=True, add_zero_attn=True),
    case("TransformerEncoderLayer", (2, 1, 2), args=(2, 1, 2, 0.0), text=False, activation="gelu"),
    case("TransformerDecoderLayer", (2, 1, 2), (2, 1, 2), args=(2, 1, 2, 0.0), text=False, norm_first=True),
]


@pytest.mark.parametrize("case", TINY, ids=str)
def test_gradients_are_right(case):
    second = not case.name.startswith("Transformer")
    assert_gradients(LayerCase(case.name, case.inputs, case.args, case.options, case.call, second_order=second))


def test_an_initial_state_of_an_lstm_and_its_gradient():
    torch = oracle()
    ours, theirs = nn.LSTM(3, 4, 2).double(), torch.nn.LSTM(3, 4, 2).double()
    ours.load_state_dict(theirs.state_dict())
    random = np.random.default_rng(0)
    x, h, c = (random.standard_normal(s) for s in ((5, 2, 3), (2, 2, 4), (2, 2, 4)))
    mine = [mg.Tensor(v, requires_grad=True) for v in (x, h, c)]
    other = [torch.tensor(v, requires_grad=True) for v in (x, h, c)]
    a, (ha, ca) = ours(mine[0], (mine[1], mine[2]))
    b, (hb, cb) = theirs(other[0], (other[1], other[2]))
    for p, q in ((a, b), (ha, hb), (ca, cb)):
        np.testing.assert_allclose(p.detach(), q.detach().numpy(), rtol=1e-12)
    (a.sum() + (ha * ca).sum()).backward()
    (b.sum() + (hb * cb).sum()).backward()
    for p, q in zip(mine, other, strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-10)


@covers("nn.TransformerEncoder", "nn.TransformerDecoder")
def test_stacks_of_layers_are_pytorchs_and_start_alike():
    torch = oracle()
    for kind in ("Encoder", "Decoder"):
        made = []
        for library in (mg, torch):
            n = library.nn
            layer = getattr(n, f"Transformer{kind}Layer")(4, 2, 6, 0.0)
            options = {"enable_nested_tensor": False} if kind == "Encoder" else {}
            made.append(getattr(n, f"Transformer{kind}")(layer, 2, norm=n.LayerNorm(4), **options))
        ours, theirs = made
        assert ours.layers[0].linear1.weight.tolist() == ours.layers[1].linear1.weight.tolist()
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(theirs.state_dict())
        inputs = [np.random.default_rng(i).standard_normal((3, 2, 4)).astype(np.float32) for i in range(2)]
        inputs = inputs[: 1 if kind == "Encoder" else 2]
        a, b = ours(*map(mg.Tensor, inputs)), theirs(*map(torch.tensor, inputs))
        np.testing.assert_allclose(a.detach(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    np.testing.assert_array_equal(mask, torch.nn.Transformer.generate_square_subsequent_mask(3).numpy())


def test_all_weights_are_listed_by_layer_and_direction():
    torch = oracle()
    shapes = [
        [
            [tuple(p.shape) for p in group]
            for group in library.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2).all_weights
        ]
        for library in (mg, torch)
    ]
    assert shapes[0] == shapes[1]


def test_dropout_between_layers_and_in_attention_is_off_in_eval():
    x = mg.randn(4, 2, 3)
    rnn = nn.GRU(3, 4, num_layers=2, dropout=0.5)
    assert (rnn(x)[0].detach().numpy() != rnn(x)[0].detach().numpy()).any()
    rnn.eval()
    np.testing.assert_array_equal(rnn(x)[0].detach(), rnn(x)[0].detach())
    layer = nn.MultiheadAttention(3, 1, dropout=0.5)
    assert (layer(x, x, x)[0].detach().numpy() != layer(x, x, x)[0].detach().numpy()).any()


def test_a_recurrent_net_learns_what_its_state_must_carry():
    mg.manual_seed(0)
    rnn, head = nn.GRU(1, 12, batch_first=True), nn.Linear(12, 1)
    optimizer = mg.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.02)
    for _ in range(400):  # the sum of six numbers
        x = mg.rand(32, 6, 1)
        loss = F.mse_loss(head(rnn(x)[1][0]), x.sum(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


X = (2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.RNN(3, 0), "hidden_size must be a positive integer, got 0"),
        (lambda: nn.RNN(3, 4, nonlinearity="gelu"), "got 'gelu'"),
        (lambda: nn.LSTM(3, 4, proj_size=4), "below hidden_size, got 4"),
        (lambda: nn.GRU(3, 4, dropout=2), r"\[0, 1\], got 2"),
        (lambda: nn.GRU(3, 4)(mg.zeros(5, 2)), r"GRU: an input \(steps, batch, 3\).*\(5, 2\)"),
        (lambda: nn.GRU(3, 4)(mg.zeros(5, 2, 3), mg.zeros(1, 3, 4)), r"shape \(1, 2, 4\) expected, got \(1, 3, 4\)"),
        (lambda: nn.LSTM(3, 4)(mg.zeros(5, 2, 3), (mg.zeros(1, 2, 4),)), "a pair"),
        (lambda: nn.LSTM(3, 4, batch_first=True)(mg.zeros(2, 0, 3)), r"LSTM: at least one step.*\(2, 0, 3\)"),
        (lambda: nn.LSTMCell(3, 4)(mg.zeros(2, 2)), "LSTMCell"),
        (lambda: nn.RNNCell(3, 4)(mg.zeros(2, 3), mg.zeros(1, 4)), r"\(2, 4\) expected, got \(1, 4\)"),
        (lambda: nn.RNNCell(3, 4, nonlinearity="x"), "got 'x'"),
        (lambda: nn.MultiheadAttention(5, 2), "multiple of num_heads, got 5 and 2"),
        (lambda: nn.MultiheadAttention(4, 2)(*[mg.zeros(3, 1, 5)] * 3), "a query of 4 features expected, got 5"),
        (
            lambda: nn.MultiheadAttention(4, 2)(mg.zeros(3, 1, 4), mg.zeros(2, 1, 4), mg.zeros(3, 1, 4)),
            "must be as many",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(*[mg.zeros(3, 1, 4)] * 3, attn_mask=mg.zeros(2, 2)),
            r"attn_mask of shape \(3, 3\) or \(2, 3, 3\)",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(*[mg.zeros(3, 1, 4)] * 3, key_padding_mask=mg.zeros(2, 2)),
            r"key_padding_mask of shape \(1, 3\)",
        ),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), "'relu', 'gelu' or a function"),
        (lambda: nn.Transformer(4, 2, 1, 1, 4)(mg.zeros(2, 1, 3), mg.zeros(2, 1, 4)), "of 4 features expected"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_masks_of_a_wrong_kind():
    layer = nn.MultiheadAttention(4, 2)
    with pytest.raises(TypeError, match="attn_mask is boolean or floating, got int64"):
        layer(*[mg.zeros(3, 1, 4)] * 3, attn_mask=mg.zeros(3, 3, dtype=mg.int64))
    with pytest.raises(RuntimeError, match="is_causal=True is a hint about attn_mask, which is missing"):
        layer(*[mg.zeros(3, 1, 4)] * 3, is_causal=True)
