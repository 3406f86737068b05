"""A formula: one part or several, and what is named by ``with``."""

from .evaluation import evaluate
from .tree import GREEK, JOINED, SUM, Tree, argument_of, filled_in, number, simplified


class Formula:
    """Parts with commas between them, each a ``Tree``, and the trees that ``with`` gives a name, in order."""

    __slots__ = ("named", "parts")

    def __init__(self, parts: tuple[Tree, ...], named: dict[str, Tree]):
        self.parts, self.named = parts, named

    def __eq__(self, other):
        return isinstance(other, Formula) and (self.parts, self.named) == (other.parts, other.named)

    def __hash__(self):
        return hash((self.parts, *self.named.items()))

    def __str__(self):
        text = ", ".join(part.text() for part in self.parts)
        named = ", ".join(f"{name} = {tree.text()}" for name, tree in self.named.items())
        return f"{text} with {named}" if named else text

    def __repr__(self):
        return f"<formula {self}>"

    def as_factor(self) -> str:
        """As it is written in a product: in brackets where it needs them."""
        return self._bracketed(JOINED)

    def as_side(self) -> str:
        """As it is written before an equals sign: a choice in brackets."""
        return self._bracketed(SUM)

    def _bracketed(self, level: int) -> str:
        return f"({self})" if self.named or len(self.parts) > 1 else self.parts[0].text(level)

    @property
    def symbols(self) -> set[str]:
        """What has to be known to evaluate it: names of arguments, with α spelled ``alpha``."""
        return {GREEK.get(name, name) for name in self._read()}

    @property
    def labels(self) -> set[str]:
        """The names that were filled in for symbols."""
        return set().union(*(tree.labels for tree in (*self.parts, *self.named.values())))

    def part(self, i: int) -> "Formula":
        """Part ``i`` alone, with what it needs of the named ones."""
        return _kept((self.parts[i],), self.named)

    def renamed(self, names: dict[str, str]) -> "Formula":
        """With other names for some symbols."""
        return self._replaced({old: Tree("name", new) for old, new in names.items()})

    def filled(self, texts: dict[str, str]) -> "Formula":
        """With ``texts`` in place of symbols: names or numbers of a picture, in brackets where they need them."""
        values = {name: filled_in(text) for name, text in texts.items()}
        formula = self.inlined() if self.named.keys() & set(texts.values()) else self
        return formula._replaced(values)

    def given(self, numbers: dict[str, float]) -> "Formula":
        """With constants put in and what follows from them: n·xⁿ⁻¹ for n = 3 is 3·x²."""
        return self._replaced({name: number(value) for name, value in numbers.items()}, simplified)

    def inlined(self) -> "Formula":
        """With what ``with`` names put in its places; numbers with four digits."""
        named: dict[str, Tree] = {}
        for name, tree in self.named.items():
            value = tree.number()
            named[name] = tree.replaced(named) if value is None else number(value)
        return Formula(tuple(part.replaced(named) for part in self.parts), {})

    def evaluate(self, values: dict, dim=None, functions=None) -> list:
        """The value of each part; see ``evaluation.evaluate``."""
        known = dict(values)
        for name, tree in self.named.items():
            known[name] = evaluate(tree, known, dim, functions)
        return [evaluate(part, known, dim, functions) for part in self.parts]

    def _read(self) -> set[str]:
        """The names that stand for something outside of the formula."""
        read = set().union(*(part.names for part in self.parts))
        for name, tree in reversed(self.named.items()):
            if name in read:
                read = read - {name} | tree.names
        return read

    def _replaced(self, values: dict[str, Tree], made=None) -> "Formula":
        read = self._read()
        values = {
            name: values[key] for name in read if (key := name if name in values else argument_of(name)) in values
        }
        parts = tuple(part.replaced(values, made) for part in self.parts)
        return _kept(parts, {name: tree.replaced(values, made) for name, tree in self.named.items()})


def _kept(parts: tuple[Tree, ...], named: dict[str, Tree]) -> Formula:
    """Without the named trees that nothing reads."""
    read = set().union(*(part.names for part in parts))
    for name, tree in reversed(named.items()):
        if name in read:
            read |= tree.names
    return Formula(parts, {name: tree for name, tree in named.items() if name in read})
