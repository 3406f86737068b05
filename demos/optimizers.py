"""Optimizers: momentum and its descendants on four hard surfaces, then on digits.

Question: all of them follow the same gradient. What do they do with it?

SGD goes down the slope: θ ← θ − η·g. In a ravine the steep walls limit the rate, and along the floor it creeps.
Momentum sums past gradients, v ← μ·v + g: consistent directions grow, and it overshoots. Nesterov evaluates the
gradient where momentum will take it. AdaGrad divides by the root of the sum of all squared gradients, RMSProp by that
of recent ones, Adam combines this with momentum: each weight gets its own rate. A saddle is where the gradient vanishes
in a direction that still leads down.

What to look at: ``steps.png``: the steps of each under a gradient that never changes. ``ravine.gif``: all paths at
once. ``ravine.png``, ``saddle.png``, ``local.png``, ``noise.png``: the paths. ``digits.png``: the same optimizers on a
net.
"""

import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

RULES = {
    "SGD": lambda p, lr: optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9),
    "Nesterov": lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p, lr: optim.Adagrad(p, lr=20 * lr),
    "RMSProp": lambda p, lr: optim.RMSprop(p, lr=lr),
    "Adam": lambda p, lr: optim.Adam(p, lr=5 * lr),
    "Adadelta": lambda p, lr: optim.Adadelta(p, lr=50 * lr),
    "NAdam": lambda p, lr: optim.NAdam(p, lr=5 * lr),
}

BREAKS = {
    "RMSProp and AdaGrad are swapped": lambda: patch.dict(
        RULES, {"RMSProp": lambda p, lr: optim.Adagrad(p, lr=lr), "AdaGrad": lambda p, lr: optim.RMSprop(p, lr=20 * lr)}
    ),
    "Nesterov is momentum": lambda: patch.dict(RULES, {"Nesterov": RULES["momentum"]}),
    "NAdam is Adam": lambda: patch.dict(RULES, {"NAdam": RULES["Adam"]}),
    "no momentum": lambda: patch.dict(RULES, {"momentum": RULES["SGD"]}),
    "the ravine is a bowl": lambda: patch.dict(SURFACES, {"ravine": (bowl, *SURFACES["ravine"][1:])}),
}
NEAR_LIMIT = 0.045  # SGD diverges in the ravine from 2/λ = 2/40 on


def steps_by_formula(name: str, count: int) -> np.ndarray | None:
    """The lengths of the steps with rate 1 while the gradient is 1, from the rule's paper; None where it is not told.

    Momentum's are sums of 1 + μ + μ² + ..., Nesterov's have one term more; AdaGrad has seen t gradients, RMSProp an
    average of them that starts at 0, which Adam corrects. NAdam (Dozat 2016) mixes in the momentum of the next step.
    """
    t = np.arange(1, count + 1)
    mu = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * np.arange(1, count + 2)))
    past, m = np.cumprod(mu), 1 - 0.9**t
    return {
        "SGD": np.ones(count),
        "momentum": (1 - 0.9**t) / 0.1,
        "Nesterov": (1 - 0.9 ** (t + 1)) / 0.1,
        "AdaGrad": 1 / np.sqrt(t),
        "RMSProp": 1 / np.sqrt(1 - 0.99**t),
        "Adam": np.ones(count),
        "NAdam": (1 - mu[:-1]) / (1 - past[:-1]) + mu[1:] * m / (1 - past[1:]),
    }.get(name)


def bowl(x, y):
    """As steep across as along."""
    return 0.5 * x * x + 0.5 * y * y


def ravine(x, y):
    """Forty times steeper across than along."""
    return 0.5 * x * x + 20 * y * y


def saddle(x, y):
    """Down in y, up in x, flat in the middle."""
    return x * x - y * y + 0.1 * y**4


def local(x, y):
    """A shallow minimum on the way to a deep one."""
    return (
        0.05 * (x * x + y * y)
        - 1.2 * np_or_mg_exp(-((x - 1) ** 2 + y * y) * 2)
        - 3 * np_or_mg_exp(-((x + 1) ** 2 + y * y))
    )


def np_or_mg_exp(x):
    return mg.exp(x) if isinstance(x, mg.Tensor) else np.exp(x)


SURFACES = {
    "ravine": (ravine, (-4.0, 0.9), 0.02, (-4.5, 1.5), (-1.3, 1.3), (0, 0), 0.0),
    "saddle": (saddle, (-1.5, 0.001), 0.01, (-2, 2), (-3, 3), None, 0.0),
    "local": (local, (2.2, 0.6), 0.02, (-2.5, 2.5), (-1.5, 1.5), (-1, 0), 0.0),
    "noise": (ravine, (-4.0, 0.9), 0.02, (-4.5, 1.5), (-1.3, 1.3), (0, 0), 2.0),
}


def follow(surface, start, make, rate: float, steps: int, noise: float) -> np.ndarray:
    """The path of one optimizer; ``noise`` is added to each gradient."""
    theta = mg.tensor(list(start), dtype=mg.float64).requires_grad_()
    optimizer = make([theta], rate)
    path = [theta.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        surface(theta[0], theta[1]).backward()
        if noise:
            theta.grad = theta.grad + noise * mg.randn(2, dtype=mg.float64)
        optimizer.step()
        path.append(np.clip(theta.detach().numpy(), -50, 50).copy())
    return np.array(path)


def changes_of_direction(path: np.ndarray) -> int:
    """How often a path turns across the ravine in its first 25 steps."""
    return int(np.sum(np.diff(np.sign(np.diff(path[:25, 1]))) != 0))


def digits(lesson: Lesson, name: str, make) -> list[float]:
    """The loss on the digits, step by step."""
    images, labels = Digits("train").tensors
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = make(model.parameters(), 2e-3 if name in ("RMSProp", "Adam", "NAdam", "AdaGrad") else 0.05)
    losses = []
    for step in lesson.progress(lesson.args.steps, f"digits with {name}"):
        at = step * 64 % (len(images) - 64)
        loss = nn.functional.cross_entropy(model(images[at : at + 64]), labels[at : at + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    return losses


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"steps": 60, "walk": 60, "frames": 8}, steps=(300, "steps on the digits"),
        walk=(120, "steps on each surface"), frames=(50, "pictures of the animation"), breaks=BREAKS,
    )  # fmt: skip
    constant = {n: -np.diff(follow(lambda x, y: x + y, (0, 0), make, 0.01, 60, 0.0)[:, 0]) for n, make in RULES.items()}
    visualize.plot_lines(
        {name: values / np.abs(values).max() for name, values in constant.items()},
        lesson.picture("steps.png", "the steps of each while the gradient stays 1"), xlabel="step",
        ylabel="length of the step, largest = 1", title="what each makes of the same gradient, again and again",
    )  # fmt: skip
    paths = {}
    for kind, (surface, start, rate, xrange, yrange, minimum, noise) in SURFACES.items():
        paths[kind] = {n: follow(surface, start, make, rate, lesson.args.walk, noise) for n, make in RULES.items()}
        visualize.plot_contour(
            surface, paths[kind], lesson.picture(f"{kind}.png", f"paths: {kind}"), xrange, yrange, minimum=minimum,
            title=f"{kind}: {lesson.args.walk} steps",
        )  # fmt: skip
    few = {name: paths["ravine"][name] for name in ("SGD", "momentum", "Nesterov", "RMSProp", "Adam")}
    visualize.animate_contour(
        ravine, few, lesson.picture("ravine.gif", "the ravine, animated"), (-4.5, 1.5), (-1.3, 1.3), minimum=(0, 0),
        title="ravine,", frames=lesson.args.frames,
    )  # fmt: skip
    losses = {name: digits(lesson, name, make) for name, make in RULES.items()}
    width = 15
    visualize.plot_lines(
        {name: np.convolve(values, np.ones(width) / width, "valid") for name, values in losses.items()},
        lesson.picture("digits.png", "the same optimizers on the digits"), xlabel="step", logy=True,
        ylabel=f"cross-entropy, nats (mean of {width} steps)",
    )  # fmt: skip
    distance = {name: float(np.linalg.norm(path[-1])) for name, path in paths["ravine"].items()}
    at = min(60, lesson.args.walk)
    escaped = {name: float(abs(path[at, 1])) for name, path in paths["saddle"].items()}
    lesson.finding(
        f"After {lesson.args.walk} steps in the ravine SGD is {distance['SGD']:.2f} from the minimum, momentum "
        f"{distance['momentum']:.3f}, Nesterov {distance['Nesterov']:.3f}."
    )
    lesson.finding(
        f"After {at} steps on the saddle SGD has come {escaped['SGD']:.3f} down, momentum {escaped['momentum']:.2f}, "
        f"Adam {escaped['Adam']:.2f}, RMSProp {escaped['RMSProp']:.2f}: the gradient is tiny there, and who divides by "
        "its size takes full steps all the same; momentum gets there too, later."
    )
    rolled = {name: float(path[-1, 0]) for name, path in paths["local"].items()}
    deep = [name for name, x in rolled.items() if x < 0]
    lesson.finding(f"Out of the shallow minimum and into the deep one came: {', '.join(deep) or 'none'}.")
    wander = {name: float(np.std(path[-40:, 1])) for name, path in paths["noise"].items()}
    lesson.finding(
        f"With noise in the gradient SGD wanders by {wander['SGD']:.2f} across the ravine, momentum by "
        f"{wander['momentum']:.2f}: a larger effective step keeps more of the noise."
    )
    lesson.check("momentum rolls out of the shallow minimum, SGD does not", rolled["momentum"] < 0 < rolled["SGD"])
    lesson.check("noise keeps momentum farther from rest than SGD", wander["momentum"] > wander["SGD"])
    last = {name: float(np.mean(values[-10:])) for name, values in losses.items()}
    lesson.finding(
        f"On digits momentum ends at {last['momentum']:.2f} nats, SGD at {last['SGD']:.2f}, Adam at {last['Adam']:.2f}."
    )
    turns = {name: changes_of_direction(path) for name, path in paths["ravine"].items()}
    swinging = changes_of_direction(follow(SURFACES["ravine"][0], (-4.0, 0.9), RULES["SGD"], NEAR_LIMIT, 25, 0.0))
    lesson.finding(
        f"In 25 steps SGD turns {turns['SGD']} times across the ravine at a rate of 0.02, {swinging} times at "
        f"{NEAR_LIMIT}: the walls' curvature of 40 allows no rate above 0.05, however slow the way along the floor."
    )
    lesson.check(
        f"near its limit SGD swings ({swinging} turns), below it does not", turns["SGD"] == 0 and swinging > 15
    )
    over = {name: float(-paths["ravine"][name][:, 1].min()) for name in ("momentum", "Nesterov")}
    lesson.finding(
        f"Momentum overshoots the floor of the ravine by {over['momentum']:.2f}, Nesterov by {over['Nesterov']:.2f}."
    )
    lesson.check(
        f"Nesterov overshoots less than momentum ({over['Nesterov']:.2f}, {over['momentum']:.2f})",
        over["Nesterov"] < 0.8 * over["momentum"],
    )
    for name, lengths in constant.items():
        formula = steps_by_formula(name, len(lengths))
        if formula is not None:
            wrong = float(np.abs(lengths / lengths[0] / (formula / formula[0]) - 1).max())
            lesson.check(
                f"{name}'s steps under a constant gradient are its formula's (off by {wrong:.0e})", wrong < 1e-3
            )
    lesson.check(
        f"momentum is nearer than SGD ({distance['momentum']:.3f}, {distance['SGD']:.3f})",
        distance["momentum"] < distance["SGD"],
    )
    lesson.check(
        f"Adam leaves the saddle ({escaped['Adam']:.2f}) before SGD ({escaped['SGD']:.2f})",
        escaped["Adam"] > escaped["SGD"] + 0.3,
    )
    lesson.check(f"momentum swings across the ravine ({turns['momentum']} turns in 25 steps)", turns["momentum"] >= 3)
    lesson.check(
        f"momentum beats SGD on the digits ({last['momentum']:.2f}, {last['SGD']:.2f})", last["momentum"] < last["SGD"]
    )
    worst = max(value for name, value in last.items() if name not in ("SGD", "Adadelta", "AdaGrad"))
    lesson.check(f"every other one learns too (worst {worst:.2f})", worst < 1.0)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
