"""Reading curves: what the shape of a loss curve says.

Question: the loss is all one sees while a net trains. What does it tell?

Too low a rate: a straight, slow decline. Too high: it jumps up and stays far above a good one, since each step is
longer than the valley is wide. Very high: it diverges. Good: steep at first, then flatter and flatter. A plateau at the
start that ends suddenly is a sign of bad initial weights (too small, so that the gradients are tiny until they have
grown). A growing gap between training and held-out accuracy is overfitting: stop, or regularize. And the size of an
update relative to the weight, ‖Δw‖/‖w‖, should be near 1e-3 in a large net (near 1e-2 in one as small as this): far
below, nothing moves; far above, training is unstable.

What to look at: ``rates.png``, ``plateau.png``, ``gap.png`` and ``ratio.png``, one for each of these.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

RATES = {"too low: η = 0.01": 0.01, "right: η = 0.5": 0.5, "high: η = 2": 2.0, "very high: η = 20": 20.0}


def network(width: int = 48, start=None, depth: int = 1) -> nn.Module:
    layers, fan_in = [nn.Flatten()], 64
    for _ in range(depth):
        layers += [nn.Linear(fan_in, width), nn.Tanh()]
        fan_in = width
    model = nn.Sequential(*layers, nn.Linear(fan_in, 10))
    for layer in model:
        if start is not None and isinstance(layer, nn.Linear):
            start(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def train(lesson: Lesson, model, rate: float, steps: int, what: str) -> list[float]:
    """The loss of each step."""
    images, labels = Digits("train").tensors
    optimizer = optim.SGD(model.parameters(), lr=rate)
    losses = []
    for _ in lesson.progress(steps, what):
        batch = mg.randint(0, len(images), (64,))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    return losses


def overfit(lesson: Lesson) -> dict[str, list[float]]:
    """Training and held-out accuracy of a net that is too large for 60 digits."""
    (images, labels), (held, truth) = (t[:60] for t in Digits("train").tensors), Digits("test").tensors
    model = network(width=200)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    curves = {"training": [], "held out": []}
    for _ in lesson.progress(lesson.args.steps // 4, "overfitting"):
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with mg.no_grad():
            curves["training"].append(float((logits.argmax(1) == labels).float().mean()))
            curves["held out"].append(float((model(held).argmax(1) == truth).float().mean()))
        lesson.show(loss=loss.item(), accuracy=curves["held out"][-1])
    return curves


def smooth(values: list[float], width: int = 15) -> np.ndarray:
    return np.convolve(values, np.ones(width) / width, "valid")


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(400, "steps of each training"), quick={"steps": 160})
    steps = lesson.args.steps
    curves = {name: train(lesson, network(), rate, steps, name) for name, rate in RATES.items()}
    visualize.plot_lines(
        {name: smooth(values) for name, values in curves.items()},
        lesson.picture("rates.png", "the loss for four learning rates"), xlabel="step", logy=True,
        ylabel="cross-entropy, nats (mean of 15)", title="the same net at four rates",
    )  # fmt: skip
    small = network(depth=3, start=lambda w: nn.init.normal_(w, 0, 0.06))
    good = network(depth=3, start=lambda w: nn.init.xavier_normal_(w, nn.init.calculate_gain("tanh")))
    starts = {
        "weights too small: 0.06·N": train(lesson, small, 0.3, steps, "weights too small"),
        "Xavier": train(lesson, good, 0.3, steps, "Xavier"),
    }
    visualize.plot_lines(
        starts, lesson.picture("plateau.png", "a plateau from weights that begin too small"), xlabel="step",
        ylabel="cross-entropy, nats", title="three tanh layers from two starts",
    )  # fmt: skip
    gap = overfit(lesson)
    visualize.plot_lines(
        gap, lesson.picture("gap.png", "the gap between training and held-out accuracy"), xlabel="epoch",
        ylabel="share of digits read", title="200 units, 60 digits to learn",
    )  # fmt: skip
    ratios = {}
    for name in ("too low: η = 0.01", "right: η = 0.5", "high: η = 2"):
        model = network()
        with visualize.watch(model, every=5) as flow:
            train(lesson, model, RATES[name], steps // 2, f"ratios, {name}")
        ratios[name] = tuple(np.array(flow.ratios["1.weight"]).T)
    visualize.plot_lines(
        ratios, lesson.picture("ratio.png", "update to weight, over the training"), xlabel="step", logy=True,
        ylabel="‖update‖ / ‖weight‖", title="how far a step moves the first layer", guide=(1e-3, "1e-3"),
    )  # fmt: skip
    judge(lesson, curves, starts, gap, {name: float(np.median(r)) for name, (_, r) in ratios.items()})
    return lesson.finish()


def judge(lesson: Lesson, curves: dict, starts: dict, gap: dict, ratios: dict) -> None:
    """The findings, from the measured numbers."""
    ends = {name: float(np.mean(values[-20:])) for name, values in curves.items()}
    right = min(ends, key=ends.get)
    lesson.finding("Losses at the end: " + ", ".join(f"{name} {loss:.2g}" for name, loss in ends.items()) + ".")
    low, good, high, wild = curves
    lesson.check(f"the right one is the best of these ({right})", right == good)
    jumps = max(curves[high]) > 2 * curves[high][0] and ends[high] > 5 * ends[good]
    lesson.check(f"the high rate jumps up and stays far above the right one ({ends[high]:.1f})", jumps)
    lesson.check(f"the low rate is still far up ({ends[low]:.2f})", ends[low] > 2 * ends[good])
    lesson.check(f"the very high rate rises above the start ({ends[wild]:.1f})", ends[wild] > curves[wild][0])
    plateau, xavier = starts.values()
    leaves = next((i for i, v in enumerate(smooth(plateau)) if v < 2.0), len(plateau))
    at_once = next((i for i, v in enumerate(smooth(xavier)) if v < 2.0), len(xavier))
    lesson.finding(f"From small weights the loss leaves its plateau after {leaves} steps, from Xavier after {at_once}.")
    lesson.check(f"the plateau is longer ({leaves} against {at_once} steps)", leaves > at_once + 10)
    apart = gap["training"][-1] - gap["held out"][-1]
    lesson.finding(
        f"The large net reads {gap['training'][-1]:.0%} of 60 training digits and {apart:.0%} less of others."
    )
    lesson.check(f"the gap is wide ({apart:.0%})", apart > 0.08)
    lesson.finding("Medians of ‖update‖/‖weight‖: " + ", ".join(f"{n} {r:.0e}" for n, r in ratios.items()) + ".")
    lesson.check("the ratio rises with the rate", ratios[low] < ratios[good] < ratios[high])
    lesson.check(f"the low rate's is below 2e-3 ({ratios[low]:.0e})", ratios[low] < 2e-3)


if __name__ == "__main__":
    sys.exit(main())
