"""Losses and distances over their options."""

from tests.ops.case import A, Case

REDUCTIONS = ("mean", "sum", "none")
LABELS = A(3, dtype="int64", values=[0, 3, 2])
PLANE_LABELS = A(2, 2, dtype="int64", values=[[0, 2], [1, 1]])
PROBABILITIES = A(3, 4, low=0.05, high=0.95)
SIGNS = A(5, dtype="float64", values=[1, -1, -1, 1, 1])
WEIGHT = A(4, dtype="float32", values=[0.5, 1, 2, 0.25])


def _reduced(*arguments, **options):
    return [(*arguments, {"reduction": r, **options}) for r in REDUCTIONS]


CLASSES = [
    Case(
        "F.nll_loss",
        [
            *_reduced(A(3, 4), LABELS),
            *_reduced(A(3, 4), LABELS, ignore_index=2),
            *_reduced(A(3, 4), LABELS, weight=A(4, dtype="float64", low=0.1, values=[0.5, 1, 2, 0.1])),
            *_reduced(A(2, 3, 2), PLANE_LABELS),
            (A(4), A(dtype="int64", values=2)),
        ],
        dtypes=("float64",),
    ),
    Case("F.nll_loss", [(A(3, 4), LABELS), (A(2, 3, 2), PLANE_LABELS)]),
    Case(
        "F.cross_entropy",
        [
            *_reduced(A(3, 4, low=-9, high=9), LABELS),
            *_reduced(A(2, 3, 2), PLANE_LABELS),
            *_reduced(A(3, 4), LABELS, ignore_index=3),
            (A(4), A(dtype="int64", values=2)),
            *_reduced(A(3, 4), LABELS, label_smoothing=0.2, ignore_index=3),
            (A(3, 40, low=-30, high=30), A(3, dtype="int64", values=[0, 39, 20])),
        ],
    ),
    Case(
        "F.cross_entropy",
        [
            *_reduced(A(3, 4), LABELS, weight=A(4, dtype="float64", values=[0.5, 1, 2, 0.1])),
            *_reduced(
                A(3, 4),
                LABELS,
                weight=A(4, dtype="float64", values=[0.5, 1, 2, 0.1]),
                label_smoothing=0.3,
                ignore_index=3,
            ),
        ],
        dtypes=("float64",),
    ),
    Case(
        "F.cross_entropy",
        [
            *_reduced(A(2, 3, 2), A(2, 3, 2)),
            (A(4), A(4), {"label_smoothing": 0.2}),
            *_reduced(A(3, 4), A(3, 4), weight=A(4, low=0.1), label_smoothing=0.2),
        ],
    ),
    Case(
        "F.multi_margin_loss",
        [*_reduced(A(3, 4), LABELS), *_reduced(A(3, 4), LABELS, p=2, margin=0.5), (A(4), A(dtype="int64", values=1))],
    ),
]

NUMBERS = [
    Case("F.l1_loss", [*_reduced(A(3, 4), A(3, 4)), (A(), A()), *_reduced(A(3), A(3), weight=A(3, low=0.1))]),
    Case(
        "F.mse_loss",
        [*_reduced(A(3, 4), A(3, 4)), (A(), A()), *_reduced(A(3), A(3), weight=A(3, low=0.1)), (A(3, 4), A(4))],
    ),
    Case(
        "F.smooth_l1_loss", [*_reduced(A(3, 4), A(3, 4)), *_reduced(A(3), A(3), beta=0.3), (A(3), A(3), {"beta": 0.0})]
    ),
    Case(
        "F.huber_loss",
        [*_reduced(A(3, 4), A(3, 4)), (A(3), A(3), {"delta": 0.4}), (A(3), A(3), {"weight": A(3, low=0.1)})],
    ),
    Case(
        "F.kl_div",
        [
            *_reduced(A(3, 4), PROBABILITIES),
            *_reduced(A(3, 4), A(3, 4), log_target=True),
            (A(3, 4), PROBABILITIES, {"reduction": "batchmean"}),
        ],
    ),
    Case(
        "F.poisson_nll_loss",
        [
            *_reduced(A(3, 4), A(3, 4, low=0.1, high=4)),
            *_reduced(A(3, 4, low=0.1), A(3, 4, low=0.1, high=4), log_input=False, full=True),
        ],
    ),
    Case(
        "F.gaussian_nll_loss",
        [
            *_reduced(A(3, 4), A(3, 4), A(3, 4, low=0.1)),
            (A(3, 4), A(3, 4), A(3, low=0.1), True),
            (A(3, 4), A(3, 4), A(3, 1, low=0.1)),
            (A(3), A(3), 0.5),
        ],
    ),
]

BINARY = [
    Case(
        "F.binary_cross_entropy",
        [*_reduced(PROBABILITIES, A(3, 4, low=0, high=1)), (PROBABILITIES, A(3, 4, low=0, high=1), WEIGHT)],
        rtol=1e-4,
    ),
    Case(
        "F.binary_cross_entropy_with_logits",
        [
            *_reduced(A(3, 4), A(3, 4, low=0, high=1)),
            (A(3, 4), A(3, 4, low=0, high=1), WEIGHT),
            (A(3, 4), A(3, 4, low=0, high=1), {"pos_weight": WEIGHT}),
        ],
    ),
    Case("F.soft_margin_loss", _reduced(A(5), SIGNS), dtypes=("float64",)),
    Case(
        "F.multilabel_soft_margin_loss",
        [*_reduced(A(3, 4), A(3, 4, low=0, high=1)), (A(3, 4), A(3, 4, low=0, high=1), A(4, low=0.1))],
    ),
    Case(
        "F.multilabel_margin_loss",
        [
            *_reduced(A(2, 4), A(2, 4, dtype="int64", values=[[3, 0, -1, 1], [1, -1, 2, 0]])),
            (A(4), A(4, dtype="int64", values=[0, 1, 2, 3])),
        ],
    ),
]

MARGINS = [
    Case("F.hinge_embedding_loss", _reduced(A(5), SIGNS), dtypes=("float64",)),
    Case("F.margin_ranking_loss", _reduced(A(5), A(5), SIGNS, margin=0.3), dtypes=("float64",)),
    Case(
        "F.cosine_embedding_loss",
        [*_reduced(A(5, 3), A(5, 3), SIGNS, margin=0.1), (A(3), A(3), A(dtype="float64", values=1))],
        dtypes=("float64",),
    ),
    Case(
        "F.triplet_margin_loss",
        [*_reduced(A(4, 3), A(4, 3), A(4, 3)), (A(4, 3), A(4, 3), A(4, 3), 2.0, 1.5, 1e-6, True), (A(3), A(3), A(3))],
        rtol=1e-4,
    ),
    Case(
        "F.triplet_margin_with_distance_loss",
        [*_reduced(A(4, 3), A(4, 3), A(4, 3)), (A(4, 3), A(4, 3), A(4, 3), {"swap": True, "margin": 2.0})],
        rtol=1e-4,
    ),
]

DISTANCES = [
    Case("F.cosine_similarity", [(A(3, 4), A(3, 4)), (A(3, 4), A(4), {"dim": -1}), (A(2, 3, 4), A(1, 3, 1), 1)]),
    Case(
        "F.pairwise_distance",
        [(A(3, 4), A(3, 4)), (A(3, 4), A(4), 1.0), (A(3, 4), A(3, 4), 3.0, 1e-6, True)],
        rtol=1e-4,
    ),
    Case("F.normalize", [(A(3, 4),), (A(3, 4), 1.0, 0), (A(2, 3, 4), {"p": 3.0, "dim": -1})], rtol=1e-4),
    Case("F.pdist", [(A(4, 3),), (A(4, 3), 1.0), (A(4, 3), 3.0), (A(2, 3),)], rtol=1e-4, twice=False),
    Case("cdist", [(A(4, 3), A(2, 3)), (A(2, 4, 3), A(2, 2, 3), 1.0)], rtol=1e-4, twice=False),
]

CASES = [*CLASSES, *NUMBERS, *BINARY, *MARGINS, *DISTANCES]
