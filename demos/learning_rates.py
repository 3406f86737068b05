"""Learning rates: how large a step may be, and how it should change on the way.

Question: too small a rate wastes time, too large a one destroys. Which, and must it stay the same?

Near a minimum with curvature λ a step of gradient descent multiplies the distance by (1 − ηλ): it diverges for η > 2/λ.
Far from it a large rate gets there sooner. So rates fall: in steps, exponentially (η₀·γᵗ), along half a cosine; or they
cycle: SGDR restarts the cosine, each time twice as long; one-cycle rises once and falls to almost 0. The range test
finds where to start: let the rate grow from tiny to huge within one short run and watch the loss.

What to look at: ``range_test.png``: the loss over the rate; a good first rate lies where it falls fastest.
``schedules.png``: the rates during training. ``losses.png``: their effect on the same net.
"""

import math
import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson, spread

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import DataLoader, Digits
from microgradnet.optim import lr_scheduler

RATE = 0.6  # with momentum 0.9; where a rate that stays no longer works for these digits
ANNEALED = ("step", "exponential", "cosine", "one-cycle")  # end with a small rate
BREAKS = {
    "every schedule is constant": lambda: patch.object(lr_scheduler.LRScheduler, "step", lambda self: None),
    "the cosine never falls": lambda: patch.object(
        lr_scheduler, "CosineAnnealingLR", lambda optimizer, steps: lr_scheduler.ConstantLR(optimizer, 1.0, 0)
    ),
    "warm restarts do not restart": lambda: patch.object(
        lr_scheduler, "CosineAnnealingWarmRestarts", lambda optimizer, first, T_mult: lr_scheduler.CosineAnnealingLR(
            optimizer, 7 * first
        )
    ),
}  # fmt: skip


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 10))


def schedules(optimizer, steps: int, peak: float) -> dict:
    """Each schedule for a training of ``steps`` steps."""
    first = -(-steps // 7)  # SGDR with doubled periods: 1 + 2 + 4 = 7 parts
    return {
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0),
        "step": lambda: lr_scheduler.StepLR(optimizer, -(-steps // 3), gamma=0.2),
        "exponential": lambda: lr_scheduler.ExponentialLR(optimizer, 0.01 ** (1 / steps)),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, steps),
        "SGDR (warm restarts)": lambda: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, first, T_mult=2),
        "cyclic": lambda: lr_scheduler.CyclicLR(optimizer, peak / 20, peak, step_size_up=max(1, steps // 8)),
        "one-cycle": lambda: lr_scheduler.OneCycleLR(optimizer, max_lr=peak, total_steps=steps + 1),
    }


def predicted(name: str, peak: float, steps: int) -> list[float]:
    """The rates of a schedule by its formula."""
    formula = {
        "constant": lambda t: peak,
        "step": lambda t: peak * 0.2 ** (t // -(-steps // 3)),
        "exponential": lambda t: peak * 0.01 ** (t / steps),
        "cosine": lambda t: peak * (1 + math.cos(math.pi * t / steps)) / 2,
    }[name]
    return [formula(t) for t in range(steps)]


def train(lesson: Lesson, name: str, peak: float, weights: dict) -> tuple[list, list, float, float]:
    """Rates, losses, and at the end the loss on all training digits and on the held-out ones."""
    (images, labels), (held, truth) = Digits("train").tensors, Digits("test").tensors
    model = network()
    model.load_state_dict(weights)
    optimizer = optim.SGD(model.parameters(), lr=peak, momentum=0.9)
    schedule = schedules(optimizer, lesson.args.steps, peak)[name]()
    rates, losses = [], []
    for _ in lesson.progress(lesson.args.steps, name):
        batch = mg.randint(0, len(images), (64,))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    with mg.no_grad():
        whole = float(nn.functional.cross_entropy(model(images), labels))
        return rates, losses, whole, float(nn.functional.cross_entropy(model(held), truth))


def smooth(values: list[float], width: int = 20) -> np.ndarray:
    return np.convolve(values, np.ones(width) / width, mode="valid")


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, steps=(500, "steps of each training"), seeds=(5, "seeds of each training"),
        quick={"steps": 150, "seeds": 3}, breaks=BREAKS,
    )  # fmt: skip
    model = network()
    loader = DataLoader(Digits("train"), batch_size=64, shuffle=True, seed=lesson.args.seed)
    test = optim.lr_range_test(
        model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9), nn.CrossEntropyLoss(), loader, start_lr=1e-5,
        end_lr=30.0, steps=120,
    )  # fmt: skip
    visualize.plot_lines(
        {"loss, smoothed": (test.rates, test.losses)}, lesson.picture("range_test.png", "the range test"), logx=True,
        xlabel="learning rate", ylabel="cross-entropy, nats", title=f"falls fastest at {test.suggestion:.2g}",
    )  # fmt: skip
    results = {name: [] for name in schedules(None, 1, 1.0)}
    for _ in lesson.seeds(lesson.args.seeds):
        weights = network().state_dict()
        for name in results:
            results[name].append(train(lesson, name, RATE, weights))
    tiny = train(lesson, "constant", RATE / 1000, weights)
    first = {name: runs[0] for name, runs in results.items()}
    visualize.plot_panels(
        {name: {"rate": rates} for name, (rates, *_) in first.items()}, columns=4, height=2.2, xlabel="step",
        path=lesson.picture("schedules.png", "the rate over the training"), ylabel="learning rate",
    )  # fmt: skip
    visualize.plot_lines(
        {name: smooth(losses) for name, (_, losses, *_) in first.items()} | {"1000 times smaller": smooth(tiny[1])},
        lesson.picture("losses.png", "the same net under each schedule"), xlabel="step", logy=True,
        ylabel="cross-entropy, nats (mean of 20 steps)", title=f"rates start at or rise to {RATE}",
    )  # fmt: skip
    ends = {name: [whole for _, _, whole, _ in runs] for name, runs in results.items()}
    held = {name: [loss for *_, loss in runs] for name, runs in results.items()}
    lesson.finding(f"The range test suggests {test.suggestion:.2g}; beyond {test.rates[-1]:.2g} it explodes.")
    lesson.finding(
        f"With a rate of {RATE}, more than the range test suggests, a training that keeps it ends at a loss of "
        f"{spread(ends['constant'])} ({lesson.args.seeds} seeds); one that lowers it still learns: "
        + ", ".join(f"{name} {spread(ends[name], '.3f')}" for name in ANNEALED) + "."
    )  # fmt: skip
    lesson.finding(f"Held out: {', '.join(f'{name} {spread(losses)}' for name, losses in held.items())}.")
    lesson.finding(f"With a rate 1000 times smaller it is still {tiny[2]:.2f} after as many steps.")
    for name in ANNEALED:
        lesson.compare(
            f"decades of loss that {name} is below constant", np.log10(ends["constant"]), np.log10(ends[name]), 0.3
        )
    for name in ("constant", "step", "exponential", "cosine"):
        wrong = float(np.abs(np.subtract(first[name][0], predicted(name, RATE, lesson.args.steps))).max())
        lesson.check(f"the {name} schedule follows its formula (off by {wrong:.0e})", wrong < 1e-9)
    top = int(np.argmax(first["one-cycle"][0]))
    lesson.check(f"one-cycle rises to step {top} and falls", 0 < top < lesson.args.steps / 2)
    lesson.check(f"the suggestion lies between 1e-3 and 1 ({test.suggestion:.3g})", 1e-3 < test.suggestion < 1)
    lesson.check("the range test ends in an explosion", test.losses[-1] > 2 * min(test.losses))
    lesson.check(f"a rate 1000 times smaller does not ({tiny[2]:.2f})", tiny[2] > 1.5)
    jumps = sum(
        b > 3 * a for a, b in zip(first["SGDR (warm restarts)"][0], first["SGDR (warm restarts)"][0][1:], strict=False)
    )
    lesson.check(f"SGDR restarts twice ({jumps})", jumps == 2)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
