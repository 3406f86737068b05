"""The step player: a story as one HTML file, without a server, a network or a layout engine."""

from pathlib import Path

from ..picture.engine import write
from ..picture.layered import HEIGHT, WIDTH, Layout
from ..record.formula import number_text
from ..record.story import Story, tell
from .embed import page


class Player:
    """A story ready to play: it is displayed in a notebook, and ``save`` writes it as one HTML file."""

    def __init__(self, story: Story, title: str = ""):
        self.story, self.title = story, title or story.graph.title or "Backpropagation, step by step"

    def save(self, path) -> Path:
        """Writes the page. Raises ``RenderError`` if the path cannot be written."""
        path = Path(path)
        write(path, self.html().encode(errors="replace"))  # a name may hold half of a surrogate pair
        return path

    def html(self) -> str:
        """The page: style, script and story in one string. Labels are escaped."""
        return page("player.html", ("base.css", "player.css"), ("player.js",), self._data())

    def transcript(self) -> str:
        """The story, one numbered sentence per step."""
        return "\n".join(f"{i}. {line}" for i, line in enumerate(self.story.transcript(), 1))

    def _data(self) -> dict:
        graph = self.story.graph
        layout = Layout(graph)
        nodes = []
        for node in graph.nodes:
            x, y = layout.corners[node.key]
            op = node.label if node.kind in ("op", "output") else ""
            shape = "×".join(map(str, node.shape)) or "scalar"
            nodes.append(
                {
                    "key": node.key,
                    "kind": node.kind,
                    "label": self.story.names.get(node.key, node.label),
                    "formula": self.story.formulas.get(node.key, ""),
                    "shape": " · ".join(filter(None, [op, f"{shape} {node.dtype}"])) if node.kind != "module" else "",
                    "value": _shown(node),
                    "module": " / ".join(node.module),
                    "line": node.line or "",
                    "x": x,
                    "y": y,
                }
            )
        return {
            "title": self.title,
            "size": [WIDTH, HEIGHT],
            "nodes": nodes,
            "edges": [
                {"source": e.source, "target": e.target, "argument": e.argument, "bends": bends}
                for e, bends in zip(graph.edges, layout.bends, strict=True)
            ],
            "events": [_compact(event) for event in self.story.events],
            "transcript": self.story.transcript(),
        }


def play(tape, loss=None, *, model=None, optimizer=None, title: str = "") -> Player:
    """The step player for what ``tape`` recorded: ``visualize.play(tape).save("steps.html")``.

    The page plays forward op by op, with each formula in symbols and in numbers, then backward along one edge at a
    time: upstream × local derivative = contribution, and the running sum of each gradient; then, with ``optimizer``,
        the update. Arrow keys step, the space bar plays; gradients can be hidden until guessed. A computation of more
        than a few hundred ops is shown module by module.

    Args: as for ``tell``: a Tape with the forward pass, the loss (default: the last result), a model for the names of
        its parameters, an optimizer to take one step with.

    Raises:
        TypeError: not a Tape. ValueError: an empty one, or one whose last result is not one number.
        RuntimeError: a backward has freed what the ops saved: play before it, or pass ``retain_graph=True`` to it.
    """
    return Player(tell(tape, loss, model, optimizer, title), title)


def _shown(node) -> str:
    return "" if node.kind == "module" or node.value is None else number_text(node.value)


def _compact(event) -> dict:
    return {name: value for name, value in vars(event).items() if value not in ("", None)}
