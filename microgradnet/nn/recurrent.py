"""Recurrent layers: a state carried from step to step.

All steps' inputs go through one matrix product; only the product with the state is done step by step. Gradients flow
back through every step's state: they vanish or explode with the powers of W_hh. In LSTM and GRU they pass through
gates.
"""

import math

from ..ops import cat, sigmoid, stack, tanh, zeros
from ..ops.nn.gates import lstm_gates
from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import empty_parameter
from .module import Module

# name -> number of gates: the weights have that many times hidden_size rows
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def rnn_step(x: Tensor, h: Tensor, relu: bool) -> Tensor:
    """``h' = act(W_ih x + b_ih + W_hh h + b_hh)``, given both products. Elman 1990."""
    return F.relu(x + h) if relu else tanh(x + h)


def lstm_step(x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """``c' = σ(f)·c + σ(i)·tanh(g)``, ``h' = σ(o)·tanh(c')``. Hochreiter and Schmidhuber 1997, with Gers' forget
    gate.
    """
    return lstm_gates(x + h, c)  # type: ignore[return-value]


def gru_step(x: Tensor, wh: Tensor, h: Tensor) -> Tensor:
    """``h' = (1 − z)·n + z·h`` with r and z of σ, ``n = tanh(x_n + r·(W_hn h + b_hn))``. Cho et al. 2014."""
    (xr, xz, xn), (hr, hz, hn) = x.chunk(3, -1), wh.chunk(3, -1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = tanh(xn + r * hn)
    return n + z * (h - n)


class RNNBase(Module):
    """The common part of RNN, LSTM and GRU: layers, directions, and the loop over time.

    Input (T, N, input_size), (N, T, input_size) with ``batch_first``, or (T, input_size); the initial state
    (num_layers·directions, N, hidden_size) or without the N, zeros if not given. Returns the last layer's outputs of
    all steps, (T, N, directions·hidden_size), and the last states of all layers. ``weight_ih_l0`` and so on are named
    as in PyTorch. Raises ValueError for sizes that are not positive, a dropout outside [0, 1], a ``proj_size`` outside
    [0, hidden_size), and an input that does not fit or has no steps.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        name = type(self).__name__
        for argument, value in (("hidden_size", hidden_size), ("num_layers", num_layers)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: {argument} must be a positive integer, got {value!r}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be a probability in [0, 1], got {dropout}")
        if not 0 <= proj_size < hidden_size:
            raise ValueError(f"{name}: proj_size must be at least 0 and below hidden_size, got {proj_size}")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        rows, out = GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            columns = input_size if layer == 0 else out * (1 + bidirectional)
            for suffix in self._suffixes(layer):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, out)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
                for part, shape in shapes.items():
                    setattr(self, part + suffix, empty_parameter(*shape, device=device, dtype=dtype))
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def reset_parameters(self) -> None:
        """Draws all parameters from U(±1/√hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input: Tensor, hx=None):
        if input.dim() not in (2, 3) or input.shape[-1] != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: an input (steps, batch, {self.input_size}) or (steps, {self.input_size}) "
                f"expected, got shape {tuple(input.shape)}"
            )
        batched = input.dim() == 3
        x = input.transpose(0, 1) if batched and self.batch_first else input if batched else input.unsqueeze(1)
        if x.shape[0] == 0:
            raise ValueError(f"{type(self).__name__}: at least one step expected, got shape {tuple(input.shape)}")
        states = self._initial(hx, x, batched)
        finals: list = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                start = tuple(s[layer * (1 + self.bidirectional) + direction] for s in states)
                out, last = self._run(x, start, suffix, reverse=direction == 1)
                outputs.append(out)
                finals.append(last)
            x = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        last_states = tuple(stack(parts) for parts in zip(*finals, strict=True))
        if not batched:
            x, last_states = x.squeeze(1), tuple(s.squeeze(1) for s in last_states)
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, last_states if self.mode == "LSTM" else last_states[0]

    def flatten_parameters(self) -> None:
        """Does nothing: in PyTorch it makes the weights contiguous for cuDNN."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[p for name, p in self._parameters.items() if name.endswith(s)] for s in suffixes]

    def _initial(self, hx, x: Tensor, batched: bool) -> tuple[Tensor, ...]:
        """The initial states (layers·directions, N, size): h, and c of an LSTM."""
        count, out = self.num_layers * (1 + self.bidirectional), self.proj_size or self.hidden_size
        sizes = (out, self.hidden_size) if self.mode == "LSTM" else (out,)
        if hx is None:
            return tuple(zeros(count, x.shape[1], size, dtype=x.dtype, device=x.device) for size in sizes)
        given = tuple(hx) if self.mode == "LSTM" else (hx,)
        if len(given) != len(sizes):
            raise ValueError(f"{type(self).__name__}: the initial state is a pair (h, c), got {len(given)} tensors")
        for state, size in zip(given, sizes, strict=True):
            expected = (count, x.shape[1], size) if batched else (count, size)
            if tuple(state.shape) != expected:
                raise ValueError(
                    f"{type(self).__name__}: an initial state of shape {expected} expected, got {tuple(state.shape)}"
                )
        return given if batched else tuple(state.unsqueeze(1) for state in given)

    def _run(self, x: Tensor, start: tuple, suffix: str, reverse: bool) -> tuple[Tensor, tuple]:
        """One layer in one direction: the outputs (T, N, size), and the last states."""
        w_ih, w_hh, b_ih, b_hh, w_hr = (
            self._parameters.get(part + suffix)
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        )
        steps = list(F.linear(x, w_ih, b_ih))
        h, outputs = start[0], [None] * len(steps)
        c = start[1] if self.mode == "LSTM" else None
        for t in reversed(range(len(steps))) if reverse else range(len(steps)):
            wh = F.linear(h, w_hh, b_hh)
            if self.mode == "LSTM":
                h, c = lstm_step(steps[t], wh, c)
                h = h if w_hr is None else F.linear(h, w_hr)
            elif self.mode == "GRU":
                h = gru_step(steps[t], wh, h)
            else:
                h = rnn_step(steps[t], wh, self.mode == "RNN_RELU")
            outputs[t] = h
        return stack(outputs), (h,) if c is None else (h, c)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        for name, default in (defaults | {"bidirectional": False}).items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


class RNN(RNNBase):
    """``h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh)``, or ReLU. Elman 1990.

    Simple, but it forgets: the gradient of step t reaches step t − k as a product of k Jacobians. Beyond about ten
    steps use LSTM or GRU, or ``init.irnn_`` with ReLU. Arguments, shapes and errors: ``RNNBase``; also raises
    ValueError unless ``nonlinearity`` is "tanh" or "relu".

    >>> out, h = nn.RNN(3, 5)(mg.zeros(7, 2, 3))
    >>> out.shape, h.shape
    ((7, 2, 5), (1, 2, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device=None,
        dtype=None,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity is 'tanh' or 'relu', got {nonlinearity!r}")
        self_mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            self_mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Gates σ decide what the cell forgets, stores and outputs. Hochreiter and Schmidhuber 1997.

    ``c_t = σ(f)·c_{t−1} + σ(i)·tanh(g)``, ``h_t = σ(o)·tanh(c_t)``; rows of the weights in the order i, f, g, o.
    Along c the gradient is only multiplied by σ(f). ``proj_size`` makes h smaller (Sak et al. 2014). The state is a
    pair (h, c).

    >>> out, (h, c) = nn.LSTM(3, 5, num_layers=2)(mg.zeros(7, 2, 3))
    >>> out.shape, h.shape, c.shape
    ((7, 2, 5), (2, 2, 5), (2, 2, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device=None,
        dtype=None,
    ):
        sizes = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size)
        super().__init__("LSTM", *sizes, device, dtype)


class GRU(RNNBase):
    """``h_t = (1 − z)·n + z·h_{t−1}``: an LSTM with two gates and without a cell. Cho et al. 2014.

    Rows of the weights in the order r, z, n.

    >>> out, h = nn.GRU(3, 5, bidirectional=True)(mg.zeros(7, 2, 3))
    >>> out.shape, h.shape
    ((7, 2, 10), (2, 2, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device=None,
        dtype=None,
    ):
        sizes = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0)
        super().__init__("GRU", *sizes, device, dtype)


class RNNCellBase(Module):
    """One step of a recurrent layer: weights for ``num_chunks`` gates."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = empty_parameter(rows, input_size, device=device, dtype=dtype)
        self.weight_hh = empty_parameter(rows, hidden_size, device=device, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, empty_parameter(rows, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters from U(±1/√hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _products(self, x: Tensor, *states: Tensor | None) -> tuple:
        """Both products, and the states, zeros if not given."""
        if x.dim() not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: an input (batch, {self.input_size}) or ({self.input_size}) expected, "
                f"got shape {tuple(x.shape)}"
            )
        shape = (*x.shape[:-1], self.hidden_size)
        filled = tuple(zeros(*shape, dtype=x.dtype, device=x.device) if s is None else s for s in states)
        for state in filled:
            if tuple(state.shape) != shape:
                raise ValueError(f"{type(self).__name__}: a state of shape {shape} expected, got {tuple(state.shape)}")
        return F.linear(x, self.weight_ih, self.bias_ih), F.linear(filled[0], self.weight_hh, self.bias_hh), *filled

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")
        return text if getattr(self, "nonlinearity", "tanh") == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class RNNCell(RNNCellBase):
    """One step of RNN: (N, input_size), (N, hidden_size) -> (N, hidden_size), or all without the N.

    Raises ValueError unless ``nonlinearity`` is "tanh" or "relu".

    >>> nn.RNNCell(3, 5)(mg.zeros(2, 3)).shape
    (2, 5)
    """

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell: nonlinearity is 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x, wh, _ = self._products(input, hx)
        return rnn_step(x, wh, self.nonlinearity == "relu")


class LSTMCell(RNNCellBase):
    """One step of LSTM: (N, input_size), and (h, c) of (N, hidden_size) each -> (h', c').

    >>> h, c = nn.LSTMCell(3, 5)(mg.zeros(2, 3))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple | None = None) -> tuple[Tensor, Tensor]:
        x, wh, _, c = self._products(input, *(hx if hx is not None else (None, None)))
        return lstm_step(x, wh, c)


class GRUCell(RNNCellBase):
    """One step of GRU: (N, input_size), (N, hidden_size) -> (N, hidden_size).

    >>> nn.GRUCell(3, 5)(mg.zeros(2, 3)).shape
    (2, 5)
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return gru_step(*self._products(input, hx))
