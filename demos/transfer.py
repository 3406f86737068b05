"""Transfer and ensembles: features that were learned for something else, and many opinions.

Question: ten digits of each kind are too few to learn from. Do features of other digits help? Do more nets?

The first layer of a net finds strokes, which all digits share. So train on the digits 0 to 4, of which there are many,
freeze the first layer (no gradient, no update), and train the later layers on 5 to 9 with ten examples each. And if k
nets make different errors, their mean has a smaller one: the variance of a mean of k independent numbers is 1/k of
theirs. Average takes the mean of the probabilities, median their median, vote the most frequent answer.

What to look at: ``transfer.png``: held-out accuracy with frozen features and from scratch. ``ensemble.png``: one net,
and k together.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits, TensorDataset
from microgradnet.training import average, bootstrap, freeze, median, predictions, trainable_parameters, vote

PER_CLASS = 10


def network() -> nn.Module:
    features = nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU())
    return nn.Sequential(features, nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 5))


def digits(split: str, classes: range, per_class: int | None = None):
    """Images and labels 0 to 4 of some digits, all of them or ``per_class`` of each."""
    images, labels = (t.numpy() for t in Digits(split).tensors)
    chosen = np.concatenate([np.flatnonzero(labels == c)[:per_class] for c in classes])
    return mg.tensor(images[chosen]), mg.tensor(labels[chosen] - classes[0])


def train(lesson: Lesson, model, images, labels, steps: int, what: str, held=None) -> list[float]:
    """Adam on the trainable parameters; returns the held-out accuracy every ten steps."""
    optimizer = optim.Adam(trainable_parameters(model), lr=3e-3)
    accuracy = []
    for step in lesson.progress(steps, what):
        batch = mg.randint(0, len(images), (min(50, len(images)),))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if held is not None and step % 10 == 9:
            accuracy.append(read(model, held))
        lesson.show(loss=loss.item(), accuracy=accuracy[-1] if accuracy else 0.0)
    return accuracy


def read(model, held) -> float:
    with mg.no_grad():
        return float((model(held[0]).argmax(1) == held[1]).float().mean())


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"steps": 150, "nets": 5}, steps=(300, "steps of each training"),
        nets=(9, "nets of the ensemble"),
    )  # fmt: skip
    many, few = digits("train", range(5)), digits("train", range(5, 10), PER_CLASS)
    held = digits("test", range(5, 10))
    source = network()
    train(lesson, source, *many, 2 * lesson.args.steps, "digits 0 to 4")
    before = source[0][1].weight.detach().numpy().copy()
    freeze(source[0])
    moved = nn.Sequential(source[0], nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 5))
    curves = {
        "frozen features of 0 to 4": train(lesson, moved, *few, lesson.args.steps, "frozen features", held),
        "from scratch": train(lesson, network(), *few, lesson.args.steps, "from scratch", held),
    }
    kept = bool(np.array_equal(before, source[0][1].weight.detach().numpy()))
    visualize.plot_lines(
        {name: (np.arange(1, len(v) + 1) * 10, v) for name, v in curves.items()},
        lesson.picture("transfer.png", "digits 5 to 9 from ten examples each"), xlabel="step",
        ylabel="share of held-out digits 5 to 9 read", title="frozen features, or all from scratch",
    )  # fmt: skip
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
    frozen, scratch = (float(np.mean(v[-3:])) for v in curves.values())
    lesson.finding(
        f"From ten examples of each, frozen features read {frozen:.0%} of 5 to 9, a net from scratch {scratch:.0%}; "
        f"{sum(p.numel() for p in trainable_parameters(moved))} weights were trained instead of "
        f"{sum(p.numel() for p in network().parameters())}."
    )
    lesson.finding(
        f"{len(models)} nets together read {shares['average']:.1%} (average), {shares['median']:.1%} (median), "
        f"{shares['vote']:.1%} (vote); one alone {np.mean(single):.1%}."
    )
    lesson.check("frozen weights did not move", kept)
    lesson.check(f"frozen features read most digits ({frozen:.0%})", frozen > 0.6)
    lesson.check(f"a net from scratch can learn them too ({scratch:.0%})", scratch > 0.6)
    for name in together:
        lesson.check(f"{name} ({shares[name]:.1%}) is no worse than one net", shares[name] > np.mean(single) - 0.002)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
