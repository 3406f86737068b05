"""Results with several parts, by name: ``x.max(dim).values``."""

from typing import NamedTuple

from ...tensor import Tensor


class ValuesIndices(NamedTuple):
    """Elements that were picked, and where they stood."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """The smallest and the largest."""

    min: Tensor
    max: Tensor
