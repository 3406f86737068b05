"""Formulas, names and numbers of a picture in LaTeX, with amsmath."""

import re

from microgradnet.formulas import Formula
from microgradnet.formulas.tree import (
    APPLIED,
    ATOM,
    BITS,
    CHOICE,
    JOINED,
    LEVELS,
    OR,
    POWER,
    PREFIXES,
    PRODUCT,
    SUM,
    WRAPPED,
    Tree,
    is_word_call,
    stands_joined,
)

LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "θ": "theta", "λ": "lambda", "μ": "mu",
    "ν": "nu", "π": "pi", "σ": "sigma", "τ": "tau", "φ": "varphi", "ψ": "psi", "Γ": "Gamma", "Φ": "Phi", "Σ": "sum",
    "Π": "prod", "∞": "infty",
}  # fmt: skip
SIGNS = {
    "·": r"\cdot", "−": "-", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "∧": r"\wedge", "∨": r"\vee", "⊕": r"\oplus",
    "is": r"\text{ is }", "and": r"\text{ and }", "or": r"\text{ or }", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}",
}  # fmt: skip
WRAPPERS = {"|": (r"\left|", r"\right|"), "⌊": (r"\lfloor", r"\rfloor"), "⌈": (r"\lceil", r"\rceil")}
KNOWN = {
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "max", "min", "det",
}  # fmt: skip
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
SPECIAL = {c: "\\" + c for c in "_%&#${}"} | {"~": r"\sim ", "\\": r"\backslash ", "^": r"\wedge "}


def to_latex(formula: Formula, level: int = CHOICE) -> str:
    """A formula; in brackets if it binds less than ``level``. What ``with`` names follows after a comma."""
    text = ",\\; ".join(_tree(part, level if len(formula.parts) == 1 else CHOICE) for part in formula.parts)
    named = [f"{name_latex(name)} = {_tree(tree)}" for name, tree in formula.named.items()]
    if not named:
        return text
    text = ",\\quad ".join([text, *named])
    return rf"\left({text}\right)" if level else text


def name_latex(name: str) -> str:
    """A name of one letter, with its number as an index; one of several letters, such as 0.weight[0, 1], upright."""
    if name in LETTERS:
        return "\\" + LETTERS[name]
    if match := re.fullmatch(r"([A-Za-z])(\d*)", name, re.ASCII):
        return match[1] + (f"_{{{match[2]}}}" if match[2] else "")
    written = "".join(SPECIAL.get(c, c) if c.isascii() else rf"\text{{{c}}}" for c in name)
    return rf"\mathrm{{{written}}}"


def number_latex(text: str) -> str:
    """A number as pictures show it; ``1.5e−07`` becomes a power of ten."""
    text = text.replace("−", "-")
    text = re.sub(r"(\d)e\+?(-?)0*(\d+)", r"\1 \\cdot 10^{\2\3}", text)
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")


def _tree(tree: Tree, level: int = CHOICE) -> str:
    text = _written(tree)
    return rf"\left({text}\right)" if tree.level < level else text


def _written(tree: Tree) -> str:
    kind, parts = tree.kind, tree.parts
    match kind:
        case "number":
            return SIGNS.get(parts[1]) or number_latex(parts[1])
        case "name" | "label":
            return name_latex(parts[0])
        case "+" | "−":
            return f"{_tree(parts[0], SUM)} {SIGNS.get(kind, kind)} {_tree(parts[1], PRODUCT)}"
        case "neg":
            return f"-{_tree(parts[0], PRODUCT)}"
        case "·":
            return rf"{_tree(parts[0], PRODUCT)} \cdot {_tree(parts[1], JOINED)}"
        case "/":
            return rf"\frac{{{_tree(parts[0])}}}{{{_tree(parts[1])}}}"
        case "joined":
            sign = " " if stands_joined(tree) else r" \cdot "
            return _tree(parts[0], JOINED) + sign + _tree(parts[1], APPLIED)
        case "^":
            return _power(*parts)
        case "transpose":
            return rf"{_tree(parts[0], ATOM)}^{{\top}}"
        case "call":
            return _call(*parts)
        case "if":
            return _cases(tree)
        case "or" | "and":
            return f"{_tree(parts[0], LEVELS[kind])}{SIGNS[kind]}{_tree(parts[1], LEVELS[kind] + 1)}"
        case "compare":
            return " ".join(_tree(p, BITS) if isinstance(p, Tree) else SIGNS.get(p, p) for p in parts)
        case "∧" | "∨" | "⊕":
            return f"{_tree(parts[0], SUM)} {SIGNS[kind]} {_tree(parts[1], SUM)}"
        case "¬":
            return rf"\neg {_tree(parts[0], ATOM)}"
    return rf"\left[{_tree(parts[0])}\right]"  # holds


def _power(base: Tree, exponent: Tree) -> str:
    raised = f"^{{{_tree(exponent)}}}"
    number = exponent.number()
    if is_word_call(base) and number is not None and number > 0:
        function, argument = base.parts
        return _function(function) + raised + _argument(argument)
    return _tree(base, ATOM) + raised


def _call(function: str, *arguments: Tree) -> str:
    if function in WRAPPED:
        return WRAPPERS[function][0] + " " + _tree(arguments[0]) + WRAPPERS[function][1]
    if function == "√":
        return rf"\sqrt{{{_tree(arguments[0])}}}"
    if function in PREFIXES:
        return f"{_function(function)} {_tree(arguments[0], POWER)}"
    if len(arguments) == 1 and is_word_call(Tree("call", function, *arguments)):
        return _function(function) + _argument(arguments[0])
    return rf"{_function(function)}\left({', '.join(map(_tree, arguments))}\right)"


def _argument(argument: Tree) -> str:
    """A function's argument: without brackets if it is one word."""
    return " " + _tree(argument) if argument.is_plain else rf"\left({_tree(argument)}\right)"


def _function(name: str) -> str:
    """A function's name; its index, dash and exponent −1 behind it."""
    word, after = re.fullmatch(r"(.*?)([₀-₉]*|′|⁻¹)", name).groups()
    index = "".join(LOWERED.get(c, "") for c in after)
    after = "'" if after == "′" else "^{-1}" if after == "⁻¹" else f"_{{{index}}}" if index else ""
    if word in LETTERS:
        return "\\" + LETTERS[word] + after
    return ("\\" + word if word in KNOWN or word == "log" else rf"\operatorname{{{word}}}") + after


def _cases(tree: Tree) -> str:
    rows = []
    while tree.kind == "if":
        condition, value, tree = tree.parts
        rows.append(rf"{_tree(value, OR)} & \text{{if }} {_tree(condition)}")
    rows.append(rf"{_tree(tree, OR)} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
