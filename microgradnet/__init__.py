"""microgradnet: a tape-based autograd engine to read, to draw and to train with."""

from . import autograd, data, func, linalg, nn, ops, optim
from .backends.threads import get_num_threads, set_num_threads
from .capture import capture
from .checkpoint import load_checkpoint, save_checkpoint
from .dtypes import (
    bool_,
    double,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    result_type,
    set_default_dtype,
    uint8,
)
from .from_data import as_tensor, from_dlpack, from_numpy, tensor
from .grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .history import Tape
from .ops import *  # noqa: F403 (every op, under its name)
from .random import Generator, manual_seed
from .scalar import ScalarTape, Value
from .serialization import load, save
from .tensor import Tensor

__version__ = "0.1.0"
