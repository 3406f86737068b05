"""Exponentials, rounding, comparison, activations, reductions, products, shapes, indices, layers and losses."""

import numpy as np

import microgradnet as mg
from tests.ops.case import ALL, FLOATS, A, Case

SHAPES = [
    (A(3, 4),),
    (A(),),
    (
        A(
            0,
        ),
    ),
    (A(1),),
    (A(2, 1, 3),),
]
POSITIVE = [(A(3, 4, low=0.1, high=4),), (A(low=0.5, high=2),), (A(1, low=0.5, high=2),)]
PAIRS = [(A(3, 4), A(3, 4)), (A(3, 1), A(4)), (A(), A(2, 3))]
KINKS = (0.0,)

ELEMENTWISE = [
    Case("exp", SHAPES, special=True),
    Case("expm1", SHAPES, special=True),
    Case("erf", SHAPES, special=True),
    Case("log", POSITIVE, special=True),
    Case("log1p", POSITIVE, special=True),
    Case("sqrt", POSITIVE, special=True),
    Case("abs", SHAPES, dtypes=("float32", "float64", "int64"), special=True, kinks=KINKS),
    Case("sign", SHAPES, dtypes=("float32", "float64", "int64"), special=True, kinks=KINKS),
    Case("sigmoid", SHAPES, dtypes=ALL, special=True),
    Case("tanh", SHAPES, dtypes=ALL, special=True),
    Case("relu", SHAPES, dtypes=("float32", "float64", "int64"), special=True, kinks=KINKS),
    Case("F.leaky_relu", [(A(3, 4),), (A(3), {"negative_slope": 0.3})], kinks=KINKS),
    Case("F.elu", [(A(3, 4),), (A(3), {"alpha": 1.5})], kinks=KINKS),
    Case("F.silu", SHAPES, rtol=1e-4),
    Case("F.gelu", SHAPES, rtol=1e-4),
    Case("F.softplus", [(A(3, 4),), (A(3), {"beta": 2.0, "threshold": 3.0})], rtol=1e-4),
]

COMPARISONS = [Case(name, PAIRS, dtypes=ALL, differentiable=False) for name in ("eq", "ne", "lt", "le", "gt", "ge")]
COMPARISONS += [Case(n, PAIRS, dtypes=("int64", "bool"), differentiable=False) for n in ("bitwise_and", "bitwise_or")]
COMPARISONS += [
    Case("bitwise_not", [(A(3),)], dtypes=("int64", "bool"), differentiable=False),
    Case("where", [(A(3, 4, dtype="bool"), A(3, 4), A(4)), (A(2, dtype="bool"), A(2), 0.5)], dtypes=FLOATS),
]

REDUCTIONS = [
    Case("all", [(A(3, 4),), (A(3, 4), 1)], dtypes=ALL, differentiable=False),
    Case("any", [(A(3, 4),), (A(3, 4), 1)], dtypes=ALL, differentiable=False),
]

PRODUCTS = [
    Case("matmul", [(A(3, 4), A(4, 2)), (A(2, 3, 4), A(4, 2)), (A(4), A(4)), (A(3, 4), A(4)), (A(4), A(2, 4, 3)),
                    (A(2, 1, 3, 4), A(5, 4, 2)), (A(0, 4), A(4, 2))]),
    Case("F.linear", [(A(3, 4), A(2, 4)), (A(2, 3, 4), A(5, 4), A(5)), (A(4), A(2, 4), A(2))]),
]  # fmt: skip

SHAPING = [Case("cast", [(A(2, 3),)], ours=lambda x: x.double(), torch=lambda x: x.double())]

INDEXING = [
    *(
        Case(
            f"getitem {index!r}", [(A(4, 3),)], ours=lambda x, i=index: x[i], torch=lambda x, i=index: x[i], dtypes=ALL
        )
        for index in (
            1,
            slice(1, 3),
            (slice(None), 2),
            (..., None, 0),
            [0, 2, 0],
            ([0, 1], [2, 2]),
            (slice(None, None, 2), [1, 1]),
        )
    ),
    Case(
        "setitem",
        [(A(4, 3), A(3)), (A(4, 3), A(1))],
        ours=lambda x, v: _written(x, v),
        torch=lambda x, v: _written(x, v),
    ),
    Case(
        "view_write",
        [(A(4, 3), A(3))],
        ours=lambda x, v: _multiplied_row(x, v),
        torch=lambda x, v: _multiplied_row(x, v),
    ),
]


def _written(x, v):
    y = x.clone()
    y[1:3] = v
    return y


def _multiplied_row(x, v):
    y = x.clone()
    y[1].mul_(v)
    return y * y


def _labels(*classes):
    return np.array(classes, np.int64)


def _nn(function: str, *labels):
    """Our and PyTorch's loss with integer labels bound, which both take in their own kind of tensor."""

    def ours(x, **options):
        return getattr(mg.nn.functional, function)(x, mg.Tensor(_labels(*labels)).to(x.device), **options)

    def theirs(x, **options):
        import torch

        return getattr(torch.nn.functional, function)(x, torch.tensor(_labels(*labels)), **options)

    return {"ours": ours, "torch": theirs}


LAYERS = [
    Case("F.conv1d", [(A(2, 3, 8), A(4, 3, 3), A(4)), (A(2, 4, 8), A(4, 2, 3), None, 2, 1, 1, 2)]),
    Case("F.conv2d", [(A(2, 3, 6, 5), A(4, 3, 3, 2), A(4)),
                      (A(1, 2, 7, 7), A(2, 1, 3, 3), None, (2, 1), (1, 0), (1, 2), 2),
                      (A(2, 5, 5), A(3, 2, 3, 3)), (A(1, 2, 5, 4), A(3, 2, 2, 3), A(3), 1, "same")]),
    Case("F.conv3d", [(A(1, 2, 4, 4, 4), A(3, 2, 2, 2, 2), A(3))]),
    Case("F.max_pool2d", [(A(2, 2, 6, 6), 2), (A(1, 2, 7, 6), 3, 2, 1), (A(2, 5, 5), 2, None, 0, 1, True)]),
]  # fmt: skip

LOSSES = [
    Case("F.nll_loss", [(A(3, 4),), (A(3, 4), {"reduction": "sum"}), (A(3, 4), {"ignore_index": 2}),
                        (A(3, 4), {"reduction": "none"})], **_nn("nll_loss", 0, 3, 2)),
    Case("F.cross_entropy", [(A(3, 4),), (A(3, 4), {"label_smoothing": 0.1}), (A(3, 4), {"ignore_index": 3}),
                             (A(3, 4), {"ignore_index": 3, "label_smoothing": 0.3, "reduction": "sum"})],
         **_nn("cross_entropy", 0, 3, 2)),
    Case("F.cross_entropy", [(A(2, 3, 2), A(2, 3, 2)), (A(4), A(4), {"label_smoothing": 0.2})]),
    Case("F.mse_loss", [(A(3, 4), A(3, 4)), (A(3), A(3), {"reduction": "none"}), (A(3), A(3), {"reduction": "sum"})]),
]  # fmt: skip

CASES = [*ELEMENTWISE, *COMPARISONS, *REDUCTIONS, *PRODUCTS, *SHAPING, *INDEXING, *LAYERS, *LOSSES]
