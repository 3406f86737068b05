"""Pictures of computation graphs and of training.

>>> with mg.Tape() as tape:
...     loss = f(x)
...     loss.backward()
>>> visualize.draw(tape).save("graph.svg")
"""

from pathlib import Path

from .curves import learning_curves
from .dot import to_dot
from .engine import RenderError, render, write
from .graph import Graph, GraphEdge, GraphNode
from .player import Player, play
from .story import Event, Story, tell
from .trace import trace

__all__ = [
    "Event",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Picture",
    "Player",
    "RenderError",
    "Story",
    "draw",
    "learning_curves",
    "play",
    "tell",
]


class Picture:
    """A graph ready to be drawn: it shows itself in a notebook, and ``save`` writes it."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.dot = to_dot(graph)

    def save(self, path) -> Path:
        """Writes SVG, PNG, PDF or DOT, by the file's ending. Raises ``RenderError`` with the reason if it cannot."""
        path = Path(path)
        kind = path.suffix.removeprefix(".").lower()
        write(path, self.dot.encode() if kind == "dot" else render(self.dot, kind))
        return path

    def _repr_svg_(self) -> str:
        return render(self.dot, "svg").decode()


def draw(x, model=None, title: str = "") -> Picture:
    """The graph of a Tensor or of a Tape, inputs on the left, the result on the right.

    Every box has the op, its formula, shape, data and gradient; "not computed yet" before backward. A box with straight
    corners is a leaf (orange: a parameter, blue: an input), one with round corners an op (green: the result). Ops stand
    inside the modules that ran them. A graph of more than a few hundred boxes is drawn with one box for each module.

    Args:
        x: a Tensor, or a Tape, which has every value and gradient.
        model: a module whose parameters' names label the leaves.
        title: stands above the picture.
    """
    return Picture(trace(x, model, title))
