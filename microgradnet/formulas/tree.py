"""The tree of a formula: its nodes, how they are written, and what can be put in their place.

Kinds and parts: ``number`` (value, text); ``name`` (text), a symbol; ``label`` (text), what was filled in for one;
``+ − · / ^`` (left, right), with ``2x`` as ``joined``; ``neg`` and ``transpose`` (of what); ``call`` (function,
arguments …); ``if`` (condition, value, other value); ``compare`` (side, sign, side, …); ``and or ∧ ∨ ⊕`` (left, right);
``¬`` (of what); ``holds`` (condition), which is written [condition].
"""

import math
import re

GREEK = {"α": "alpha", "β": "beta", "δ": "delta", "ε": "eps", "λ": "lambd"}
CONSTANTS = {"e": math.e, "π": math.pi, "∞": math.inf, "NaN": math.nan}
RAISED = dict(zip("0123456789+−abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
WRAPPED = {"|": "|", "⌊": "⌋", "⌈": "⌉"}
SYMBOLS = ("σ", "Φ", "φ", "ψ", "ψ′", "Γ")  # functions that are one letter: always written with brackets
PREFIXES = ("√", "Σ", "Π")

# How strongly a kind binds: what binds less than its place asks for stands in brackets.
CHOICE, OR, AND, COMPARE, BITS, SUM, PRODUCT, JOINED, APPLIED, POWER, ATOM = range(11)
LEVELS = {
    "if": CHOICE, "or": OR, "and": AND, "compare": COMPARE, "∧": BITS, "∨": BITS, "⊕": BITS, "+": SUM, "−": SUM,
    "neg": SUM, "¬": APPLIED, "·": PRODUCT, "/": PRODUCT, "joined": JOINED, "^": POWER, "transpose": POWER,
}  # fmt: skip
_LONGEST_RAISED = 5
_SCIENTIFIC = re.compile(r"[-−]?(\d+(\.\d+)?(e[+\-−]?\d+)?|inf|nan)")
_WORD = re.compile(r"[\w.]+(\[[\d, ]*\])?|\[[^\[\]]*\]")


def argument_of(name: str) -> str:
    """The argument that a symbol stands for where it is not spelled so: ``alpha`` for α, ``a`` for A."""
    return GREEK.get(name) or name.lower()


class Tree:
    """One node. Trees are not changed: what changes one returns another."""

    __slots__ = ("kind", "parts")

    def __init__(self, kind: str, *parts):
        self.kind, self.parts = kind, parts

    def __eq__(self, other):
        return isinstance(other, Tree) and (self.kind, self.parts) == (other.kind, other.parts)

    def __hash__(self):
        return hash((self.kind, self.parts))

    def __repr__(self):
        return f"<{self.kind} {self.text()}>"

    @property
    def children(self) -> tuple["Tree", ...]:
        """The parts that are trees themselves."""
        return tuple(part for part in self.parts if isinstance(part, Tree))

    @property
    def names(self) -> set[str]:
        """The symbols that are read, constants such as e and π left out."""
        if self.kind == "name":
            return {self.parts[0]} - CONSTANTS.keys()
        return set().union(*(child.names for child in self.children))

    @property
    def labels(self) -> set[str]:
        """The texts that were filled in and are no numbers."""
        if self.kind == "label":
            return {self.parts[0]}
        return set().union(*(child.labels for child in self.children))

    @property
    def level(self) -> int:
        """How strongly it binds."""
        if self.kind == "number":
            return POWER if "e" in self.parts[1] else ATOM
        if self.kind == "label":
            return ATOM if _WORD.fullmatch(self.parts[0]) else SUM
        if self.kind == "call":
            function, *arguments = self.parts
            return ATOM if function in WRAPPED or function in SYMBOLS or len(arguments) > 1 else APPLIED
        return LEVELS.get(self.kind, ATOM)

    @property
    def is_plain(self) -> bool:
        """Whether it is one word or one number, so that a function needs no brackets around it."""
        return self.kind in ("name", "number", "label") and self.level == ATOM

    @property
    def is_matrix(self) -> bool:
        """Whether it is a capital letter, or made from one by products and powers."""
        if self.kind == "name":
            return self.parts[0].isupper() and self.parts[0].isascii()
        return self.kind in ("·", "^", "transpose") and any(child.is_matrix for child in self.children)

    def number(self) -> float | None:
        """Its value where it is a number, with or without a minus sign."""
        if self.kind == "number":
            return self.parts[0]
        if self.kind == "neg" and self.parts[0].kind == "number":
            return -self.parts[0].parts[0]
        return None

    def replaced(self, values: dict[str, "Tree"], made=None) -> "Tree":
        """With a tree in place of each name in ``values``. ``made`` builds what has changed, default: as it is."""
        if self.kind == "name":
            return values.get(self.parts[0], self)
        parts = tuple(part.replaced(values, made) if isinstance(part, Tree) else part for part in self.parts)
        if all(a is b for a, b in zip(parts, self.parts, strict=True)):
            return self
        return (made or Tree)(self.kind, *parts)

    def text(self, level: int = CHOICE) -> str:
        """As it is written, in brackets if it binds less than ``level``."""
        written = self._written()
        return f"({written})" if self.level < level else written

    def _written(self) -> str:
        kind, parts = self.kind, self.parts
        match kind:
            case "number":
                return parts[1]
            case "name" | "label":
                return parts[0]
            case "+" | "−":
                return f"{parts[0].text(SUM)} {kind} {parts[1].text(PRODUCT)}"
            case "neg":
                return f"−{parts[0].text(PRODUCT)}"
            case "·" | "/":
                return f"{_left_factor(parts[0], kind)}{kind}{parts[1].text(JOINED if kind == '·' else APPLIED)}"
            case "joined":
                return parts[0].text(JOINED) + "·" * (not stands_joined(self)) + parts[1].text(APPLIED)
            case "^":
                return self._power()
            case "transpose":
                return f"{parts[0].text(ATOM)}ᵀ"
            case "call":
                return _call(*parts)
            case "if":
                return f"{parts[1].text(OR)} if {parts[0].text(OR)} else {parts[2].text()}"
            case "or" | "and":
                return f"{parts[0].text(LEVELS[kind])} {kind} {parts[1].text(LEVELS[kind] + 1)}"
            case "compare":
                return " ".join(part.text(BITS) if isinstance(part, Tree) else part for part in parts)
            case "∧" | "∨" | "⊕":
                return f"{parts[0].text(SUM)} {kind} {parts[1].text(SUM)}"
            case "¬":
                return f"¬{parts[0].text(ATOM)}"
            case "holds":
                return f"[{parts[0].text()}]"
        raise ValueError(f"formula: no kind {kind!r}")

    def _power(self) -> str:
        base, exponent = self.parts
        raised = _raised(exponent)
        if raised and is_word_call(base) and exponent.number() is not None and exponent.number() > 0:
            function, argument = base.parts
            return (
                f"{function}{raised}{argument.text()}"
                if argument.is_plain
                else f"{function}{raised}({argument.text()})"
            )
        if raised:
            return base.text(ATOM) + raised
        return f"{base.text(ATOM)}^{exponent.text(ATOM)}"


def number(value: float, text: str = "") -> Tree:
    """A number, shown as ``text`` or with four significant digits; a negative one is the negation of a number."""
    text = (text or f"{value:.4g}").lstrip("-−").replace("-", "−")
    positive = Tree("number", abs(float(value)), text)
    return Tree("neg", positive) if math.copysign(1, value) < 0 else positive


def filled_in(text: str) -> Tree:
    """What stands in a picture for a symbol: a number, or else a label, which is never taken apart."""
    if _SCIENTIFIC.fullmatch(text):
        return number(float(text.replace("−", "-")), text)
    return Tree("label", text)


def simplified(kind: str, *parts) -> Tree:
    """A node in which a number has taken a symbol's place: 1·x is x, x¹ is x, 3 − 1 is 2, a decided choice is made."""
    tree = Tree(kind, *parts)
    values = [part.number() if isinstance(part, Tree) else None for part in parts]
    if kind == "compare":
        return tree
    if kind == "if":
        holds = _decided(parts[0])
        return tree if holds is None else parts[1] if holds else parts[2]
    if kind == "neg" and parts[0].kind == "neg":
        return parts[0].parts[0]
    if len(parts) != 2:
        return tree
    match kind, values:
        case "+", [float(a), float(b)]:
            return number(a + b)
        case "−", [float(a), float(b)]:
            return number(a - b)
        case (("+" | "−"), [_, 0.0]):
            return parts[0]
        case (("·" | "joined"), [1.0, _]):
            return parts[1]
        case (("·" | "joined"), [float(), _]) if parts[0].kind == "neg":
            return Tree("neg", simplified("·", parts[0].parts[0], parts[1]))
        case (("·" | "/" | "joined" | "^"), [_, 1.0]):
            return parts[0]
        case "^", [_, 0.0]:
            return number(1)
    return tree


def _decided(condition: Tree) -> bool | None:
    """Whether a condition between numbers holds; None where it has a symbol."""
    if condition.kind in ("and", "or"):
        sides = [_decided(side) for side in condition.parts]
        if (condition.kind == "or") in sides:
            return condition.kind == "or"
        return None if None in sides else condition.kind == "and"
    if condition.kind != "compare":
        return None
    sides = [part.number() for part in condition.parts[::2]]
    if None in sides:
        return None
    return all(holds(a, sign, b) for a, sign, b in zip(sides[:-1], condition.parts[1::2], sides[1:], strict=True))


def holds(a, sign: str, b):
    """One comparison, of numbers or of arrays. Raises ValueError for an unknown sign."""
    match sign:
        case "=":
            return a == b
        case "≠":
            return a != b
        case "<":
            return a < b
        case "≤":
            return a <= b
        case ">":
            return a > b
        case "≥":
            return a >= b
        case "is":  # NaN: all that a value can be without being equal to it
            return (a != a) & (b != b)
    raise ValueError(f"formula: no comparison {sign!r}")


def is_word_call(tree: Tree) -> bool:
    """Whether it is a function with a name of letters and one argument, such as tanh x."""
    return tree.kind == "call" and len(tree.parts) == 2 and tree.level == APPLIED and tree.parts[0] not in PREFIXES


def _left_factor(tree: Tree, sign: str) -> str:
    """What stands before · or /: tanh(x)·y and (a/b)·c need brackets for the eye."""
    if is_word_call(tree):
        return f"{tree.parts[0]}({tree.parts[1].text()})"
    if tree.kind == "·" and is_word_call(tree.parts[1]):
        return f"{_left_factor(tree.parts[0], '·')}·{_left_factor(tree.parts[1], sign)}"
    return tree.text(JOINED if tree.kind == "/" else PRODUCT)


def stands_joined(tree: Tree) -> bool:
    """Whether two joined factors can stay side by side: 2x, ½(x + 1), 2√x, αx²; but 2·3 and 2·0.weight."""
    left, right = tree.parts
    written = right.text(APPLIED)
    if written.startswith("(−"):  # 2·(−3)
        return False
    first = written[0]
    if left.kind == "number":
        return "e" not in left.parts[1] and (first in "(√" or first.isalpha())
    last = left.parts[-1] if left.kind == "joined" else left
    if last.kind != "name":
        return False
    return first == "√" or (len(last.parts[0]) == 1 and not last.parts[0].isascii() and first.isalpha())


def _raised(exponent: Tree) -> str:
    """An exponent of digits and single letters as superscripts; empty where it has others."""
    if any(tree.kind not in ("number", "name", "label", "neg", "+", "−") for tree in _nodes(exponent)):
        return ""
    if any(tree.kind in ("name", "label") and len(tree.parts[0]) > 1 for tree in _nodes(exponent)):
        return ""
    text = exponent.text().replace(" ", "")
    return (
        "".join(RAISED.get(c, "") for c in text) if len(text) <= _LONGEST_RAISED and set(text) <= RAISED.keys() else ""
    )


def _nodes(tree: Tree):
    yield tree
    for child in tree.children:
        yield from _nodes(child)


def _call(function: str, *arguments: Tree) -> str:
    if function in WRAPPED:
        return f"{function}{arguments[0].text()}{WRAPPED[function]}"
    if len(arguments) > 1 or function in SYMBOLS:
        return f"{function}({', '.join(a.text() for a in arguments)})"
    (argument,) = arguments
    if function == "√":
        return f"√{argument.text()}" if argument.is_plain else f"√({argument.text()})"
    if function in PREFIXES:
        return function + argument.text(POWER)
    if argument.is_plain or argument.kind == "call" or argument.kind == "holds":
        return f"{function} {argument.text()}"
    return f"{function}({argument.text()})"
