"""microgradnet: a tape-based autograd engine to read, to draw and to train with."""

from . import autograd, ops
from .ops import *
from .tensor import Tensor, as_tensor, from_numpy, tensor
from .tape import Tape, enable_grad, is_grad_enabled, no_grad, set_grad_enabled
