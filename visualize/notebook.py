"""How tensors, tapes, modules and the rest show themselves in a notebook, once ``visualize`` is imported.

``microgradnet`` knows nothing of pictures, so its classes get their ``_repr_mimebundle_`` here. All are sized to be
read: small arrays as cells, larger ones as a histogram; a graph as a picture where it is small, and otherwise how to
draw it.
"""

import html
from collections.abc import Callable

import numpy as np

import microgradnet as mg
from microgradnet.backends.device import read
from microgradnet.scalar import ScalarTape, Value

from .flow import Flow
from .flow.statistics import moments
from .page.player import Player
from .picture.draw import Picture, draw
from .picture.engine import RenderError, render
from .picture.paths import Paths
from .record.formula import number_text
from .record.graph import Graph
from .record.zoom import readable

OPS = 60  # ops of a graph that is drawn without being asked for
CELLS = 16  # rows and columns of an array that is shown number by number
SECONDS = 5  # for a layout
STEPS = 200  # ops of a tape whose picture and list are shown
EDGE = "border:1px solid #cbd2d9"


def show_in_notebooks() -> None:
    """Gives each class its ``_repr_mimebundle_``."""
    for cls, write in WRITERS.items():
        cls._repr_mimebundle_ = _bundle(write)  # type: ignore[attr-defined]


def _bundle(write: Callable) -> Callable:
    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """Text and HTML for a notebook."""
        text = self.transcript() if isinstance(self, Player) else str(self) if type(self) in TEXTS else repr(self)
        return {"text/plain": text, "text/html": write(self)}

    return _repr_mimebundle_


def _tensor(tensor) -> str:
    made = f", made by {_text(tensor.grad_fn.op.name)}" if tensor.grad_fn is not None else ""
    needs = ", requires_grad" if tensor.requires_grad and not made else ""
    shape = "×".join(map(str, tensor.shape)) or "scalar"
    name = f"<b>{_text(tensor.name)}</b>: " if tensor.name else ""
    parts = [f"<div>{name}{type(tensor).__name__} {shape} {tensor.dtype.name}{made}{needs}</div>", _array(read(tensor))]
    if tensor.grad_fn is None and tensor.grad is not None:
        parts += ["<div>gradient</div>", _array(read(tensor.grad))]
    if tensor.grad_fn is not None:
        parts.append(_graph_of(tensor, _is_small(tensor.grad_fn, lambda node: getattr(node, "parents", ()))))
    return _block(*parts)


def _value(value) -> str:
    tape = value.tape
    small = _is_small(tape.position(value.serial), tape.operand_positions)
    return _block(f"<div>{_text(repr(value))}</div>", _graph_of(value, small))


def _tape(tape) -> str:
    if not tape.calls and tape.failure is None:
        return _block("<div>an empty tape: nothing ran inside of <code>with Tape()</code></div>")
    listed = f"<details><summary>as a list</summary><pre>{_text(str(tape))}</pre></details>"
    return _block(_picture(draw(tape)), listed if len(tape.calls) <= STEPS else "")


def _scalar_tape(tape) -> str:
    return _block(f"<div>{_text(repr(tape))}</div>", _graph_of(tape, 0 < len(tape) <= OPS))


def _module(module) -> str:
    count = sum(int(np.prod(p.shape)) for p in module.parameters())
    return _block(f"<div><b>{type(module).__name__}</b>, {count:,} parameters</div>", _parts(module, depth=0))


def _parts(module, depth: int) -> str:
    """The modules in a module as lists that open."""
    lines = []
    for name, parameter in module.named_parameters(recurse=False):
        shape = "×".join(map(str, parameter.shape)) or "scalar"
        frozen = "" if parameter.requires_grad else ", frozen"
        lines.append(f"<li>{_text(name)} <span style='opacity:.65'>{shape} {parameter.dtype.name}{frozen}</span></li>")
    for name, child in module.named_children():
        count = sum(int(np.prod(p.shape)) for p in child.parameters())
        said = " ".join(repr(child).split()) if not list(child.children()) else type(child).__name__
        head = f"{_text(name)}: {_text(said[:100])} <span style='opacity:.65'>{count:,} parameters</span>"
        inside = _parts(child, depth + 1)
        opened = " open" if depth == 0 and len(list(module.children())) <= 8 else ""
        lines.append(
            f"<li><details{opened}><summary>{head}</summary>{inside}</details></li>" if inside else f"<li>{head}</li>"
        )
    return f"<ul style='margin:0;padding-left:1.4em'>{''.join(lines)}</ul>" if lines else ""


def _graph(graph: Graph) -> str:
    return _block(_picture(Picture(readable(graph))))


def _flow(flow: Flow) -> str:
    if not flow.steps:
        return _block(f"<div>{_text(str(flow))}</div>")
    head = "".join(
        f"<th style='text-align:left;padding:2px 8px'>{h}</th>" for h in ("layer", "activations", "gradients")
    )
    rows = []
    for layer in flow.layers:
        charts = [_histogram(looks[-1]) if looks else "" for looks in (layer.activations, layer.gradients)]
        cells = [_text(layer.title), *charts]
        rows.append("<tr>" + "".join(f"<td style='padding:2px 8px;{EDGE}'>{cell}</td>" for cell in cells) + "</tr>")
    verdicts = "".join(f"<li>{_text(str(verdict))}</li>" for verdict in flow.verdicts()) or "<li>No illness found.</li>"
    said = f"<div>step {flow.steps[-1]}, {len(flow.steps)} looks</div>"
    return _block(
        said, f"<table style='border-collapse:collapse'><tr>{head}</tr>{''.join(rows)}</table><ul>{verdicts}</ul>"
    )


def _player(player: Player) -> str:
    return f'<iframe srcdoc="{_text(player.html())}" width="100%" height="640" style="border:0"></iframe>'


def _paths(paths: Paths) -> str:
    small = len(paths.graph.nodes) <= OPS
    return _block(f"<pre>{_text(str(paths))}</pre>", _picture(paths.picture()) if small else "")


def _is_small(root, parents) -> bool:
    """Whether at most ``OPS`` ops lead to a node; looks no further."""
    seen, stack = {root}, [root]
    while stack and len(seen) <= OPS:
        fresh = [p for p in parents(stack.pop()) if p is not None and p not in seen]
        seen.update(fresh)
        stack += fresh
    return len(seen) <= OPS


def _graph_of(x, small: bool) -> str:
    if small:
        return _picture(draw(x))
    return "<div>its graph is large: <code>visualize.draw(x).save('graph.html')</code> makes a page of it</div>"


def _picture(picture: Picture) -> str:
    try:
        svg = render(picture.dot, "svg", SECONDS).decode()
    except RenderError as error:
        return f"<p>{_text(str(error))}</p><pre>{_text(str(picture))}</pre>"
    return f'<div style="overflow:auto;max-height:36em;background:#fff">{svg[svg.index("<svg") :]}</div>'


def _array(array: np.ndarray) -> str:
    """Small ones as cells, the others as a summary with a histogram."""
    if array.ndim <= 2 and array.size > 0 and max(array.shape, default=1) <= CELLS and array.dtype.kind in "fiub":
        rows = np.atleast_2d(array)
        most = float(np.max(np.abs(rows[np.isfinite(rows)]), initial=0)) or 1.0
        lines = ("".join(_cell(number, most) for number in row) for row in rows.tolist())
        cells = "".join(f"<tr>{line}</tr>" for line in lines)
        return f"<table style='border-collapse:collapse;font-size:90%'>{cells}</table>"
    text = f"<div>{_text(number_text(array) if array.size else 'no elements')}</div>"
    return text + (_histogram(moments(array)) if array.size and array.dtype.kind in "fiu" else "")


def _cell(number: float, most: float) -> str:
    share = abs(number) / most if np.isfinite(number) else 0
    colour = f"rgba({'213,94,0' if number < 0 else '0,114,178'},{0.5 * share:.2f})"
    text = f"{number:.4g}".replace("-", "−")
    return f"<td style='padding:1px 6px;text-align:right;{EDGE};background:{colour}'>{text}</td>"


def _histogram(m) -> str:
    """Bars, with mean and spread."""
    most = max(int(m.counts.max()), 1)
    heights = [(i, 28 * count / most) for i, count in enumerate(m.counts.tolist()) if count]
    bars = "".join(
        f"<rect x='{4 * i}' y='{30 - height:.1f}' width='3.5' height='{height:.1f}' fill='#0072b2'/>"
        for i, height in heights
    )
    said = f"{m.mean:.3g} ± {m.std:.3g}, {m.edges[0]:.3g} to {m.edges[-1]:.3g}".replace("-", "−")
    chart = f"<svg width='{4 * len(m.counts)}' height='30' role='img' aria-label='{said}'>{bars}</svg>"
    return f"{chart} <small>{said}</small>"


def _block(*parts: str) -> str:
    return f"<div style='max-width:100%;overflow-x:auto'>{''.join(parts)}</div>"


def _text(text: str) -> str:
    return html.escape(str(text))


TEXTS = (mg.Tape, Flow, Paths)  # whose text is str, not repr
WRITERS: dict[type, Callable] = {
    mg.Tensor: _tensor,
    Value: _value,
    mg.Tape: _tape,
    ScalarTape: _scalar_tape,
    mg.nn.Module: _module,
    Graph: _graph,
    Flow: _flow,
    Player: _player,
    Paths: _paths,
}
