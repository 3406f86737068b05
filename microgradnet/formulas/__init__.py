"""Formulas as data: the text of an op is parsed once into a small tree.

From the tree come the symbols that a formula reads, its text with names and numbers filled in, its LaTeX
(``visualize.picture.latex``) and its value. Nothing is parsed before somebody asks.

How a formula is written:

- In the names of the op's own arguments; α, β, δ, ε and λ stand for ``alpha``, ``beta``, ``delta``, ``eps``, ``lambd``.
- In a derivative formula, one part for each array argument, with commas between them. The op's output is ``y``, or
  ``out`` where the op has an argument y.
- ``x·y``, ``x/y``, ``2x``, ``½(x + 1)``, ``x²``, ``eˣ``, ``xⁿ⁻¹``, ``e^(−x²)``, ``√x``, ``|x|``, ``⌊x⌋``, ``tanh x``,
  ``tanh²x``, ``σ(x)``, ``max(0, x)``; ``Σx``, ``Πx``, ``max x`` and ``mean x`` reduce.
- ``a if x > 0 else b``; ``[x > 0]`` is 1 where it holds and 0 elsewhere; ``… with u = …`` names a part of a formula.
- A capital letter is a matrix, and a product with it is a matrix product; A may stand for the argument ``a``.

There is one way to write each formula: the text of its tree is the text that was parsed, and a test keeps it so. What
is no formula, such as "windows of x as columns", is declared as a ``Notation``.
"""

from ..notation import Notation
from .formula import Formula
from .parser import FormulaError, parse

OUTPUT = "out"


def formula_of(op) -> Formula | None:
    """What ``op`` computes; None where its formula is a ``Notation`` or none, or cannot be parsed (a user's own)."""
    text = getattr(op, "formula", None)
    if not text or isinstance(text, Notation):
        return None
    try:
        return parse(text)
    except FormulaError:
        return None


def partials_of(op) -> dict[str, Formula]:
    """The local derivatives of an elementwise op, by argument; in them the op's output is called ``out``.

    Raises FormulaError for another number of parts than array arguments.
    """
    text = getattr(op, "derivative_formula", None)
    if not text:
        return {}
    formula = parse(text)
    if len(formula.parts) != len(op.array_names):
        raise FormulaError(f"{op.name}: {len(op.array_names)} derivatives expected, got {len(formula.parts)} in {text}")
    if "y" not in op.parameters:
        formula = formula.renamed({"y": OUTPUT})
    return {name: formula.part(i) for i, name in enumerate(op.array_names)}


__all__ = ["OUTPUT", "Formula", "FormulaError", "Notation", "formula_of", "parse", "partials_of"]
