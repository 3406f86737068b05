"""Transfer and ensembles: features that were learned for something else, and many opinions.

Question: is a digit odd? Ten pictures are too few to learn that from. Do features help that were learned for another
question, for which there are many examples? Do more nets?

The layers before the last turn pictures into features in which the answer is easy to see. A net that was trained to say
which digit it sees has features in which the ten digits lie apart; so freeze them (no gradient, no update) and train a
last layer for the new question. Or go on training them too, from there: fine-tuning. Frozen *random* features of the
same size are the control: they tell how much is the training's. And if k nets make different errors, their mean has a
smaller one: the variance of a mean of k independent numbers is 1/k of theirs. Average takes the mean of the
probabilities, median their median, vote the most frequent answer.

What to look at: ``transfer.png``: held-out accuracy of the four, mean and spread over the seeds. ``ensemble.png``: one
net, and k together.
"""

import copy
import functools
import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson, spread

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits, TensorDataset
from microgradnet.training import average, bootstrap, freeze, median, predictions, trainable_parameters, vote

PER_CLASS = 10  # digits 5 to 9 for the ensemble
ODD = mg.arange(10) % 2
KINDS = ("frozen features", "fine-tuned", "from scratch", "frozen random features")
BREAKS = {
    "the source training is deleted": lambda: patch.object(
        sys.modules[__name__], "learn_digits", lambda lesson, images, labels, what: features()
    ),
    "the source labels are shuffled": lambda: patch.object(
        sys.modules[__name__], "learn_digits",
        lambda lesson, images, labels, what, learn=learn_digits: learn(
            lesson, images, labels[mg.randperm(len(labels))], what
        ),
    ),
    "frozen weights move": lambda: patch.object(sys.modules[__name__], "freeze", lambda module: module),
    "every net of the ensemble is the same": lambda: patch.object(
        sys.modules[__name__], "network", functools.cache(network)
    ),
}  # fmt: skip


def features() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.Tanh())


def network() -> nn.Module:
    return nn.Sequential(features(), nn.Linear(48, 5))


def digits(split: str, classes: range, per_class: int | None = None):
    """Images and labels 0, 1, ... of some digits, all of them or ``per_class`` of each."""
    images, labels = (t.numpy() for t in Digits(split).tensors)
    chosen = np.concatenate([np.flatnonzero(labels == c)[:per_class] for c in classes])
    return mg.tensor(images[chosen]), mg.tensor(labels[chosen] - classes[0])


def train(lesson: Lesson, model, images, labels, steps: int, what: str) -> None:
    """Adam on the trainable parameters."""
    optimizer = optim.Adam(trainable_parameters(model), lr=3e-3)
    for _ in lesson.progress(steps, what):
        batch = mg.randint(0, len(images), (min(50, len(images)),))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lesson.show(loss=loss.item())


def learn_digits(lesson: Lesson, images, labels, what: str) -> nn.Module:
    """Features that were trained to tell the ten digits apart."""
    model = nn.Sequential(features(), nn.Linear(48, 10))
    train(lesson, model, images, labels, 3 * lesson.args.steps, what)
    return model[0]


def read(model, held) -> float:
    with mg.no_grad():
        return float((model(held[0]).argmax(1) == held[1]).float().mean())


def transfer(lesson: Lesson) -> tuple[dict[str, list[float]], float, nn.Module]:
    """Held-out accuracy of each kind over the seeds, how far frozen weights moved, and the last frozen net."""
    images, labels = Digits("train").tensors
    held, truth = Digits("test").tensors
    held = held, ODD[truth]
    source = slice(0, len(images) // 2)  # the pictures of the target task come from the other half
    accuracy, moved = {kind: [] for kind in KINDS}, 0.0
    for seed in lesson.seeds(lesson.args.seeds):
        learned = learn_digits(lesson, images[source], labels[source], f"which digit? seed {seed}")
        rest = np.random.default_rng(seed).permutation(np.arange(source.stop, len(images)))
        few = np.concatenate([rest[labels.numpy()[rest] == digit][: lesson.args.examples] for digit in range(10)])
        for kind in KINDS:
            body = copy.deepcopy(learned) if kind in ("frozen features", "fine-tuned") else features()
            before = [p.detach().numpy().copy() for p in body.parameters()]
            if kind.startswith("frozen"):
                freeze(body)
            model = nn.Sequential(body, nn.Linear(48, 2))
            train(lesson, model, images[few], ODD[labels[few]], lesson.args.steps, f"odd? {kind}, seed {seed}")
            accuracy[kind].append(read(model, held))
            if kind == "frozen features":
                changes = [np.abs(p.detach().numpy() - b).max() for p, b in zip(body.parameters(), before, strict=True)]
                moved, frozen = max(moved, float(max(changes))), model
    return accuracy, moved, frozen


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"seeds": 6, "steps": 150, "nets": 5}, steps=(300, "steps of each training"),
        nets=(9, "nets of the ensemble"), seeds=(10, "seeds of each kind"), breaks=BREAKS,
        examples=(1, "pictures of each digit for the new question"),
    )  # fmt: skip
    accuracy, moved, frozen = transfer(lesson)
    visualize.plot_bars(
        {kind: float(np.mean(shares)) for kind, shares in accuracy.items()},
        lesson.picture("transfer.png", "is it odd? From few pictures of each digit"),
        xlabel="share of held-out digits right", errors=[float(np.std(shares)) for shares in accuracy.values()],
    )  # fmt: skip
    mg.manual_seed(lesson.args.seed)
    few, held = digits("train", range(5, 10), PER_CLASS), digits("test", range(5, 10))
    models = [network() for _ in range(lesson.args.nets)]
    for i, model in enumerate(models):
        sample = bootstrap(TensorDataset(*few))  # drawn with replacement, so that the nets make different errors
        images, labels = (mg.stack(list(t)) for t in zip(*(sample[j] for j in range(len(sample))), strict=True))
        train(lesson, model, images, labels, lesson.args.steps // 2, f"net {i + 1} of {len(models)}")
    with mg.no_grad():
        answers = predictions(models, held[0])
    truth = held[1].numpy()
    together = {
        "average": np.asarray(average(answers)).argmax(1), "median": np.asarray(median(answers)).argmax(1),
        "vote": np.asarray(vote(answers)).argmax(1),
    }  # fmt: skip
    single = [read(model, held) for model in models]
    shares = {f"one net (mean of {len(models)})": float(np.mean(single))}
    shares |= {name: float(np.mean(answer == truth)) for name, answer in together.items()}
    visualize.plot_bars(
        shares, lesson.picture("ensemble.png", "one net, and all together"), xlabel="share of held-out digits read",
        errors=[float(np.std(single)), 0, 0, 0],
    )  # fmt: skip
    lesson.finding(
        f"From {10 * lesson.args.examples} pictures, right about odd or even over {lesson.args.seeds} seeds: "
        + ", ".join(f"{kind} {spread(shares)}" for kind, shares in accuracy.items())
        + f". With frozen features {sum(p.numel() for p in trainable_parameters(frozen))} weights were trained of "
        f"{sum(p.numel() for p in frozen.parameters())}."
    )
    lesson.finding(
        f"{len(models)} nets together read {shares['average']:.1%} (average), {shares['median']:.1%} (median), "
        f"{shares['vote']:.1%} (vote); one alone {np.mean(single):.1%}."
    )
    lesson.check(f"frozen weights did not move ({moved:.1g})", moved == 0)
    for kind in KINDS[:2]:
        lesson.compare(f"{kind} more right than from scratch", accuracy[kind], accuracy["from scratch"], 0.02)
    lesson.compare("features more right than random ones", accuracy[KINDS[0]], accuracy[KINDS[3]], 0.05)
    said = answers.numpy().argmax(2)
    apart = float(np.mean([np.mean(a != b) for a in said for b in said]))
    lesson.check(f"the nets of the ensemble differ (about {apart:.1%} of the digits)", apart > 0.01)
    for name in together:
        lesson.check(f"{name} ({shares[name]:.1%}) is better than one net", shares[name] > np.mean(single))
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
