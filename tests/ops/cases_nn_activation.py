"""Activations by PyTorch's functional names."""

from tests.ops.case import A, Case

SHAPES = [(A(3, 4),), (A(),), (A(0, 2),), (A(2, 1, 3, low=-6, high=6),)]
KINKS = (0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0)

CASES = [
    *(
        Case(f"F.{name}", SHAPES, special=True, kinks=KINKS, rtol=1e-4)
        for name in (
            "mish",
            "logsigmoid",
            "tanhshrink",
            "hardshrink",
            "softshrink",
            "hardtanh",
            "relu6",
        )
    ),
    # PyTorch's gradient at NaN is NaN or the cotangent, by the element's place in memory.
    Case("F.hardswish", SHAPES, kinks=KINKS, rtol=1e-4),
    Case("F.celu", SHAPES, kinks=KINKS),
    Case("F.selu", SHAPES, kinks=KINKS),
    # PyTorch's gradient at ±Inf is Inf/Inf; ours is the limit, 0.
    Case("F.softsign", SHAPES, kinks=KINKS),
    # PyTorch multiplies float64 by the float32 nearest to 1/6.
    Case("F.hardsigmoid", SHAPES, dtypes=("float32",)),
    Case("F.hardsigmoid", SHAPES, special=True, kinks=KINKS, differentiable=False),
    Case("F.celu", [(A(3, 4), 0.5), (A(3), {"alpha": 2.0})]),
    Case("F.hardshrink", [(A(3, 4), 0.2)]),
    Case("F.softshrink", [(A(3, 4), 0.2)]),
    Case("F.hardtanh", [(A(3, 4), -0.3, 0.7), (A(3), {"min_val": 0.0})]),
    Case("F.threshold", [(A(3, 4), 0.1, 2.0), (A(3), -0.5, 0.0)], special=True, kinks=(0.1,)),
    Case("F.gelu", [(A(3, 4),), (A(3, 4), {"approximate": "tanh"})], rtol=1e-4),
    Case("F.prelu", [(A(2, 3, 4), A(3)), (A(2, 3), A(1)), (A(2, 3), A(3)), (A(3), A(1)), (A(), A(1))]),
    Case("F.glu", [(A(3, 4),), (A(4, 3), 0), (A(2, 6, 2), 1)]),
    Case("F.softmin", [(A(3, 4), 1), (A(3), -1)]),
    Case("F.softmax", [(A(3, 4),), (A(3),), (A(2, 3, 4),)]),
    Case("F.log_softmax", [(A(3, 4),), (A(2, 3, 4), {"dim": 1})]),
    Case("F.relu", [(A(3, 4),), (A(), False)]),
    Case("F.leaky_relu", [(A(3, 4), 0.2, False)]),
]
