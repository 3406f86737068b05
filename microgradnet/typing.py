"""Types of the ops' arguments, for annotations."""

from collections.abc import Sequence

import numpy as np

from .tensor import Tensor

Number = bool | int | float | np.number | np.bool_
Operand = Tensor | np.ndarray | Number  # of an elementwise op: all of them broadcast
Size = int | Sequence[int]  # one number for every dimension, or one for each
Dims = int | Sequence[int] | None  # one dimension, several, or all
DType = np.dtype | type | str
