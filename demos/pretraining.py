"""Pretraining: one layer at a time, without labels.

Question: a deep sigmoid net whose weights start small does not learn, least of all from few labels. Can its layers be
taught before? And is it the teaching that helps, or only the size of the weights?

Layer k learns to encode the output of layer k − 1 so that a linear decoder can reconstruct it: min ‖dec(σ(W·x + b)) −
x‖². That needs no labels, and each step is a shallow problem. The codes of layer k are then the data of layer k + 1.
Finally the decoders are discarded, a last layer is added, and the whole net is fine-tuned with the labels.

A fair comparison has a third net: random weights of the right size (Xavier's times 4, since the sigmoid's slope is 1/4
at most). It learns too, and pretraining adds nothing to that: most of what it was praised for is the scale of the
weights. ReLU, good initialization and normalization have made it unnecessary here; the idea lives on in pretraining on
unlabelled data that is far more than the labelled.

What to look at: ``losses.png``: fine-tuning from random and from pretrained weights. ``features.png``: what the first
layer's units learned to see. ``reconstruction.png``: the error of each layer's autoencoder.
"""

import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson, difference, spread

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits
from microgradnet.training import pretrain_layerwise

SIZES = (64, 48, 32, 24)
LABELLED = 200


STARTS = {
    "small random": lambda w: nn.init.normal_(w, 0, 0.1),
    "scaled random": lambda w: nn.init.xavier_normal_(w, 4.0),
    "pretrained": lambda w: nn.init.normal_(w, 0, 0.1),
}
BREAKS = {
    "nothing is pretrained": lambda: patch.object(
        sys.modules[__name__], "pretrain_layerwise", lambda model, data, **options: [[1.0, 1.0] for _ in SIZES]
    ),
    "the scaled start is small": lambda: patch.dict(STARTS, {"scaled random": STARTS["small random"]}),
    "the small start is scaled": lambda: patch.dict(STARTS, {"small random": STARTS["scaled random"]}),
}


def network(start) -> nn.Sequential:
    """Four sigmoid layers, ten logits."""
    layers, fan_in = [nn.Flatten()], 64
    for size in SIZES:
        linear = nn.Linear(fan_in, size)
        start(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Sigmoid()]
        fan_in = size
    return nn.Sequential(*layers, nn.Linear(fan_in, 10))


def fine_tune(lesson: Lesson, model, what: str) -> tuple[list[float], float]:
    """Trains on the few labelled digits; returns the losses and the held-out accuracy."""
    images, labels = (t[:LABELLED] for t in Digits("train").tensors)
    held, truth = Digits("test").tensors
    optimizer = optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    losses = []
    for _ in lesson.progress(lesson.args.steps, what):
        batch = mg.randint(0, LABELLED, (50,))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    with mg.no_grad():
        return losses, float((model(held).argmax(1) == truth).float().mean())


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"epochs": 20, "repeats": 2, "steps": 300}, repeats=(4, "seeds of each kind"),
        epochs=(30, "passes of each layer's autoencoder"), steps=(500, "steps of fine-tuning"), breaks=BREAKS,
    )  # fmt: skip
    unlabelled = Digits("train").tensors[0]
    curves, accuracy = {}, {kind: [] for kind in STARTS}
    for k, seed in enumerate(lesson.seeds(lesson.args.repeats)):
        for kind, start in STARTS.items():
            mg.manual_seed(seed)
            model = network(start)
            if kind == "pretrained":
                histories = pretrain_layerwise(
                    model, unlabelled, epochs=lesson.args.epochs, optimizer=lambda p: optim.Adam(p, lr=5e-3)
                )
                features = model[1].weight.detach().numpy().reshape(-1, 8, 8).copy()
            losses, share = fine_tune(lesson, model, f"{kind}, {k + 1} of {lesson.args.repeats}")
            curves[f"{kind}, {k + 1}"] = losses
            accuracy[kind].append(share)
    visualize.plot_lines(
        curves, lesson.picture("losses.png", "fine-tuning from random and from pretrained weights"), xlabel="step",
        ylabel="cross-entropy, nats", title=f"four sigmoid layers, {LABELLED} labels",
    )  # fmt: skip
    visualize.plot_lines(
        {f"layer {i}": history for i, history in enumerate(histories, 1)},
        lesson.picture("reconstruction.png", "the error of each layer's autoencoder"), xlabel="epoch", logy=True,
        ylabel="mean square error", title="each layer codes the codes below it",
    )  # fmt: skip
    visualize.plot_weight_images(
        features[:32], lesson.picture("features.png", "what the first layer's units see after pretraining")
    )
    lesson.finding(
        f"From {LABELLED} labels the net reads, over {lesson.args.repeats} seeds: "
        + ", ".join(f"{kind} {spread(shares)}" for kind, shares in accuracy.items()) + "."
    )  # fmt: skip
    gain, error = difference(accuracy["pretrained"], accuracy["scaled random"])
    lesson.finding(
        f"Against random weights of the right size pretraining brings {gain:+.3f} ± {error:.3f}: most of its gain over "
        "the small start is the scale."
    )
    fell = [history[-1] / history[0] for history in histories]
    lesson.finding(f"Each layer's reconstruction error fell to {', '.join(f'{f:.0%}' for f in fell)} of its start.")
    small, scaled, pretrained = accuracy.values()
    lesson.compare("pretraining reads more than the small start", pretrained, small, 0.2)
    lesson.compare("so do random weights of the right size", scaled, small, 0.2)
    lesson.check(f"pretraining and those are close ({gain:+.2f})", abs(gain) < 0.15)
    lesson.check(f"and its part is the smaller ({gain:+.2f})", gain < np.mean(scaled) - np.mean(small))
    lesson.check(f"every autoencoder learned ({max(fell):.2f})", max(fell) < 0.8)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
