"""Maxout: a unit that learns its own activation.

Question: must the activation be chosen by hand?

A maxout unit takes the largest of k affine functions: h(x) = max_j (w_j·x + b_j). With k = 2 it can be the absolute
value, max(x, −x), a ReLU, max(x, 0), or a leaky one, max(x, 0.01·x). A maximum of lines is convex, and with enough
pieces it approximates any convex function; the difference of two of them approximates any continuous function. So two
maxout units suffice, with large k. Since some piece is always active, no unit can die.

What to look at: ``pieces.png``: the functions that two units learned with 2, 4 and 16 pieces. ``dropout.png``: maxout
and ReLU nets with dropout on the digits.
"""

import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

TARGETS = {"convex: x² − 1": lambda x: x * x - 1, "not convex: sin 3x": lambda x: np.sin(3 * x)}


BREAKS = {
    "the maxout net is a ReLU net": lambda: patch.object(
        sys.modules[__name__], "maxout_layer", lambda n, m: [nn.Linear(n, m), nn.ReLU()]
    ),
    "only one piece is ever the largest": lambda: patch.object(
        nn.Maxout, "forward", lambda self, x: self.linear(x)[..., :: self.pieces]
    ),
    "two pieces instead of sixteen": lambda: patch.object(
        sys.modules[__name__], "TwoUnits", lambda pieces, make=TwoUnits: make(2)
    ),
}


def maxout_layer(n: int, m: int) -> list[nn.Module]:
    return [nn.Maxout(n, m, 3)]


def pieces_in_use(model: nn.Module, images) -> float:
    """Of a net's maxout units: how many of its pieces a unit uses on average, for at least 1 % of the images each."""
    used, x = [], images
    with mg.no_grad():
        for layer in model.eval():
            if isinstance(layer, nn.Maxout):
                values = layer.linear(x).reshape(len(x), -1, 3).numpy()
                largest = values.argmax(2)[..., None] == np.arange(3)
                used.append(float((largest.mean(0) > 0.01).sum(1).mean()))
            x = layer(x)
    return float(np.mean(used)) if used else 0.0


def by_hand() -> float:
    """The largest error of three hand-made maxout units."""
    x = mg.linspace(-3, 3, 601).reshape(-1, 1)
    wanted = {(1.0, -1.0): mg.abs(x), (1.0, 0.0): mg.relu(x), (1.0, 0.01): nn.functional.leaky_relu(x, 0.01)}
    worst = 0.0
    for slopes, expected in wanted.items():
        pieces = x * mg.tensor([list(slopes)])
        worst = max(worst, float((pieces.amax(1, keepdim=True) - expected).abs().max()))
    return worst


class TwoUnits(nn.Module):
    """The difference of two maxout units with k pieces each."""

    def __init__(self, pieces: int):
        super().__init__()
        self.up, self.down = nn.Maxout(1, 1, pieces), nn.Maxout(1, 1, pieces)
        with mg.no_grad():  # tangents of 2x² at random points, so that every piece is the largest somewhere
            for unit in (self.up, self.down):
                at = mg.rand(pieces, 1) * 4 - 2
                unit.linear.weight.copy_(4 * at + 0.2 * mg.randn(pieces, 1))
                unit.linear.bias.copy_(-2 * at.reshape(-1) ** 2)

    def forward(self, x):
        return self.up(x) - self.down(x)


def fit(lesson: Lesson, pieces: int, target, what: str) -> tuple[np.ndarray, float]:
    """Trains two units on a function; returns what they learned and the root mean square error."""
    x = mg.linspace(-2, 2, 201).reshape(-1, 1)
    y = mg.tensor(target(x.numpy()))
    model = TwoUnits(pieces)
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, lesson.args.steps)
    for _ in lesson.progress(lesson.args.steps, what):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        lesson.show(loss=loss.item())
    with mg.no_grad():
        return model(x).numpy().ravel(), float(nn.functional.mse_loss(model(x), y)) ** 0.5


def digits(lesson: Lesson, hidden, what: str) -> tuple[list[float], nn.Module]:
    """Held-out accuracy, epoch by epoch, of a net with dropout; and the net."""
    (images, labels), (held, truth) = Digits("train").tensors, Digits("test").tensors
    model = nn.Sequential(
        nn.Flatten(), *hidden(64, 48), nn.Dropout(0.3), *hidden(48, 48), nn.Dropout(0.3), nn.Linear(48, 10)
    )
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    accuracy = []
    for _ in lesson.progress(lesson.args.epochs, what, unit="epoch"):
        for batch in mg.randperm(len(images)).split(64):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with mg.no_grad():
            accuracy.append(float((model(held).argmax(1) == truth).float().mean()))
        model.train()
        lesson.show(loss=loss.item(), accuracy=accuracy[-1])
    return accuracy, model


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"steps": 500, "epochs": 8}, steps=(1500, "steps of each fit"),
        epochs=(25, "passes over the digits"), breaks=BREAKS,
    )  # fmt: skip
    exact = by_hand()
    x, panels, errors = np.linspace(-2, 2, 201), {}, {}
    for name, target in TARGETS.items():
        panels[name] = {"target": (x, target(x))}
        for pieces in (2, 4, 16):
            fits = [fit(lesson, pieces, target, f"{name}, k = {pieces}") for _ in range(2)]  # the better of two starts
            learned, errors[name, pieces] = min(fits, key=lambda pair: pair[1])
            panels[name][f"k = {pieces}"] = (x, learned)
    visualize.plot_panels(
        panels, lesson.picture("pieces.png", "what two maxout units learned with k pieces each"), xlabel="x",
        ylabel="f(x)", height=3.6,
    )  # fmt: skip
    learned, model = digits(lesson, maxout_layer, "maxout with dropout")
    plain, _ = digits(lesson, lambda n, m: [nn.Linear(n, m), nn.ReLU()], "ReLU with dropout")
    accuracy = {"Maxout, k = 3": learned, "ReLU": plain}
    in_use = pieces_in_use(model, Digits("test").tensors[0])
    visualize.plot_lines(
        accuracy, lesson.picture("dropout.png", "maxout and ReLU nets with dropout on the digits"), xlabel="epoch",
        ylabel="share of held-out digits read", title="both with dropout 0.3",
    )  # fmt: skip
    lesson.finding(f"|x|, ReLU and leaky ReLU are maxout of two lines (difference {exact:.0e}).")
    for name in TARGETS:
        two, many = errors[name, 2], errors[name, 16]
        lesson.finding(f"Two units fit {name} with an error of {two:.2f} from 2 pieces and {many:.3f} from 16.")
        lesson.check(f"{name}: 16 pieces ({many:.3f}), 2 pieces ({two:.3f})", many < min(0.15, two / 2))
    maxout, relu = (values[-1] for values in accuracy.values())
    lesson.finding(f"With dropout the maxout net reads {maxout:.1%} of the held-out digits, the ReLU net {relu:.1%}.")
    lesson.finding(f"On the digits a maxout unit uses {in_use:.1f} of its 3 pieces: it has learned its own activation.")
    lesson.check(f"the units use more than one piece ({in_use:.2f})", in_use > 1.5)
    lesson.check(f"difference by hand {exact:.1e}", exact < 1e-6)
    lesson.check(f"maxout reads {maxout:.1%}, ReLU {relu:.1%}: both above 90 %", min(maxout, relu) > 0.9)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
