"""Unary and binary elementwise ops beyond arithmetic, and creation."""

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
]
NUMBERS = ("float32", "float64", "int64")
UNIT = [(A(3, 4, low=-0.95, high=0.95),), (A(low=-0.9, high=0.9),)]
POSITIVE = [(A(3, 4, low=0.1, high=4),), (A(low=0.5, high=2),)]
PAIRS = [(A(3, 4), A(3, 4)), (A(3, 4), A(4)), (A(3, 1), A(4)), (A(), A(2, 3)), (A(0, 3), A(3))]
DIVISORS = [(A(3, 4, low=-9, high=9), A(3, 4, low=1, high=4)), (A(3, low=-9, high=9), 2), (A(3, low=-9, high=9), -3)]

UNARY = [
    *(Case(name, SHAPES, dtypes=ALL, special=True, rtol=5e-5) for name in ("sin", "cos", "tan", "atan")),
    *(Case(name, SHAPES, dtypes=ALL, special=True) for name in ("sinh", "cosh", "asinh", "exp2", "erfc")),
    *(Case(name, SHAPES, dtypes=NUMBERS, special=True) for name in ("deg2rad", "rad2deg")),
    *(Case(name, UNIT, special=True) for name in ("asin", "acos", "atanh", "erfinv")),
    Case("acosh", [(A(3, 4, low=1.1, high=5),)], special=True),
    *(Case(name, POSITIVE, special=True) for name in ("log2", "log10", "rsqrt")),
    Case("lgamma", [(A(3, 4, low=0.2, high=9),), (A(4, low=-2.9, high=-2.1),)], rtol=1e-4),
    Case("digamma", [(A(3, 4, low=0.2, high=9),), (A(4, low=-2.9, high=-2.1),)], rtol=1e-4, twice=False),
    Case(
        "trigamma",
        [(A(3, 4, low=0.2, high=9),), (A(4, low=-2.9, high=-2.1),)],
        torch=lambda x: x.polygamma(1),
        dtypes=("float32",),  # PyTorch's float64 is right to 5e-10 only
        differentiable=False,
        rtol=1e-4,
    ),
    Case("logit", [(A(3, 4, low=0.1, high=0.9),), (A(3, 4, low=-0.2, high=1.2), 0.1)], rtol=5e-5),
    Case("sinc", SHAPES, dtypes=FLOATS, rtol=1e-4, kinks=(0.0,)),
    *(Case(name, SHAPES, dtypes=NUMBERS, special=True) for name in ("floor", "ceil", "trunc")),
    Case(
        "round", [*SHAPES, (A(3, 4, low=-30, high=30), {"decimals": 1}), (A(3, low=-300, high=300), {"decimals": -1})]
    ),
    Case("frac", SHAPES, kinks=(0.0, 1.0, -1.0)),
    Case("square", SHAPES, dtypes=NUMBERS, special=True),
    Case("reciprocal", [(A(3, 4, low=0.5, high=3),)], special=True),
    Case("positive", SHAPES, dtypes=NUMBERS),
    Case("signbit", SHAPES, dtypes=NUMBERS, differentiable=False, special=True),
    *(
        Case(n, SHAPES, dtypes=ALL, differentiable=False, special=True)
        for n in ("isnan", "isinf", "isfinite", "logical_not")
    ),
    Case("nan_to_num", [*SHAPES, (A(3), {"nan": 1.0, "posinf": 2.0, "neginf": -3.0})], special=True),
    Case(
        "clamp",
        [(A(3, 4), -1, 1), (A(3, 4), {"min": 0.5}), (A(3, 4), {"max": 0.5}), (A(), 0, 1)],
        special=True,
        kinks=(0.5,),
    ),
    Case("clamp", [(A(3, 4), A(4, low=-1, high=0), A(4, low=0, high=1))]),
    Case("clamp_min", [(A(3, 4), 0.5)], kinks=(0.5,)),
    Case("clamp_max", [(A(3, 4), 0.5)], kinks=(0.5,)),
]

BINARY = [
    Case("add", [(A(3, 4), A(4), {"alpha": 2})], dtypes=NUMBERS),
    Case("sub", [(A(3, 4), A(4), {"alpha": 2})], dtypes=NUMBERS),
    Case("rsub", [(A(3, 4), A(4))], dtypes=NUMBERS),
    Case("true_divide", [(A(3, 4), A(4, low=1, high=3))], dtypes=NUMBERS),
    Case(
        "div",
        [(a, b, {"rounding_mode": mode}) for a, b in DIVISORS for mode in ("trunc", "floor")],
        dtypes=NUMBERS,
        differentiable=False,
    ),
    *(Case(name, DIVISORS, dtypes=NUMBERS, differentiable=False) for name in ("floor_divide",)),
    *(Case(name, DIVISORS, dtypes=NUMBERS) for name in ("fmod", "remainder")),
    Case("float_power", [(A(3, 4, low=0.5), A(3, 4)), (A(3), 2)], dtypes=FLOATS),
    Case("fmax", PAIRS, dtypes=ALL),
    Case("fmin", PAIRS, dtypes=ALL),
    Case("atan2", PAIRS, dtypes=FLOATS),
    Case("hypot", PAIRS, dtypes=FLOATS),
    Case("logaddexp", PAIRS, dtypes=FLOATS),
    Case("logaddexp2", PAIRS, dtypes=FLOATS),
    Case("copysign", [(A(3, 4), A(3, 4)), (A(3, 4), A(4)), (A(3), -1.0)]),
    Case("xlogy", [(A(3, 4), A(3, 4, low=0.2, high=3)), (A(3), A(4, 3, low=0.2, high=3))]),
    Case("lerp", [(A(3, 4), A(3, 4), 0.3), (A(3, 4), A(4), A(3, 4))]),
    Case("addcmul", [(A(3, 4), A(3, 1), A(4)), (A(3), A(3), A(3), {"value": 0.5})]),
    Case("addcdiv", [(A(3, 4), A(3, 1), A(4, low=1, high=2)), (A(3), A(3), A(3, low=1, high=2), {"value": 0.5})]),
    *(Case(n, PAIRS, dtypes=ALL, differentiable=False) for n in ("logical_and", "logical_or", "logical_xor")),
    Case("bitwise_xor", PAIRS, dtypes=("int64", "bool"), differentiable=False),
    Case("isclose", [(A(3, 4), A(3, 4)), (A(3), A(3), {"rtol": 0.5, "atol": 0.2})], differentiable=False),
    *(Case(name, [(A(3, 4), A(3, 4))], dtypes=ALL, differentiable=False) for name in ("allclose", "equal")),
    Case("where", [(A(3, 4, dtype="bool"),)], dtypes=FLOATS, differentiable=False),
]

CREATION = [
    Case("zeros", [(2, 3), ((2, 3),), (0,)]),
    Case("ones", [(2, 3), ((2, 3),)]),
    Case("full", [((2, 3), 2.5), ((2,), 3), ((), True)]),
    Case("eye", [(3,), (2, 4)]),
    Case("arange", [(5,), (1, 7, 2), (0.0, 1.0, 0.25), (5, 0, -2)]),
    Case("linspace", [(0, 1, 5), (3.0, -2.0, 4), (0, 1, 1)]),
    Case("scalar_tensor", [(2.5,), (3,)]),
    Case("tril_indices", [(3, 4), (3, 3, 1)]),
    Case("triu_indices", [(3, 4), (3, 3, -1)]),
    *(Case(n, [(A(2, 3),)], dtypes=ALL, differentiable=False) for n in ("zeros_like", "ones_like")),
    Case("full_like", [(A(2, 3), 2)], dtypes=ALL, differentiable=False),
    Case("new_zeros", [(A(2), (3, 2))], dtypes=ALL, differentiable=False, torch=lambda x, s: x.new_zeros(s)),
    Case("new_ones", [(A(2), (3, 2))], dtypes=ALL, differentiable=False, torch=lambda x, s: x.new_ones(s)),
    Case("new_full", [(A(2), (3,), 1)], dtypes=ALL, differentiable=False, torch=lambda x, s, v: x.new_full(s, v)),
    Case("fill", [(A(2, 3), 2.0), (A(2, 3), A())]),
]

CASES = [*UNARY, *BINARY, *CREATION]
