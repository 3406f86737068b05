"""Sparse alternatives to softmax: some probabilities are exactly 0."""

from ...backends.device import np
from ...choice import where
from ...notation import Notation
from ...primitive import primitive
from ..arrays.dims import one_dim
from ..elementwise.exponential import sqrt
from .reduction import sum


@primitive(formula=Notation("argmin over probabilities p of ‖p − x‖²"))
def sparsemax(x, dim: int = -1):
    """The point of the probability simplex nearest to ``x``: ``max(0, x − τ)``. Martins and Astudillo 2016, alg. 1."""
    dim = one_dim(dim, x.ndim, "sparsemax")
    if x.ndim == 0:
        return np.ones_like(x)
    z = np.moveaxis(np.asarray(x), dim, -1)
    if z.shape[-1] == 0:
        return x
    z = z - z.max(axis=-1, keepdims=True)  # same result, and adding 1 to large scores loses nothing
    ordered = -np.sort(-z, axis=-1)
    sums = np.cumsum(ordered, axis=-1, dtype=np.float64)
    ranks = np.arange(1, z.shape[-1] + 1)
    size = (1 + ranks * ordered > sums).sum(axis=-1, keepdims=True)  # of the support
    tau = (np.take_along_axis(sums, np.maximum(size, 1) - 1, -1) - 1) / np.maximum(size, 1)
    return np.moveaxis(np.maximum(z - tau, 0).astype(x.dtype), -1, dim)


def _sparsemax_gradient(g, out, dim):
    """Within the support, g minus its mean there. Martins and Astudillo 2016, eq. 12."""
    inside = out > 0
    return where(inside, g - sum(where(inside, g, 0), dim, True) / sum(inside, dim, True), 0)


sparsemax.vjp(x=_sparsemax_gradient)


@primitive(formula=Notation("max(0, x/2 − τ)²"))
def entmax15(x, dim: int = -1):
    """``max(0, x/2 − τ)²`` with τ such that it sums to 1: between softmax and sparsemax. Peters et al. 2019, alg. 2."""
    dim = one_dim(dim, x.ndim, "entmax15")
    if x.ndim == 0:
        return np.ones_like(x)
    z = np.moveaxis(np.asarray(x), dim, -1)
    if z.shape[-1] == 0:
        return x
    z = (z - z.max(axis=-1, keepdims=True)) / 2
    ordered = -np.sort(-z, axis=-1)
    ranks = np.arange(1, z.shape[-1] + 1)
    mean = np.cumsum(ordered, axis=-1, dtype=np.float64) / ranks
    spread = ranks * (np.cumsum(ordered**2, axis=-1, dtype=np.float64) / ranks - mean**2)
    taus = mean - np.sqrt(np.maximum((1 - spread) / ranks, 0))
    size = (taus <= ordered).sum(axis=-1, keepdims=True)
    tau = np.take_along_axis(taus, np.maximum(size, 1) - 1, -1)
    return np.moveaxis((np.maximum(z - tau, 0) ** 2).astype(x.dtype), -1, dim)


def _entmax15_gradient(g, out, dim):
    """``s·(g − Σs·g/Σs)`` with s = √out. Peters et al. 2019, proposition 2."""
    inside = out > 0
    s = where(inside, sqrt(where(inside, out, 1)), 0)
    return s * (g - sum(g * s, dim, True) / sum(s, dim, True))


entmax15.vjp(x=_entmax15_gradient)
