"""Zero initialization: why weights must differ before they can learn.

Question: what happens to a network whose weights all start at the same value?

A unit of a hidden layer computes h_j = tanh(Σ_i w_ij·x_i + b_j) and receives the gradient ∂L/∂w_ij = x_i · (1 − h_j²) ·
Σ_k v_jk·∂L/∂z_k, where v are its outgoing weights. Two units with equal incoming and outgoing weights have equal h, and
so equal gradients for every weight; a step of gradient descent changes both by the same amount, and they remain equal.
By induction they stay equal forever: 32 units compute no more than one.

With all weights exactly 0 it is worse: h = 0 and v = 0, so every gradient but that of the last bias is 0.

What to look at: ``units.png``. Each line is the weight from one pixel to one of the units. From an equal start all
lines coincide; from a random start they differ. ``accuracy.png`` shows what it costs.
"""

import sys

import numpy as np
from lesson import Lesson

import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

UNITS, PIXEL = 32, 20
ROUNDING = 1e-6  # a matrix product may add up the terms of two equal units in another order


def network(start: str) -> nn.Module:
    """64 pixels, two layers of tanh units, ten logits; all weights equal, or drawn at random."""
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, UNITS), nn.Tanh(), nn.Linear(UNITS, UNITS), nn.Tanh(), nn.Linear(UNITS, 10)
    )
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)
            if start == "random":
                nn.init.xavier_normal_(layer.weight, gain=nn.init.calculate_gain("tanh"))
            else:
                nn.init.constant_(layer.weight, {"zero": 0.0, "all 0.05": 0.05}[start])
    return model


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, steps=(100, "steps of each training"), lr=(0.5, "learning rate"), quick={"steps": 60}
    )
    images, labels = (t[:1000] for t in Digits("train").tensors)
    accuracy, tracks, spread, flows = {}, {}, {}, {}
    for start in ("zero", "all 0.05", "random"):
        model = network(start)
        optimizer = optim.SGD(model.parameters(), lr=lesson.args.lr)
        track, right = [], []
        with visualize.watch(model, every=10) as flow:
            for _ in lesson.progress(lesson.args.steps, f"weights start {start}"):
                logits = model(images)
                loss = nn.functional.cross_entropy(logits, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                track.append(model[1].weight.detach().numpy()[:8, PIXEL].copy())
                right.append(float((logits.argmax(1) == labels).float().mean()))
                lesson.show(loss=loss.item(), accuracy=right[-1])
        weight = model[1].weight.detach().numpy()
        accuracy[start], tracks[start] = right, np.array(track)
        spread[start] = float(np.abs(weight - weight[0]).max())
        flows[start] = {verdict.illness for verdict in flow.verdicts()}
    panels = {
        f"weights start {start}": {f"unit {j}": track[:, j] for j in range(track.shape[1])}
        for start, track in tracks.items()
    }
    visualize.plot_panels(
        panels, lesson.picture("units.png", "one weight of eight units over the training"), columns=3, xlabel="step",
        ylabel=f"weight of pixel {PIXEL}", legend=False,
    )  # fmt: skip
    visualize.plot_lines(
        accuracy, lesson.picture("accuracy.png", "what equal weights cost"), xlabel="step",
        ylabel="share of digits read", title="the same net from three starts",
    )  # fmt: skip
    last = {start: values[-1] for start, values in accuracy.items()}
    lesson.finding(
        f"Started equal, the {UNITS} units are still equal after {lesson.args.steps} steps: two weights of one pixel "
        f"differ by {spread['all 0.05']:.1g} at most, which is rounding (random ones by {spread['random']:.1g})."
    )
    lesson.finding(
        f"So the net reads {last['all 0.05']:.0%} of its digits, from zeros {last['zero']:.0%}, from random weights "
        f"{last['random']:.0%}."
    )
    for start in ("zero", "all 0.05"):
        lesson.check(f"units that start {start} stay equal ({spread[start]:.1g} apart)", spread[start] < ROUNDING)
        lesson.check(f"the watch calls the net that starts {start} symmetric", "symmetric" in flows[start])
    lesson.check(f"random units differ (by {spread['random']:.2f})", spread["random"] > 0.1)
    best_equal = max(last["zero"], last["all 0.05"])
    lesson.check(
        f"random weights read {last['random']:.0%}, equal ones {best_equal:.0%}", last["random"] > best_equal + 0.3
    )
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
