"""From the text of a formula to its tree, by recursive descent: one method for each strength of binding."""

import functools
import re

from .evaluation import NAMES
from .formula import Formula
from .tree import CONSTANTS, GREEK, RAISED, WRAPPED, Tree

_NUMBER = r"\d+(?:\.\d+)?|[½¼]"
_WORD = r"[A-Za-z_][A-Za-z_0-9]*[₀-₉]*|[α-ωΑ-Ω]′?"
_SIGNS = ("=", "≠", "<", "≤", ">", "≥", "is")
_KEYWORDS = ("if", "else", "and", "or", "is", "with")
_FRACTIONS = {"½": 0.5, "¼": 0.25}
_LOWERED = {high: low for low, high in RAISED.items()}


class FormulaError(ValueError):
    """A formula that cannot be read."""


@functools.cache
def parse(text: str) -> Formula:
    """The formula that ``text`` says; see the head of this package for how it is written. Raises ``FormulaError``."""
    return _Parser(text).formula()


@functools.cache
def _pattern():
    raised = "".join(_LOWERED) + "ᵀ"
    return re.compile(rf"\s*(?:(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<raised>[{raised}]+)|(?P<sign>\S))")


class _Parser:
    def __init__(self, text: str):
        self.source = text
        self.tokens = []  # (kind, text, whether nothing stands between it and the one before)
        for match in _pattern().finditer(text.rstrip()):
            kind = match.lastgroup
            self.tokens.append((kind, match[kind], match.start(kind) == match.start()))
        self.place = 0

    def formula(self) -> Formula:
        parts, named = self.several(), {}
        if self.takes("with"):
            while True:
                kind, name, _ = self.next()
                if kind != "word" or not self.takes("="):
                    raise self.error("a name and = expected after with")
                named[name] = self.expression()
                if not self.takes(","):
                    break
        if self.place < len(self.tokens):
            raise self.error("its end expected")
        return Formula(tuple(parts), named)

    def several(self) -> list[Tree]:
        """Expressions with commas between them."""
        parts = [self.expression()]
        while self.takes(","):
            parts.append(self.expression())
        return parts

    def expression(self) -> Tree:
        value = self.alternatives()
        if not self.takes("if"):
            return value
        condition = self.alternatives()
        self.expect("else")
        return Tree("if", condition, value, self.expression())

    def alternatives(self) -> Tree:
        left = self.conjunction()
        while self.takes("or"):
            left = Tree("or", left, self.conjunction())
        return left

    def conjunction(self) -> Tree:
        left = self.comparison()
        while self.takes("and"):
            left = Tree("and", left, self.comparison())
        return left

    def comparison(self) -> Tree:
        parts = [self.bits()]
        while self.peek() in _SIGNS:
            parts += [self.next()[1], self.bits()]
        return parts[0] if len(parts) == 1 else Tree("compare", *parts)

    def bits(self) -> Tree:
        left = self.sum()
        return Tree(self.next()[1], left, self.sum()) if self.peek() in ("∧", "∨", "⊕") else left

    def sum(self) -> Tree:
        left = Tree("neg", self.product()) if self.takes("−") else self.product()
        while self.peek() in ("+", "−"):
            left = Tree(self.next()[1], left, self.product())
        return left

    def product(self) -> Tree:
        left = self.joined()
        while self.peek() in ("·", "/"):
            sign = self.next()[1]
            bare = self.peek() != "("
            right = self.joined()
            if sign == "/" and bare and right.kind == "joined":
                raise self.error("brackets expected around the two factors below /")
            left = Tree(sign, left, right)
        return left

    def joined(self) -> Tree:
        """A number and what follows it without a sign, or a Greek letter and a letter."""
        left = self.power()
        while self.place < len(self.tokens) and self.tokens[self.place][2]:
            kind, text, _ = self.tokens[self.place]
            last = left.parts[-1] if left.kind == "joined" else left
            letter = (kind == "word" and text not in _KEYWORDS) or text == "√"
            before = ("number", "name") if letter else ("number",) if text == "(" else ()
            if last.kind not in before:
                break
            left = Tree("joined", left, self.power())
        return left

    def power(self) -> Tree:
        base = self.primary()
        if self.takes("^"):
            return Tree("^", base, self.primary())
        if (kind := self.peek_kind()) == "raised" and self.tokens[self.place][2]:
            return self.raised(base, self.next()[1])
        if kind == "raised":
            raise self.error("an exponent after a blank")
        return base

    def raised(self, base: Tree, text: str) -> Tree:
        return Tree("transpose", base) if text == "ᵀ" else Tree("^", base, self.exponent(text))

    def exponent(self, text: str) -> Tree:
        spelled = "".join(_LOWERED.get(c, "ᵀ") for c in text)
        if re.search("[a-z]{2}", spelled):
            raise self.error(f"one letter expected in the exponent {text}: write a product as ^(…)")
        inner = _Parser(spelled)
        tree = inner.sum()
        if inner.place < len(inner.tokens):
            raise self.error(f"the exponent {text} cannot be read")
        return tree

    def primary(self) -> Tree:
        kind, text, _ = self.next()
        if kind == "number":
            return Tree("number", _FRACTIONS[text] if text in _FRACTIONS else float(text), text)
        if text == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if text in WRAPPED:
            inner = self.expression()
            self.expect(WRAPPED[text])
            return Tree("call", text, inner)
        if text == "[":
            inner = self.expression()
            self.expect("]")
            return Tree("holds", inner)
        if text == "¬":
            return Tree("¬", self.primary())
        if text == "√":
            return Tree("call", text, self.primary())
        if kind == "word" and text in NAMES and self.has_argument():
            return self.call(text)
        if (kind == "word" and text not in _KEYWORDS) or text in CONSTANTS:
            if self.peek() == "(" and self.tokens[self.place][2]:
                raise self.error(f"{text} is no function: write a product as {text}·(…)")
            if kind == "word" and len(text) > 1 and text[0] in GREEK:
                raise self.error(f"{text} is no name")
            return Tree("name", text)
        raise self.error(f"a number, a name or a bracket expected, got {text!r}")

    def has_argument(self) -> bool:
        """Whether what follows begins an argument; else a word such as max is the name of an argument itself."""
        kind, text = self.peek_kind(), self.peek()
        if kind == "word":
            return text not in _KEYWORDS
        return kind in ("number", "raised") or text in ("(", "[", "√", "⌊", "|")

    def call(self, function: str) -> Tree:
        exponent = None
        if self.peek_kind() == "raised":
            raised = self.next()[1]
            if function + raised in NAMES:
                function += raised
            else:
                exponent = self.exponent(raised)
        if self.peek() == "(" and self.tokens[self.place][2] and function not in ("Σ", "Π"):
            self.next()
            arguments = self.several()
            self.expect(")")
        else:
            arguments = [self.power()]
        called = Tree("call", function, *arguments)
        return called if exponent is None else Tree("^", called, exponent)

    def peek(self) -> str | None:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else None

    def peek_kind(self) -> str | None:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else None

    def next(self) -> tuple:
        if self.place >= len(self.tokens):
            raise self.error("more expected")
        self.place += 1
        return self.tokens[self.place - 1]

    def takes(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.place += 1
        return True

    def expect(self, text: str) -> None:
        if not self.takes(text):
            raise self.error(f"{text} expected, got {self.peek() or 'the end'}")

    def error(self, problem: str) -> FormulaError:
        read = " ".join(text for _, text, _ in self.tokens[: self.place])
        return FormulaError(f"formula {self.source!r}: {problem} (after {read!r})")
