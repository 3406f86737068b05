"""Arithmetic, elementwise with broadcasting."""

from tests.ops.case import ALL, A, Case

PAIRS = [(A(3, 4), A(3, 4)), (A(3, 4), A(4)), (A(3, 1), A(4)), (A(), A(2, 3)), (A(0, 3), A(3)), (A(1), A(1))]
WITH_NUMBERS = [(A(3), 2), (A(3), 2.5)]

CASES = [
    Case("add", [*PAIRS, *WITH_NUMBERS], dtypes=ALL, special=True),
    Case("sub", [*PAIRS, *WITH_NUMBERS], dtypes=("float32", "float64", "int64"), special=True),
    Case("mul", [*PAIRS, *WITH_NUMBERS], dtypes=ALL, special=True),
    Case("div", [*[(a, A(*b.shape, low=0.5, high=3)) for a, b in PAIRS], *WITH_NUMBERS], special=True),
    Case(
        "pow",
        [(A(3, 4, low=0.5), A(3, 4)), (A(3, 4, low=0.5), A(4)), (A(3), 2), (A(3), 3), (A(3), 0), (A(3, low=0.1), -1.5)],
    ),
    Case("neg", [(A(3, 4),), (A(),), (A(0),)], dtypes=("float32", "float64", "int64"), special=True),
    Case("maximum", PAIRS, dtypes=ALL),
    Case("minimum", PAIRS, dtypes=ALL),
]
