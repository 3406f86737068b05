"""The LSTM's gates beside the same formulas with PyTorch's functions."""

from microgradnet.ops.nn.gates import lstm_gates
from tests.ops.case import A, Case


def composed(gates, c):
    i, f, g, o = gates.chunk(4, -1)
    cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


CASES = [Case("lstm_gates", [(A(3, 8), A(3, 2)), (A(8), A(2)), (A(0, 8), A(0, 2))], torch=composed, ours=lstm_gates)]
