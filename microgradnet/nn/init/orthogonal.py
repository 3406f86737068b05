"""Initializers that keep lengths: orthogonal matrices, in linear layers, convolutions and recurrent nets."""

import numpy as np

from ...random import Generator
from ...tensor import Tensor
from .values import fill, normal_, numbers, zeros_


def _orthogonal(rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """A matrix with orthonormal rows or columns, whichever are fewer, uniform among these."""
    q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without this it is not uniform: LAPACK's signs are not random
    return q if rows >= columns else q.T


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """``gain`` times a random orthogonal matrix, with the dimensions after the first flattened into one. Saxe et al.
    2014.

    Lengths are kept exactly, through any number of linear layers. Raises ValueError for fewer than two dimensions.
    """
    if tensor.dim() < 2:
        raise ValueError(f"orthogonal_: at least 2 dimensions expected, got shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    return fill(tensor, gain * _orthogonal(rows, tensor.numel() // rows, numbers(generator)).reshape(tensor.shape))


def delta_orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A kernel (O, I, *size) that is orthogonal at its centre and zero elsewhere. Xiao et al. 2018, section 2.4.

    A convolution with it keeps each pixel's length, so that nets of thousands of layers train. Raises ValueError unless
    O ≥ I and the kernel has 3 to 5 dimensions.
    """
    if not 3 <= tensor.dim() <= 5:
        raise ValueError(f"delta_orthogonal_: 3 to 5 dimensions expected, got shape {tuple(tensor.shape)}")
    out, inputs = tensor.shape[:2]
    if out < inputs:
        raise ValueError(
            f"delta_orthogonal_: no fewer output than input channels can keep lengths, got {out} and {inputs}"
        )
    values = np.zeros(tensor.shape)
    values[(slice(None), slice(None), *(n // 2 for n in tensor.shape[2:]))] = _orthogonal(
        out, inputs, numbers(generator)
    )
    return fill(tensor, gain * values)


def identity_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """``gain`` times the identity, for a square recurrent weight: the state is passed on. Le et al. 2015.

    Raises ValueError for any other shape.
    """
    if tensor.dim() != 2 or tensor.shape[0] != tensor.shape[1]:
        raise ValueError(f"identity_: a square matrix expected, got shape {tuple(tensor.shape)}")
    return fill(tensor, gain * np.eye(len(tensor)))


def irnn_(module, std: float = 0.001, generator: Generator | None = None) -> None:
    """Initializes a recurrent net of ReLU units as in Le et al. 2015: W_hh the identity, W_ih N(0, std²), biases 0.

    At first it adds up its inputs, and gradients through time neither vanish nor explode. Raises ValueError for a
    module without ``weight_hh``.
    """
    found = False
    for name, parameter in module.named_parameters():
        last = name.rpartition(".")[2]
        if last.startswith("weight_hh"):
            identity_(parameter)
            found = True
        elif last.startswith("weight_ih"):
            normal_(parameter, 0.0, std, generator)
        elif last.startswith("bias"):
            zeros_(parameter)
    if not found:
        raise ValueError(f"irnn_: {type(module).__name__} has no weight_hh: a recurrent module expected")
