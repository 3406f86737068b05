"""Preprocessing of inputs: centring, scaling, PCA and whitening.

Each is fitted only on the training set and then applied to every set: statistics of the test set would leak information
into the evaluation.

>>> import numpy as np
>>> train, test = np.array([[1.0, 10.0], [3.0, 30.0]]), np.array([[2.0, 40.0]])
>>> standardize = Standardize().fit(train)
>>> standardize(test)
array([[0., 2.]])
>>> standardize.inverse(standardize(test))
array([[ 2., 40.]])
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnet.tensor import Tensor

from .dataset import refuse_nan


class Preprocessing:
    """A map of samples that is fitted once, applied to any set, and can be inverted.

    ``fit(x)`` learns from samples (N, ...), NumPy or Tensor, and returns this object; calling it (or ``transform``)
    maps samples of the same shape (M, ...), ``inverse`` maps them back. A Tensor is mapped to a Tensor, and gradients
    flow through. Statistics are computed in float64; the result has the samples' dtype, float32 for integers.

    Raises ValueError for no samples, NaN, or samples of another shape than those fitted; RuntimeError before ``fit``.
    """

    sample_shape: tuple | None = None

    def fit(self, x: np.ndarray | Tensor) -> "Preprocessing":
        array = np.asarray(x.array if isinstance(x, Tensor) else x)
        if array.ndim < 2 or len(array) == 0:
            raise ValueError(f"{self._name}: samples (N, ...) with N ≥ 1 expected, got shape {array.shape}")
        refuse_nan(f"{self._name}: x", array)
        self._learn(array.astype(np.float64))
        self.sample_shape = array.shape[1:]
        return self

    def transform(self, x: np.ndarray | Tensor) -> np.ndarray | Tensor:
        return self._forward(self._samples(x, self.sample_shape))

    __call__ = transform

    def inverse(self, z: np.ndarray | Tensor) -> np.ndarray | Tensor:
        """The samples that ``transform`` maps to ``z``."""
        return self._backward(self._samples(z, self._code_shape()))

    _forward: Callable[[Any], Any]
    _backward: Callable[[Any], Any]

    def _learn(self, x: np.ndarray) -> None:
        raise NotImplementedError(f"{self._name}: define _learn(x), _forward(x) and _backward(z)")

    def _code_shape(self) -> tuple | None:
        """The shape of one sample after the map."""
        return self.sample_shape

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _samples(self, x, shape: tuple | None):
        """``x`` in floating point, checked to have the fitted shape."""
        if self.sample_shape is None:
            raise RuntimeError(f"{self._name}: fit it on the training set first")
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.shape[1:] != shape or x.ndim == 0:
            expected = ", ".join(map(str, ("N", *shape)))  # type: ignore[misc]
            raise ValueError(f"{self._name}: samples of shape ({expected}) expected, got {x.shape}")
        if x.dtype.kind == "f":
            return x
        return x.to("float32") if isinstance(x, Tensor) else x.astype(np.float32)


class Standardize(Preprocessing):
    """Zero mean and unit variance for each feature: ``z = (x − μ)/σ``, back ``x = z·σ + μ``.

    ``mean`` and ``std`` have the shape of a sample; ``μ = (1/N) Σ xₙ`` and ``σ² = (1/N) Σ (xₙ − μ)²``. A feature that
    is constant in the training set, or whose variance underflows, is only centred (σ = 1).

    Use it when features have different units; it fails where a rare feature's few values are the signal, since it also
    amplifies the noise around them.
    """

    def _learn(self, x: np.ndarray) -> None:
        self.mean = x.mean(0)
        # Rounding can leave the variance of a constant slightly above 0, so the values themselves are compared.
        self.std = np.where(np.ptp(x, 0) == 0, 1.0, x.std(0))

    def _scale(self, dtype) -> np.ndarray:
        std = self.std.astype(dtype)
        return np.where(std == 0, std.dtype.type(1), std)  # the variance of tiny values underflows

    def _forward(self, x):
        return (x - self.mean.astype(x.dtype)) / self._scale(x.dtype)

    def _backward(self, z):
        return z * self._scale(z.dtype) + self.mean.astype(z.dtype)


class MeanImage(Preprocessing):
    """Subtracts the training set's mean sample: ``z = x − μ``, ``μ = (1/N) Σ xₙ``; back ``x = z + μ``.

    ``mean`` has the shape of a sample. Krizhevsky, Sutskever and Hinton 2012, section 2. It centres every pixel
    separately and thus removes what all images have in common; it needs images of one size.
    """

    def _learn(self, x: np.ndarray) -> None:
        self.mean = x.mean(0)

    def _forward(self, x):
        return x - self.mean.astype(x.dtype)

    def _backward(self, z):
        return z + self.mean.astype(z.dtype)


class ChannelMean(MeanImage):
    """Subtracts one mean per channel: ``z[n, c, …] = x[n, c, …] − μ[c]``, μ[c] over all samples and positions.

    ``x`` is (N, C, ...), ``mean`` (C, 1, ...). Simonyan and Zisserman 2015, section 2.1. Three numbers for colour
    images instead of a mean image; differences between positions remain.
    """

    def _learn(self, x: np.ndarray) -> None:
        self.mean = x.mean(axis=(0, *range(2, x.ndim)), keepdims=True)[0]


class PCA(Preprocessing):
    """Coordinates along the directions of largest variance: ``z = (x − μ)·U``, back ``x = z·Uᵀ + μ``.

    The columns of ``components`` U (D, K) are the eigenvectors of the covariance ``(1/N) Σ (xₙ − μ)(xₙ − μ)ᵀ`` for its
    K = ``n_components`` largest eigenvalues (default: all D), which are ``variances`` (K,), largest first. Samples are
    flattened to D features; z is (N, K), uncorrelated over the training set. With K < D the inverse is the nearest
    point in the span of the K directions (Hotelling 1933; Eckart and Young 1936). The sign of a direction is arbitrary:
    its largest entry is made positive.

    PCA followed by ``Standardize`` is PCA whitening. Use it to plot or reduce correlated features; it fails where the
    directions that separate the classes have little variance.

    Raises ValueError for ``n_components`` below 1 or above D.
    """

    def __init__(self, n_components: int | None = None):
        if n_components is not None and (not isinstance(n_components, int | np.integer) or n_components < 1):
            raise ValueError(f"{self._name}: n_components must be a positive integer or None, got {n_components!r}")
        self.n_components = n_components

    def _learn(self, x: np.ndarray) -> None:
        flat = x.reshape(len(x), -1)
        if self.n_components is not None and self.n_components > flat.shape[1]:
            raise ValueError(f"{self._name}: {self.n_components} components of {flat.shape[1]} features were asked for")
        self.mean, variances, directions = principal_axes(flat)
        self.variances = variances[: self.n_components]
        self.components = directions[:, : self.n_components]

    def _code_shape(self) -> tuple | None:
        return self.sample_shape and (self.components.shape[1],)

    def _forward(self, x):
        return (_flat(x) - self.mean.astype(x.dtype)) @ self.components.astype(x.dtype)

    def _backward(self, z):
        flat = z @ self.components.T.astype(z.dtype) + self.mean.astype(z.dtype)
        return flat.reshape((z.shape[0], *self.sample_shape))


class ZCAWhitening(Preprocessing):
    """Uncorrelated features of unit variance that still look like the input: ``z = (x − μ)·W``, back ``z·W⁻¹ + μ``.

    ``W = U·diag(1/√(λ + ε))·Uᵀ`` with the covariance's eigenvectors U and eigenvalues λ: rotate to the principal axes,
    scale each, rotate back; of all whitenings it changes samples least. Bell and Sejnowski 1997; ε as in Krizhevsky
    2009, appendix A. Samples are flattened to D features for W (D, D), and keep their shape. ``epsilon`` is a variance,
    in the features' units squared: directions with less variance count as noise and stay small.

    Use it on images before a linear feature detector; it fails (amplifies noise) with too small an ε, and D² numbers
    are too many for large images.

    Raises ValueError for a negative ``epsilon``, or 0 where a direction has no variance.
    """

    def __init__(self, epsilon: float = 1e-5):
        if not epsilon >= 0:
            raise ValueError(f"{self._name}: epsilon must not be negative, got {epsilon!r}")
        self.epsilon = epsilon

    def _learn(self, x: np.ndarray) -> None:
        self.mean, variances, directions = principal_axes(x.reshape(len(x), -1))
        # Rounding leaves a direction without variance at about 1e-16 of the largest variance.
        if self.epsilon == 0 and variances[-1] <= len(variances) * np.finfo(np.float64).eps * variances[0]:
            raise ValueError(
                f"{self._name}: a direction without variance cannot be scaled to 1: give an epsilon above 0"
            )
        scale = np.sqrt(variances + self.epsilon)
        self.whitening = (directions / scale) @ directions.T
        self.unwhitening = (directions * scale) @ directions.T

    def _forward(self, x):
        return ((_flat(x) - self.mean.astype(x.dtype)) @ self.whitening.astype(x.dtype)).reshape(x.shape)

    def _backward(self, z):
        flat = _flat(z) @ self.unwhitening.astype(z.dtype) + self.mean.astype(z.dtype)
        return flat.reshape(z.shape)


def principal_axes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (D,), variances (D,), largest first, and directions (D, D) as columns, of samples ``x`` (N, D)."""
    mean = x.mean(0)
    centred = x - mean
    variances, directions = np.linalg.eigh(centred.T @ centred / len(x))
    variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1]
    largest = np.abs(directions).argmax(0)
    return mean, variances, directions * np.where(directions[largest, np.arange(len(mean))] < 0, -1.0, 1.0)


def _flat(x):
    return x.reshape((x.shape[0], -1 if x.shape[0] else int(np.prod(x.shape[1:]))))
