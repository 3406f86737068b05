"""Second derivatives of ops that are made of straight pieces."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .choice import where
from .tensor import Tensor


def connected(derivative: Callable[..., Any], names: Sequence[str], compared: set[str]) -> Callable[..., Any]:
    """``derivative``, connected to the arguments that it only compares, such as the x of ``where(x > 0, 1, 0)``: there
    is a second derivative with respect to them, which is 0, as in PyTorch.
    """
    places = [i for i, name in enumerate(names) if name in compared]
    if not places:
        return derivative

    @functools.wraps(derivative)
    def call(*values: Any) -> Any:
        out = derivative(*values)
        for i in places:
            if isinstance(values[i], Tensor) and values[i].requires_grad:
                out = where(True, out, values[i])
        return out

    return call
