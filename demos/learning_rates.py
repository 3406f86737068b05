"""Learning rates: how large a step may be, and how it should change on the way.

Question: too small a rate wastes time, too large a one destroys. Which, and must it stay the same?

Near a minimum with curvature λ a step of gradient descent multiplies the distance by (1 − ηλ): it diverges for η > 2/λ.
Far from it a large rate gets there sooner. So rates fall: in steps, exponentially (η₀·γᵗ), along half a cosine; or they
cycle: SGDR restarts the cosine, each time twice as long; one-cycle rises once and falls to almost 0. The range test
finds where to start: let the rate grow from tiny to huge within one short run and watch the loss.

What to look at: ``range_test.png``: the loss over the rate; a good first rate lies where it falls fastest.
``schedules.png``: the rates during training. ``losses.png``: their effect on the same net.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import DataLoader, Digits
from microgradnet.optim import lr_scheduler


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


def train(lesson: Lesson, name: str, peak: float, weights: dict) -> tuple[list, list, float]:
    """Rates, losses and held-out loss of one training from the same weights."""
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
        return rates, losses, float(nn.functional.cross_entropy(model(held), truth))


def smooth(values: list[float], width: int = 20) -> np.ndarray:
    return np.convolve(values, np.ones(width) / width, mode="valid")


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(500, "steps of each training"), quick={"steps": 150})
    model = network()
    weights = model.state_dict()
    loader = DataLoader(Digits("train"), batch_size=64, shuffle=True, seed=lesson.args.seed)
    test = optim.lr_range_test(
        model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9), nn.CrossEntropyLoss(), loader, start_lr=1e-5,
        end_lr=30.0, steps=120,
    )  # fmt: skip
    visualize.plot_lines(
        {"loss, smoothed": (test.rates, test.losses)}, lesson.picture("range_test.png", "the range test"), logx=True,
        xlabel="learning rate", ylabel="cross-entropy, nats", title=f"falls fastest at {test.suggestion:.2g}",
    )  # fmt: skip
    peak = min(max(test.suggestion, 0.01), 0.3)
    results = {name: train(lesson, name, peak, weights) for name in schedules(None, 1, 1.0)}
    tiny = train(lesson, "constant", peak / 1000, weights)
    visualize.plot_panels(
        {name: {"rate": rates} for name, (rates, _, _) in results.items()}, columns=4, height=2.2, xlabel="step",
        path=lesson.picture("schedules.png", "the rate over the training"), ylabel="learning rate",
    )  # fmt: skip
    visualize.plot_lines(
        {name: smooth(losses) for name, (_, losses, _) in results.items()} | {"1000 times smaller": smooth(tiny[1])},
        lesson.picture("losses.png", "the same net under each schedule"), xlabel="step", logy=True,
        ylabel="cross-entropy, nats (mean of 20 steps)", title=f"rates start at or rise to {peak:.2g}",
    )  # fmt: skip
    held = {name: loss for name, (_, _, loss) in results.items()}
    order = sorted(held, key=held.get)
    lesson.finding(
        f"The range test suggests {test.suggestion:.2g} (taken: {peak:.2g}); beyond {test.rates[-1]:.2g} it explodes."
    )
    lesson.finding(f"Held-out losses: {', '.join(f'{name} {held[name]:.3f}' for name in order)}.")
    lesson.finding(f"With a rate 1000 times smaller it is still {tiny[2]:.2f} after as many steps.")
    lesson.check(f"the suggestion lies between 1e-3 and 1 ({test.suggestion:.3g})", 1e-3 < test.suggestion < 1)
    lesson.check("the range test ends in an explosion", test.losses[-1] > 2 * min(test.losses))
    lesson.check(f"every schedule learns (worst {max(held.values()):.2f})", max(held.values()) < 0.6)
    lesson.check(f"a rate 1000 times smaller does not ({tiny[2]:.2f})", tiny[2] > 1.5)
    jumps = sum(
        b > 3 * a
        for a, b in zip(results["SGDR (warm restarts)"][0], results["SGDR (warm restarts)"][0][1:], strict=False)
    )
    lesson.check(f"SGDR restarts twice ({jumps})", jumps == 2)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
