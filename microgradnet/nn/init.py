"""Initializers: they fill a tensor in place and return it.

The argument behind them all: with n = fan_in inputs of variance Var(x) and independent weights of mean 0, a unit's sum
has variance ``n·Var(w)·Var(x)``. Kept through k layers that is a factor ``(n·Var(w))ᵏ``: it vanishes or explodes unless
``n·Var(w) = 1`` (or 2, where a ReLU drops half). The same count backwards, over fan_out, holds for gradients.
"""

import math

import numpy as np

from ..random import Generator, default_generator
from ..tensor import Tensor


def _fill(tensor: Tensor, values) -> Tensor:
    tensor.array[...] = values
    tensor.version[0] += 1
    return tensor


def _random(generator: Generator | None) -> np.random.Generator:
    return (generator or default_generator).numpy


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """U(a, b): mean (a + b)/2, variance (b − a)²/12."""
    return _fill(tensor, _random(generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(mean, std²)."""
    return _fill(tensor, _random(generator).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element ``val``."""
    return _fill(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0. For a weight matrix this leaves all units of a layer equal for ever."""
    return _fill(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return _fill(tensor, 1)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the standard deviation that makes up for what a nonlinearity takes away.

    1 for linear maps, convolutions and sigmoid; 5/3 for tanh; √2 for relu; √(2/(1 + a²)) for leaky_relu with negative
    slope a (default 0.01); 3/4 for selu. Raises ``ValueError`` for any other.
    """
    if nonlinearity in ("linear", "sigmoid") or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: linear, conv*, sigmoid, tanh, relu, leaky_relu or selu, not {nonlinearity!r}"
        )
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel): inputs and outputs of a unit, times the kernel's size."""
    if tensor.dim() < 2:
        raise ValueError(f"fan_in and fan_out need a weight of at least 2 dimensions, got shape {tuple(tensor.shape)}")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """U(−b, b), b = gain·√(6/(fan_in + fan_out)): keeps the variance both ways. Glorot and Bengio 2010, eq. 16."""
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(0, gain²·2/(fan_in + fan_out)): keeps the variance both ways. Glorot and Bengio 2010, eq. 12."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode is 'fan_in' or 'fan_out', got {mode!r}")
    fan_in, fan_out = fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """U(−b, b), b = gain·√(3/fan): the variance gain²/fan makes up for a rectifier. He et al. 2015, eq. 10 and 14."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """N(0, gain²/fan), with ``a`` the negative slope of the rectifier. He et al. 2015, eq. 10 and 14."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def fan_in_bias_(bias: Tensor | None, weight: Tensor) -> None:
    """U(±1/√fan_in), PyTorch's default for the bias beside ``weight``; None is left alone."""
    if bias is not None:
        fan_in = fans(weight)[0]
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)
