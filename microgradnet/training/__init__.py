"""Tools for your own training loop: import them as ``from microgradnet import training``."""

from .early_stopping import EarlyStopping
from .ensemble import average, bagging, bootstrap, median, predictions, vote
from .freezing import freeze, trainable_parameters, unfreeze
from .metrics_log import MetricsLog, TensorBoardLog, read_metrics
from .pretraining import pretrain_layerwise
from .search import Trial, linear_range, log_range, search

__all__ = [
    "EarlyStopping",
    "MetricsLog",
    "TensorBoardLog",
    "Trial",
    "average",
    "bagging",
    "bootstrap",
    "freeze",
    "linear_range",
    "log_range",
    "median",
    "predictions",
    "pretrain_layerwise",
    "read_metrics",
    "search",
    "trainable_parameters",
    "unfreeze",
    "vote",
]
