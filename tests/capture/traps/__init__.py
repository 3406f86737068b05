"""Steps that a replay could get wrong without a word, each run plainly and captured.

A trap builds its world (model, optimizer, step) around a given decorator and returns ``call(i)``, which does what a
user does at call ``i`` and returns all that can be told apart afterwards. It is built twice, once with a decorator that
does nothing and once with ``mg.capture``; every call must give the same bits, or raise the same error.
"""

import copy
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.tape import Node

CALLS = 12


@dataclass
class Trap:
    """One trap, and what is expected of capture besides the right numbers.

    Attributes:
        replays: the least number of calls that are replayed.
        refused: what the one warning of a step that is not replayed says; None where there is none.
        warned: whether a warning is allowed.
    """

    build: Callable
    replays: int
    refused: str | None
    warned: bool
    calls: int = CALLS


TRAPS: dict[str, Trap] = {}


def trap(replays: int = 0, refused: str | None = None, warned: bool = False, calls: int = CALLS) -> Callable:
    """Decorator: registers ``build(captured)``."""

    def register(build: Callable) -> Callable:
        assert build.__name__ not in TRAPS, build.__name__
        TRAPS[build.__name__] = Trap(build, replays, refused, warned, calls)
        return build

    return register


def observed(build: Callable, decorator: Callable, calls: int = CALLS) -> list:
    """What each call gave, as plain values of bits; an error as its type and text."""
    mg.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    default = mg.get_default_dtype()
    call = build(decorator)
    seen = []
    try:
        for i in range(calls):
            try:
                seen.append(bits(call(i)))
            except Exception as error:
                # A replay calls ops, and not the functions around them that add what they were given.
                seen.append((type(error).__name__, str(error).partition(" (given")[0]))
    finally:
        mg.set_default_dtype(default)
    seen.append(repr(mg.random.default_generator.get_state()))
    return seen


def sprung(build: Callable, calls: int = CALLS) -> tuple[list, list, list, list[str]]:
    """The trap run plainly and captured: what each gave, the captured steps, and what capture warned of."""
    steps: list = []

    def captured(function: Callable) -> Callable:
        steps.append(mg.capture(function))
        return steps[-1]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plain = observed(build, lambda function: function, calls)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ours = observed(build, captured, calls)
    return plain, ours, steps, [str(w.message) for w in caught if str(w.message).startswith("capture:")]


def bits(value: Any) -> Any:
    """Any value as something that ``==`` compares bit for bit, every NaN being one."""
    if isinstance(value, mg.Tensor):
        return ("tensor", value.requires_grad and value.is_leaf, *bits(np.asarray(value._array)))
    if isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
        if value.dtype.kind == "f":
            value = np.where(np.isnan(value), np.array(np.nan, value.dtype), value)
        return value.dtype.name, value.shape, value.tobytes()
    if isinstance(value, float):
        return "float", value.hex()
    if isinstance(value, nn.Module):
        return {name: (bits(t), bits(t.grad)) for name, t in [*value.named_parameters(), *value.named_buffers()]}
    if isinstance(value, optim.Optimizer):
        return bits(value.state_dict())
    if isinstance(value, dict):
        return {repr(k): bits(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [type(value).__name__, *map(bits, value)]
    if isinstance(value, Node):
        return "node"
    return repr(value)


def batch(i: int, *shape: int, dtype=np.float32) -> mg.Tensor:
    """Other numbers for each ``i``, in a tensor of its own."""
    return mg.Tensor(np.random.default_rng(100 + i).standard_normal(shape or (4, 3)).astype(dtype))


def labels(i: int, count: int, *shape: int) -> mg.Tensor:
    """Other integers below ``count`` for each ``i``."""
    return mg.Tensor(np.random.default_rng(500 + i).integers(0, count, shape or (4,)))


def net(*layers: nn.Module) -> nn.Sequential:
    """A small net with the given layers in the middle."""
    return nn.Sequential(nn.Linear(3, 4), *(layers or (nn.Tanh(),)), nn.Linear(4, 1))


def training(model: nn.Module, optimizer: optim.Optimizer) -> Callable:
    """The step that everybody writes."""

    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def twin(model: nn.Module) -> nn.Module:
    """A copy with parameters of its own."""
    return copy.deepcopy(model)
