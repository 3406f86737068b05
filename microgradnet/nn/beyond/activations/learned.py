"""Activations with learned parameters: a slope, a frequency, or the whole shape."""

import math

import numpy as np

from ....choice import where
from ....ops import maximum
from ....ops.elementwise import beyond as smooth
from ....ops.elementwise.rounding import abs
from ....tensor import Tensor
from ... import functional as F
from ... import init
from ...conv import Conv2d
from ...linear import Linear, empty_parameter
from ...module import Module


def by_channel(parameter: Tensor, ndim: int) -> Tensor:
    """One value, or one per channel (dimension 1 of an input of 2 or more), reshaped to broadcast over the input."""
    if parameter.numel() == 1:
        return parameter.reshape(())
    return parameter.reshape((-1, *(1,) * max(ndim - 2, 0)))


class _Learned(Module):
    """Base: ``num_parameters`` values (1, or one per channel), initially ``start``."""

    def __init__(self, num_parameters: int, device=None, dtype=None, **starts: float):
        super().__init__()
        if num_parameters < 1:
            raise ValueError(f"{type(self).__name__}: num_parameters must be positive, got {num_parameters}")
        self.num_parameters = num_parameters
        for name, start in starts.items():
            setattr(self, name, empty_parameter(num_parameters, device=device, dtype=dtype))
            init.constant_(getattr(self, name), start)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Swish(_Learned):
    """``x·σ(βx)`` with one learned β, or one per channel. Ramachandran et al. 2017, section 4.

    Between x/2 (β = 0), SiLU (1, the start) and ReLU (β → ∞); ∂/∂β = x²·σ·(1 − σ).

    >>> nn.Swish()(mg.tensor([0.0, 30.0])).tolist()
    [0.0, 30.0]
    """

    def __init__(self, num_parameters: int = 1, beta: float = 1.0, device=None, dtype=None):
        super().__init__(num_parameters, device, dtype, beta=beta)

    def forward(self, input: Tensor) -> Tensor:
        return smooth.swish(input, by_channel(self.beta, input.dim()))


class Snake(_Learned):
    """``x + sin²(ax)/a`` with the frequency a learned; ∂/∂x = 1 + sin 2ax. Ziyin et al. 2020, eq. 3.

    Extrapolates periodic functions if the frequency starts nearby; the loss has many minima in a. Raises ValueError for
    a = 0.

    >>> nn.Snake()(mg.tensor([0.0])).tolist()
    [0.0]
    """

    def __init__(self, num_parameters: int = 1, a: float = 1.0, device=None, dtype=None):
        if a == 0:
            raise ValueError("Snake: a must not be 0")
        super().__init__(num_parameters, device, dtype, a=a)

    def forward(self, input: Tensor) -> Tensor:
        return smooth.snake(input, by_channel(self.a, input.dim()))


class Softexponential(_Learned):
    """Logarithm at α = −1, identity at 0, exponential at 1, with α learned. Godfrey and Gashler 2015, eq. 1.

    ∂/∂x = e^(αx) for α ≥ 0, ``1/(1 − α(x + α))`` below: sums become products and back.

    For α < 0 it is defined where ``1 − α(x + α) > 0``, and NaN elsewhere: keep the learning rate low.

    >>> nn.Softexponential()(mg.tensor([3.0])).tolist()
    [3.0]
    """

    def __init__(self, num_parameters: int = 1, alpha: float = 0.0, device=None, dtype=None):
        super().__init__(num_parameters, device, dtype, alpha=alpha)

    def forward(self, input: Tensor) -> Tensor:
        return smooth.softexponential(input, by_channel(self.alpha, input.dim()))


class TLU(_Learned):
    """``max(x, τ)`` with τ learned, derivatives [x > τ] and [x < τ]: the ReLU to put after FilterResponseNorm, whose
    mean is not 0. Singh and Krishnan 2020, eq. 5.

    >>> nn.TLU()(mg.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, num_parameters: int = 1, tau: float = 0.0, device=None, dtype=None):
        super().__init__(num_parameters, device, dtype, tau=tau)

    def forward(self, input: Tensor) -> Tensor:
        return maximum(input, by_channel(self.tau, input.dim()))


class SReLU(_Learned):
    """Three lines with two learned kinks and slopes: S-shaped. Jin et al. 2015, eq. 1.

    ``tʳ + aʳ(x − tʳ)`` from tʳ on, x between, ``tˡ + aˡ(x − tˡ)`` up to tˡ. It starts as LeakyReLU with slope
    ``left_slope`` below 0; the kink at ``right_threshold`` appears once aʳ differs from 1.

    >>> nn.SReLU(left_slope=0.5)(mg.tensor([-2.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 3.0]
    """

    def __init__(
        self,
        num_parameters: int = 1,
        left_slope: float = 0.2,
        right_threshold: float = 1.0,
        device=None,
        dtype=None,
    ):
        starts = {
            "left_threshold": 0.0,
            "left_slope": left_slope,
            "right_threshold": right_threshold,
            "right_slope": 1.0,
        }
        super().__init__(num_parameters, device, dtype, **starts)

    def forward(self, input: Tensor) -> Tensor:
        tl, al, tr, ar = (
            by_channel(p, input.dim())
            for p in (self.left_threshold, self.left_slope, self.right_threshold, self.right_slope)
        )
        right = where(input >= tr, tr + _along(ar, F.relu(input - tr)), input)
        return where(input <= tl, tl - _along(al, F.relu(tl - input)), right)


def _along(slope: Tensor, distance: Tensor) -> Tensor:
    """``slope·distance``, 0 for a slope of 0 at an infinite distance too."""
    return slope * where((slope == 0) & (distance == math.inf), 0, distance)


class APL(Module):
    """``max(0, x) + Σ_s a_s·max(0, b_s − x)`` with S hinges, a and b learned for each feature. Agostinelli et al. 2014.

    ∂/∂x = [x > 0] − Σ_s a_s·[x < b_s]: any continuous piecewise linear function that is x far to the right.

    ``hinges`` is S; ``num_parameters`` the number of features or channels (1: all share one). Raises ValueError for
    ``hinges`` < 1.

    >>> nn.APL()(mg.tensor([2.0])).shape
    (1,)
    """

    def __init__(self, hinges: int = 2, num_parameters: int = 1, device=None, dtype=None):
        super().__init__()
        if hinges < 1:
            raise ValueError(f"APL: hinges must be positive, got {hinges}")
        self.hinges, self.num_parameters = hinges, num_parameters
        self.slopes = empty_parameter(hinges, num_parameters, device=device, dtype=dtype)
        self.places = empty_parameter(hinges, num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws small slopes and hinges spread over [−1, 1]."""
        init.normal_(self.slopes, std=0.1)
        self.places.array[...] = np.linspace(-1, 1, self.hinges)[:, None]

    def forward(self, input: Tensor) -> Tensor:
        out, dims = F.relu(input), input.dim()
        first = by_channel(self.places.detach().amin(0) - 1, dims)
        near = maximum(input, first)  # left of all hinges their sum is one line, which at −∞ is not inf − inf
        for a, b in zip(self.slopes, self.places, strict=True):
            out = out + by_channel(a, dims) * F.relu(by_channel(b, dims) - near)
        return out + _along(by_channel(self.slopes.sum(0), dims), F.relu(first - input))

    def extra_repr(self) -> str:
        return f"hinges={self.hinges}, num_parameters={self.num_parameters}"


class PAU(Module):
    """``P(x)/Q(x)``, P of degree ``degrees[0]``, ``Q = 1 + |Σ bₖ·xᵏ|`` of ``degrees[1]``: any shape. Molina et al.
    2020, eq. 3.

    It starts near LeakyReLU(0.01), by least squares over [−3, 3]. Far from the data its shape is arbitrary. ∂/∂x = (P′Q
    − P·Q′)/Q². Raises ValueError unless ``degrees`` are two positive numbers.

    >>> nn.PAU()(mg.tensor([2.0])).shape
    (1,)
    """

    def __init__(self, degrees: tuple[int, int] = (5, 4), device=None, dtype=None):
        super().__init__()
        if len(degrees) != 2 or min(degrees) < 1:
            raise ValueError(f"PAU: degrees are two positive numbers, of P and of Q, got {degrees}")
        self.degrees = tuple(degrees)
        self.numerator = empty_parameter(degrees[0] + 1, device=device, dtype=dtype)
        self.denominator = empty_parameter(degrees[1], device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets Q = 1 + Σ b_{2k}·x^{2k}, which is positive, then P by least squares."""
        x = np.linspace(-3, 3, 601)
        even = np.where(np.arange(1, self.degrees[1] + 1) % 2 == 0, 1.0, 0.0)
        even *= 0.5 ** np.arange(self.degrees[1])
        q = 1 + np.abs(sum(b * x ** (k + 1) for k, b in enumerate(even)))
        powers = np.stack([x**k for k in range(self.degrees[0] + 1)], 1) / q[:, None]
        solution = np.linalg.lstsq(powers, np.where(x > 0, x, 0.01 * x), rcond=None)[0]
        self.numerator.array[...] = solution
        self.denominator.array[...] = even

    def forward(self, input: Tensor) -> Tensor:
        n, m = self.degrees
        size = maximum(abs(input), 1)  # P and Q are computed divided by powers of it, which do not overflow
        x = where(size > 1, input.detach().clamp(-1, 1), input)
        inverse = where(size == math.inf, 0, 1 / size)
        p = _polynomial(self.numerator, x, inverse)
        q = inverse**m + abs(_polynomial(self.denominator, x, inverse) * x)
        return p / q * (size ** (n - m) if n > m else inverse ** (m - n))

    def extra_repr(self) -> str:
        return f"degrees={self.degrees}"


def _polynomial(coefficients: Tensor, x: Tensor, inverse: Tensor) -> Tensor:
    """``Σ cₖ·xᵏ·inverseᴺ⁻ᵏ``, N the degree, by Horner's rule."""
    *lower, total = coefficients
    power = 1
    for c in reversed(lower):
        power = power * inverse
        total = total * x + c * power
    return total + 0 * x if not lower else total


class Maxout(Module):
    """``max over k of (x Wₖᵀ + bₖ)``: (…, in) -> (…, out), ``pieces`` linear maps for each unit. Goodfellow et al.
    2013.

    Learns a convex piecewise linear function: with two pieces |x|, ReLU and leaky ReLU are special cases, and the
    difference of two units approximates any continuous function. It never saturates; it costs ``pieces`` times the
    weights. The gradient goes to the winning piece. Raises ValueError for ``pieces`` < 1.

    >>> nn.Maxout(3, 2, pieces=4)(mg.zeros(5, 3)).shape
    (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, pieces: int = 2, bias: bool = True, device=None, dtype=None
    ):
        super().__init__()
        if pieces < 1:
            raise ValueError(f"Maxout: pieces must be positive, got {pieces}")
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        self.linear = Linear(in_features, out_features * pieces, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        out = self.linear(input)
        return out.reshape((*out.shape[:-1], self.out_features, self.pieces)).amax(-1)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, pieces={self.pieces}"


class Maxout2d(Module):
    """Maxout over groups of ``pieces`` channels of a convolution: (N, C, H, W) -> (N, out, H', W'). Goodfellow et
    al. 2013.

    The arguments after ``pieces`` are Conv2d's. Raises ValueError for ``pieces`` < 1.

    >>> nn.Maxout2d(3, 4, 3, pieces=2, padding=1)(mg.zeros(1, 3, 6, 6)).shape
    (1, 4, 6, 6)
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size, pieces: int = 2, **options):
        super().__init__()
        if pieces < 1:
            raise ValueError(f"Maxout2d: pieces must be positive, got {pieces}")
        self.out_channels, self.pieces = out_channels, pieces
        self.conv = Conv2d(in_channels, out_channels * pieces, kernel_size, **options)

    def forward(self, input: Tensor) -> Tensor:
        out = self.conv(input)
        channels = out.dim() - 3
        shape = (*out.shape[:channels], self.out_channels, self.pieces, *out.shape[channels + 1 :])
        return out.reshape(shape).amax(channels + 1)

    def extra_repr(self) -> str:
        return f"out_channels={self.out_channels}, pieces={self.pieces}"
