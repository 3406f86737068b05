"""A node of the scalar tape in full: its op, its operands and its local derivatives, for pictures."""

from typing import NamedTuple

import numpy as np

from . import opcodes


class ScalarNode(NamedTuple):
    """A node in full: the op's name (empty for a leaf), its label, the op with its formulas, and its operands.

    ``operands`` are positions on the tape, ``arguments`` the names that the formula gives them, ``local_derivatives``
    the numbers ∂node/∂operand. ``numbers`` are those that were given to the op, such as the slope of a leaky ReLU.
    """

    op: str
    label: str
    rule: object
    operands: list[int]
    arguments: list[str]
    local_derivatives: list[float]
    numbers: list[float]

    def compute(self, given: dict[str, float]) -> float:
        """The value for other operands, by argument."""
        values = [given[name] for name in self.arguments]
        if self.rule is not None:
            with np.errstate(all="ignore"):
                return float(self.rule(*map(np.float64, values), *self.numbers))
        half = len(values) // 2
        return (
            sum(values) if self.op == "sum" else sum(w * x for w, x in zip(values[:half], values[half:], strict=True))
        )


def local_numbers(code: int, operands: list[float], out: float) -> list[float]:
    """∂node/∂operand as numbers, from the operands (an op's numbers among them) and the value of a node."""
    if code == opcodes.SUM:
        return [1.0] * len(operands)
    if code == opcodes.DOT:
        half = len(operands) // 2
        return [*operands[half:], *operands[:half]]
    if code == opcodes.LEAF:
        return []
    element = dict(zip(opcodes.operand_names(code), map(np.float64, operands), strict=True)) | {"out": np.float64(out)}
    with np.errstate(all="ignore"):
        rules = opcodes.OPS[code].partials.values()
        return [float(partial(*(element[name] for name in needs))) for _, partial, needs in rules]
