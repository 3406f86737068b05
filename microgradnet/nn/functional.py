from .. import ops as O
from ..ops import *


def conv2d(x, w, b=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    return O.convolution(x, w, b, stride, padding, dilation, groups)


def max_pool2d(x, k, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    p = lambda v: (v, v) if isinstance(v, int) else v
    k = p(k)
    s = p(stride or k)
    size = tuple((n - kk) // ss + 1 for n, kk, ss in zip(x.shape[2:], k, s))
    return O.max_pool2d_with_indices(x, k, s, p(padding), p(dilation), size)[0]


def mse_loss(a, b, reduction="mean"):
    return ((a - b) ** 2).mean()


def cross_entropy(a, b, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    return O.cross_entropy(a, b, weight, ignore_index, reduction)
