"""Pictures of computation graphs and of training.

>>> with mg.Tape() as tape:
...     loss = f(x)
...     loss.backward()
>>> visualize.draw(tape).save("graph.svg")
"""

from microgradnet.arguments import explain_all as _explain_all

from .flow import Flow, Verdict, watch
from .notebook import show_in_notebooks as _show_in_notebooks
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

# The records that pictures are made of are not checked: a graph of 100,000 ops makes 200,000 of them.
_public = {name: thing for name, thing in globals().items() if name not in ("Event", "Graph", "GraphEdge", "GraphNode")}
_explain_all(_public, "visualize")
globals().update(_public)
_show_in_notebooks()
