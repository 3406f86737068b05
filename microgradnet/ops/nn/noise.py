"""Activations that draw random numbers."""

import math

from ...backends.device import np
from ...beside import told_as_one
from ...choice import where
from ...random import default_generator
from ...tensor import Tensor
from ...typing import Dims
from ..arrays.writing import write
from ..elementwise.activation import gelu, leaky_relu
from ..elementwise.exponential import erf, log
from ..reduce.reduction import softmax


@told_as_one
def uniform_like(x, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Numbers from U(low, high) in the shape and dtype of ``x``, a constant; redrawn in each replay."""
    return Tensor(default_generator.numpy.uniform(low, high, x.shape).astype(x.dtype)).to(x.device)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """``x if x ≥ 0 else a·x``, a from U(lower, upper) for each element in training, their mean otherwise. Xu et al.
    2015.

    Raises ValueError for lower > upper.
    """
    if lower > upper:
        raise ValueError(f"rrelu: lower must not be above upper, got {lower} and {upper}")
    if not training:
        out = leaky_relu(input, (lower + upper) / 2)
    else:
        out = where(input >= 0, input, input * uniform_like(input, lower, upper))
    return write("rrelu_", input, out) if inplace else out


def gumbel_softmax(logits: Tensor, tau: Tensor = 1.0, hard: bool = False, eps: float = 1e-10, dim: Dims = -1) -> Tensor:
    """``softmax((x + g)/tau)`` with Gumbel noise g = −ln(−ln u): a differentiable sample of a class, along ``dim``.
    Jang et al. 2017.

    ``hard`` returns the one-hot sample, with the soft one's gradient. Raises ValueError unless tau > 0.
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau must be positive, got {tau}")
    tiny = float(np.finfo(logits.dtype).tiny)
    noise = -log(-log(uniform_like(logits, tiny, 1.0)))
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    index = soft.detach().argmax(dim, keepdim=True)
    one_hot = (soft.detach() * 0).scatter(dim, index, 1.0)
    return one_hot - soft.detach() + soft


def stochastic_gelu(x: Tensor, training: bool = True) -> Tensor:
    """``x·m`` with m from Bernoulli(Φ(x)) in training; its mean, GELU, otherwise. Hendrycks and Gimpel 2016,
    section 2.
    """
    if not training:
        return gelu(x)
    probability = 0.5 * (1 + erf(x.detach() * math.sqrt(0.5)))
    gate = (uniform_like(x) < probability).to(x.dtype)
    return x * gate
