"""Pictures of computation graphs and of training.

>>> with mg.Tape() as tape:
...     loss = f(x)
...     loss.backward()
>>> visualize.draw(tape).save("graph.svg")
"""

from .curves import learning_curves
from .diff import diff
from .engine import RenderError, render
from .graph import Graph, GraphEdge, GraphNode
from .paths import Path, Paths, paths
from .picture import Picture, draw
from .player import Player, play
from .story import Event, Story, tell

__all__ = [
    "Event",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Path",
    "Paths",
    "Picture",
    "Player",
    "RenderError",
    "Story",
    "diff",
    "draw",
    "learning_curves",
    "paths",
    "play",
    "render",
    "tell",
]
