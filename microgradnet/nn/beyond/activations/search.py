"""A space of activation functions to search: unary and binary pieces, composed. Ramachandran et al. 2017, section 3.

A unit applies two unary functions to x and combines the results with a binary one: ``b(u₁(x), u₂(x))``. With more than
one unit, each unit's result replaces the first x of the next.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .... import ops
from ....tensor import Tensor
from ... import functional as F
from ... import init
from ...linear import empty_parameter
from ...module import Module

EPS = 1e-7

# name -> (formula with x, function of x and of the learned number β)
UNARY = {
    "identity": ("x", lambda x, beta: x),
    "negative": ("−x", lambda x, beta: -x),
    "abs": ("|x|", lambda x, beta: ops.abs(x)),
    "square": ("x²", lambda x, beta: x * x),
    "cube": ("x³", lambda x, beta: x * x * x),
    "root": ("√|x|", lambda x, beta: ops.sqrt(ops.abs(x) + EPS)),
    "scaled": ("β·x", lambda x, beta: beta * x),
    "shifted": ("x + β", lambda x, beta: x + beta),
    "log": ("ln(|x| + ε)", lambda x, beta: ops.log(ops.abs(x) + EPS)),
    "exp": ("exp(x)", lambda x, beta: ops.exp(x)),
    "sin": ("sin x", lambda x, beta: ops.sin(x)),
    "cos": ("cos x", lambda x, beta: ops.cos(x)),
    "sinh": ("sinh x", lambda x, beta: ops.sinh(x)),
    "cosh": ("cosh x", lambda x, beta: ops.cosh(x)),
    "tanh": ("tanh x", lambda x, beta: ops.tanh(x)),
    "asinh": ("asinh x", lambda x, beta: ops.asinh(x)),
    "atan": ("arctan x", lambda x, beta: ops.atan(x)),
    "sinc": ("sin x / x", lambda x, beta: ops.sinc(x / np.pi)),
    "relu": ("max(x, 0)", lambda x, beta: F.relu(x)),
    "lower": ("min(x, 0)", lambda x, beta: -F.relu(-x)),
    "sigmoid": ("σ(x)", lambda x, beta: ops.sigmoid(x)),
    "softplus": ("ln(1 + exp(x))", lambda x, beta: F.softplus(x)),
    "gaussian": ("exp(−x²)", lambda x, beta: ops.exp(-x * x)),
    "erf": ("erf x", lambda x, beta: ops.erf(x)),
    "constant": ("β", lambda x, beta: beta + 0 * x),
}

# name -> (formula with a and b, function of a, b and β)
BINARY = {
    "add": ("(a) + (b)", lambda a, b, beta: a + b),
    "multiply": ("(a)·(b)", lambda a, b, beta: a * b),
    "subtract": ("(a) − (b)", lambda a, b, beta: a - b),
    "divide": ("(a)/((b) + ε)", lambda a, b, beta: a / (b + EPS)),
    "maximum": ("max(a, b)", lambda a, b, beta: ops.maximum(a, b)),
    "minimum": ("min(a, b)", lambda a, b, beta: ops.minimum(a, b)),
    "gated": ("σ(a)·(b)", lambda a, b, beta: ops.sigmoid(a) * b),
    "bump": ("e^(−β·((a) − (b))²)", lambda a, b, beta: ops.exp(-beta * (a - b) * (a - b))),
    "peak": ("e^(−β·|(a) − (b)|)", lambda a, b, beta: ops.exp(-beta * ops.abs(a - b))),
    "mixed": ("β·(a) + (1 − β)·(b)", lambda a, b, beta: beta * a + (1 - beta) * b),
    "first": ("a", lambda a, b, beta: a),
}


class Unit(NamedTuple):
    """``binary(first(x), second(x))``, by the names in ``UNARY`` and ``BINARY``."""

    first: str
    second: str = "identity"
    binary: str = "first"


class ComposedActivation(Module):
    """An activation composed of units, with one learned number β (start 1) that its pieces share.

    Raises ValueError for no units or an unknown piece.

    >>> swish = nn.ComposedActivation(("scaled", "identity", "gated"))
    >>> swish.formula
    'σ(β·x)·(x)'
    >>> swish(mg.tensor([0.0, 30.0])).tolist()
    [0.0, 30.0]
    """

    def __init__(self, *units, beta: float = 1.0, device=None, dtype=None):
        super().__init__()
        if not units:
            raise ValueError("ComposedActivation: at least one unit (first, second, binary) expected")
        self.units = tuple(Unit(*([u] if isinstance(u, str) else u)) for u in units)
        for unit in self.units:
            for name, known in ((unit.first, UNARY), (unit.second, UNARY), (unit.binary, BINARY)):
                if name not in known:
                    raise ValueError(f"ComposedActivation: no piece {name!r}; there are {', '.join(known)}")
        self.beta = empty_parameter(1, device=device, dtype=dtype)
        init.constant_(self.beta, beta)

    @property
    def formula(self) -> str:
        """The function of x and β in symbols."""
        text = "x"
        for unit in self.units:
            first = _put(UNARY[unit.first][0], x=text)
            second = UNARY[unit.second][0]
            text = _put(BINARY[unit.binary][0], a=first, b=second)
        return text

    def forward(self, input: Tensor) -> Tensor:
        beta, left = self.beta.reshape(()), input
        for unit in self.units:
            first = UNARY[unit.first][1](left, beta)
            left = BINARY[unit.binary][1](first, UNARY[unit.second][1](input, beta), beta)
        return left

    def extra_repr(self) -> str:
        return self.formula


def _put(formula: str, **texts: str) -> str:
    """``formula`` with single letters replaced; those inside names such as "exp" or "max" are left alone.

    A replacement gets parentheses unless it is already enclosed by brackets, bars or commas.
    """
    out = []
    for i, c in enumerate(formula):
        before, after = formula[i - 1 : i], formula[i + 1 : i + 2]
        alone = not any(d.isalpha() and d.isascii() for d in (before, after))
        if c not in texts or not alone:
            out.append(c)
        elif formula == c or len(texts[c]) == 1 or (before in ("(", "|", " ") and after in (")", "|", ",")):
            out.append(texts[c])
        else:
            out.append(f"({texts[c]})")
    return "".join(out)


def compositions() -> Iterator[Unit]:
    """Every single unit: all pairs of unary pieces with each binary one, and each unary piece alone."""
    for first in UNARY:
        yield Unit(first)
    for binary in BINARY:
        if binary != "first":
            for first, second in itertools.product(UNARY, UNARY):
                yield Unit(first, second, binary)


def random_activation(seed: int, units: int = 1) -> ComposedActivation:
    """An activation of ``units`` units drawn from the whole space with this seed."""
    random = np.random.default_rng(seed)
    pieces = [list(UNARY), list(UNARY), [name for name in BINARY if name != "first"]]
    return ComposedActivation(*(tuple(names[random.integers(len(names))] for names in pieces) for _ in range(units)))
