"""Named results with several parts: ``x.max(dim).values``."""

from typing import NamedTuple

from ...tensor import Tensor


class ValuesIndices(NamedTuple):
    """The selected elements and their indices."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """The smallest and the largest element."""

    min: Tensor
    max: Tensor
