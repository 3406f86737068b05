"""The value of a formula, in float64 and by functions of ``math`` and NumPy, not by the ops that it describes."""

import math
from collections.abc import Callable

import numpy as np

from .tree import CONSTANTS, Tree, argument_of, holds


def _one_by_one(function):
    """A function of one number, applied to each element; NaN where it has no value, ∞ where that is too large."""

    def value(x):
        try:
            return function(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return np.vectorize(value, otypes=[np.float64])


_erf = _one_by_one(math.erf)
FUNCTIONS: dict[str, Callable] = {
    "|": np.abs, "⌊": np.floor, "⌈": np.ceil, "√": np.sqrt, "ln": np.log, "log₂": np.log2, "log₁₀": np.log10,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arsinh": np.arcsinh, "arcosh": np.arccosh,
    "artanh": np.arctanh, "atan2": np.arctan2, "sign": np.sign, "trunc": np.trunc, "round": np.rint, "erf": _erf,
    "Γ": _one_by_one(math.gamma), "σ": lambda x: 1 / (1 + np.exp(-x)), "Φ": lambda x: (1 + _erf(x / math.sqrt(2))) / 2,
    "φ": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi), "det": np.linalg.det,
}  # fmt: skip
REDUCTIONS: dict[str, Callable] = {
    "Σ": np.sum, "Π": np.prod, "max": np.max, "min": np.min, "mean": np.mean,
    "median": lambda x, **over: np.quantile(x, 0.5, method="lower", **over),  # as PyTorch: the lower of two
    "argmax": np.argmax, "argmin": np.argmin, "count": lambda x, **over: np.sum(np.ones_like(x), **over),
}  # fmt: skip
WITHOUT_NUMBERS = ("ψ", "ψ′", "erf⁻¹")  # known by name; who evaluates them says how
NAMES = frozenset([*FUNCTIONS, *REDUCTIONS, *WITHOUT_NUMBERS])
_SIGNS: dict[str, Callable] = {
    "+": np.add,
    "−": np.subtract,
    "/": np.true_divide,
    "∧": np.bitwise_and,
    "∨": np.bitwise_or,
}
_SIGNS |= {"⊕": np.bitwise_xor, "and": np.logical_and, "or": np.logical_or}


def evaluate(tree: Tree, values: dict, dim=None, functions=None):
    """The value of ``tree`` where ``values`` has what its names stand for, α as ``alpha``.

    ``dim`` is what Σ, max x and the like reduce over (default: everything); it is kept with size 1. ``functions`` adds
    to or replaces those that are known. Raises KeyError for a name without a value.
    """
    with np.errstate(all="ignore"):
        return _value(tree, values, dim, functions or {})


def _value(tree: Tree, values: dict, dim, functions: dict):
    kind, parts = tree.kind, tree.parts
    if kind == "number":
        return np.float64(parts[0])
    if kind == "name":
        return np.float64(CONSTANTS[parts[0]]) if parts[0] in CONSTANTS else _of_name(parts[0], values)
    if kind == "label":
        raise KeyError(f"{parts[0]} was filled in: evaluate the formula before")
    if kind == "compare":
        sides = [_value(side, values, dim, functions) for side in parts[::2]]
        pairs = zip(sides[:-1], parts[1::2], sides[1:], strict=True)
        return np.logical_and.reduce([holds(a, sign, b) for a, sign, b in pairs])
    if kind == "call":
        arguments = [_value(argument, values, dim, functions) for argument in parts[1:]]
        return _called(parts[0], arguments, dim, functions)
    given = [_value(part, values, dim, functions) for part in parts]
    match kind:
        case "·" | "joined":
            return given[0] @ given[1] if tree.is_matrix else np.multiply(*given)
        case "^" if parts[0].is_matrix:
            return np.linalg.matrix_power(given[0], int(given[1]))
        case "^":
            return np.power(*(np.asarray(g, np.float64) for g in given))
        case "neg":
            return np.negative(given[0])
        case "transpose":
            return np.swapaxes(given[0], -1, -2)
        case "¬":
            return np.invert(given[0])
        case "if":
            return np.where(*given)
        case "holds":
            return np.asarray(given[0], np.float64)
    return _SIGNS[kind](*given)


def _of_name(name: str, values: dict):
    value = values[name] if name in values else values[argument_of(name)]
    return np.asarray(value)


def _called(function: str, arguments: list, dim, functions: dict):
    if function in REDUCTIONS and len(arguments) == 1:
        return REDUCTIONS[function](arguments[0], axis=dim, keepdims=True)
    if function in ("max", "min"):
        larger = np.maximum if function == "max" else np.minimum
        result = arguments[0]
        for argument in arguments[1:]:
            result = larger(result, argument)
        return result
    if function not in functions and function not in FUNCTIONS:
        raise KeyError(f"{function} has no value here: pass it in functions")
    return (functions.get(function) or FUNCTIONS[function])(*arguments)
