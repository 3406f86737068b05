"""Optimizers: each one's update rule is a readable function of one parameter."""

from . import (
    lr_scheduler,
    swa_utils,
)
from .adadelta import (
    Adadelta,
)
from .adafactor import (
    Adafactor,
)
from .adagrad import (
    Adagrad,
)
from .adam import (
    Adam,
    AdamW,
)
from .adam_denominator import (
    ADOPT,
    AdaBelief,
    AdaBound,
    Yogi,
)
from .adam_momentum import (
    Adan,
    AdEMAMix,
    QHAdam,
)
from .adamax import (
    Adamax,
)
from .asgd import (
    ASGD,
)
from .dual_averaging import (
    FTRL,
    MADGRAD,
)
from .layerwise import (
    LAMB,
    LARS,
    NovoGrad,
)
from .lbfgs import (
    LBFGS,
)
from .lookahead import (
    Lookahead,
)
from .lr_range_test import (
    lr_range_test,
)
from .momentum import (
    AccSGD,
    AggMo,
)
from .muon import (
    Muon,
)
from .nadam import (
    NAdam,
)
from .noisy import (
    SGLD,
    NoisySGD,
)
from .optimizer import Optimizer
from .parameter_free import (
    DAdaptAdam,
    Prodigy,
)
from .penalties import (
    elastic_net_penalty,
    l1_penalty,
    proximal_elastic_net_,
    proximal_l1_,
)
from .polyak import (
    PolyakSGD,
)
from .preconditioned import (
    SOAP,
    Shampoo,
)
from .radam import (
    RAdam,
)
from .rmsprop import (
    RMSprop,
)
from .rprop import (
    Rprop,
)
from .schedule_free import (
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
)
from .sgd import SGD
from .sharpness import (
    ASAM,
    SAM,
)
from .sign_descent import (
    Lion,
    SignSGD,
    Signum,
)
from .sm3 import (
    SM3,
)
from .sophia import (
    SophiaG,
)
from .sparse_adam import (
    SparseAdam,
)

__all__ = [
    "ADOPT",
    "ASAM",
    "ASGD",
    "FTRL",
    "LAMB",
    "LARS",
    "LBFGS",
    "MADGRAD",
    "SAM",
    "SGD",
    "SGLD",
    "SM3",
    "SOAP",
    "AccSGD",
    "AdEMAMix",
    "AdaBelief",
    "AdaBound",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Adan",
    "AggMo",
    "DAdaptAdam",
    "Lion",
    "Lookahead",
    "Muon",
    "NAdam",
    "NoisySGD",
    "NovoGrad",
    "Optimizer",
    "PolyakSGD",
    "Prodigy",
    "QHAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Shampoo",
    "SignSGD",
    "Signum",
    "SophiaG",
    "SparseAdam",
    "Yogi",
    "elastic_net_penalty",
    "l1_penalty",
    "lr_range_test",
    "lr_scheduler",
    "proximal_elastic_net_",
    "proximal_l1_",
    "swa_utils",
]
