"""The LSTM's gates as one op: all of a step except its matrix product."""

from ...backends.cpu import gates as kernels
from ...backends.device import np
from ...notation import Notation
from ...primitive import primitive
from ..arrays.joining import cat
from ..elementwise.activation import sigmoid, tanh


@primitive(formula=Notation("c' = σ(f)·c + σ(i)·tanh g, h = σ(o)·tanh c'"), outputs=("h", "cell"))
def lstm_gates(gates, c):
    """gates (N, 4H) or (4H) in the order i, f, g, o, cell c (N, H) or (H) -> (h, c'). Hochreiter and Schmidhuber.

    Raises ValueError for other shapes, TypeError unless both are float32 or both float64.
    """
    if gates.shape[:-1] != c.shape[:-1] or gates.shape[-1] != 4 * c.shape[-1]:
        raise ValueError("gates of four times the cell's units expected")
    if gates.dtype != c.dtype or gates.dtype.name not in ("float32", "float64"):
        raise TypeError("float32 or float64 expected, of both the same")
    h, cell = np.empty(c.shape, c.dtype), np.empty(c.shape, c.dtype)
    if c.size:
        units = c.shape[-1]
        kernels.lstm(_rows(gates, 4 * units), _rows(c, units), h.reshape(-1, units), cell.reshape(-1, units))
    return h, cell


def _rows(x, columns: int) -> np.ndarray:
    return np.ascontiguousarray(x).reshape(-1, columns)


def _gradients(g, gates, c) -> tuple:
    """The gradients of gates and c, by the same formulas on tensors."""
    units = c.shape[-1]
    parts = [gates[..., k * units : (k + 1) * units] for k in range(4)]
    i, f, n, o = sigmoid(parts[0]), sigmoid(parts[1]), tanh(parts[2]), sigmoid(parts[3])
    t = tanh(f * c + i * n)
    gh, gcell = g
    d = 0 if gh is None else gh * o * (1 - t * t)
    d = d if gcell is None else d + gcell
    to_o = o * 0 if gh is None else gh * t * o * (1 - o)
    return cat([d * n * i * (1 - i), d * c * f * (1 - f), d * i * (1 - n * n), to_o], -1), d * f


lstm_gates.vjp(
    gates=lambda g, gates, c: _gradients(g, gates, c)[0],
    c=lambda g, gates, c: _gradients(g, gates, c)[1],
)


@lstm_gates.fused_vjp
def _(g, needed, gates, c):
    units = c.shape[-1]
    dgates, dc = np.empty(gates.shape, c.dtype), np.empty(c.shape, c.dtype)
    if c.size:
        gh, gcell = (np.zeros(c.shape, c.dtype) if part is None else part for part in g)
        rows = [_rows(a, n * units) for a, n in ((gates, 4), (c, 1), (gh, 1), (gcell, 1))]
        kernels.lstm_gradient(*rows, dgates.reshape(-1, 4 * units), dc.reshape(-1, units))
    return [dgates if needed[0] else None, dc if needed[1] else None]
