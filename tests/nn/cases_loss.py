"""Losses over the options of their constructors."""

import numpy as np

from tests.nn.agreement import LayerCase

R = np.random.default_rng(0)
CLASSES = np.array([2, 0, 1, 3])
PIXELS = R.integers(0, 3, (2, 2, 2))
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
PROBABILITIES = R.uniform(0.05, 0.95, (4, 3))
SIMPLEX = R.dirichlet(np.ones(3), 4)
WEIGHTS = {n: R.uniform(0.5, 2, n).astype(np.float32) for n in (3, 4)}
REDUCTIONS = ("mean", "sum", "none")
X = (4, 3)


def over_reductions(name, *inputs, second_order=True, checked=True, **options) -> list[LayerCase]:
    return [
        LayerCase(
            name, inputs, (), {**options, "reduction": reduction}, second_order=second_order, checked=checked, steps=1
        )
        for reduction in REDUCTIONS
    ]


CASES = [
    *over_reductions("L1Loss", X, X, second_order=False),
    *over_reductions("MSELoss", X, X),
    LayerCase("MSELoss", (X, X), (False, None), text=False),
    *over_reductions("SmoothL1Loss", X, X, beta=0.5),
    *over_reductions("HuberLoss", X, X, delta=0.7),
    *over_reductions("NLLLoss", (4, 4), CLASSES),
    *over_reductions("NLLLoss", (2, 3, 2, 2), PIXELS, weight=WEIGHTS[3], ignore_index=1),
    *over_reductions("CrossEntropyLoss", (4, 4), CLASSES),
    *over_reductions("CrossEntropyLoss", (4, 4), CLASSES, weight=WEIGHTS[4], label_smoothing=0.1, ignore_index=0),
    *over_reductions("CrossEntropyLoss", (2, 3, 2, 2), PIXELS),
    *over_reductions("CrossEntropyLoss", X, SIMPLEX, label_smoothing=0.2),
    LayerCase("CrossEntropyLoss", ((5,), np.array(3))),
    *over_reductions("BCELoss", PROBABILITIES, np.round(PROBABILITIES), weight=WEIGHTS[3]),
    *over_reductions("BCEWithLogitsLoss", X, PROBABILITIES, weight=WEIGHTS[3], pos_weight=WEIGHTS[3]),
    *over_reductions("BCEWithLogitsLoss", X, np.round(PROBABILITIES)),
    *over_reductions("KLDivLoss", X, SIMPLEX),
    LayerCase("KLDivLoss", (X, X), (), {"reduction": "batchmean", "log_target": True}),
    *over_reductions("PoissonNLLLoss", X, np.arange(12.0).reshape(4, 3) + 1.5, full=True),
    *over_reductions("PoissonNLLLoss", PROBABILITIES, np.arange(12.0).reshape(4, 3), log_input=False, eps=1e-3),
    *over_reductions("GaussianNLLLoss", X, X, PROBABILITIES),
    *over_reductions("GaussianNLLLoss", X, X, PROBABILITIES[:, :1], full=True, eps=1e-3),
    *over_reductions("HingeEmbeddingLoss", (2, 3), SIGNS, margin=0.5),
    *over_reductions("SoftMarginLoss", (2, 3), SIGNS.astype(np.int64)),
    *over_reductions("MultiLabelMarginLoss", (2, 4), np.array([[3, 0, -1, 1], [1, -1, 0, 2]])),
    *over_reductions("MultiLabelSoftMarginLoss", X, np.round(PROBABILITIES), weight=WEIGHTS[3]),
    *over_reductions("MultiMarginLoss", (4, 4), CLASSES, p=2, margin=0.7, weight=WEIGHTS[4]),
    *over_reductions("MultiMarginLoss", (4, 4), CLASSES),
    *over_reductions("MarginRankingLoss", (3,), (3,), np.array([1.0, -1.0, 1.0]), margin=0.3),
    *over_reductions("CosineEmbeddingLoss", X, X, np.array([1, -1, 1, -1]), margin=0.2),
    *over_reductions("TripletMarginLoss", X, X, X, margin=3.0, p=3.0, swap=True, eps=1e-4),
    *over_reductions("TripletMarginLoss", X, X, X),
    *over_reductions("TripletMarginWithDistanceLoss", X, X, X, margin=3.0, swap=True),
    *over_reductions(
        "CTCLoss",
        np.log(R.dirichlet(np.ones(4), (6, 2))),
        np.array([[1, 2, 2], [3, 1, 1]]),
        np.array([6, 5]),
        np.array([3, 2]),
        blank=0,
        zero_infinity=True,
        checked=False,  # its gradient holds for log-probabilities that sum to one, as PyTorch's: see tests/ops
    ),
]
