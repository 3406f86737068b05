"""Batch normalization: each channel normalized to mean 0 and variance 1 over the batch."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...notation import Notation
from ...ops.elementwise.exponential import sqrt
from ...ops.nn.normalization import move_towards, per_channel
from ...ops.reduce.reduction import sum
from ...primitive import primitive
from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from .affine import check_channels
from .running import RunningNorm


class BatchNorm(RunningNorm):
    """Base of batch norms; a subclass sets ``ranks``, the numbers of dimensions that it accepts."""

    ranks: tuple

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device=None,
        dtype=None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        check_channels(self, input, self.ranks)
        by_batch = self.training or self.running_mean is None
        if by_batch:
            self._check_size(input)
        momentum = self._count_batch()
        in_use = self.track_running_stats or not self.training
        running = (self.running_mean, self.running_var) if in_use else (None, None)
        return self._normalize(input, *running, by_batch, momentum)  # type: ignore[call-arg]

    def _normalize(self, input: Tensor, running_mean, running_var, by_batch: bool, momentum: float) -> Tensor:
        return F.batch_norm(input, running_mean, running_var, self.weight, self.bias, by_batch, momentum, self.eps)

    def _check_size(self, input: Tensor) -> None:
        if input.shape[0] * math.prod(input.shape[2:]) == 1:
            raise ValueError(
                f"{type(self).__name__}: training needs more than one value for each channel, got shape "
                f"{tuple(input.shape)}: take a larger batch, or eval()"
            )


class BatchNorm1d(BatchNorm):
    """``y = w·(x − mean)/√(var + eps) + b`` for each channel: (N, C) or (N, C, L), weight and bias (C).

    In training mean and (biased) variance are the batch's and the running ones move towards them by ``momentum`` (the
    variance as the unbiased one; None: the mean over all batches); in eval the running ones are used. With h = (x −
    mean)/√(var + eps) and means over the batch, ``dx = w/√(var + eps)·(g − mean(g) − h·mean(g·h))``: the gradient has
    no component that would only shift or scale a channel. Ioffe and Szegedy 2015.

    Use it in feed-forward and convolutional nets with batches of 16 or more; it allows higher learning rates. It fails
    with tiny or correlated batches, where its statistics are noise, and wherever training and evaluation data differ.

    >>> nn.BatchNorm1d(2)(mg.tensor([[1.0, 10.0], [3.0, 30.0]])).round(decimals=3).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    ranks = (2, 3)


class BatchNorm2d(BatchNorm):
    """``BatchNorm1d`` for images (N, C, H, W): one mean and variance per channel, over the batch and all pixels.

    Put it between a convolution (with ``bias=False``: subtracting the mean removes any bias) and its activation. It
    fails where memory allows only one or two images per batch: use GroupNorm there. Ioffe and Szegedy 2015, section
    3.2.

    >>> nn.BatchNorm2d(3)(mg.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    ranks = (4,)


class BatchNorm3d(BatchNorm):
    """``BatchNorm1d`` for volumes and videos (N, C, D, H, W), over the batch and all voxels.

    Memory often allows only small batches of volumes, where its statistics are noisy: GroupNorm then works better.

    >>> nn.BatchNorm3d(3)(mg.randn(2, 3, 2, 2, 2)).shape
    (2, 3, 2, 2, 2)
    """

    ranks = (5,)


@primitive(formula=Notation("Σ over processes x"))
def all_reduce(x, reduction):
    """The sum of every process's ``x``, returned to all of them; its gradient is the sum of their gradients."""
    return np.asarray(reduction(x), x.dtype)


all_reduce.vjp(x=lambda g, reduction: all_reduce(g, reduction))


class SyncBatchNorm(BatchNorm):
    """``BatchNorm1d`` of (N, C, …) with the statistics of one batch that is split across several processes.

    ``process_group`` is a function that takes an array and returns its sum over the processes, in all of them (an
    all-reduce, which every process must call equally often); without one there is a single process, and this is a batch
    norm. Backward sums over the processes too, so the input's gradient is that of the loss summed over all processes;
    the gradients of weight and bias are each process's share, as for any parameter in a data-parallel run. Raises
    TypeError for a ``process_group`` that is not callable.

    Use it where each process sees only a few images; each forward and backward then waits for the slowest. Ioffe and
    Szegedy 2015, over the whole batch.

    >>> nn.SyncBatchNorm(2, process_group=lambda array: array)(mg.randn(4, 2, 3)).shape
    (4, 2, 3)
    """

    ranks = (2, ...)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device=None,
        dtype=None,
        *,
        bias: bool = True,
    ):
        if process_group is not None and not callable(process_group):
            raise TypeError(
                "SyncBatchNorm: process_group is a function that sums an array over the processes, got "
                f"{type(process_group).__name__}"
            )
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_size(self, input: Tensor) -> None:
        if self.process_group is None:  # otherwise only all processes together can check it
            super()._check_size(input)

    def _normalize(self, input: Tensor, running_mean, running_var, by_batch: bool, momentum: float) -> Tensor:
        if not (self.training and self.process_group):
            return super()._normalize(input, running_mean, running_var, by_batch, momentum)
        dims, reduction = (0, *range(2, input.ndim)), self.process_group
        here = np.asarray(input.shape[0] * math.prod(input.shape[2:]), np.float64)
        count = float(all_reduce(here, reduction))
        if count == 1:
            super()._check_size(input)
        mean = all_reduce(sum(input, dims), reduction) / count
        centered = input - per_channel(mean, input.ndim)
        variance = all_reduce(sum(centered * centered, dims), reduction) / count
        move_towards(running_mean, mean.detach().numpy(), momentum)
        move_towards(running_var, variance.detach().numpy() * (count / max(count - 1, 1)), momentum)
        h = centered * per_channel(1 / sqrt(variance + self.eps), input.ndim)
        return self._scaled(h, (-1, *(1,) * (input.ndim - 2)))

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Callable | None = None) -> Module:
        """``module`` with every batch norm in it replaced by a SyncBatchNorm with the same parameters and buffers."""
        if isinstance(module, BatchNorm):
            given = module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
            converted = cls(*given, process_group, bias=module.bias is not None)
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(converted, name, getattr(module, name))
            return converted.train(module.training)
        for name, child in list(module.named_children()):
            module.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return module
