"""The table of all optimizers in docs/optimizers.md, generated from their classes.

``python -m microgradnet.optim.table`` regenerates it.
"""

import inspect
from pathlib import Path

from .. import optim
from .optimizer import Optimizer

PATH = Path(__file__).parents[2] / "docs" / "optimizers.md"
IMPLEMENTATION = ("foreach", "fused", "capturable", "differentiable")  # these do not change the result
HEAD = """# Optimizers

p is a parameter, g its gradient, t the number of the step, ← an assignment. The update itself, in full and as it is
compiled, is the function at the head of each optimizer's file in `microgradnet/optim`. Every optimizer also takes
`params`, and PyTorch's have PyTorch's arguments in PyTorch's order. This page is written by
`python -m microgradnet.optim.table`.
"""
COLUMNS = ("optimizer", "equation", "state per parameter", "hyperparameters", "paper", "when to use")


def optimizers() -> list[type[Optimizer]]:
    """Every public optimizer, by name."""
    classes = [getattr(optim, name) for name in optim.__all__]
    found = [c for c in classes if isinstance(c, type) and issubclass(c, Optimizer) and c is not Optimizer]
    return sorted(found, key=lambda c: c.__name__.lower())


def equation(optimizer: type[Optimizer]) -> str:
    """The first line of the class's docstring."""
    return (inspect.getdoc(optimizer) or "").partition("\n")[0].replace("``", "`").removesuffix(".")


def hyperparameters(optimizer: type[Optimizer]) -> str:
    """The constructor's arguments with their defaults, except those that only choose an implementation."""
    taken = inspect.signature(optimizer).parameters.values()
    shown = [p for p in taken if p.name not in ("params", *IMPLEMENTATION) and p.kind is not p.VAR_KEYWORD]
    return ", ".join(f"`{p.name}`" if p.default is p.empty else f"`{p.name}={p.default!r}`" for p in shown)


def row(optimizer: type[Optimizer]) -> tuple[str, ...]:
    """One optimizer's cells."""
    state = ", ".join(f"`{name}`" for name in optimizer.state_names) or "none"
    return optimizer.__name__, equation(optimizer), state, hyperparameters(optimizer), optimizer.paper, optimizer.when


def text() -> str:
    """The whole page."""
    rows = [COLUMNS, ["---"] * len(COLUMNS), *map(row, optimizers())]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in rows]
    return HEAD + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(f"{PATH}: {len(optimizers())} optimizers")
