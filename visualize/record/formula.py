"""Formulas with names and numbers filled in, and the formatting of numbers."""

import numpy as np

from microgradnet.formulas import Formula, partials_of

UNKNOWN = "const"  # what a constant is called that no one kept
ELEMENTS = 6  # arrays up to this size are written out


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
    """A number with four digits and a true minus sign, or a summary of an array."""
    if value is None:
        return "not computed yet"
    array = np.asarray(value)
    return (numbers(array.reshape(())) if array.size == 1 else numbers(array)).replace("-", "−")


def in_formula(value) -> str:
    """A number as a factor: in brackets if it is negative."""
    text = number_text(value)
    return f"({text})" if text.startswith("−") else text


def in_picture(formula: Formula, op, known: dict, names: dict[str, str]) -> Formula:
    """``formula`` with the names that a picture gives to symbols, and the numbers of those that have none.

    ``known`` has the op's arguments as far as they are known. Numeric arguments are filled in first, so that n·xⁿ⁻¹ for
    n = 3 is 3·x².
    """
    single = {name: v for name, v in known.items() if name not in names and _is_number(v)}
    own = {name: float(v) for name, v in single.items() if name in getattr(op, "scalar_names", ())}
    return formula.given(own).filled({name: number_text(v) for name, v in single.items()} | names)


def partials_in_picture(op, known: dict, names: dict[str, str]) -> dict[str, Formula]:
    """The local derivatives of an elementwise op by argument, written as by ``in_picture``; none of any other op."""
    unknown = [name for name in getattr(op, "array_names", ()) if not _is_number(known.get(name))]
    names = dict.fromkeys(unknown, UNKNOWN) | names
    return {argument: in_picture(formula, op, known, names) for argument, formula in partials_of(op).items()}


def _is_number(value) -> bool:
    return value is not None and np.size(value) == 1 and np.asarray(value).dtype.kind in "fiu"
