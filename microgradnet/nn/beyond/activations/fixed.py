"""Activations without parameters that PyTorch does not have. The maths is in ``ops/elementwise/beyond.py``."""

from .... import ops
from ....ops.arrays.joining import cat
from ....ops.elementwise import beyond as smooth
from ....ops.nn.noise import stochastic_gelu
from ....ops.reduce import sparse_probability
from ....tensor import Tensor
from ... import functional as F
from ...activation import _Activation, _AlongDim


class Step(_Activation):
    """``1 if x > 0 else 0``, derivative 0: McCulloch and Pitts 1943.

    The perceptron's unit; it shows why gradients cannot train it: no gradient passes through.

    >>> nn.Step()(mg.tensor([-1.0, 2.0])).tolist()
    [0.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.step(input)


class BentIdentity(_Activation):
    """``(√(x² + 1) − 1)/2 + x``, derivative ``x/(2√(x² + 1)) + 1``, from ½ to 1½: never saturates, nearly linear.

    >>> nn.BentIdentity()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.bent_identity(input)


class Squareplus(_Activation):
    """``½(x + √(x² + b))``, derivative ``½(1 + x/√(x² + b))``: softplus without exp; ReLU at b = 0. Barron 2021.

    Raises ValueError for b < 0.

    >>> nn.Squareplus()(mg.tensor([0.0])).tolist()
    [1.0]
    """

    shown = ("b",)

    def __init__(self, b: float = 4.0):
        super().__init__()
        if b < 0:
            raise ValueError(f"Squareplus: b must not be negative, got {b}")
        self.b = b

    def forward(self, input: Tensor) -> Tensor:
        return smooth.squareplus(input, self.b)


class ReLUSquared(_Activation):
    """``max(0, x)²``, derivative ``2·max(0, x)``: gives sparse activations in transformers (Primer, So et al. 2021);
    explodes in deep nets.

    >>> nn.ReLUSquared()(mg.tensor([-1.0, 3.0])).tolist()
    [0.0, 9.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.relu_squared(input)


class CReLU(_Activation):
    """``[max(0, x), max(0, −x)]`` joined along ``dim``: derivatives [x > 0], −[x < 0]. Shang et al. 2016.

    Twice the channels and no information lost: for first layers, whose filters come in pairs of opposite sign.

    >>> nn.CReLU()(mg.tensor([[-1.0, 2.0]])).tolist()
    [[0.0, 2.0, 1.0, 0.0]]
    """

    shown = ("dim",)

    def __init__(self, dim: int = 1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return cat([F.relu(input), F.relu(-input)], self.dim)


class LiSHT(_Activation):
    """``x·tanh x``, derivative ``tanh x + x·(1 − tanh²x)``: even and never negative, so the sign is lost. Roy et al.
    2019.

    >>> nn.LiSHT()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.lisht(input)


class Gaussian(_Activation):
    """``e^(−x²)``, derivative ``−2x·e^(−x²)``: responds only near 0; far from it there is no gradient.

    >>> nn.Gaussian()(mg.tensor([0.0])).tolist()
    [1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.gaussian(input)


class Sinusoid(_Activation):
    """``sin(ω·x)``, derivative ``ω·cos(ω·x)``: for signals (SIREN, ω = 30 in the first layer). Sitzmann et al. 2020.

    Needs its own initialization, and has many local minima.

    >>> nn.Sinusoid()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    shown = ("omega",)

    def __init__(self, omega: float = 1.0):
        super().__init__()
        self.omega = omega

    def forward(self, input: Tensor) -> Tensor:
        return ops.sin(input if self.omega == 1 else self.omega * input)


class ArcTan(_Activation):
    """``arctan x``, derivative ``1/(1 + x²)``: shaped like tanh, within ±π/2, but it saturates slowly.

    >>> nn.ArcTan()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return ops.atan(input)


class Exponential(_Activation):
    """``eˣ``, its own derivative: for outputs that must be positive, such as a rate; in hidden layers it explodes.

    >>> nn.Exponential()(mg.tensor([0.0])).tolist()
    [1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return ops.exp(input)


class HardMish(_Activation):
    """``½x·min(2, max(0, x + 2))``, derivative 0, x + 1, 1: Mish without exp.

    >>> nn.HardMish()(mg.tensor([-2.0, 1.0])).tolist()
    [0.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.hard_mish(input)


class SparsePlus(_Activation):
    """0 below −1, ``¼(x + 1)²`` from −1 to 1, x above: a softplus with exact zeros; its derivative is SparseSigmoid.

    >>> nn.SparsePlus()(mg.tensor([-1.0, 0.0, 3.0])).tolist()
    [0.0, 0.25, 3.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.sparse_plus(input)


class SparseSigmoid(_Activation):
    """``min(1, max(0, ½(x + 1)))``: Sparsemax for two classes. Exactly 0 or 1 outside ±1, with no gradient there.

    >>> nn.SparseSigmoid()(mg.tensor([-1.0, 0.0])).tolist()
    [0.0, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.sparse_sigmoid(input)


class ISRU(_Activation):
    """``x/√(1 + αx²)``, derivative ``(1/√(1 + αx²))³``: like tanh, without exp. Carlile et al. 2017.

    Raises ValueError for α < 0.

    >>> nn.ISRU()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0):
        super().__init__()
        if alpha < 0:
            raise ValueError(f"{type(self).__name__}: alpha must not be negative, got {alpha}")
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return smooth.isru(input, self.alpha)


class ISRLU(ISRU):
    """``x if x ≥ 0 else x/√(1 + αx²)``: ELU without exp; slope and curvature are continuous at 0. Carlile et al. 2017.

    Raises ValueError for α < 0.

    >>> nn.ISRLU()(mg.tensor([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return smooth.isrlu(input, self.alpha)


class StochasticGELU(_Activation):
    """``x·m`` with m from Bernoulli(Φ(x)): derivative m. Hendrycks and Gimpel 2016.

    GELU is its mean, and its value in eval mode. ReLU gates by the sign, dropout at random, this at random with a
    probability that depends on the value.

    >>> nn.StochasticGELU().eval()(mg.tensor([0.0, 9.0])).tolist()
    [0.0, 9.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_gelu(input, self.training)


class _Gated(_Activation):
    """``act(a)·b`` for the halves a and b along ``dim``: one Linear of twice the width computes both: (…, 2d, …) -> (…,
    d, …). Shazeer 2020.
    """

    shown = ("dim",)

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def gate(self, a: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[self.dim] % 2:
            raise ValueError(
                f"{type(self).__name__}: dimension {self.dim} must be even, got shape {tuple(input.shape)}"
            )
        a, b = input.chunk(2, self.dim)
        return self.gate(a) * b


class SwiGLU(_Gated):
    """``silu(a)·b`` for the halves a and b of the input along ``dim``; derivatives silu′(a)·b, silu(a). Shazeer
    2020, eq. 5.

    In transformers better than GELU with the same number of weights (two thirds of the width); why is not understood.

    >>> nn.SwiGLU()(mg.tensor([0.0, 5.0])).tolist()
    [0.0]
    """

    def gate(self, a: Tensor) -> Tensor:
        return F.silu(a)


class GeGLU(_Gated):
    """``gelu(a)·b`` for the halves a and b of the input along ``dim``; derivatives gelu′(a)·b, gelu(a). Shazeer
    2020, eq. 5.

    >>> nn.GeGLU()(mg.tensor([9.0, 2.0])).tolist()
    [18.0]
    """

    def gate(self, a: Tensor) -> Tensor:
        return F.gelu(a)


class ReGLU(_Gated):
    """``relu(a)·b`` for the halves a and b of the input along ``dim``; derivatives [a > 0]·b, relu(a). Shazeer
    2020, eq. 5.

    >>> nn.ReGLU()(mg.tensor([3.0, 2.0])).tolist()
    [6.0]
    """

    def gate(self, a: Tensor) -> Tensor:
        return F.relu(a)


class Sparsemax(_AlongDim):
    """The probabilities nearest to the scores, ``max(0, x − τ)``: many are exactly 0. Martins and Astudillo 2016.

    Along ``dim`` (default: the last). Elements with probability 0 get no gradient.

    >>> nn.Sparsemax()(mg.tensor([2.0, 1.5, -1.0])).tolist()
    [0.75, 0.25, 0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return sparse_probability.sparsemax(input, -1 if self.dim is None else self.dim)


class Entmax15(_AlongDim):
    """``max(0, x/2 − τ)²`` with τ such that it sums to 1: between Softmax and Sparsemax. Peters et al. 2019.

    Its vector-Jacobian product is ``s·(g − Σs·g/Σs)`` with s = √y: elements with probability 0 get no gradient.

    >>> nn.Entmax15()(mg.tensor([9.0, 0.0])).tolist()
    [1.0, 0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return sparse_probability.entmax15(input, -1 if self.dim is None else self.dim)
