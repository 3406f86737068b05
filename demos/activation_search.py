"""Activation search: let the computer choose the nonlinearity.

Question: ReLU was found by hand. What does a search find?

An activation is composed of two unary functions of x (x, −x, x², σ(x), tanh x, max(x, 0), β·x, ...) and a binary one
that combines them (a + b, a·b, max(a, b), σ(a)·b, ...). There are thousands; each is tried on a small task in a net
that is otherwise the same, and ranked by its accuracy on three spirals. Searches of this kind found Swish, x·σ(βx)
(Ramachandran et al. 2017): with β = 0 it is x/2, with a large β it becomes ReLU, and β can be learned.

What to look at: ``ranking.png``: the best, and some known ones. ``best.png``: their curves. ``beta.png``: β during
training.
"""

import multiprocessing
import os
import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson
from tqdm import tqdm

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits, make_spirals
from microgradnet.nn.beyond.activations.search import Unit, compositions

KNOWN = {
    "ReLU": Unit("relu"),
    "tanh": Unit("tanh"),
    "sigmoid": Unit("sigmoid"),
    "Swish: x·σ(βx)": Unit("scaled", "identity", "gated"),
    "linear": Unit("identity"),
}

SWISH = "Swish: x·σ(βx)"
FORMULAS = {  # of the known ones, with β = 1
    "ReLU": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    SWISH: lambda x: x / (1 + np.exp(-x)),
    "linear": lambda x: x,
}
BREAKS = {
    "another function under Swish's name": lambda: patch.dict(KNOWN, {SWISH: Unit("tanh", "identity", "gated")}),
    "β is not learned": lambda: patch.object(optim, "Adam", lambda p, lr: optim.SGD(p, lr=0.0)),
    "the line has a bend": lambda: patch.dict(KNOWN, {"linear": Unit("relu")}),
}


def by_formula() -> float:
    """The largest difference between a known activation and its formula."""
    x, worst = mg.linspace(-4, 4, 101, dtype=mg.float64), 0.0
    for name, formula in FORMULAS.items():
        y = nn.ComposedActivation(KNOWN[name], beta=1.0).double()(x).detach().numpy()
        worst = max(worst, float(np.abs(y - formula(x.numpy())).max()))
    return worst


def spirals(seed: int):
    """Three spirals that no straight line separates."""
    points, classes = make_spirals(300, 3, noise=0.05, seed=seed)
    return mg.tensor(np.asarray(points, np.float32)), mg.tensor(np.asarray(classes))


def score(job: tuple) -> float:
    """Held-out accuracy of a net with one activation, averaged over a few seeds; 0 if it does not stay finite."""
    unit, steps, seed = job
    (points, labels), (held, truth) = (spirals(seed + 1), spirals(seed + 2))
    shares = []
    for start in (seed, seed + 100):
        mg.manual_seed(start)
        model = nn.Sequential(
            nn.Linear(2, 24), nn.ComposedActivation(unit), nn.Linear(24, 24), nn.ComposedActivation(unit),
            nn.Linear(24, 3),
        )  # fmt: skip
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        with np.errstate(all="ignore"):
            for _ in range(steps):
                batch = mg.randint(0, len(points), (64,))
                loss = nn.functional.cross_entropy(model(points[batch]), labels[batch])
                if not np.isfinite(loss.item()):
                    return 0.0
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with mg.no_grad():
                shares.append(float((model(held).argmax(1) == truth).float().mean()))
    return float(np.mean(shares))


def learn_beta(lesson: Lesson) -> dict[str, list[float]]:
    """β of a Swish net during training, from three initial values."""
    images, labels = Digits("train").tensors
    curves = {}
    for beta in (0.2, 1.0, 3.0):
        swish = nn.ComposedActivation(KNOWN[SWISH], beta=beta)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), swish, nn.Linear(32, 10))
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        values = []
        for _ in lesson.progress(lesson.args.steps, f"learning β from {beta}"):
            batch = mg.randint(0, len(images), (64,))
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            values.append(float(swish.beta[0]))
            lesson.show(loss=loss.item(), beta=values[-1])
        curves[f"from β = {beta}"] = values
    return curves


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"candidates": 15, "steps": 150}, candidates=(60, "compositions to try"),
        steps=(250, "steps of each training"), breaks=BREAKS,
    )  # fmt: skip
    everything = [unit for unit in compositions() if unit not in KNOWN.values()]
    drawn = np.random.default_rng(lesson.args.seed).choice(len(everything), lesson.args.candidates, replace=False)
    units = {nn.ComposedActivation(everything[i]).formula: everything[i] for i in drawn} | KNOWN
    jobs = [(unit, lesson.args.steps, lesson.args.seed) for unit in units.values()]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # each process has one core
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(2, os.cpu_count() or 1)) as pool:
        results = list(tqdm(pool.imap(score, jobs), total=len(jobs), desc="trying", unit="activation", disable=None))
    scores = dict(sorted(zip(units, results, strict=True), key=lambda pair: -pair[1]))
    names = list(scores)
    shown = {n: scores[n] for n in names if n in names[:12] or n in KNOWN}
    visualize.plot_bars(
        shown, lesson.picture("ranking.png", "the best, and some that are known"), 
        xlabel="share of held-out points right", title=f"{len(units)} activations, ranked",
    )  # fmt: skip
    best = {n: nn.ComposedActivation(units[n]) for n in [*names[:6], SWISH, "ReLU"]}
    visualize.plot_activation(best, lesson.picture("best.png", "the best ones, Swish and ReLU"), low=-4, high=4)
    betas = learn_beta(lesson)
    visualize.plot_lines(
        betas,
        lesson.picture("beta.png", "the learned β of Swish"),
        xlabel="step",
        ylabel="β",
        title="x·σ(βx), β is learned",
    )
    swish, linear = scores[SWISH], scores["linear"]
    place = names.index(SWISH) + 1
    useless = sum(s < 0.5 for s in results)
    lesson.finding(
        f"Of {len(units)} activations {names[0]} is best, {scores[names[0]]:.1%} right; {useless} get less than half."
    )
    lesson.finding(
        f"Swish is number {place} with {swish:.1%}; ReLU gets {scores['ReLU']:.1%}, no activation {linear:.1%}."
    )
    ends = ", ".join(f"{name.removeprefix('from β = ')} to {values[-1]:.2f}" for name, values in betas.items())
    lesson.finding(f"β moves from {ends}.")
    wrong = by_formula()
    lesson.check(f"the known ones are what their names say (off by {wrong:.0e})", wrong < 1e-9)
    lesson.check(f"Swish is not far down the list ({place} of {len(units)})", place <= 0.65 * len(units))
    lesson.check(f"Swish is within 10 % of the best ({scores[names[0]] - swish:.1%})", swish > scores[names[0]] - 0.1)
    lesson.check("some compositions are useless", useless > 0)
    lesson.check(f"without an activation three spirals cannot be parted ({linear:.0%})", linear < swish - 0.2)
    lesson.check("β is moved by the training", all(abs(v[-1] - v[0]) > 0.01 for v in betas.values()))
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
