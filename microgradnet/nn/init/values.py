"""Initializers by value: they fill a tensor in place and return it."""

import math

import numpy as np

from ...backends.device import array_of, placed
from ...ops import erfinv
from ...random import Generator, default_generator
from ...tensor import Tensor


def fill(tensor: Tensor, values) -> Tensor:
    """Writes ``values`` into the tensor's memory; backward notices that it changed."""
    tensor.array[...] = values if isinstance(values, int | float) else placed(array_of(values), tensor.device)
    tensor.version[0] += 1
    return tensor


def numbers(generator: Generator | None) -> np.random.Generator:
    """The source of random numbers: the given generator, else the default one."""
    return (generator or default_generator).numpy


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """U(a, b): mean (a + b)/2, variance (b − a)²/12."""
    return fill(tensor, numbers(generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(mean, std²)."""
    return fill(tensor, numbers(generator).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element ``val``."""
    return fill(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0. Do not use it for a weight matrix: all units of the layer would stay equal forever."""
    return fill(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return fill(tensor, 1)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """N(mean, std²) truncated to [a, b] (values, not multiples of std), sampled by the inverse CDF.

    Raises ValueError unless a < b.
    """
    if not a < b:
        raise ValueError(f"trunc_normal_: a must be below b, got {a} and {b}")
    if std == 0:
        return fill(tensor, min(max(mean, a), b))
    low, high = (math.erf((v - mean) / std / math.sqrt(2)) for v in (a, b))
    drawn = Tensor(numbers(generator).uniform(low, high, tensor.shape))
    return fill(tensor, np.clip(mean + std * math.sqrt(2) * erfinv(drawn).numpy(), a, b))


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix (ones on the main diagonal, if not square): each unit passes one input on."""
    _of_dims("eye_", tensor, 2, 2)
    return fill(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution kernel (O, I/groups, *size) that passes on as many channels of each group as it can.

    Raises ValueError unless ``groups`` divides O.
    """
    _of_dims("dirac_", tensor, 3, 5)
    out, inputs = tensor.shape[:2]
    if out % groups:
        raise ValueError(f"dirac_: {out} output channels must divide by groups {groups}")
    values = np.zeros(tensor.shape)
    centre = tuple(n // 2 for n in tensor.shape[2:])
    each = out // groups
    for group in range(groups):
        for channel in range(min(each, inputs)):
            values[(group * each + channel, channel, *centre)] = 1
    return fill(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """N(0, std²) with a fraction ``sparsity`` of each column zero. Martens 2010.

    Raises ValueError for a sparsity outside [0, 1].
    """
    _of_dims("sparse_", tensor, 2, 2)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity must be in [0, 1], got {sparsity}")
    random, (rows, columns) = numbers(generator), tensor.shape
    values = random.normal(0.0, std, (rows, columns))
    for column in range(columns):
        values[random.permutation(rows)[: math.ceil(sparsity * rows)], column] = 0
    return fill(tensor, values)


def small_random_(tensor: Tensor, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """N(0, 0.01²): too small with hundreds of inputs. Signals and gradients vanish from layer to layer."""
    return normal_(tensor, 0.0, std, generator)


def large_random_(tensor: Tensor, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(0, 1): too large with hundreds of inputs. Tanh and sigmoid saturate, ReLU nets explode."""
    return normal_(tensor, 0.0, std, generator)


def scaled_bias_(target, value: float = 0.01) -> None:
    """Fills a bias, or all biases of a module, with a small positive number: at the start more ReLUs are active."""
    if isinstance(target, Tensor):
        fill(target, value)
        return
    for name, parameter in target.named_parameters():
        if name.rpartition(".")[2].startswith("bias"):
            fill(parameter, value)


def _of_dims(name: str, tensor: Tensor, least: int, most: int) -> None:
    if not least <= tensor.dim() <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{name}: a tensor of {wanted} dimensions expected, got shape {tuple(tensor.shape)}")
