"""Einstein summation: products and sums over named dimensions, and its gradient, which is an einsum again."""

import math
import string

from ...backends.device import np, on_cpu
from ...backends.sums import LONG
from ...notation import Notation
from ...primitive import primitive
from ...tensor import Tensor

LETTERS = string.ascii_letters


@primitive(formula=Notation("Σ over the indices that are not in the result"))
def _einsum(*operands, inputs=(), output=""):
    def summed(operands):
        return np.asarray(np.einsum(f"{','.join(inputs)}->{output}", *operands, optimize=len(operands) > 1))

    dtype = np.result_type(*operands)
    if dtype.kind != "f" or dtype.itemsize == 8 or not on_cpu(operands[0]):
        return summed(operands)
    sizes: dict[str, int] = {}
    for term, x in zip(inputs, operands, strict=True):
        sizes.update({c: max(n, sizes.get(c, 1)) for c, n in zip(term, x.shape, strict=True)})
    if math.prod(n for c, n in sizes.items() if c not in output) < LONG:
        return summed(operands)
    return summed([x.astype(np.float64) for x in operands]).astype(dtype)  # else NumPy adds one by one


def _gradient(g, i, operands, inputs, output):
    """The einsum of ``g`` and the other operands over the indices of operand ``i``.

    An index that occurs only in operand ``i`` was summed, so the gradient repeats along it: a vector of ones adds it.
    An index that it has twice was a diagonal: an identity matrix puts the gradient back there.
    """
    others = [j for j in range(len(operands)) if j != i]
    terms, arrays = [output, *(inputs[j] for j in others)], [g, *(operands[j] for j in others)]
    known: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        known.update({c: max(n, known.get(c, 0)) for c, n in zip(term, array.shape, strict=True)})
    target = ""
    free = iter([c for c in LETTERS if c not in set("".join(inputs)) | set(output)])
    for letter, size in zip(inputs[i], operands[i].shape, strict=True):
        stretched = size == 1 and letter in known  # broadcast in the product: the gradient is summed over it
        if letter in target or stretched:
            name = next(free)
            terms.append(letter + name if letter in target and not stretched else name)
            arrays.append(np.eye(size, dtype=g.dtype) if len(terms[-1]) == 2 else np.ones(size, g.dtype))
        else:
            name = letter
            if known.get(letter) != size:
                terms.append(letter)
                arrays.append(np.ones(size, g.dtype))
        target += name
    return _einsum(*arrays, inputs=tuple(terms), output=target)


_einsum.vjp(operands=_gradient)


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Sums of products over named dimensions: ``einsum("bij,bjk->bik", a, b)`` is a batched matrix product.

    Every dimension has a letter; one that is not in the result is summed over, one that occurs twice in an operand
    takes its diagonal, and ``...`` stands for dimensions that broadcast. Without ``->`` the result has the letters that
    occur once, in alphabetical order (A–Z, then a–z), after those of ``...``. The other form uses numbers for letters:
    ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    Raises ValueError if the equation cannot be parsed or does not fit the operands' shapes.
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = operands[0]
    if not operands:
        raise ValueError("einsum: at least one operand expected")
    inputs, output = parse(equation, [tuple(x.shape) for x in operands])
    return _einsum(*operands, inputs=inputs, output=output)


def parse(equation: str, shapes: list[tuple]) -> tuple[tuple[str, ...], str]:
    """The letters of each operand and of the result, with ``...`` replaced by new letters.

    Raises ValueError for an equation that is malformed or does not fit.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    wrong = sorted(set(left + right) - set(LETTERS + ",."))
    if wrong:
        raise ValueError(f"einsum: {wrong[0]!r} in {equation!r} is not a letter")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} is for {len(terms)} operands, got {len(shapes)}")
    free = [c for c in LETTERS if c not in equation]
    rank = 0  # number of dimensions of the widest ``...``
    inputs = []
    for term, shape in zip(terms, shapes, strict=True):
        letters = term.replace("...", "")
        missing = len(shape) - len(letters)
        if "." in letters or term.count("...") > 1:
            raise ValueError(f"einsum: {term!r} in {equation!r}: only one '...' can stand in a term")
        if missing < 0 or (missing and "..." not in term):
            raise ValueError(f"einsum: {term!r} names {len(letters)} dimensions of an operand of shape {shape}")
        rank = max(rank, missing)
        inputs.append(term.replace("...", "".join(reversed(free[:missing]))))
    rest = "".join(reversed(free[:rank]))
    if not arrow:
        named = left.replace("...", "").replace(",", "")
        output = rest + "".join(sorted(c for c in set(named) if named.count(c) == 1))
    else:
        output = right.replace("...", rest)
        if "." in output or right.count("...") > 1 or "," in right:
            raise ValueError(f"einsum: the result {right!r} of {equation!r} cannot be read")
        unknown = [c for c in output if output.count(c) > 1 or c not in "".join(inputs)]
        if unknown:
            raise ValueError(f"einsum: {unknown[0]!r} of the result {right!r} must stand there once, and in an operand")
    _check_sizes(inputs, shapes, equation)
    return tuple(inputs), output


def _check_sizes(inputs: list[str], shapes: list[tuple], equation: str) -> None:
    sizes: dict[str, int] = {}
    for term, shape in zip(inputs, shapes, strict=True):
        for i, (letter, size) in enumerate(zip(term, shape, strict=True)):
            known = sizes.get(letter, 1)
            twice = letter in term[:i] and size != shape[term.index(letter)]
            if twice or (size not in (1, known) and known != 1):
                raise ValueError(f"einsum: {letter!r} of {equation!r} has sizes {known} and {size}")
            sizes[letter] = size if known == 1 else known


def _from_lists(arguments: tuple) -> tuple[str, tuple]:
    """The equation for operands that alternate with lists of dimension numbers (``...`` for the rest)."""

    def term(numbers) -> str:
        return "".join("..." if n is ... else LETTERS[n + 26 if n < 26 else n - 26] for n in numbers)

    operands, lists = arguments[0 : len(arguments) // 2 * 2 : 2], arguments[1::2]
    equation = ",".join(term(numbers) for numbers in lists)
    return (f"{equation}->{term(arguments[-1])}" if len(arguments) % 2 else equation), operands
