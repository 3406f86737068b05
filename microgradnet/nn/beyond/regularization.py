"""Stochastic regularization beyond PyTorch's: noise on units, weights, layers, time steps and regions."""

import math

import numpy as np

from ...autograd.function import Function
from ...backends.device import filled
from ...beside import told_as_one
from ...grad_mode import no_grad
from ...ops import log, sigmoid, stack, where
from ...ops.nn.dropout import check_floating, check_probability, draw_key, drop, keep_mask
from ...ops.nn.noise import uniform_like
from ...ops.nn.pooling import max_pool2d
from ...random import default_generator
from ...tensor import Tensor
from .. import functional as F
from ..linear import Linear, empty_parameter
from ..module import Module


@told_as_one
def normal_like(x) -> Tensor:
    """Numbers from N(0, 1) in the shape and dtype of ``x``, a constant; redrawn in each replay."""
    return Tensor(default_generator.numpy.standard_normal(x.shape).astype(x.dtype)).to(x.device)


class _WithProbability(Module):
    def __init__(self, p: float = 0.5):
        super().__init__()
        check_probability(type(self).__name__, p)
        self.p = p

    def extra_repr(self) -> str:
        return f"p={self.p}"


class VanillaDropout(_WithProbability):
    """The original dropout: in training zeroes with probability p, without scaling; in eval multiplies by 1 − p.

    Hinton et al. 2012. Same expectation, up to the factor 1 − p, as the inverted form, but every prediction pays for
    the scaling.

    >>> nn.VanillaDropout(0.25).eval()(mg.tensor([4.0])).tolist()
    [3.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return drop(input, draw_key(), self.p, 1.0) if self.training else input * (1 - self.p)


class MCDropout(_WithProbability):
    """Dropout that stays on at test time: predictions vary, and their spread measures the net's uncertainty.

    Gal and Ghahramani 2016. ``predict`` averages.

    >>> nn.MCDropout(0.0).eval()(mg.tensor([2.0])).tolist()
    [2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, True)

    @staticmethod
    def predict(model: Module, *inputs, samples: int = 30) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of ``samples`` runs of ``model`` in eval mode, with its MCDropouts on.

        Raises ValueError for a model without one: all runs would be the same.
        """
        if not any(isinstance(m, MCDropout) for m in model.modules()):
            raise ValueError("MCDropout.predict: the model has no MCDropout, so all its predictions are the same")
        training = {m: m.training for m in model.modules()}
        try:
            model.eval()
            with no_grad():
                outputs = stack([model(*inputs) for _ in range(samples)])
        finally:
            for m, mode in training.items():
                object.__setattr__(m, "training", mode)
        return outputs.mean(0), outputs.std(0, correction=0)


class DropConnect(Linear):
    """Linear whose weights, not units, are zeroed with probability p, separately for each sample. Wan et al. 2013,
    section 3.

    In eval it uses the mean weights, (1 − p)·W. With ``per_sample=False`` all samples of a batch share one mask,
    which is cheaper.

    >>> nn.DropConnect(3, 2)(mg.zeros(4, 3)).shape
    (4, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        p: float = 0.5,
        per_sample: bool = True,
        device=None,
        dtype=None,
    ):
        check_probability("DropConnect", p)
        super().__init__(in_features, out_features, bias, device, dtype)
        self.p, self.per_sample = p, per_sample

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.linear(x, self.weight * (1 - self.p), self.bias)
        if not self.per_sample or x.dim() == 1:
            return F.linear(x, drop(self.weight, draw_key(), self.p, 1.0), self.bias)
        rows = x.reshape((-1, 1, self.in_features))
        weights = drop(self.weight.expand((rows.shape[0], *self.weight.shape)), draw_key(), self.p, 1.0)
        out = (rows @ weights.mT).reshape((*x.shape[:-1], self.out_features))
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, p={self.p}"


class DropPath(_WithProbability):
    """Zeroes whole samples of a residual branch with probability p and divides the others by 1 − p. Huang et al. 2016.

    ``x + DropPath(p)(f(x))``: dropped samples skip the layer, so that very deep nets train like shallower ones.

    >>> nn.DropPath(0.9).eval()(mg.ones(2, 3)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def forward(self, input: Tensor) -> Tensor:
        check_floating(type(self).__name__, input)
        if not self.training or self.p == 0:
            return input
        if self.p == 1:
            return input * 0
        return input * (keep_mask((input.shape[0], *(1,) * (input.dim() - 1)), input, self.p) / (1 - self.p))


class StochasticDepth(_WithProbability):
    """A residual block that is skipped with probability p: ``x + b·f(x)``, b ~ Bernoulli(1 − p). Huang et al. 2016, eq.
    2, 5.

    One b for the whole batch; in eval ``x + (1 − p)·f(x)``. A dropped block is not even computed.

    >>> nn.StochasticDepth(nn.Identity(), 0.25).eval()(mg.tensor([4.0])).tolist()
    [7.0]
    """

    def __init__(self, block: Module, p: float = 0.5):
        super().__init__(p)
        self.block = block

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return input + (1 - self.p) * self.block(input)
        return input if default_generator.numpy.random() < self.p else input + self.block(input)


class DropBlock2d(_WithProbability):
    """Zeroes squares of ``block_size`` pixels of each channel, about a fraction p of all pixels. Ghiasi et al. 2018,
    algorithm 1.

    Centres are drawn at rate ``γ = p/size² · H·W/((H − size + 1)(W − size + 1))``; the rest is rescaled to keep the
    mean. Convolutions could guess single dropped pixels from their neighbours. (N, C, H, W) or (C, H, W); raises
    ValueError for other ranks and for ``block_size`` < 1.

    >>> nn.DropBlock2d(0.1, 3).eval()(mg.ones(1, 2, 5, 5)).shape
    (1, 2, 5, 5)
    """

    def __init__(self, p: float = 0.1, block_size: int = 7):
        super().__init__(p)
        if block_size < 1:
            raise ValueError(f"DropBlock2d: block_size must be positive, got {block_size}")
        self.block_size = block_size

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"DropBlock2d: 3 or 4 dimensions expected, got shape {tuple(input.shape)}")
        if not self.training or self.p == 0:
            return input
        h, w = input.shape[-2:]
        size = min(self.block_size, h, w)
        valid = (*input.shape[:-2], h - size + 1, w - size + 1)
        gamma = min(1.0, self.p * h * w / (size**2 * valid[-1] * valid[-2]))
        centres = 1 - keep_mask(valid, input, gamma)
        # A centre drops everything in the window around it: the maximum over windows, with the border added.
        border = F.pad(centres, (size - 1,) * 4)
        kept = 1 - max_pool2d(border, size, 1)
        return input * kept * (kept.numel() / (kept.sum() + 1e-12))

    def extra_repr(self) -> str:
        return f"p={self.p}, block_size={self.block_size}"


class GaussianDropout(_WithProbability):
    """``x·N(1, p/(1 − p))``: noise with dropout's mean and variance, without zeros. Srivastava et al. 2014, section 10.

    Raises ValueError for p = 1.

    >>> nn.GaussianDropout(0.5).eval()(mg.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, p: float = 0.5):
        super().__init__(p)
        if p == 1:
            raise ValueError("GaussianDropout: p must be below 1, the noise would be infinite")

    def forward(self, input: Tensor) -> Tensor:
        check_floating("GaussianDropout", input)
        if not self.training or self.p == 0:
            return input
        return input * (1 + math.sqrt(self.p / (1 - self.p)) * normal_like(input))


class GaussianNoise(Module):
    """``x + N(0, std²)`` in training: acts like a penalty on the slope of the function. Bishop 1995.

    Raises ValueError for ``std`` < 0.

    >>> nn.GaussianNoise(0.1).eval()(mg.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, std: float = 0.1):
        super().__init__()
        if not std >= 0:
            raise ValueError(f"GaussianNoise: std must not be negative, got {std}")
        self.std = std

    def forward(self, input: Tensor) -> Tensor:
        check_floating("GaussianNoise", input)
        return input + self.std * normal_like(input) if self.training else input

    def extra_repr(self) -> str:
        return f"std={self.std}"


class Standout(Module):
    """Dropout whose keep probability is computed: ``σ(α·(W x + b) + β)`` for each unit of ``linear``. Ba and Frey
    2013, eq. 2.

    ``forward(x, activations)``: x is the input of ``linear``; returns the activations, masked in training and scaled by
    the probability in eval. The weights of ``linear`` are shared, as in the paper, and get no gradient from the mask.

    >>> layer = nn.Linear(3, 2)
    >>> nn.Standout(layer)(mg.zeros(4, 3), mg.ones(4, 2)).shape
    (4, 2)
    """

    def __init__(self, linear: Linear, alpha: float = 1.0, beta: float = 0.0):
        super().__init__()
        object.__setattr__(self, "_linear", linear)  # not registered as a child: another module owns it
        self.alpha, self.beta = alpha, beta

    def forward(self, x: Tensor, activations: Tensor) -> Tensor:
        bias = None if self._linear.bias is None else self._linear.bias.detach()
        logits = F.linear(x.detach(), self._linear.weight.detach(), bias)
        keep = sigmoid(self.alpha * logits + self.beta)
        if not self.training:
            return activations * keep
        return activations * (uniform_like(keep) < keep).to(activations.dtype)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}, beta={self.beta}"


class Zoneout(_WithProbability):
    """Each unit of a recurrent state keeps its old value with probability p. Krueger et al. 2017, eq. 4.

    ``forward(old, new)``; in eval the expectation ``p·old + (1 − p)·new``. Unlike dropout it does not cut the gradient
    through time.

    >>> nn.Zoneout(0.25).eval()(mg.tensor([4.0]), mg.tensor([8.0])).tolist()
    [7.0]
    """

    def __init__(self, p: float = 0.1):
        super().__init__(p)

    def forward(self, old: Tensor, new: Tensor) -> Tensor:
        if not self.training:
            return self.p * old + (1 - self.p) * new
        return where(keep_mask(tuple(new.shape), new, self.p) > 0, new, old)


class VariationalDropout(_WithProbability):
    """Dropout with one mask for all time steps of a sequence. Gal and Ghahramani 2016, section 4.

    (T, N, F), or (N, T, F) with ``batch_first``. A new mask at each step would drown a recurrent state in noise. Raises
    ValueError for fewer than 2 dimensions.

    >>> nn.VariationalDropout(0.5).eval()(mg.ones(2, 1, 3)).shape
    (2, 1, 3)
    """

    def __init__(self, p: float = 0.5, batch_first: bool = False):
        super().__init__(p)
        self.batch_first = batch_first

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() < 2:
            raise ValueError(f"VariationalDropout: a sequence expected, got shape {tuple(input.shape)}")
        if not self.training or self.p == 0:
            return input
        if self.p == 1:
            return input * 0
        time = 1 if self.batch_first else 0
        shape = tuple(1 if d == time else n for d, n in enumerate(input.shape))
        return input * (keep_mask(shape, input, self.p) / (1 - self.p))

    def extra_repr(self) -> str:
        return f"p={self.p}, batch_first={self.batch_first}"


class ConcreteDropout(Module):
    """Dropout whose p is learned by gradients, through a mask that is nearly 0 or 1. Gal, Hron and Kendall 2017, eq. 5.

    ``z = σ((ln p − ln(1 − p) + ln u − ln(1 − u))/temperature)``, the output is x·(1 − z)/(1 − p). Add
    ``regularization(...)`` of each such layer to the loss, or p goes to 0. Raises ValueError unless p is in (0, 1) and
    ``temperature`` > 0.

    >>> round(nn.ConcreteDropout(0.25).p.item(), 4)
    0.25
    """

    def __init__(self, p: float = 0.1, temperature: float = 0.1, device=None, dtype=None):
        super().__init__()
        if not 0 < p < 1:
            raise ValueError(f"ConcreteDropout: a probability in (0, 1) to start from expected, got p={p}")
        if not temperature > 0:
            raise ValueError(f"ConcreteDropout: temperature must be positive, got {temperature}")
        self.temperature = temperature
        self.p_logit = empty_parameter(1, device=device, dtype=dtype)
        self.p_logit.array[...] = math.log(p) - math.log(1 - p)

    @property
    def p(self) -> Tensor:
        """The present probability, a 0-d tensor."""
        return sigmoid(self.p_logit).reshape(())

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return input
        tiny = float(np.finfo(input.dtype).eps)
        u = uniform_like(input, tiny, 1 - tiny)
        z = sigmoid((self.p_logit.reshape(()) + log(u) - log(1 - u)) / self.temperature)
        return input * (1 - z) / (1 - self.p)

    def regularization(
        self, weight: Tensor, inputs: int, weight_regularizer: float = 1e-6, dropout_regularizer: float = 1e-5
    ) -> Tensor:
        """``λ_w·‖W‖²/(1 − p) + λ_p·inputs·(p ln p + (1 − p) ln(1 − p))``, W the weight that follows. Eq. 3 and 4."""
        p = self.p
        entropy = p * log(p) + (1 - p) * log(1 - p)
        return weight_regularizer * (weight * weight).sum() / (1 - p) + dropout_regularizer * inputs * entropy

    def extra_repr(self) -> str:
        return f"p={self.p.item():.4g}, temperature={self.temperature}"


class _Mixture(Function):
    """``α·a + (1 − α)·b`` forward, ``β`` and ``1 − β`` backward."""

    @staticmethod
    def forward(ctx, a, b, alpha, beta):
        ctx.save_for_backward(beta)
        return alpha * a + (1 - alpha) * b

    @staticmethod
    def backward(ctx, g):
        (beta,) = ctx.saved_tensors
        return g * beta, g * (1 - beta), None, None


class ShakeShake(Module):
    """Mixes two branches at random, ``α·a + (1 − α)·b``, and their gradients by another draw β. Gastaldi 2017.

    α and β from U(0, 1) for each sample; ½ and ½ in eval. For residual nets of two branches.

    >>> nn.ShakeShake().eval()(mg.tensor([2.0]), mg.tensor([4.0])).tolist()
    [3.0]
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        if not self.training:
            return 0.5 * a + 0.5 * b
        one = Tensor(filled((a.shape[0], *(1,) * (a.dim() - 1)), 0, a))
        return _Mixture.apply(a, b, uniform_like(one), uniform_like(one))


class _Shaken(Function):
    """``forward·x``, with ``backward·g`` as gradient."""

    @staticmethod
    def forward(ctx, x, factor, gradient_factor):
        ctx.save_for_backward(gradient_factor)
        return x * factor

    @staticmethod
    def backward(ctx, g):
        (factor,) = ctx.saved_tensors
        return g * factor, None, None


class ShakeDrop(_WithProbability):
    """A residual branch times ``b + α − b·α``, its gradient times ``b + β − b·β``, b ~ Bernoulli(1 − p). Yamada et al.
    2019.

    α from U(−1, 1), β from U(0, 1), for each sample; in eval multiplied by the expectation ``1 − p`` (that of α is 0).
    For a single branch; ShakeShake needs two.

    >>> nn.ShakeDrop(0.25).eval()(mg.tensor([4.0])).tolist()
    [3.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return input * (1 - self.p)
        one = Tensor(filled((input.shape[0], *(1,) * (input.dim() - 1)), 0, input))
        kept = keep_mask(tuple(one.shape), input, self.p) > 0
        # b + α − b·α is 1 where b is 1, else α; the same with β.
        return _Shaken.apply(input, where(kept, 1, uniform_like(one, -1.0, 1.0)), where(kept, 1, uniform_like(one)))
