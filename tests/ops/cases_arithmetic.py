"""Arithmetic, elementwise with broadcasting."""

import numpy as np

from tests.ops.case import ALL, A, Case

PAIRS = [(A(3, 4), A(3, 4)), (A(3, 4), A(4)), (A(3, 1), A(4)), (A(), A(2, 3)), (A(0, 3), A(3)), (A(1), A(1))]
POLES = (0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 1e30, -1e30, np.inf, -np.inf, np.nan)
WITH_NUMBERS = [(A(3), 2), (A(3), 2.5)]

CASES = [
    Case("add", [*PAIRS, *WITH_NUMBERS], dtypes=ALL, special=True),
    Case("sub", [*PAIRS, *WITH_NUMBERS], dtypes=("float32", "float64", "int64"), special=True),
    Case("mul", [*PAIRS, *WITH_NUMBERS], dtypes=ALL, special=True),
    # A subnormal divisor is left out: the derivative 1/y overflows where PyTorch's g/y need not.
    Case("div", [*[(a, A(*b.shape, low=0.5, high=3)) for a, b in PAIRS], *WITH_NUMBERS], kinks=POLES),
    Case(
        "pow",
        [(A(3, 4, low=0.5), A(3, 4)), (A(3, 4, low=0.5), A(4)), (A(3), 2), (A(3), 3), (A(3), 0), (A(3, low=0.1), -1.5)],
    ),
    Case("neg", [(A(3, 4),), (A(),), (A(0),)], dtypes=("float32", "float64", "int64"), special=True),
    *(Case(name, PAIRS, dtypes=ALL, special=True) for name in ("maximum", "minimum", "fmax", "fmin")),
    Case("atan2", PAIRS, dtypes=ALL, special=True),
    *(Case(name, PAIRS, special=True) for name in ("hypot", "logaddexp", "logaddexp2")),
    Case("copysign", [*PAIRS, (A(3), -1.0)], dtypes=ALL, special=True),
    Case("xlogy", [(a, A(*b.shape, low=0.2, high=3)) for a, b in PAIRS], dtypes=ALL, kinks=POLES),
    Case("xlogy", [(2.5, A(3, low=0.2))], special=True),
    Case("pow", [(2.5, A(3)), (0.0, A(3, low=0.5)), (-1.0, A(3))], differentiable=False, special=True),
    Case("pow", [(2.5, A(3)), (2, A(3, 2))]),
    Case("pow", [(A(3, low=0.5), A(3)), (A(3), 2), (A(3), 0.5), (A(3), -1)], differentiable=False, special=True),
    Case("pow", [(A(4, 5, low=-3, high=3), A(5, low=-3, high=3)), (A(4), 2)], dtypes=("int64",), differentiable=False),
    Case("pow", [(A(4), 2), (2, A(4)), (A(4), 1.5)], dtypes=ALL, differentiable=False),
    *(
        Case(name, [(A(9, low=-9, high=9), A(9, low=1, high=5)), (A(9), A(9, low=-5, high=-1)), (A(9), -3)],
             dtypes=("float32", "float64", "int64"), kinks=POLES)
        for name in ("fmod", "remainder")
    ),
    Case("floor_divide", [(A(3), A(3, low=1, high=4))], differentiable=False, kinks=POLES),
    *(
        Case("div", [(A(3, 4), A(3, 4, low=1, high=4), {"rounding_mode": mode})], kinks=POLES)
        for mode in ("floor", "trunc")
    ),
    *(Case(name, [(A(3, 4), A(4)), (A(3), A(2, 3))], dtypes=ALL, special=True) for name in ("clamp_min", "clamp_max")),
    *(Case(name, [(A(3, 4), 0.5), (A(3), -1)], dtypes=ALL, kinks=(0.5, -1.0)) for name in ("clamp_min", "clamp_max")),
    Case("clamp", [(A(9), A(9), A(9)), (A(3), None, A(3)), (A(3), A(3)), (A(3), 1, 0)], kinks=POLES),
    Case("lerp", [(A(3), A(3), 0.3), (A(3), A(3), 0.7)], special=True),
    Case("addcmul", [(A(3), A(2, 3), A())], dtypes=("float32", "float64", "int64")),
    Case("nan_to_num", [(A(3),)], dtypes=ALL),
]  # fmt: skip
