"""Regularization: how a net that could learn everything by heart is kept from it.

Question: with 120 digits and 10,000 weights the training loss goes to 0. What makes the rest of the digits readable?

L2 adds λ·Σw² to the loss: every weight shrinks in proportion. L1 adds λ·Σ|w|: every weight shrinks by the same amount,
and small ones become 0. Dropout sets each unit to 0 with probability p, so that none can rely on another; to keep the
expectation one divides by 1 − p in training (inverted dropout) or multiplies by it in evaluation, with the same effect.
DropConnect drops weights instead. Noise on the inputs acts like L2 for a linear model. Early stopping keeps the weights
of the best held-out loss. Bagging trains k nets on resampled data and averages; dropout does nearly this in one net.

What to look at: ``losses.png``: training and held-out loss. ``weights.png``: L1 makes zeros. ``bagging.png``.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits, TensorDataset
from microgradnet.training import EarlyStopping, average, bagging, predictions

COUNT, WIDTH = 120, 128
EVERY = 5  # steps between two measurements of the losses


class Net(nn.Module):
    """Two hidden layers, with optional modules in between."""

    def __init__(self, between=nn.Identity, linear=nn.Linear):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), linear(64, WIDTH), nn.ReLU(), between(), linear(WIDTH, WIDTH), nn.ReLU(), between()
        )
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x):
        return self.head(self.body(x))


def penalty(model, power: int) -> mg.Tensor:
    """Σ|w|^power over the weights, without the biases."""
    return sum((w.abs() if power == 1 else w * w).sum() for n, w in model.named_parameters() if n.endswith("weight"))


METHODS = {
    "nothing": (Net, {}),
    "L2": (Net, {"l2": 3e-3}),
    "L1": (Net, {"l1": 5e-4}),
    "dropout": (lambda: Net(lambda: nn.Dropout(0.5)), {}),
    "DropConnect": (lambda: Net(linear=lambda n, m: nn.DropConnect(n, m, p=0.4)), {}),
    "input noise": (Net, {"noise": 0.25}),
    "early stopping": (Net, {"stop": True}),
}


def loss_on(model, images, labels) -> float:
    model.eval()
    with mg.no_grad():
        value = nn.functional.cross_entropy(model(images), labels).item()
    model.train()
    return value


def train(lesson: Lesson, name: str, small, held, what: str = "") -> tuple[nn.Module, dict[str, list[float]]]:
    """Trains one net; returns it with its training and held-out losses."""
    make, options = METHODS[name]
    model, (images, labels) = make(), small
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    validation, held = tuple(t[::2] for t in held), tuple(t[1::2] for t in held)
    stopping = EarlyStopping(model, patience=12) if options.get("stop") else None
    curves = {"training": [], "held out": []}
    for step in lesson.progress(lesson.args.steps, what or name):
        noise = options.get("noise", 0.0)
        batch = mg.randint(0, COUNT, (40,))
        inputs = images[batch] + noise * mg.randn(len(batch), *images.shape[1:]) if noise else images[batch]
        loss = nn.functional.cross_entropy(model(inputs), labels[batch])
        loss = loss + options.get("l2", 0.0) * penalty(model, 2) + options.get("l1", 0.0) * penalty(model, 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % EVERY:
            continue
        curves["training"].append(loss_on(model, images, labels))
        curves["held out"].append(loss_on(model, *held))
        lesson.show(loss=curves["training"][-1], held=curves["held out"][-1])
        if stopping is not None and stopping(loss_on(model, *validation)):
            break
    if stopping is not None:
        stopping.restore()
        curves["held out"].append(loss_on(model, *held))
    return model, curves


def two_dropouts() -> tuple[float, float, float]:
    """A layer's mean output over many masks: inverted in training, scaled in evaluation, and the plain forward."""
    x, w, p = mg.randn(1, 50, dtype=mg.float64), mg.randn(50, 1, dtype=mg.float64), 0.3
    masks, others = ((mg.rand(20_000, 50, dtype=mg.float64) > p).double() for _ in range(2))
    inverted = float(((x * masks / (1 - p)) @ w).mean())  # in evaluation: x @ w
    plain = float(((x * others) @ w).mean())  # in evaluation: (1 − p)·(x @ w)
    return inverted, plain / (1 - p), float((x @ w)[0, 0])


def accuracy(model, held) -> float:
    model.eval()
    with mg.no_grad():
        return float((model(held[0]).argmax(1) == held[1]).float().mean())


def bag(lesson: Lesson, small, held) -> dict[str, float]:
    """Held-out accuracy of k nets, each on resampled data, and of their average."""
    number = iter(range(1, lesson.args.nets + 1))

    def fit(subset):
        images, labels = (mg.stack(t) for t in zip(*(subset[i] for i in range(len(subset))), strict=True))
        return train(lesson, "nothing", (images, labels), held, f"bagging {next(number)}")[0].eval()

    models = bagging(TensorDataset(*small), lesson.args.nets, fit)
    probabilities = nn.functional.softmax(predictions(models, held[0]), 2)
    share = float((average(probabilities).argmax(1) == held[1]).float().mean())
    return {"one resampled net": float(np.mean([accuracy(m, held) for m in models])), f"{len(models)} averaged": share}


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"steps": 250, "nets": 6}, steps=(500, "steps with 40 of 120 digits"),
        nets=(10, "nets to bag"),
    )  # fmt: skip
    small = tuple(t[:COUNT] for t in Digits("train").tensors)
    held = Digits("test").tensors
    models, curves = {}, {}
    for name in METHODS:
        models[name], curves[name] = train(lesson, name, small, held)
    visualize.plot_panels(
        curves, lesson.picture("losses.png", "training and held-out loss"), columns=4, height=2.4, logy=True,
        xlabel=f"step / {EVERY}", ylabel="cross-entropy",
    )  # fmt: skip
    weights = {name: models[name].body[1].weight.detach().numpy() for name in ("nothing", "L2", "L1")}
    visualize.plot_histograms(
        weights, lesson.picture("weights.png", "the first layer's weights"), xlabel="weight", columns=3
    )
    bagged = bag(lesson, small, held) | {n: accuracy(models[n], held) for n in ("nothing", "dropout")}
    visualize.plot_bars(bagged, lesson.picture("bagging.png", "bagging against dropout"), xlabel="held-out digits read")
    judge(lesson, curves, weights, bagged, two_dropouts(), {n: accuracy(m, held) for n, m in models.items()})
    return lesson.finish()


def judge(lesson: Lesson, curves: dict, weights: dict, bagged: dict, dropouts: tuple, read: dict) -> None:
    """The findings, from the measured numbers."""
    ends = {name: c["held out"][-1] for name, c in curves.items()}
    plain = curves["nothing"]
    lesson.finding(
        f"Without anything the training loss falls to {plain['training'][-1]:.0e}; held out: {ends['nothing']:.2f}."
    )
    lesson.finding(
        "Held-out losses: "
        + ", ".join(f"{name} {loss:.2f}" for name, loss in sorted(ends.items(), key=lambda p: p[1]))
        + "."
    )
    small = {name: float(np.mean(np.abs(w) < 1e-3)) for name, w in weights.items()}
    lesson.finding(
        f"L1 leaves {small['L1']:.0%} of the first layer's weights below 1e-3, L2 {small['L2']:.0%}, nothing "
        f"{small['nothing']:.0%}."
    )
    inverted, scaled, exact = dropouts
    lesson.finding(
        f"Inverted dropout ({inverted:.3f}) and scaling in the test ({scaled:.3f}) expect the same: {exact:.3f}."
    )
    single, many = list(bagged.values())[:2]
    lesson.finding(
        f"One resampled net reads {single:.1%}, all together {many:.1%}; one net on all digits "
        f"{bagged['nothing']:.1%}, with dropout {bagged['dropout']:.1%}."
    )
    lesson.check("the plain net learns by heart", plain["training"][-1] < 0.02 < ends["nothing"])
    better = [name for name in ("L2", "L1", "dropout", "input noise") if ends[name] < ends["nothing"]]
    lesson.check(f"at least two of four penalties help ({better})", len(better) >= 2)
    better_than = ends["early stopping"] - ends["nothing"]
    lesson.check(f"early stopping is no worse than going on ({better_than:+.2f})", better_than < 0.03)
    lesson.check(f"L1 makes zeros ({small['L1']:.0%})", small["L1"] > small["L2"] + 0.1 and small["L1"] > 0.3)
    lesson.check("both dropouts expect the same", abs(inverted - exact) < 0.2 and abs(scaled - exact) < 0.2)
    lesson.check(f"together ({many:.1%}) is better than alone ({single:.1%})", many > single)
    lesson.check(f"every net reads most digits (worst {min(read.values()):.0%})", min(read.values()) > 0.7)


if __name__ == "__main__":
    sys.exit(main())
