"""``draw``: a graph ready to be shown, saved and opened."""

import html
import inspect
import tempfile
import warnings
import webbrowser
from pathlib import Path

import microgradnet as mg
from microgradnet.scalar import ScalarTape, to_scalar

from ..page.embed import page, to_json
from ..record.backward import backward_of
from ..record.describe import describe
from ..record.graph import Graph
from ..record.trace import skeleton
from ..record.trace_scalar import trace_scalar
from ..record.zoom import DRAWABLE, SCALARS, close_modules, fold_repeats, part_of, readable
from .data import DESCRIBED, to_data
from .dot import to_dot
from .engine import FORMATS, RenderError, render, write
from .memory import kept_by
from .mermaid import to_mermaid
from .outline import to_text


class Picture:
    """A graph ready to draw: it is displayed in a notebook, ``save`` writes it, ``open`` opens the browser.

    ``graph`` is what the static pictures show; ``whole`` is all of it, for the page and for JSON.
    """

    def __init__(self, graph: Graph, dark: bool = False, whole: Graph | None = None, memory: bool = False):
        self.graph, self.dark, self.whole, self.memory = graph, dark, whole or graph, memory

    @property
    def dot(self) -> str:
        """The picture in Graphviz's DOT language."""
        total = sum(map(kept_by, self.whole.nodes)) if self.memory else None
        return to_dot(self.graph, self.dark, total)

    @property
    def mermaid(self) -> str:
        """The picture in Mermaid's syntax."""
        return to_mermaid(self.graph)

    @property
    def json(self) -> str:
        """The whole graph as data; ``visualize.picture.data`` says which key means what."""
        return to_json(to_data(self.whole))

    def html(self) -> str:
        """The whole graph as one offline page, in which modules and repeats open and close."""
        return page("graph.html", ("base.css", "graph.css"), ("layout.js", "graph.js"), to_data(self.whole))

    def __str__(self) -> str:
        return to_text(self.graph)

    def save(self, path) -> Path:
        """Writes an interactive page (.html), SVG, PNG, PDF, DOT, Mermaid (.mmd), JSON or text, by the file's ending.

        The page works offline: modules and repeats open by a click, whatever the size of the graph; a click on a
        parameter marks its paths to the result; ``model.html#find=0.weight`` opens it there. The page and JSON hold the
        whole graph, the others what can be read.

        Raises ``RenderError``, with the reason, if it fails.
        """
        path = Path(path)
        kind = path.suffix.removeprefix(".").lower()
        texts = {
            "html": self.html,
            "dot": lambda: self.dot,
            "mmd": lambda: self.mermaid,
            "json": lambda: self.json,
            "txt": lambda: str(self),
        }
        if kind not in (*FORMATS, *texts):
            raise RenderError(f"draw: the format is one of {', '.join([*FORMATS, *texts])}, got {kind!r}")
        write(path, texts[kind]().encode(errors="replace") if kind in texts else render(self.dot, kind))
        return path

    def open(self) -> Path:
        """Writes an SVG into a temporary folder and opens it in the browser."""
        path = self.save(Path(tempfile.mkdtemp(prefix="microgradnet-")) / "graph.svg")
        webbrowser.open(path.as_uri())
        return path

    def _repr_svg_(self) -> str:
        return render(self.dot, "svg").decode()

    def _repr_html_(self) -> str:
        """The SVG in a scrolling box, so that nothing is cut off; text if there is no layout engine."""
        try:
            svg = self._repr_svg_()
        except RenderError as error:
            return f"<p>{html.escape(str(error))}</p><pre>{html.escape(str(self))}</pre>"
        return f'<div style="overflow:auto;max-height:40em">{svg[svg.index("<svg") :]}</div>'


def draw(
    x,
    model=None,
    title: str = "",
    *,
    inputs=None,
    level: str = "",
    depth: int | None = None,
    part: str | tuple[int, int] | None = None,
    gradient_only: bool = False,
    backward: bool = False,
    memory: bool = False,
    dark: bool = False,
) -> Picture:
    """The graph of a computation, inputs on the left, the result on the right.

    Every box has the op, its formula, shape, data and gradient; "not computed yet" before backward. A box with square
    corners is a leaf (orange: a parameter, blue: an input), one with round corners an op (green: the result). An edge
    shows the local derivative in symbols and, if it is one number, in numbers; it is dashed if negative. Larger
    gradients have darker rows. Ops are drawn inside the modules that ran them. A graph of more than a few hundred boxes
    is drawn with repeats once and modules closed, and says so. A module whose forward fails is drawn up to the op that
    failed, in red, with a warning.

    Args:
        x: a Tensor; a Tape, which has every value and gradient; a Value or a ScalarTape; a module, run on ``inputs``.
        model: a module whose parameters' names label the leaves.
        title: shown above the picture.
        inputs: a tensor, or a tuple of them, for a module.
        level: ``"module"`` closes modules to one box each (repeats are drawn once, marked, for example, × 12), ``"op"``
            shows every op, ``"scalar"`` opens a module on small inputs into single numbers. Default: ops, if they are
            few enough to read.
        depth: nesting depth to which modules are open; 0 closes all.
        part: draw only the module of this name, or the ops of these numbers, first and last, with what they read.
        gradient_only: leave out inputs, constants, masks and ops that need no gradient.
        backward: draw the backward pass: a box for each gradient, from the result back to the leaves.
        memory: bars beside the graph say what each box keeps for backward. The page has them anyway.
        dark: light on a dark background.

    Raises TypeError for an ``x`` without a graph, ValueError for a level or a part that it does not have.
    """
    if level not in ("", "module", "op", "scalar"):
        raise ValueError(f"draw: level is 'module', 'op' or 'scalar', got {level!r}")
    names: dict = {}
    if hasattr(x, "named_parameters"):
        inputs = inputs if isinstance(inputs, tuple) or inputs is None else (inputs,)
        names = _input_names(x, inputs or ())
        x, model = _run(x, inputs, level), x
    elif inputs is not None or level == "scalar":
        raise ValueError(
            f"draw: inputs and level='scalar' go with a module, got {type(x).__name__}: "
            "scalar.to_scalar(function, *tensors) opens any function of tensors"
        )
    if hasattr(x, "columns") or hasattr(x, "tape"):
        whole = trace_scalar(x, model, title)
        whole = backward_of(whole) if backward else whole
        return Picture(readable(whole, SCALARS), dark, whole, memory)
    if not hasattr(x, "nodes") and not hasattr(x, "grad_fn"):
        expected = "a Tensor, Tape, Value, ScalarTape, or a module with inputs"
        raise TypeError(f"draw: {expected} expected, got {type(x).__name__}")
    graph = skeleton(x, model, title, gradient_only=gradient_only, inputs=names)
    if part is not None:
        graph = part_of(graph, part)
    if backward:
        graph = backward_of(describe(graph) if len(graph.nodes) <= DESCRIBED else graph)
    if level == "module" or depth is not None:
        if depth is None:  # a module that contains everything is opened
            depth = int(len({node.module[0] for node in graph.nodes if node.module}) == 1)
        closed = close_modules(graph, depth)
        return Picture(describe(fold_repeats(closed) if level == "module" else closed), dark, graph, memory)
    return Picture(describe(readable(graph, DRAWABLE) if level == "op" else readable(graph)), dark, graph, memory)


def _input_names(module, inputs: tuple) -> dict:
    """The names that ``forward`` gives to its arguments, by tensor; "input" for a single one."""
    tensors = [tensor for tensor in inputs if isinstance(tensor, mg.Tensor)]
    if len(inputs) == 1:
        return dict.fromkeys(tensors, "input")
    return {t: name for name, t in zip(inspect.signature(module.forward).parameters, inputs) if t in tensors}  # noqa: B905


def _run(module, inputs, level: str):
    """What a module computes from ``inputs``: a Tape, or a ScalarTape with the names of its parameters."""
    if inputs is None:
        raise ValueError("draw: a module needs inputs to run on: draw(model, inputs=x)")
    if level == "scalar":
        with ScalarTape() as tape:
            to_scalar(module, *inputs)
        return tape
    tape = mg.Tape()
    try:
        with tape:
            module(*inputs)
    except Exception as error:
        warnings.warn(f"draw: the forward failed and is drawn up to there: {error}", RuntimeWarning, stacklevel=3)
    return tape
