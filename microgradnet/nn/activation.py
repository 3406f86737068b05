"""PyTorch's activations as modules. The maths of each is written once, in ``ops/elementwise/activation.py``."""

from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import empty_parameter
from .module import Module


class _Activation(Module):
    """Base of the activations: ``shown`` names the arguments that it stores, passes on and prints."""

    shown: tuple[str, ...] = ()

    @property
    def is_elementwise(self) -> bool:
        """Whether every number of the input is treated alike and by itself; along a ``dim`` they are mixed."""
        return not hasattr(self, "dim")

    def extra_repr(self) -> str:
        text = ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)
        return ", ".join(filter(None, [text, "inplace=True" if getattr(self, "inplace", False) else ""]))


class _InPlace(_Activation):
    """Base of those whose only argument is ``inplace``, which overwrites the input with the result."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace


class Threshold(_Activation):
    """``x if x > threshold else value``, derivative 1 above and 0 below. Masks small values.

    >>> nn.Threshold(1.0, -5.0)(mg.tensor([0.5, 2.0])).tolist()
    [-5.0, 2.0]
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    shown = ("threshold", "value")

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


class ReLU(_InPlace):
    """``max(0, x)``, derivative 1 above 0 and 0 below. Nair and Hinton 2010.

    Cheap, and its gradient does not vanish; a unit whose input stays below 0 no longer gets a gradient: it is dead.

    >>> nn.ReLU()(mg.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, inplace=self.inplace)


class RReLU(_Activation):
    """LeakyReLU whose slope is drawn from U(lower, upper) for each element in training, and is their mean in eval.

    Xu et al. 2015. The noise regularizes.

    >>> nn.RReLU(0.1, 0.3).eval()(mg.tensor([-1.0, 2.0])).tolist()
    [-0.20000000298023224, 2.0]
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    shown = ("lower", "upper")

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Hardtanh(_Activation):
    """``min(max(x, min_val), max_val)``, derivative 1 between and 0 outside: a piecewise linear tanh.

    Raises ValueError unless ``max_val > min_val``.

    >>> nn.Hardtanh()(mg.tensor([-3.0, 0.5])).tolist()
    [-1.0, 0.5]
    """

    shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__()
        if not max_val > min_val:
            raise ValueError(f"{type(self).__name__}: max_val must be above min_val, got {min_val} and {max_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, inplace=self.inplace)


class ReLU6(Hardtanh):
    """``min(max(0, x), 6)`` = ReLU(x) − ReLU(x − 6), derivative 1 between 0 and 6, else 0. Krizhevsky 2010.

    Bounded, which suits low precision; units above 6 get no gradient either.

    >>> nn.ReLU6()(mg.tensor([-1.0, 8.0])).tolist()
    [0.0, 6.0]
    """

    shown = ()

    def __init__(self, inplace: bool = False):
        super().__init__(0.0, 6.0, inplace)


class Sigmoid(_Activation):
    """``σ(x) = 1/(1 + e⁻ˣ)``, derivative ``σ·(1 − σ)`` of at most ¼.

    For gates and probabilities. In hidden layers it saturates (at |x| > 5 almost no gradient is left), each layer
    scales the gradient by ¼ at most, and its outputs are all positive, not zero-centred.

    >>> nn.Sigmoid()(mg.tensor([0.0])).tolist()
    [0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Hardsigmoid(_InPlace):
    """``min(max(x + 3, 0), 6)/6``, derivative 1/6 for |x| < 3: a piecewise linear σ.

    >>> nn.Hardsigmoid()(mg.tensor([-3.0, 0.0])).tolist()
    [0.0, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, inplace=self.inplace)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch


class Tanh(_Activation):
    """``tanh x``, derivative ``1 − tanh²x``: zero-centred, slope 1 at 0; saturates beyond about ±3.

    >>> nn.Tanh()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class SiLU(_InPlace):
    """``x·σ(x)``, derivative ``σ(x)·(1 + x·(1 − σ(x)))``: a smooth ReLU, not monotonic: it has a minimum at −1.28.
    Elfwing et al. 2017.

    >>> nn.SiLU()(mg.tensor([0.0, 20.0])).tolist()
    [0.0, 20.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, inplace=self.inplace)


class Mish(_InPlace):
    """``x·t``, t = tanh(softplus(x)), derivative ``t + x·(1 − t²)·σ(x)``: much like SiLU, but costlier. Misra 2019.

    >>> nn.Mish()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, inplace=self.inplace)


class Hardswish(_InPlace):
    """``x·min(max(x + 3, 0), 6)/6``, derivative 0, x/3 + ½ and 1 on its three pieces. Howard et al. 2019.

    SiLU approximated by two lines and a parabola, for small devices.

    >>> nn.Hardswish()(mg.tensor([0.0, 3.0])).tolist()
    [0.0, 3.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, inplace=self.inplace)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch


class ELU(_Activation):
    """``x if x > 0 else α(eˣ − 1)``, derivative 1 above 0, ``y + α`` below: activations have means nearer to 0 than
    ReLU's.

    Clevert et al. 2015. It saturates at −α, but no unit dies.

    >>> nn.ELU()(mg.tensor([-50.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, inplace=self.inplace)


class CELU(ELU):
    """``max(0, x) + min(0, α(e^(x/α) − 1))``: ELU with a continuous slope for every α. Barron 2017.

    >>> nn.CELU(2.0)(mg.tensor([-99.0, 2.0])).tolist()
    [-2.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, inplace=self.inplace)


class SELU(_InPlace):
    """``λx if x > 0 else λα(eˣ − 1)`` with λ ≈ 1.0507, α ≈ 1.6733, derivative λ or λα·eˣ.

    Activations converge to mean 0 and variance 1 from layer to layer. Klambauer et al. 2017. Use it with LeCun
    initialization and AlphaDropout, and without other normalization.

    >>> round(nn.SELU()(mg.tensor(1.0)).item(), 4)
    1.0507
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, inplace=self.inplace)


class GLU(_Activation):
    """``a·σ(b)`` for the halves a and b of the input along ``dim``; derivatives ``σ(b)`` and ``a·σ(b)·(1 − σ(b))``.

    A learned gate; gradients pass through the linear path. Dauphin et al. 2017. (…, 2d, …) -> (…, d, …).

    >>> nn.GLU()(mg.tensor([4.0, 0.0])).tolist()
    [2.0]
    """

    shown = ("dim",)

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


class GELU(_Activation):
    """``x·Φ(x)``, the mean of x·Bernoulli(Φ(x)), derivative ``Φ(x) + x·φ(x)``. Hendrycks and Gimpel 2016.

    ``approximate``: "none", "tanh" (½x·(1 + tanh(√(2/π)·(x + 0.044715x³)))), or "sigmoid" (x·σ(1.702x)), which PyTorch
    does not have. Raises ValueError for any other.

    >>> nn.GELU()(mg.tensor([0.0, 9.0])).tolist()
    [0.0, 9.0]
    """

    def __init__(self, approximate: str = "none"):
        super().__init__()
        if approximate not in ("none", "tanh", "sigmoid"):
            raise ValueError(f"GELU: approximate is 'none', 'tanh' or 'sigmoid', got {approximate!r}")
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Hardshrink(_Activation):
    """``0 if |x| ≤ λ else x``, derivative 0 or 1: large values pass unchanged, small ones become 0 and get no gradient.

    >>> nn.Hardshrink()(mg.tensor([0.3, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """``x − λ`` above λ, ``x + λ`` below −λ, else 0; derivative 1 outside ±λ, 0 inside.

    The proximal step of λ·|x|, as in L1 regularization: for sparse codes. Raises ValueError for λ < 0.

    >>> nn.Softshrink()(mg.tensor([0.3, 2.0])).tolist()
    [0.0, 1.5]
    """

    def __init__(self, lambd: float = 0.5):
        if lambd < 0:
            raise ValueError(f"Softshrink: lambd must not be negative, got {lambd}")
        super().__init__(lambd)

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class LeakyReLU(_Activation):
    """``x if x > 0 else a·x``, derivative 1 or a: a little gradient below 0, so that no unit dies. Maas et al. 2013.

    >>> nn.LeakyReLU(0.5)(mg.tensor([-2.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False):
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, inplace=self.inplace)


class LogSigmoid(_Activation):
    """``ln σ(x) = −softplus(−x)``, derivative ``σ(−x)``: the log-probability of a logit, without underflow.

    >>> nn.LogSigmoid()(mg.tensor([-200.0])).tolist()
    [-200.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softplus(_Activation):
    """``ln(1 + e^(βx))/β``, derivative ``σ(βx)``: a smooth ReLU, always positive. x itself where βx > threshold.

    >>> nn.Softplus()(mg.tensor([50.0])).tolist()
    [50.0]
    """

    shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class PReLU(_Activation):
    """``x if x > 0 else w·x`` with the slope w learned: one, or one for each channel (dimension 1). He et al. 2015.

    Derivatives: 1 or w with respect to x, ``min(0, x)`` with respect to w. Use no weight decay on ``weight``.

    >>> nn.PReLU(init=0.5)(mg.tensor([-2.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    shown = ("num_parameters",)
    is_elementwise = False  # each channel has its slope

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = empty_parameter(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)


class Softsign(_Activation):
    """``x/(1 + |x|)``, derivative ``1/(1 + |x|)²``: like tanh, but it saturates slowly. Glorot and Bengio 2010.

    >>> nn.Softsign()(mg.tensor([1.0, -3.0])).tolist()
    [0.5, -0.75]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(_Activation):
    """``x − tanh x``, derivative ``tanh²x``: flat at 0.

    >>> nn.Tanhshrink()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class _AlongDim(_Activation):
    shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim


class Softmin(_AlongDim):
    """``yᵢ = e^(−xᵢ)/Σ e^(−xⱼ)`` along ``dim``: softmax of −x, ∂yᵢ/∂xⱼ = −yᵢ·([i = j] − yⱼ). Turns distances into
    weights.

    >>> nn.Softmin(0)(mg.tensor([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class Softmax(_AlongDim):
    """``eˣⁱ/Σ eˣʲ`` along ``dim``: probabilities; ∂yᵢ/∂xⱼ = yᵢ·([i = j] − yⱼ).

    Do not put it before CrossEntropyLoss, which applies it already: a double softmax learns slowly and never becomes
    confident.

    >>> nn.Softmax(0)(mg.tensor([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class LogSoftmax(_AlongDim):
    """``x − log Σ eˣ`` along ``dim``: the logarithm of softmax, without its underflow; ∂yᵢ/∂xⱼ = [i = j] − e^(yⱼ).

    Put it before NLLLoss; CrossEntropyLoss applies it already.

    >>> nn.LogSoftmax(0)(mg.tensor([-900.0, 0.0])).tolist()
    [-900.0, 0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


class Softmax2d(_Activation):
    """Softmax over the channels of (N, C, H, W) or (C, H, W), at each pixel; derivative as Softmax. For segmentation.

    Raises ValueError for an input of another rank.

    >>> nn.Softmax2d()(mg.zeros(2, 1, 1)).flatten().tolist()
    [0.5, 0.5]
    """

    is_elementwise = False

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: 3 or 4 dimensions expected, got shape {tuple(input.shape)}")
        return F.softmax(input, -3)
