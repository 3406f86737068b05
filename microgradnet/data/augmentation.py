"""Random changes of training images that keep their labels: shifts, flips, noise.

Each function takes a batch of images (N, ..., H, W), NumPy or Tensor, and returns a new one of the same kind, shape and
dtype; each image gets its own random numbers from ``generator``, or from the one that ``manual_seed`` seeds. Use them
in the training loop, so that each pass sees other images; leave the test set unchanged.

    for images, labels in loader:
        images = random_shift(images, 1)
        ...
"""

import numpy as np

from microgradnet import random
from microgradnet.tensor import Tensor


def random_shift(images: Tensor, max_shift: int = 1, generator: random.Generator | None = None) -> Tensor:
    """Each image moved by (dy, dx) pixels, both uniform in {−max_shift, …, max_shift}; zeros move in.

    ``out[n, …, i, j] = images[n, …, i − dy, j − dx]``, 0 outside. A digit shifted by a pixel is the same digit; a
    clipped one may not be, so keep ``max_shift`` within the margin. Raises ValueError for a negative ``max_shift``.
    """
    array = _images("random_shift", images, 3)
    if not isinstance(max_shift, int | np.integer) or max_shift < 0:
        raise ValueError(f"random_shift: max_shift must be a non-negative integer, got {max_shift!r}")
    height, width = array.shape[-2:]
    flat = array.reshape(len(array), -1 if array.size else 1, height, width)
    padded = np.pad(flat, [(0, 0), (0, 0), (max_shift, max_shift), (max_shift, max_shift)])
    down, right = _numbers(generator).integers(0, 2 * max_shift + 1, (2, len(array), 1))
    rows = (np.arange(height) + down)[:, None, :, None]
    columns = (np.arange(width) + right)[:, None, None, :]
    sample = np.arange(len(array))[:, None, None, None]
    channel = np.arange(flat.shape[1])[:, None, None]
    return _like(images, padded[sample, channel, rows, columns].reshape(array.shape))


def random_flip(images: Tensor, p: float = 0.5, dim: int = -1, generator: random.Generator | None = None) -> Tensor:
    """Each image mirrored with probability ``p`` along ``dim``: −1 left-right, −2 upside down.

    Right for cats and shirts, wrong for anything with a handedness: letters, digits, road signs. Raises ValueError for
    ``p`` outside [0, 1] or ``dim`` 0, the dimension of samples.
    """
    array = _images("random_flip", images, 2)
    if not 0 <= p <= 1:
        raise ValueError(f"random_flip: p must be in [0, 1], got {p!r}")
    if dim % array.ndim == 0 or not -array.ndim <= dim < array.ndim:
        raise ValueError(f"random_flip: dim must be one of an image's, got {dim} for images of shape {array.shape}")
    chosen = _numbers(generator).random(len(array)) < p
    flipped = array.copy()
    flipped[chosen] = np.flip(array[chosen], dim)
    return _like(images, flipped)


def random_noise(images: Tensor, std: float = 0.1, generator: random.Generator | None = None) -> Tensor:
    """Gaussian noise on every value: ``out = images + std·ε``, ε ~ N(0, 1).

    Training on it is, to first order, a penalty on the network's slope (Bishop 1995). Raises ValueError for a negative
    ``std``, TypeError for values that are not floating-point.
    """
    array = _images("random_noise", images, 1)
    if not std >= 0:
        raise ValueError(f"random_noise: std must not be negative, got {std!r}")
    if array.dtype.kind != "f":
        raise TypeError(f"random_noise: floating-point values expected, got {array.dtype}")
    noise = _numbers(generator).standard_normal(array.shape, np.float64 if array.dtype == np.float64 else np.float32)
    return _like(images, (array + std * noise).astype(array.dtype, copy=False))


def _images(name: str, images, dimensions: int) -> np.ndarray:
    array = images.array if isinstance(images, Tensor) else np.asarray(images)
    if array.ndim < dimensions:
        expected = ("(N, ...)", "(N, ..., W)", "(N, ..., H, W)")[dimensions - 1]
        raise ValueError(f"{name}: a batch {expected} expected, got shape {array.shape}")
    return array


def _numbers(generator: random.Generator | None) -> np.random.Generator:
    return (generator or random.default_generator).numpy


def _like(images, array: np.ndarray):
    return Tensor(array) if isinstance(images, Tensor) else array
