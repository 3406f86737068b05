"""Pictures of computation graphs and of training.

>>> with mg.Tape() as tape:
...     loss = f(x)
...     loss.backward()
>>> visualize.draw(tape).save("graph.svg")
"""

from microgradnet.arguments import explain_all as _explain_all

from .flow import Flow, Verdict, watch
from .page.player import Player, play
from .picture.diff import diff
from .picture.draw import Picture, draw
from .picture.engine import RenderError, render
from .picture.paths import Path, Paths, paths
from .plots import *  # noqa: F403
from .plots import __all__ as _plots
from .record.graph import Graph, GraphEdge, GraphNode
from .record.story import Event, Story, tell

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

_explain_all(globals(), "visualize")
