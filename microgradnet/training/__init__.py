"""What helps around a training loop, which stays one's own: import it as ``from microgradnet import training``."""

from ..nn.init import pretrain_layerwise
from .early_stopping import EarlyStopping
from .ensemble import average, bagging, bootstrap, median, predictions, vote
from .freezing import freeze, trainable_parameters, unfreeze

__all__ = [
    "EarlyStopping",
    "average",
    "bagging",
    "bootstrap",
    "freeze",
    "median",
    "predictions",
    "pretrain_layerwise",
    "trainable_parameters",
    "unfreeze",
    "vote",
]
