"""Formulas with names and numbers filled in, and numbers as they are shown."""

import re

import numpy as np

ELEMENTS = 6  # an array of at most so many is written out


def numbers(array) -> str:
    """A number, a short list, or mean, spread and range: four significant digits."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{array.item():.4g}"
    if array.size <= ELEMENTS:
        return np.array2string(array, formatter={"float_kind": lambda v: f"{v:.4g}"}, separator=", ").replace("\n", "")
    with np.errstate(all="ignore"):
        mean, std = array.mean(dtype=np.float64), array.std(dtype=np.float64)
    return f"{mean:.3g} ± {std:.3g}, {array.min():.3g} to {array.max():.3g}"


def number_text(value) -> str:
    """As it is shown: a number with four digits and a real minus sign, or what an array is like."""
    if value is None:
        return "not computed yet"
    array = np.asarray(value)
    return (numbers(array.reshape(())) if array.size == 1 else numbers(array)).replace("-", "−")


def in_formula(value) -> str:
    """A number as a factor: in brackets if it is negative."""
    text = number_text(value)
    return f"({text})" if text.startswith("−") else text


def substitute(formula: str, values: dict[str, str]) -> str:
    """``formula`` with names replaced, all at once; a name is a whole word (the x of eˣ is not one)."""
    if not values:
        return formula
    names = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
    # A digit before a name is a factor (2x), a letter or an underscore belongs to another word.
    return re.sub(rf"(?<![A-Za-z_])({names})(?![A-Za-z0-9_])", lambda m: values[m[1]], formula)


def partial_symbols(op) -> dict[str, str]:
    """The local derivatives of an elementwise op in symbols, by argument."""
    text, names = getattr(op, "derivative_formula", None), getattr(op, "array_names", ())
    parts = _split(text) if text else []
    return dict(zip(names, parts, strict=True)) if len(parts) == len(names) else {}


def _split(text: str) -> list[str]:
    """At commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
