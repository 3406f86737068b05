"""Ensembles: the models' errors differ, so their combined prediction is more often right.

models = bagging(dataset, 5, train)                  # train(subset) -> a trained model
p = predictions(models, images).softmax(-1)          # (k, N, classes)
accuracy = (average(p).argmax(1) == labels).float().mean()
"""

from collections.abc import Callable, Sequence

import numpy as np

from .. import random
from ..data import Subset
from ..data.dataset import Dataset
from ..grad_mode import no_grad
from ..tensor import Tensor


def bootstrap(dataset: Dataset, generator: random.Generator | None = None) -> Subset:
    """As many samples as ``dataset`` has, drawn from it with replacement: some twice, about 1/e = 37 % not at all.

    Efron 1979. Draws from ``generator``, or from the one that ``manual_seed`` seeds.
    """
    n = len(dataset)
    return Subset(dataset, (generator or random.default_generator).numpy.integers(n, size=n) if n else [])


def bagging(dataset: Dataset, k: int, train: Callable, generator: random.Generator | None = None) -> list:
    """``[train(bootstrap(dataset)), …]``, k models, each trained on its own bootstrap sample. Breiman 1996.

    Use it for models that overfit; it does not help models that are too simple, whose errors are the same. Raises
    ValueError unless k is a positive integer.
    """
    if not isinstance(k, int) or k < 1:
        raise ValueError(f"bagging: k must be a positive number of models, got {k!r}")
    return [train(bootstrap(dataset, generator)) for _ in range(k)]


def predictions(models: Sequence, x: Tensor) -> Tensor:
    """Each model's output for ``x``, stacked: (k, N, ...). In eval mode, without gradients.

    Raises ValueError for no models.
    """
    if len(models) == 0:
        raise ValueError("predictions: at least one model is needed, got none")
    outputs = []
    for model in models:
        modes = {part: part.training for part in model.modules()}
        model.eval()
        try:
            with no_grad():
                outputs.append(model(x).array)
        finally:
            for part, mode in modes.items():
                object.__setattr__(part, "training", mode)
    return Tensor(np.stack(outputs))


def average(outputs: Tensor) -> Tensor:
    """``(1/k) Σ outputs[i]``: (k, N, ...) to (N, ...). For probabilities, this is the mixture of the models."""
    return outputs.mean(0)


def median(outputs: Tensor) -> Tensor:
    """The middle of k values, or the mean of the middle two: (k, N, ...) to (N, ...).

    A single outlier does not change it; medians of probabilities need not sum to 1.
    """
    return Tensor(np.median(outputs.array, axis=0).astype(outputs.dtype, copy=False))


def vote(outputs: Tensor) -> Tensor:
    """For each class, the share of models whose largest output it is: (k, N, classes) to (N, classes), float32.

    ``vote(outputs).argmax(1)`` is the majority's class, the lower number in a tie. Raises ValueError for outputs that
    are not 3-d.
    """
    if outputs.ndim != 3:
        raise ValueError(f"vote: outputs (k, N, classes) expected, got shape {outputs.shape}")
    chosen = outputs.array.argmax(2)
    return Tensor((chosen[..., None] == np.arange(outputs.shape[2])).mean(0, dtype=np.float32))
