"""A gradient that is non-zero in one slice only."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .backends import device


class PartOf:
    """A contribution that is non-zero in one slice only; it is added into that slice.

    So a loop over n slices costs what the whole costs, not n times as much. ``add(total, g)`` adds ``g`` to its slice
    of ``total``, an array of ``shape``.
    """

    __slots__ = ("add", "g", "shape")

    def __init__(self, g: np.ndarray, shape: tuple[int, ...], add: Callable[[Any, Any], Any]) -> None:
        self.g, self.shape, self.add = g, shape, add

    def add_into(self, total: np.ndarray) -> None:
        """Adds the slice to ``total`` in place."""
        self.add(total, self.g)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.whole()

    def whole(self) -> np.ndarray:
        """The contribution with its zeros."""
        whole = device.filled(self.shape, 0, self.g)
        self.add_into(whole)
        return whole
