"""Moons: a network of single numbers, then the same network as tensors.

Question: does it matter whether a network is computed number by number or as matrices?

The net is micrograd's: two inputs, two layers of 16 ReLU units, one score s. The label y is −1 or 1, the loss of a
point is the hinge max(0, 1 − y·s), and α·Σw² (α = 1e-4) keeps the weights small. The first half of the lesson trains it
with ``Value``: 66,000 nodes, each one sum, product or ReLU. The second half starts from the same weights and writes the
layer as x·Wᵀ + b. It is the same arithmetic in another order, so the losses agree almost to the last digit.

What to look at: ``boundary.png``: where the score changes sign. ``losses.png``: the two curves coincide.
"""

import random
import sys
import time

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet.data import make_moons
from microgradnet.scalar import MLP, ScalarTape, Value

ALPHA = 1e-4


def rate(step: int, steps: int) -> float:
    """Falls from 1 to 0.1, as in micrograd's demo."""
    return 1.0 - 0.9 * step / steps


def train_scalars(lesson: Lesson, points: np.ndarray, labels: np.ndarray) -> tuple[list, list, float]:
    """The textbook's loop on Values; returns the initial weights, the losses and the seconds per step."""
    random.seed(lesson.args.seed)
    losses, seconds = [], []
    with ScalarTape() as tape:
        model = MLP(2, [16, 16, 1])
        start_weights = [p.data for p in model.parameters()]
        start = tape.mark()
        for step in lesson.progress(lesson.args.steps, "single numbers"):
            began = time.perf_counter()
            scores = [model([Value(v) for v in point]) for point in points.tolist()]
            hinges = [(1 - y * score).relu() for y, score in zip(labels.tolist(), scores, strict=True)]
            loss = sum(hinges) / len(hinges) + ALPHA * sum(p * p for p in model.parameters())
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= rate(step, lesson.args.steps) * p.grad
            losses.append(loss.data)
            right = np.mean([score.data * y > 0 for y, score in zip(labels.tolist(), scores, strict=True)])
            lesson.show(loss=losses[-1], accuracy=right)
            seconds.append(time.perf_counter() - began)
            tape.truncate(start)  # drops the step's nodes, keeps the weights
    return start_weights, losses, float(np.median(seconds))


def as_matrices(weights: list[float]) -> list[tuple[mg.Tensor, mg.Tensor]]:
    """The same weights as matrices W and vectors b: a neuron's weights are a row."""
    layers, place = [], 0
    for fan_in, fan_out in ((2, 16), (16, 16), (16, 1)):
        rows = np.array(weights[place : place + fan_out * (fan_in + 1)]).reshape(fan_out, fan_in + 1)
        place += rows.size
        layers.append(tuple(mg.tensor(a.copy(), requires_grad=True) for a in (rows[:, :-1], rows[:, -1])))
    return layers


def forward(layers: list, x: mg.Tensor) -> mg.Tensor:
    """The score of each point."""
    for i, (weight, bias) in enumerate(layers):
        x = x @ weight.T + bias
        if i < len(layers) - 1:
            x = mg.relu(x)
    return x.squeeze(1)


def train_tensors(lesson: Lesson, layers: list, points: np.ndarray, labels: np.ndarray) -> tuple[list, float]:
    """The same loop on matrices."""
    x, y = mg.tensor(points), mg.tensor(labels)
    losses, seconds = [], []
    parameters = [p for layer in layers for p in layer]
    for step in lesson.progress(lesson.args.steps, "matrices"):
        began = time.perf_counter()
        scores = forward(layers, x)
        loss = mg.relu(1 - y * scores).mean() + ALPHA * sum((p * p).sum() for p in parameters)
        for p in parameters:
            p.grad = None
        loss.backward()
        with mg.no_grad():
            for p in parameters:
                p -= rate(step, lesson.args.steps) * p.grad
        losses.append(loss.item())
        lesson.show(loss=losses[-1], accuracy=(scores * y > 0).float().mean())
        seconds.append(time.perf_counter() - began)
    return losses, float(np.median(seconds))


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(100, "steps of each training"), quick={"steps": 40})
    points, classes = make_moons(100, noise=0.1, seed=lesson.args.seed)
    points, labels = np.asarray(points, np.float64), 2.0 * np.asarray(classes) - 1
    weights, scalar_losses, scalar_seconds = train_scalars(lesson, points, labels)
    layers = as_matrices(weights)
    tensor_losses, tensor_seconds = train_tensors(lesson, layers, points, labels)
    with mg.no_grad():
        accuracy = float((forward(layers, mg.tensor(points)) * mg.tensor(labels) > 0).float().mean())
        visualize.plot_decision_boundary(
            lambda at: forward(layers, mg.tensor(at)).numpy(), points, classes,
            lesson.picture("boundary.png", "where the score changes its sign"), title=f"{accuracy:.0%} of them right",
        )  # fmt: skip
    visualize.plot_lines(
        {"single numbers": scalar_losses, "matrices": tensor_losses},
        lesson.picture("losses.png", "the same losses, by single numbers and by matrices"),
        xlabel="step", ylabel="hinge loss + penalty", title="one network, computed in two ways", logy=True,
    )  # fmt: skip
    early = max(abs(a - b) for a, b in zip(scalar_losses[:20], tensor_losses[:20], strict=True))
    lesson.finding(f"After {lesson.args.steps} steps {accuracy:.0%} of the points are on the right side.")
    lesson.finding(
        f"Number by number and as matrices the first 20 losses agree to {early:.0e}; a step takes "
        f"{scalar_seconds * 1e3:.0f} ms and {tensor_seconds * 1e3:.1f} ms."
    )
    lesson.check(f"{accuracy:.1%} right, at least 95 %", accuracy >= 0.95)
    lesson.check(f"the losses of the first 20 steps agree to 1e-9 (apart by {early:.1e})", early < 1e-9)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
