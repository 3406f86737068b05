"""Fused loops of elementwise ops at the numbers where formulas and NumPy's functions part."""

import numpy as np

import microgradnet as mg

from . import trap

SPECIAL = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1e-7, -1e-7),
    *(1e30, -1e30, 3e38, -3e38, 88.0, -88.0, 104.0, -104.0, np.pi, -np.pi, np.pi / 2, 1e5, -1e5, 16777217.0, 7.5),
    *(0.99999994, -0.99999994, 1.0000001, 0.1, -0.1, 20.5, -20.5),
]


def numbers(dtype) -> np.ndarray:
    """Special numbers and some hundred others."""
    others = np.random.default_rng(3).standard_normal(300) * np.exp(np.random.default_rng(4).standard_normal(300) * 2)
    return np.concatenate([SPECIAL, others]).astype(dtype)


def chained(name: str, functions: list, arguments: int, dtype, gradient: bool) -> None:
    """Registers a trap around each of ``functions`` between two other elementwise ops, with weights of its own."""

    def build(captured):
        values = numbers(dtype)
        weights = [
            [mg.Tensor(np.roll(values, 7 * k), requires_grad=gradient) for k in range(arguments)] for _ in functions
        ]

        leaves = [w for ws in weights for w in ws]

        def between(function, x, ws):
            y = function(*[w * x for w in ws])
            return (y + 0.0) * 1.0 if y.dtype.kind == "f" else mg.where(y, x, -x) * 1.0

        @captured
        def step(x):
            for w in leaves:
                w.grad = None
            results = [between(function, x, ws) for function, ws in zip(functions, weights, strict=True)]
            if gradient:
                sum((z * z).sum() for z in results if z.requires_grad).backward()
            return results, [w.grad for w in leaves]

        return lambda i: step(mg.Tensor(np.roll(numbers(dtype), i) if i % 2 else np.ones_like(values)))

    build.__name__ = f"{name}_{np.dtype(dtype).name}{'_backward' if gradient else ''}"
    trap(replays=6)(build)


def groups(functions: dict, arguments: int, size: int = 6) -> None:
    """Registers the traps of ``functions``, a few in one step: to compile a loop for each would take minutes."""
    for i in range(0, len(functions), size):
        names = list(functions)[i : i + size]
        for dtype in (np.float32, np.float64):
            chained("-".join(names), [functions[n] for n in names], arguments, dtype, gradient=dtype is np.float32)


UNARY = (
    "acos asin asinh atan atanh acosh sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt "
    "rsqrt abs sign floor ceil round trunc frac sigmoid relu isinf isnan isfinite signbit nan_to_num square "
    "reciprocal neg erf erfc lgamma deg2rad"
)
BINARY = "maximum minimum fmax fmin fmod remainder copysign atan2 logaddexp logaddexp2 hypot pow div mul"
OTHERS = {
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clamp_min_above_max": lambda x: x.clamp(0.5, -0.5),
    "clamp_min": lambda x: x.clamp(min=0.1),
    "clamp_max": lambda x: x.clamp(max=0.1),
    "clamp_with_nan": lambda x: x.clamp(min=float("nan")),
    "pow_of_a_number": lambda x: x**3,
    "pow_with_a_fraction": lambda x: x**0.5,
    "pow_minus_two": lambda x: x**-2,
    "pow_zero": lambda x: x**0,
    "number_to_the_power": lambda x: 2.0**x,
    "gelu": lambda x: mg.nn.functional.gelu(x),
    "silu": lambda x: mg.nn.functional.silu(x),
    "leaky_relu": lambda x: mg.nn.functional.leaky_relu(x, 0.1),
    "elu": lambda x: mg.nn.functional.elu(x),
    "softplus": lambda x: mg.nn.functional.softplus(x),
    "hardtanh": lambda x: mg.nn.functional.hardtanh(x),
    "masked_fill": lambda x: x.masked_fill(x > 0, -1.0),
}
OTHERS_OF_TWO = {
    "square_difference": lambda x, y: (x - y) ** 2 * 0.5 + x * y,
    "where": lambda x, y: mg.where(x > y, x * 2, y * 3),
    "lerp": lambda x, y: mg.lerp(x, y, 0.3),
}

groups({name: getattr(mg, name) for name in UNARY.split()} | OTHERS, 1)
groups({name: getattr(mg, name) for name in BINARY.split()} | OTHERS_OF_TWO, 2)
