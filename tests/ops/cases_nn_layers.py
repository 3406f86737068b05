"""Embeddings, attention, bilinear layers, resizing and alignment-free sequences."""

import microgradnet as mg
from tests.ops.case import A, Case

NUMBERS = A(2, 3, dtype="int64", values=[[0, 4, 2], [4, 4, 1]])
SEQUENCE = A(6, dtype="int64", values=[0, 4, 2, 4, 4, 1])
ENDED = A(4, dtype="int64", values=[0, 2, 2, 6])
OFFSETS = A(4, dtype="int64", values=[0, 2, 2, 5])

EMBEDDINGS = [
    Case("F.embedding", [(NUMBERS, A(5, 3)), (A(dtype="int64", values=2), A(5, 3))]),
    Case("F.embedding", [(NUMBERS, A(5, 3), None, 1.0), (NUMBERS, A(5, 3), None, 1.0, 1.0)], differentiable=False),
    *(
        Case(
            "F.embedding_bag",
            [
                (NUMBERS, A(5, 3), {"mode": mode}),
                (SEQUENCE, A(5, 3), OFFSETS, {"mode": mode}),
                (SEQUENCE, A(5, 3), ENDED, {"mode": mode, "include_last_offset": True}),
                (SEQUENCE, A(5, 3), OFFSETS, {"mode": mode, "padding_idx": 4}),
            ],
        )
        for mode in ("sum", "mean", "max")
    ),
    Case("F.embedding_bag", [(NUMBERS, A(5, 3), {"mode": "sum", "per_sample_weights": A(2, 3)})]),
    Case("F.one_hot", [(NUMBERS,), (NUMBERS, 7), (A(dtype="int64", values=1), 2)], differentiable=False),
    Case(
        "F.bilinear",
        [(A(3, 4), A(3, 2), A(5, 4, 2), A(5)), (A(2, 3, 4), A(2, 3, 2), A(1, 4, 2)), (A(4), A(2), A(3, 4, 2))],
    ),
]

ATTENTION = [
    Case(
        "F.scaled_dot_product_attention",
        [
            (A(3, 4), A(5, 4), A(5, 2)),
            (A(2, 2, 3, 4), A(2, 2, 3, 4), A(2, 2, 3, 4), None, 0.0, True),
            (A(2, 3, 4), A(2, 5, 4), A(2, 5, 2), A(3, 5)),
            (A(2, 3, 4), A(2, 5, 4), A(2, 5, 2), {"scale": 0.3}),
            (A(2, 3, 4), A(2, 3, 4), A(2, 3, 4), A(3, 3, dtype="bool", values=[[1, 0, 1], [0, 0, 0], [0, 1, 1]])),
            (A(1, 4, 3, 2), A(1, 2, 3, 2), A(1, 2, 3, 2), {"enable_gqa": True}),
        ],
        rtol=1e-4,
    ),
]

RESIZING = [
    *(
        Case(
            "F.interpolate",
            [(A(2, 2, 5), 8, None, mode), (A(1, 2, 7), 3, None, mode), (A(1, 2, 5), None, 1.7, mode)],
            rtol=1e-4,
        )
        for mode in ("nearest", "nearest-exact", "linear", "area")
    ),
    *(
        Case("F.interpolate", [(A(1, 2, 4, 5), (7, 3), None, mode), (A(1, 1, 3, 4), None, (2, 1.5), mode)], rtol=1e-4)
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
    ),
    *(
        Case("F.interpolate", [(A(1, 2, 2, 3, 2), (3, 2, 5), None, mode), (A(1, 1, 2, 2, 2), None, 2, mode)], rtol=1e-4)
        for mode in ("nearest", "trilinear", "area")
    ),
    Case(
        "F.interpolate",
        [
            (A(1, 1, 5), 9, None, "linear", True),
            (A(1, 1, 4, 5), (7, 1), None, "bilinear", True),
            (A(1, 1, 4, 5), (7, 3), None, "bicubic", True),
            (A(1, 1, 2, 3, 2), (3, 2, 5), None, "trilinear", True),
        ],
        rtol=1e-4,
    ),
    Case(
        "F.interpolate",
        [
            (A(1, 1, 5), None, 1.7, "linear", False, True),
            (A(1, 1, 9, 8), (4, 3), None, "bilinear", False, None, True),
            (A(1, 1, 9, 8), (4, 12), None, "bicubic", False, None, True),
        ],
        rtol=1e-4,
    ),
]

TARGETS = A(3, 4, dtype="int64", values=[[1, 2, 2, 3], [3, 1, 1, 1], [2, 1, 0, 0]])
JOINED = A(7, dtype="int64", values=[1, 2, 2, 3, 3, 2, 1])


def _of_logits(x, *arguments, **options):
    """The loss of ``log_softmax(x)``: where its gradient is the derivative, and not only PyTorch's choice."""
    if isinstance(x, mg.Tensor):
        return mg.nn.functional.ctc_loss(mg.log_softmax(x, -1), *arguments, **options)
    import torch

    return torch.nn.functional.ctc_loss(torch.log_softmax(x, -1), *arguments, **options)


SEQUENCES = [
    Case(
        "F.ctc_loss",
        [
            *((A(8, 3, 4), TARGETS, (8, 7, 6), (4, 1, 2), 0, reduction) for reduction in ("mean", "sum", "none")),
            (A(8, 3, 4), JOINED, (8, 7, 6), (4, 1, 2)),
            (A(8, 4), A(3, dtype="int64", values=[0, 1, 1]), (8,), (3,), 3),
            (A(3, 3, 4), TARGETS, (3, 3, 3), (4, 1, 2), 0, "sum", True),
            (A(8, 3, 4), TARGETS, (8, 7, 6), (0, 1, 2)),
        ],
        ours=_of_logits,
        torch=_of_logits,
        twice=False,
        rtol=1e-4,
    ),
]

CASES = [*EMBEDDINGS, *ATTENTION, *RESIZING, *SEQUENCES]
