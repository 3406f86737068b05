"""Hyperparameters: coarse to fine, random against grid, and a rate on a log scale.

Question: learning rate, width, penalty: with forty trials, which ones?

A rate of 0.001 and one of 0.002 differ as much as 0.1 and 0.2: so rates are drawn on a log scale. With n² trials a grid
tries n values of each of two numbers; random points try n² values of each. If one of the two hardly matters, the grid
wastes all but n of its trials (Bergstra and Bengio 2012). Coarse to fine searches again around the best, in a narrower
range. Trials are independent, so they run in parallel; each result is stored on disk, so an interrupted search
continues: run the lesson again with the same ``--out``.

What to look at: ``grid_and_random.png``: the same number of trials, and the number of rates that each has tried.
``rates.png``: the score over the learning rate.
"""

import functools
import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson
from tqdm import tqdm

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits
from microgradnet.training import linear_range, log_range, search

SPACE = {"rate": (1e-4, 10.0), "noise": (0.0, 0.2)}


BREAKS = {
    "rates are drawn on a linear scale": lambda: patch.object(sys.modules[__name__], "log_range", linear_range),
    "random search is a grid": lambda: patch.dict(SAMPLERS, {"random": "grid"}),
    "coarse to fine stays coarse": lambda: patch.dict(SAMPLERS, {"coarse-to-fine": "random"}),
    "the best is chosen by the worst": lambda: patch.object(
        sys.modules[__name__], "best_of", lambda found: max(found, key=lambda t: t.value)
    ),
}
SAMPLERS = {name: name for name in ("grid", "random", "coarse-to-fine")}


def best_of(found: list):
    return min(found, key=lambda t: t.value)


def objective(rate: float, noise: float, seed: int = 0, split: str = "validation") -> float:
    """Error of a small net after a short training; the noise on the inputs hardly matters.

    Trials are compared on ``"validation"`` digits, which are neither those of the training nor of the ``"test"``.
    """
    images, labels = Digits("train").tensors
    held, truth = (images[500:], labels[500:]) if split == "validation" else Digits("test").tensors
    images, labels = images[:500], labels[:500]
    mg.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=rate)
    for _ in range(80):
        batch = mg.randint(0, 500, (50,))
        inputs = images[batch] + noise * mg.randn(50, 1, 8, 8)
        loss = nn.functional.cross_entropy(model(inputs), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with mg.no_grad():
        return 1 - float((model(held).argmax(1) == truth).float().mean())


def run(lesson: Lesson, sampler: str) -> list:
    """All trials of one search method, including those already on disk."""
    space = {"rate": log_range(*SPACE["rate"]), "noise": linear_range(*SPACE["noise"])}
    with tqdm(total=lesson.args.trials, desc=sampler, unit="trial", disable=None, leave=False) as bar:

        def one_more(trial) -> None:
            bar.update()
            bar.set_postfix(loss=f"{trial.value:.3f}", accuracy=f"{1 - trial.value:.1%}")

        storage = lesson.out / f"{sampler}-{lesson.args.seed}-{lesson.args.trials}.db"
        return search(
            functools.partial(objective, seed=lesson.args.seed), space, lesson.args.trials, SAMPLERS[sampler],
            storage=storage,
            processes=lesson.args.processes, seed=lesson.args.seed, callback=one_more,
        )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"trials": 30, "processes": 1}, trials=(40, "trials of each way to search"),
        processes=(2, "trials at the same time"), breaks=BREAKS,
    )  # fmt: skip
    trials = {sampler: run(lesson, sampler) for sampler in ("grid", "random", "coarse-to-fine")}
    points = {
        name: ([t.parameters["rate"] for t in found], [t.parameters["noise"] for t in found])
        for name, found in trials.items()
    }
    visualize.plot_scatter(
        points, lesson.picture("grid_and_random.png", "where each way to search has looked"), logx=True,
        xlabel="learning rate", ylabel="noise on the inputs", title=f"{lesson.args.trials} trials each",
    )  # fmt: skip
    scores = {name: (x, [t.value for t in trials[name]]) for name, (x, _) in points.items()}
    visualize.plot_scatter(
        scores, lesson.picture("rates.png", "the validation error over the learning rate"), logx=True,
        xlabel="learning rate", ylabel="validation error", title="every trial",
    )  # fmt: skip
    best = {name: best_of(found) for name, found in trials.items()}
    different = {name: len({round(np.log10(x), 6) for x in rates}) for name, (rates, _) in points.items()}
    lesson.finding(
        f"With {lesson.args.trials} trials the grid has tried {different['grid']} learning rates, random search "
        f"{different['random']}."
    )
    tests = {n: objective(**t.parameters, seed=lesson.args.seed + 1, split="test") for n, t in best.items()}
    lesson.finding(
        "Best validation errors, and the test errors of a new training: "
        + ", ".join(
            f"{n} {t.value:.1%} and {tests[n]:.1%} at a rate of {t.parameters['rate']:.2g}" for n, t in best.items()
        ) + "; which way is best changes with the seed."
    )  # fmt: skip
    spread = [np.std(np.log10([t.parameters["rate"] for t in part])) for part in _thirds(trials["coarse-to-fine"])]
    lesson.finding(
        f"Coarse to fine narrows the rates it tries from {spread[0]:.2f} to {spread[-1]:.2f} decades of spread."
    )
    again = run(lesson, "random")
    lesson.check("random search tries more rates than the grid", different["random"] > 2 * different["grid"])
    lesson.check(
        f"coarse to fine looks ever closer ({spread[0]:.2f} to {spread[-1]:.2f})", spread[-1] < 0.6 * spread[0]
    )
    decades = {int(np.floor(np.log10(rate))) for rate in points["random"][0]}
    lesson.check(f"random rates come from each of the five decades ({sorted(decades)})", len(decades) == 5)
    lesson.check(
        f"every search finds a rate that is good on the test, too ({max(tests.values()):.1%})",
        max(tests.values()) < 0.3,
    )
    values = [t.value for t in trials["random"]]
    lesson.check("rates matter", max(values) - min(values) > 0.3)
    lesson.check("what is on disk is not run again", [t.value for t in again] == values)
    return lesson.finish()


def _thirds(found: list) -> list[list]:
    third = max(1, len(found) // 3)
    return [found[:third], found[third : 2 * third], found[2 * third :]]


if __name__ == "__main__":
    sys.exit(main())
