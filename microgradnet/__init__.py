"""microgradnet: a tape-based autograd engine to read, to draw and to train with."""

# `a as a` says to type checkers that the name is this package's too.
from . import autograd as autograd, data as data, func as func, linalg as linalg, nn as nn, ops as ops, optim as optim
from .arguments import explain_all as _explain_all, explaining as _explaining
from .backends.threads import get_num_threads as get_num_threads, set_num_threads as set_num_threads
from .capture import capture as capture
from .checkpoint import load_checkpoint as load_checkpoint, save_checkpoint as save_checkpoint
from .damaged import DamagedFile as DamagedFile
from .dtypes import (
    bool_ as bool_,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    get_default_dtype as get_default_dtype,
    half as half,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    long as long,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
    uint8 as uint8,
)
from .from_data import as_tensor as as_tensor, from_dlpack as from_dlpack, from_numpy as from_numpy, tensor as tensor
from .grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from .history import Tape as Tape
from .ops import *  # noqa: F403 (every op, under its name)
from .random import Generator as Generator, manual_seed as manual_seed
from .scalar import ScalarTape as ScalarTape, Value as Value
from .serialization import load as load, save as save
from .tensor import Tensor as Tensor


__version__ = "0.1.0"

_explain_all(globals(), "microgradnet")
