"""Dropout and its relatives: elements set to zero at random, against overfitting.

The mask is not stored: ``backends/philox.py`` recomputes it in backward from the key that was drawn.
"""

import math
import warnings

from ...backends import philox
from ...backends.device import filled, flat, np
from ...beside import told_as_one
from ...notation import Notation
from ...primitive import primitive
from ...random import default_generator
from ...tensor import Tensor
from ..arrays import writing

# SELU's value at −∞, −λα, which alpha dropout puts in place of dropped elements. Klambauer et al. 2017.
SATURATED = -1.7580993408473766


@told_as_one
def draw_key() -> np.ndarray:
    """A key for one mask, from the default generator; redrawn in each replay of a captured step."""
    return default_generator.numpy.integers(0, 2**32, 2, dtype=np.uint64)


@primitive(formula=Notation("x·m·s, P(m = 0) = p"))
def drop(x, key, p, scale):
    """``x·scale`` where the mask of ``key`` is 1, else 0; each element is dropped with probability ``p``."""
    out = np.empty(x.shape, x.dtype)
    threshold = np.uint64(round(p * 2**32))
    philox.dropped(flat(x, x.dtype), key, threshold, x.dtype.type(scale), out.reshape(-1))
    return out


drop.vjp(x=lambda g, key, p, scale: drop(g, key, p, scale))


def check_probability(name: str, p: float) -> None:
    """Raises ValueError unless p is in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: a probability in [0, 1] expected, got p={p}")


def check_floating(name: str, x) -> None:
    """Raises TypeError unless the tensor is floating."""
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: a floating tensor expected, got {x.dtype.name}: convert with .float()")


def keep_mask(shape: tuple[int, ...], like, p: float) -> Tensor:
    """A constant of ones, each set to zero with probability ``p``, with the dtype and device of ``like``."""
    return drop(Tensor(filled(shape, 1, like)), draw_key(), p, 1.0)


def _finished(name: str, input, out, inplace: bool):
    return writing.write(f"{name}_", input, out) if inplace else out


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes each element with probability ``p`` and divides the others by 1 − p: the mean is kept. Srivastava et al.
    2014.

    The identity unless ``training``. The gradient passes through the kept elements, scaled in the same way.
    """
    check_probability("dropout", p)
    check_floating("dropout", input)
    if not training or p == 0:
        return input
    out = input * 0 if p == 1 else drop(input, draw_key(), p, 1 / (1 - p))
    return _finished("dropout", input, out, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, L) or (C, L) with probability ``p``. Tompson et al. 2015.

    Raises RuntimeError for another rank.
    """
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: 2 or 3 dimensions expected, got shape {tuple(input.shape)}")
    return _channels("dropout1d", input, p, training, inplace, batched=input.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, H, W) with probability ``p``: neighbouring pixels are too similar for dropout.

    The first two of three dimensions are samples and channels, as in PyTorch.
    """
    if input.ndim not in (3, 4):
        warnings.warn(f"dropout2d: 3 or 4 dimensions expected, got shape {tuple(input.shape)}", stacklevel=2)
    return _channels("dropout2d", input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p``."""
    if input.ndim not in (4, 5):
        warnings.warn(f"dropout3d: 4 or 5 dimensions expected, got shape {tuple(input.shape)}", stacklevel=2)
    return _channels("dropout3d", input, p, training, inplace, batched=input.ndim == 5)


def _channel_mask(input, p: float, batched: bool) -> Tensor:
    lead = 2 if batched else 1
    return keep_mask((*input.shape[:lead], *(1,) * (input.ndim - lead)), input, p)


def _channels(name, input, p, training, inplace, batched: bool = True):
    check_probability(name, p)
    check_floating(name, input)
    if not training or p == 0:
        return input
    out = input * 0 if p == 1 else input * (_channel_mask(input, p, batched) / (1 - p))
    return _finished(name, input, out, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Sets elements to SELU's value at −∞ with probability ``p``, then scales and shifts to keep mean and variance.

    ``a·(x·m − λα·(1 − m)) + b``. Klambauer et al. 2017, section 4.
    """
    check_probability("alpha_dropout", p)
    check_floating("alpha_dropout", input)
    if not training or p == 0:
        return input
    out = input * 0 if p == 1 else _alpha(input, keep_mask(tuple(input.shape), input, p), p)
    return _finished("alpha_dropout", input, out, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """``alpha_dropout`` of whole channels: dimensions 0 and 1 are samples and channels.

    Raises RuntimeError for fewer.
    """
    check_probability("feature_alpha_dropout", p)
    check_floating("feature_alpha_dropout", input)
    if input.ndim < 2:
        raise RuntimeError(f"feature_alpha_dropout: 2 or more dimensions expected, got shape {tuple(input.shape)}")
    if not training or p == 0:
        return input
    out = input * 0 if p == 1 else _alpha(input, _channel_mask(input, p, True), p)
    return _finished("feature_alpha_dropout", input, out, inplace)


def _alpha(x, mask, p: float):
    a = 1 / math.sqrt((SATURATED**2 * p + 1) * (1 - p))
    return (x * mask + SATURATED * (1 - mask)) * a - a * SATURATED * p
