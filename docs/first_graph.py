"""Draws the README's picture: ``python docs/first_graph.py``."""

from pathlib import Path

import microgradnet as mg
import visualize

a, b, c = (mg.Tensor(v, requires_grad=True, name=n) for n, v in {"a": 2.0, "b": -3.0, "c": 10.0}.items())
with mg.Tape() as tape:
    loss = mg.tanh((a * b + c) / 4)
    loss.backward()
visualize.draw(tape).save(Path(__file__).with_name("first_graph.png"))
