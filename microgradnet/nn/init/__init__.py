"""Initializers: they fill a tensor in place and return it, or set up a whole model."""

import importlib
from typing import Any

from ...arguments import explain_all as _explain_all
from .of_models import fixup_, lsuv_, zero_init_residual_
from .orthogonal import delta_orthogonal_, identity_, irnn_, orthogonal_
from .values import (
    constant_,
    dirac_,
    eye_,
    large_random_,
    normal_,
    ones_,
    scaled_bias_,
    small_random_,
    sparse_,
    trunc_normal_,
    uniform_,
    zeros_,
)
from .variance import (
    calculate_gain,
    fan_in_bias_,
    fans,
    glorot_normal_,
    glorot_uniform_,
    he_normal_,
    he_uniform_,
    kaiming_normal_,
    kaiming_uniform_,
    lecun_normal_,
    lecun_uniform_,
    variance_scaling_,
    xavier_normal_,
    xavier_uniform_,
)

_explain_all(globals(), "microgradnet")


def __getattr__(name: str) -> Any:
    if name == "pretrain_layerwise":  # it trains, so it stands in ``training``, above this package
        return importlib.import_module("microgradnet.training.pretraining").pretrain_layerwise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
