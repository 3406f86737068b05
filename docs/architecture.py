"""Draws how one call flows: ``python docs/architecture.py`` writes ``docs/architecture.svg``."""

from pathlib import Path

import visualize

PICTURE = Path(__file__).with_suffix(".svg")
# key -> what stands in the box: the place in the code, and what happens there
BOXES = {
    "call": ("Primitive.__call__", "y = tanh(x): every op\npasses this one place"),
    "forward": ("Primitive.forward", "NumPy, or a compiled loop\n(backends/)"),
    "node": ("Node", "the op, its parents,\nwhat backward needs"),
    "tensor": ("Tensor.grad_fn", "the result holds\nthe Node that made it"),
    "backward": ("Tensor.backward", "loss.backward()"),
    "walk": ("walk", "visits the Nodes,\nnewest first"),
    "pull": ("Primitive.pull", "the op's rules: cotangent →\na contribution for each parent"),
    "sums": ("Sums.add", "adds contributions up"),
    "grad": ("Tensor.accumulate_grad", "a leaf's .grad"),
    "events": ("tell", "one stream of events:\ncall, write, backward, accumulate"),
    "tape": ("Tape", "keeps each value\nas it was when it was made"),
    "graph": ("Graph", "the model of a picture:\nnodes, edges, modules"),
    "picture": ("Picture", "SVG, PNG, PDF, DOT, text;\nand the page that plays steps"),
    "others": ("Listener", "anomaly mode, a captured step,\nor one of your own"),
}
ROWS = {
    "forward": ("call", "forward", "node", "tensor"),
    "backward": ("backward", "walk", "pull", "sums", "grad"),
    "who listens": ("events", "tape", "graph", "picture", "others"),
}
ARROWS = [
    *(("call", "forward"), ("forward", "node"), ("node", "tensor")),
    *(("backward", "walk"), ("walk", "pull"), ("pull", "sums"), ("sums", "grad")),
    *(("events", "tape"), ("tape", "graph"), ("graph", "picture"), ("events", "others")),
]
TELLS = [("call", "call"), ("walk", "backward"), ("grad", "accumulate")]  # who tells, which event
COLOURS = {"forward": "#e8f1fb", "backward": "#fdeeea", "who listens": "#eef7ea"}


def dot() -> str:
    """The picture as DOT text."""
    lines = [
        "digraph { rankdir=LR; newrank=true; bgcolor=white; nodesep=0.3; ranksep=0.35;",
        'fontname="Helvetica"; node [shape=box, style="rounded,filled", fillcolor=white, color="#667788",'
        ' fontname="Helvetica", fontsize=11]; edge [color="#445566", fontname="Helvetica", fontsize=10];',
    ]
    for i, (title, keys) in enumerate(ROWS.items()):
        colour = COLOURS[title]
        lines.append(f'subgraph cluster_{i} {{ label="{title}"; labeljust=l; style="rounded,filled"; color="{colour}";')
        for key in keys:
            place, text = BOXES[key]
            text = text.replace("\n", "<br/>")
            lines.append(f'box_{key} [label=<<b>{place}</b><br/><font point-size="10">{text}</font>>];')
        lines.append("}")
    lines += [f"box_{a} -> box_{b};" for a, b in ARROWS]
    lines += [f'box_{a} -> box_events [style=dashed, constraint=false, label="{name}"];' for a, name in TELLS]
    lines.append("}")
    return "\n".join(lines)


if __name__ == "__main__":
    PICTURE.write_bytes(visualize.render(dot(), "svg"))
