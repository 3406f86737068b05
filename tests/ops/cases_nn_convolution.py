"""Convolutions, transposed convolutions, sliding windows, padding and shuffles."""

from tests.ops.case import A, Case

ALL = ("float32", "float64", "int64")

CONVOLUTIONS = [
    Case(
        "F.conv1d",
        [
            (A(2, 3, 8), A(4, 3, 3), A(4)),
            (A(2, 4, 8), A(4, 2, 3), None, 2, 1, 1, 2),
            (A(3, 5), A(2, 3, 2)),
            (A(2, 1, 6), A(2, 1, 4), A(2), 1, "same"),
            (A(2, 1, 6), A(2, 1, 3), A(2), 1, "valid", 2),
        ],
    ),
    Case(
        "F.conv2d",
        [
            (A(2, 3, 6, 5), A(4, 3, 3, 2), A(4)),
            (A(1, 2, 7, 7), A(2, 1, 3, 3), None, (2, 1), (1, 0), (1, 2), 2),
            (A(2, 5, 5), A(3, 2, 3, 3)),
            (A(1, 2, 5, 4), A(3, 2, 2, 3), A(3), 1, "same", (2, 1)),
            (A(0, 2, 5, 4), A(3, 2, 2, 3), A(3)),
            (A(2, 3, 4, 4), A(5, 3, 1, 1), A(5)),
            (A(2, 3, 5, 5), A(5, 3, 1, 1), None, 2),
        ],
        rtol=1e-4,
    ),
    Case(
        "F.conv3d",
        [(A(1, 2, 4, 4, 4), A(3, 2, 2, 2, 2), A(3)), (A(2, 3, 3, 3), A(2, 1, 2, 1, 2), None, 2, 1, 1, 2)],
        rtol=1e-4,
    ),
    Case(
        "F.conv_transpose1d",
        [(A(2, 3, 5), A(3, 2, 3), A(2)), (A(2, 4, 5), A(4, 1, 3), None, 2, 1, 1, 2), (A(3, 5), A(3, 2, 2))],
    ),
    Case(
        "F.conv_transpose2d",
        [
            (A(2, 3, 3, 4), A(3, 2, 3, 2), A(2)),
            (A(1, 4, 3, 3), A(4, 1, 3, 3), A(2), 2, 1, (1, 0), 2),
            (A(3, 3, 3), A(3, 2, 2, 2), None, (3, 1), 0, (2, 0), 1, (1, 2)),
        ],
        rtol=1e-4,
    ),
    Case("F.conv_transpose3d", [(A(1, 2, 2, 3, 2), A(2, 2, 2, 2, 2), A(2), 2, 1)], rtol=1e-4),
]

WINDOWS = [
    Case("F.unfold", [(A(2, 2, 4, 5), 2), (A(1, 2, 5, 5), (3, 2), 1, 1, 2), (A(2, 5, 5), 2, 2)]),
    Case("F.fold", [(A(2, 8, 12), (4, 5), 2), (A(1, 12, 9), (5, 5), (3, 2), 1, (1, 1), 2), (A(4, 9), (4, 4), 2)]),
]

EDGES = [
    Case("F.pad", [(A(2, 3), (1, 2)), (A(2, 3, 4), (1, 0, 2, -1), "constant", 1.5), (A(3, 4), (-1, -2))], dtypes=ALL),
    *(
        Case(
            "F.pad",
            [
                (A(2, 5), (2, 1), mode),
                (A(1, 2, 4), (3, 0), mode),
                (A(2, 3, 4), (1, 2, 2, 0), mode),
                (A(1, 1, 3, 4, 3), (1, 0, 2, 1, 0, 1), mode),
                (A(2, 5), (0, 0), mode),
            ],
        )
        for mode in ("reflect", "replicate", "circular")
    ),
]

SHUFFLES = [
    Case("F.pixel_shuffle", [(A(2, 8, 2, 3), 2), (A(9, 2, 2), 3), (A(2, 1, 4, 3, 2), 2)], dtypes=ALL),
    Case("F.pixel_unshuffle", [(A(2, 2, 4, 6), 2), (A(1, 3, 3), 3)], dtypes=ALL),
    Case("F.channel_shuffle", [(A(2, 6, 2, 3), 3), (A(1, 4, 2), 2)]),
]

CASES = [*CONVOLUTIONS, *WINDOWS, *EDGES, *SHUFFLES]
