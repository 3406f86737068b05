"""The functions behind the modules, by PyTorch's names. A table of contents: the maths stands in ``ops``."""

from ..ops.activation import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from ..ops.convolution import conv1d, conv2d, conv3d
from ..ops.linalg import linear
from ..ops.loss import cross_entropy, mse_loss, nll_loss
from ..ops.pooling import max_pool2d
from ..ops.reduction import log_softmax, softmax

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "cross_entropy",
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
