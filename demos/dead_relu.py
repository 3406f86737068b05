"""Dead ReLUs: units that never fire again, and what revives them.

Question: ReLU's derivative is 0 for negative inputs. What if a unit's input is negative for every sample?

Then the gradient of all of its weights is exactly 0, and no step will ever change them: the unit is dead. One large
step can do this, by pushing the bias far below zero; so can a start with b = −2. A leaky ReLU (slope 0.25, say), a
PReLU (a learned slope) and ELU (eˣ − 1 below zero) keep a gradient; a bias of 0.01 makes a unit start active; a smaller
learning rate does not kill it.

What to look at: ``dead.png``: the share of units that are active for no sample, during training.
"""

import sys
from unittest.mock import patch

from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

UNITS = 64


def network(activation, bias: float) -> nn.Module:
    """64 pixels, two hidden layers with the given activation and starting bias, ten logits."""
    layers, fan_in = [nn.Flatten()], 64
    for _ in range(2):
        linear = nn.Linear(fan_in, UNITS)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.constant_(linear.bias, bias)
        layers += [linear, activation()]
        fan_in = UNITS
    return nn.Sequential(*layers, nn.Linear(fan_in, 10))


CASES = {
    "ReLU, η = 0.1": (nn.ReLU, 0.0, 0.1),
    "ReLU, η = 2": (nn.ReLU, 0.0, 2.0),
    "ReLU, b = −2": (nn.ReLU, -2.0, 0.1),
    "ReLU, b = 0.01": (nn.ReLU, 0.01, 0.1),
    "leaky ReLU, b = −2": (lambda: nn.LeakyReLU(0.25), -2.0, 0.1),
    "PReLU, b = −2": (nn.PReLU, -2.0, 0.1),
    "ELU, b = −2": (nn.ELU, -2.0, 0.1),
}


BREAKS = {
    "the small bias is −0.01": lambda: patch.dict(CASES, {"ReLU, b = 0.01": (nn.ReLU, -0.01, 0.1)}),
    "no rate is too large": lambda: patch.dict(CASES, {"ReLU, η = 2": (nn.ReLU, 0.0, 0.1)}),
    "the leaky unit does not leak": lambda: patch.object(nn, "LeakyReLU", lambda slope: nn.ReLU()),
    "ELU is a ReLU": lambda: patch.dict(CASES, {"ELU, b = −2": (nn.ReLU, -2.0, 0.1)}),
}


def firing(model: nn.Module, images) -> float:
    """The share of all pairs of a unit and an image in which the unit is active."""
    active, x = 0.0, images
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear) and x.shape[1] == UNITS:
            active += float((x > 0).float().mean())
    return active / 2


def silent(model: nn.Module, images) -> float:
    """The share of units whose input is negative for every image."""
    dead, x = 0, images
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Linear) and x.shape[1] == UNITS:
            dead += int((x <= 0).all(0).sum())
    return dead / (2 * UNITS)


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(400, "steps of each training"), quick={"steps": 200}, breaks=BREAKS)
    images, labels = (t[:1000] for t in Digits("train").tensors)
    dead, accuracy, first = {}, {}, {}
    for name, (activation, bias, rate) in CASES.items():
        mg.manual_seed(lesson.args.seed)  # all start from the same weights
        model = network(activation, bias)
        first[name] = firing(model, images)
        optimizer = optim.SGD(model.parameters(), lr=rate)
        shares = []
        for step in lesson.progress(lesson.args.steps, name):
            start = step * 100 % len(images)
            batch, target = images[start : start + 100], labels[start : start + 100]
            loss = nn.functional.cross_entropy(model(batch), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 5 == 0:
                shares.append(silent(model, images))
            lesson.show(loss=loss.item(), dead=shares[-1])
        shares.append(silent(model, images))
        dead[name] = shares
        accuracy[name] = float((model(images).argmax(1) == labels).float().mean())
    visualize.plot_lines(
        {name: ([5 * i for i in range(len(shares))], shares) for name, shares in dead.items()},
        lesson.picture("dead.png", "units that fire for no digit at all"), xlabel="step", ylabel="share of units",
        title="dead units over the training",
    )  # fmt: skip
    visualize.plot_bars(accuracy, lesson.picture("accuracy.png", "what it costs"), xlabel="share of digits read")
    last = {name: shares[-1] for name, shares in dead.items()}
    lesson.finding(
        f"A learning rate of 2 kills {last['ReLU, η = 2']:.0%} of the units, a bias of −2 leaves "
        f"{last['ReLU, b = −2']:.0%} dead; with η = 0.1 and b = 0 it is {last['ReLU, η = 0.1']:.0%}."
    )
    cures = ("leaky ReLU, b = −2", "PReLU, b = −2", "ELU, b = −2")
    lesson.finding(
        f"From b = −2 the ReLU net reads {accuracy['ReLU, b = −2']:.0%} of its digits; "
        + ", ".join(f"{name.partition(',')[0]} {accuracy[name]:.0%}" for name in cures)
        + ": they have a way back."
    )
    more = first["ReLU, b = 0.01"] - first["ReLU, η = 0.1"]
    lesson.finding(f"A bias of 0.01 lets {more:+.1%} of the pairs of a unit and a digit fire at the start.")
    lesson.check(f"b = 0.01 makes more units fire than b = 0 ({more:+.2%})", more > 0)
    for name in ("ReLU, η = 2", "ReLU, b = −2"):
        lesson.check(f"{name}: {last[name]:.0%} of the units are dead", last[name] > 0.4)
    for name in ("ReLU, η = 0.1", "ReLU, b = 0.01"):
        lesson.check(f"{name}: only {last[name]:.0%} are", last[name] < 0.25)
    return finish(lesson, accuracy, cures)


def finish(lesson: Lesson, accuracy: dict, cures: tuple) -> int:
    """The remedies must beat the plain ReLU from the same start."""
    for name in cures:
        gain = accuracy[name] - accuracy["ReLU, b = −2"]
        lesson.check(f"{name} reads {gain:.0%} more than ReLU from the same start", gain > 0.05)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
