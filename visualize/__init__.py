"""Pictures of computation graphs and of training.

>>> with mg.Tape() as tape:
...     loss = f(x)
...     loss.backward()
>>> visualize.draw(tape).save("graph.svg")
"""

from .diff import diff
from .engine import RenderError, render
from .flow import Flow, Verdict, watch
from .graph import Graph, GraphEdge, GraphNode
from .paths import Path, Paths, paths
from .picture import Picture, draw
from .player import Player, play
from .plots import *  # noqa: F403
from .plots import __all__ as _plots
from .story import Event, Story, tell

__all__ = [
    *_plots,
    "Event",
    "Flow",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Path",
    "Paths",
    "Picture",
    "Player",
    "RenderError",
    "Story",
    "Verdict",
    "diff",
    "draw",
    "paths",
    "play",
    "render",
    "tell",
    "watch",
]
