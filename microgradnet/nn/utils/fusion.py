"""Fuses a convolution or linear layer with the batch norm after it, for evaluation.

``γ·(w·x + b − μ)/√(σ² + eps) + β = (w·s)·x + (b − μ)·s + β`` with ``s = γ/√(σ² + eps)``.
"""

import copy

from ...ops import rsqrt, zeros_like
from ...ops.arrays.creation import ones_like
from ..parameter import Parameter


def fuse_conv_bn_eval(conv, bn, transpose: bool = False):
    """A copy of ``conv`` that computes ``bn(conv(x))``; both must be in eval mode."""
    return _fused("fuse_conv_bn_eval", conv, bn, fuse_conv_bn_weights, transpose)


def fuse_linear_bn_eval(linear, bn):
    """A copy of ``linear`` that computes ``bn(linear(x))``; both must be in eval mode.

    Raises ValueError unless the batch norm has the layer's number of features, or 1.
    """
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise ValueError(
            f"fuse_linear_bn_eval: the layer gives {linear.out_features} features, the norm takes {bn.num_features}"
        )
    return _fused("fuse_linear_bn_eval", linear, bn, fuse_linear_bn_weights)


def _fused(name: str, layer, bn, weights, *options):
    if layer.training or bn.training:
        raise ValueError(f"{name}: both layers must be in eval mode: call eval() first")
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError(f"{name}: the batch norm keeps no running statistics")
    fused = copy.deepcopy(layer)
    statistics = bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    fused.weight, fused.bias = weights(layer.weight, layer.bias, *statistics, *options)
    return fused


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose: bool = False):
    """Weight and bias of the fused convolution, as Parameters; ``transpose`` for a transposed one."""
    shape = (1, -1) if transpose else (-1, 1)
    return _weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (*shape, *(1,) * (conv_w.dim() - 2)))


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the fused linear layer, as Parameters."""
    return _weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def _weights(w, b, mean, variance, eps, gamma, beta, shape):
    b = zeros_like(mean) if b is None else b
    scale = (ones_like(mean) if gamma is None else gamma) * rsqrt(variance + eps)
    beta = zeros_like(mean) if beta is None else beta
    fused_w, fused_b = w * scale.reshape(shape), (b - mean) * scale + beta
    return (
        Parameter(fused_w.detach().to(w.dtype).array, w.requires_grad),
        Parameter(fused_b.detach().to(w.dtype).array, b.requires_grad),
    )
