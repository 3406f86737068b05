"""What one op is tried on: its name, argument lists, and where PyTorch's differs in name.

``A(3, 4)`` stands for an array of that shape, drawn anew for each dtype; everything else is passed as it stands. The
tests in ``test_ops.py`` run each case through PyTorch, gradcheck and gradgradcheck.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import microgradnet as mg

FLOATS = ("float32", "float64")
ALL = ("float32", "float64", "int64", "bool")


@dataclass(frozen=True, init=False)
class A:
    """An array argument: its shape, where its numbers lie, and (for indices, masks) a dtype of its own.

    ``A(values=[[0, 2], [1, 0]], dtype="int64")`` is an array of just these numbers.
    """

    shape: tuple[int, ...]
    low: float
    high: float
    dtype: str | None
    values: tuple | None

    def __init__(self, *shape: int, low: float = -2.0, high: float = 2.0, dtype: str | None = None, values=None):
        shape = shape if values is None else np.shape(values)
        settings = {"shape": shape, "low": low, "high": high, "dtype": dtype, "values": _as_tuple(values)}
        for name, value in settings.items():
            object.__setattr__(self, name, value)

    def draw(self, random: np.random.Generator, dtype: str) -> np.ndarray:
        """Numbers in [low, high); integers are the numbers rounded down, booleans their signs."""
        dtype = self.dtype or dtype
        if self.values is not None:
            return np.array(self.values, dtype)
        numbers = random.uniform(self.low, self.high, self.shape)
        if dtype == "bool":
            return np.asarray(numbers > (self.low + self.high) / 2)
        return np.asarray(np.floor(numbers) if dtype.startswith("int") else numbers).astype(dtype)


def _as_tuple(values):
    return tuple(_as_tuple(v) for v in values) if isinstance(values, list | tuple) else values


@dataclass(frozen=True)
class Case:
    """One op and the argument lists to try it on.

    Attributes:
        name: as in the list of ops: "add", "linalg.norm", "F.relu"; looked up in ``microgradnet``.
        arguments: argument lists; a trailing dict holds keyword arguments.
        torch: PyTorch's name or function where it is not ``torch.<name>`` (``nn.functional`` for "F.").
        ours: our function where it is not found by name.
        dtypes: which the agreement with PyTorch is tried in.
        differentiable, twice: whether gradcheck, gradgradcheck apply (to float arguments without a dtype of their own).
        special: also tried on NaN, ±Inf, ±0, subnormal and huge numbers (elementwise ops).
        kinks: points where the subgradient must be PyTorch's.
        rtol: for float32 against PyTorch; float64 gets 1e-10.
    """

    name: str
    arguments: list[tuple]
    torch: str | Callable | None = None
    ours: Callable | None = None
    dtypes: tuple[str, ...] = FLOATS
    differentiable: bool = True
    twice: bool = True
    special: bool = False
    kinks: tuple[float, ...] = ()
    rtol: float = 2e-5

    def __str__(self) -> str:
        return self.name

    def our_function(self) -> Callable:
        """The function under test."""
        if self.ours is not None:
            return self.ours
        if self.name.startswith("F."):
            return getattr(mg.nn.functional, self.name[2:])
        return _dotted(mg, self.name)

    def torch_function(self, torch) -> Callable:
        """PyTorch's function to compare with."""
        if callable(self.torch):
            return self.torch
        name = self.torch or self.name
        return getattr(torch.nn.functional, name[2:]) if name.startswith("F.") else _dotted(torch, name)


def _dotted(root, name: str):
    for part in name.split("."):
        root = getattr(root, part)
    return root
