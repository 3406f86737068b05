"""Every op, by family. Each is declared once and is, from there, a function here and a method of Tensor."""

from ..primitive import broadcast_to, cast
from ..tensor import Tensor
from .activation import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from .arithmetic import add, div, maximum, minimum, mul, neg, power, sub
from .arithmetic import pow as _pow
from .comparison import eq, ge, gt, le, lt, ne, where
from .convolution import convolution
from .exponential import erf, exp, expm1, log, log1p, sqrt
from .indexing import gather, getitem
from .linalg import linear, matmul
from .loss import cross_entropy, nll_loss
from .pooling import max_pool2d_with_indices
from .reduction import all, amax, amin, any, argmax, argmin, log_softmax, max, mean, min, softmax, sum
from .rounding import abs, sign
from .shape import cat, clone, contiguous, expand, flatten, permute, reshape, squeeze, stack, transpose, unsqueeze


def pow(x, exponent):
    """``x ** exponent``, elementwise; a number or a tensor on either side."""
    return power(x, exponent) if isinstance(exponent, int | float) else _pow(x, exponent)


def t(x):
    """A matrix transposed; a vector as it is."""
    if x.ndim > 2:
        raise ValueError(f"t: at most 2 dimensions expected, got shape {tuple(x.shape)}: use transpose or .mT")
    return x if x.ndim < 2 else transpose(x, 0, 1)


def _attach() -> None:
    """Gives Tensor its operators and methods."""
    operators = {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow, "matmul": matmul}
    for name, op in operators.items():
        setattr(Tensor, f"__{name}__", lambda a, b, op=op: op(a, b))
        setattr(Tensor, f"__r{name}__", lambda a, b, op=op: op(b, a))
    for name, op in {"neg": neg, "abs": abs, "getitem": getitem}.items():
        setattr(Tensor, f"__{name}__", lambda *a, op=op: op(*a))
    for op in (eq, ne, lt, le, gt, ge):
        setattr(Tensor, f"__{op.name}__", lambda a, b, op=op: op(a, b))
    methods = [
        abs, add, all, amax, amin, any, argmax, argmin, broadcast_to, clone, contiguous, div, erf, exp, expand, expm1, flatten,
        gather, log, log1p, log_softmax, matmul, max, maximum, mean, min, minimum, mul, neg, permute, pow, relu, reshape,
        sigmoid, sign, softmax, sqrt, squeeze, sub, sum, t, tanh, transpose, unsqueeze,
    ]  # fmt: skip
    for op in methods:
        setattr(Tensor, op.__name__, lambda self, *args, op=op, **kwargs: op(self, *args, **kwargs))
    Tensor.view = Tensor.reshape
    Tensor.T = property(lambda self: permute(self, *reversed(range(self.ndim))))
    Tensor.mT = property(lambda self: transpose(self, -2, -1))
    for name, dtype in {"float": "float32", "double": "float64", "long": "int64", "bool": "bool"}.items():
        setattr(Tensor, name, lambda self, dtype=dtype: self.to(dtype))
    Tensor.to = _to


def _to(self, target):
    """This tensor as another dtype, or on another device (``"cpu"``)."""
    from .. import device

    if isinstance(target, Tensor):
        target = target.dtype
    if isinstance(target, str) and target.partition(":")[0] in device.NAMES:
        return device.move(self, target)
    return self if self.dtype == target else cast(self, np.dtype(target))


import numpy as np  # noqa: E402

_attach()
