"""Initializers by variance: they keep the size of signals or gradients constant from layer to layer.

With n = fan_in inputs of variance Var(x) and independent weights of mean 0, a unit's sum has variance
``n·Var(w)·Var(x)``. Through k layers that is a factor ``(n·Var(w))ᵏ``: it vanishes or explodes unless ``n·Var(w) = 1``
(or 2, where a ReLU drops half). The same holds for gradients, backwards and with fan_out.
"""

import math

from ...random import Generator
from ...tensor import Tensor
from .values import normal_, trunc_normal_, uniform_


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the standard deviation that compensates for what a nonlinearity takes away.

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
    """(fan_in, fan_out) of a weight (out, in, *kernel): inputs and outputs of a unit, times the kernel's size.

    Raises ValueError for fewer than 2 dimensions.
    """
    if tensor.dim() < 2:
        raise ValueError(f"fan_in and fan_out need a weight of at least 2 dimensions, got shape {tuple(tensor.shape)}")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _spread(total: float, fan: float) -> float:
    """``√(total/fan)``; of an empty weight, which has no fan and no values, any number."""
    return math.sqrt(total / max(fan, 1))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """U(−b, b), b = gain·√(6/(fan_in + fan_out)): keeps the variance both ways. Glorot and Bengio 2010, eq. 16."""
    bound = gain * _spread(6, sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(0, gain²·2/(fan_in + fan_out)): keeps the variance both ways. Glorot and Bengio 2010, eq. 12."""
    return normal_(tensor, 0.0, gain * _spread(2, sum(fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode is 'fan_in' or 'fan_out', got {mode!r}")
    fan_in, fan_out = fans(tensor)
    return calculate_gain(nonlinearity, a) * _spread(1, fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """U(−b, b), b = gain·√(3/fan): variance gain²/fan, for rectifiers. He et al. 2015, eq. 10 and 14."""
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
    """U(±1/√fan_in), PyTorch's default for the bias that goes with ``weight``; does nothing for None."""
    if bias is not None:
        fan_in = fans(weight)[0]
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """U(−b, b), b = √(3/fan_in): variance 1/fan_in, for tanh near 0 and for SELU. LeCun et al. 1998, section 4.6."""
    bound = _spread(3, fans(tensor)[0])
    return uniform_(tensor, -bound, bound, generator)


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """N(0, 1/fan_in). LeCun et al. 1998, section 4.6."""
    return normal_(tensor, 0.0, _spread(1, fans(tensor)[0]), generator)


def variance_scaling_(
    tensor: Tensor,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
    generator: Generator | None = None,
) -> Tensor:
    """Variance ``scale/n``, n chosen by ``mode``: fan_in, fan_out or fan_avg, their mean. All of the above are special
    cases.

    ``distribution``: "truncated_normal" (at 2 standard deviations, widened to have that variance), "normal" or
    "uniform". Raises ValueError for another mode or distribution, or a scale that is not positive.
    """
    fan_in, fan_out = fans(tensor)
    counts = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    if mode not in counts:
        raise ValueError(f"variance_scaling_: mode is 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}")
    if not scale > 0:
        raise ValueError(f"variance_scaling_: scale must be positive, got {scale}")
    std = _spread(scale, counts[mode])
    if distribution == "uniform":
        return uniform_(tensor, -math.sqrt(3) * std, math.sqrt(3) * std, generator)
    if distribution == "normal":
        return normal_(tensor, 0.0, std, generator)
    if distribution != "truncated_normal":
        raise ValueError(
            f"variance_scaling_: distribution is 'truncated_normal', 'normal' or 'uniform', got {distribution!r}"
        )
    std /= 0.87962566103423978  # the standard deviation of N(0, 1) truncated at ±2
    return trunc_normal_(tensor, 0.0, std, -2 * std, 2 * std, generator)


# Other common names.
glorot_uniform_, glorot_normal_ = xavier_uniform_, xavier_normal_
he_uniform_, he_normal_ = kaiming_uniform_, kaiming_normal_
