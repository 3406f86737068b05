"""The gates of recurrent cells: one pass over the units of a batch, forward and backward."""

from ..lanes import lanes
from ..loops import loop
from ..scalar_math import sigmoid_float64 as sigmoid
from ..scalar_math import tanh_float64 as tanh


@loop(parallel=1 << 16)
def lstm(gates, c, h, cell):
    """gates (N, 4H) in the order i, f, g, o, and c (N, H) -> h and cell (N, H)."""
    units = c.shape[1]
    for n in prange(c.shape[0]):  # noqa: F821
        for j in lanes(units):
            i, f = sigmoid(gates[n, j]), sigmoid(gates[n, units + j])
            g, o = tanh(gates[n, 2 * units + j]), sigmoid(gates[n, 3 * units + j])
            new = f * c[n, j] + i * g
            cell[n, j] = new
            h[n, j] = o * tanh(new)


@loop(parallel=1 << 16)
def lstm_gradient(gates, c, gh, gcell, dgates, dc):
    """The gradients of gates and c from those of h and cell; the gates are recomputed."""
    units = c.shape[1]
    one = gates.dtype.type(1)
    for n in prange(c.shape[0]):  # noqa: F821
        for j in lanes(units):
            i, f = sigmoid(gates[n, j]), sigmoid(gates[n, units + j])
            g, o = tanh(gates[n, 2 * units + j]), sigmoid(gates[n, 3 * units + j])
            t = tanh(f * c[n, j] + i * g)
            d = gh[n, j] * o * (one - t * t) + gcell[n, j]
            dgates[n, j] = d * g * i * (one - i)
            dgates[n, units + j] = d * c[n, j] * f * (one - f)
            dgates[n, 2 * units + j] = d * i * (one - g * g)
            dgates[n, 3 * units + j] = gh[n, j] * t * o * (one - o)
            dc[n, j] = d * f
