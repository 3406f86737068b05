"""Normalizations, with and without weights, in training and with running statistics."""

from tests.ops.case import A, Case

MEAN = A(3, dtype="float32", values=[0.5, -1, 0.25])
VARIANCE = A(3, dtype="float32", values=[1, 2, 0.5])

CASES = [
    Case(
        "F.batch_norm",
        [
            (A(5, 3), None, None, A(3), A(3), True),
            (A(2, 3, 4), None, None, None, None, True),
            (A(2, 3, 2, 2), None, None, A(3), A(3), True, 0.1, 1e-2),
            (A(2, 66), None, None, A(66), A(66), True),
            (A(4, 3, 1, 1), None, None, A(3), None, True),
        ],
        rtol=2e-4,
    ),
    Case(
        "F.batch_norm",
        [
            (A(5, 3), MEAN, VARIANCE, A(3), A(3)),
            (A(2, 3, 2, 2), MEAN, VARIANCE),
            (A(5, 3), MEAN, VARIANCE, A(3), A(3), True),
            (A(0, 3), MEAN, VARIANCE, A(3), A(3)),
        ],
        dtypes=("float32",),
        rtol=2e-4,
    ),
    Case(
        "F.layer_norm",
        [
            (A(3, 4), (4,)),
            (A(2, 3, 4), (3, 4), A(3, 4), A(3, 4)),
            (A(2, 3, 4), (4,), A(4), A(4), 1e-2),
            (A(3, 20), (20,), A(20)),
            (A(4), (4,), A(4), A(4)),
            (A(0, 4), (4,), A(4), A(4)),
        ],
        rtol=2e-4,
    ),
    Case("F.rms_norm", [(A(3, 4), (4,)), (A(2, 3, 4), (3, 4), A(3, 4)), (A(3, 4), (4,), A(4), 1e-2)], rtol=2e-4),
    Case(
        "F.group_norm",
        [(A(2, 6, 3), 2, A(6), A(6)), (A(2, 4, 2, 3), 4), (A(3, 6), 3, A(6), A(6)), (A(2, 4, 5), 1, A(4), A(4))],
        rtol=2e-4,
    ),
    Case("F.instance_norm", [(A(2, 3, 4),), (A(2, 3, 4, 2), None, None, A(3), A(3))], rtol=2e-4),
    Case(
        "F.instance_norm",
        [(A(2, 3, 4), MEAN, VARIANCE, A(3), A(3)), (A(2, 3, 4), MEAN, VARIANCE, None, None, False)],
        dtypes=("float32",),
        rtol=2e-4,
    ),
    Case("F.local_response_norm", [(A(2, 5, 4), 3), (A(1, 4, 2, 3), 2, 0.1, 0.5, 2.0)], rtol=2e-4),
]
