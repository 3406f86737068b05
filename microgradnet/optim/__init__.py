"""Optimizers: each one's update rule is a readable function of one parameter."""

from ..arguments import explain_all as _explain_all
from . import lr_scheduler, swa_utils
from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .asgd import ASGD
from .beyond.adam_denominator import ADOPT, AdaBelief, AdaBound, Yogi
from .beyond.adam_momentum import Adan, AdEMAMix, QHAdam
from .beyond.dual_averaging import FTRL, MADGRAD
from .beyond.layerwise import LAMB, LARS, NovoGrad
from .beyond.lookahead import Lookahead
from .beyond.lr_range_test import lr_range_test
from .beyond.momentum import AccSGD, AggMo
from .beyond.noisy import SGLD, NoisySGD
from .beyond.parameter_free import DAdaptAdam, Prodigy
from .beyond.penalties import elastic_net_penalty, l1_penalty, proximal_elastic_net_, proximal_l1_
from .beyond.polyak import PolyakSGD
from .beyond.preconditioned import SOAP, Shampoo
from .beyond.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from .beyond.sharpness import ASAM, SAM
from .beyond.sign_descent import Lion, SignSGD, Signum
from .beyond.sm3 import SM3
from .beyond.sophia import SophiaG
from .lbfgs import LBFGS
from .muon import Muon
from .nadam import NAdam
from .optimizer import Optimizer
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .sparse_adam import SparseAdam

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

_explain_all(globals(), "microgradnet")
