"""Pretraining: one layer at a time, without labels.

Question: a deep sigmoid net from random weights does not learn, least of all from few labels. Can its layers be
taught before?

Layer k learns to encode the output of layer k − 1 so that a linear decoder can reconstruct it: min ‖dec(σ(W·x + b)) −
x‖². That needs no labels, and each step is a shallow problem. The codes of layer k are then the data of layer k + 1.
Finally the decoders are discarded, a last layer is added, and the whole net is fine-tuned with the labels. ReLU, good
initialization and normalization have made it unnecessary; the idea lives on in pretraining on unlabelled data.

What to look at: ``losses.png``: fine-tuning from random and from pretrained weights. ``features.png``: what the first
layer's units learned to see. ``reconstruction.png``: the error of each layer's autoencoder.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits
from microgradnet.training import pretrain_layerwise

SIZES = (64, 48, 32, 24)
LABELLED = 200


def network() -> nn.Sequential:
    """Four sigmoid layers with small random weights, ten logits."""
    layers, fan_in = [nn.Flatten()], 64
    for size in SIZES:
        linear = nn.Linear(fan_in, size)
        nn.init.normal_(linear.weight, 0, 0.1)
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
        __file__, __doc__, argv, quick={"epochs": 20, "repeats": 1, "steps": 300}, repeats=(3, "seeds of each kind"),
        epochs=(30, "passes of each layer's autoencoder"), steps=(500, "steps of fine-tuning"),
    )  # fmt: skip
    unlabelled = Digits("train").tensors[0]
    curves, accuracy = {}, {"random": [], "pretrained": []}
    for k in range(lesson.args.repeats):
        for kind in accuracy:
            mg.manual_seed(1000 * k + lesson.args.seed)
            model = network()
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
    mean = {kind: float(np.mean(shares)) for kind, shares in accuracy.items()}
    lesson.finding(
        f"From {LABELLED} labels the net reads {mean['random']:.0%} of the held-out digits from random weights and "
        f"{mean['pretrained']:.0%} from pretrained ones (means of {lesson.args.repeats})."
    )
    fell = [history[-1] / history[0] for history in histories]
    lesson.finding(f"Each layer's reconstruction error fell to {', '.join(f'{f:.0%}' for f in fell)} of its start.")
    gain = mean["pretrained"] - mean["random"]
    lesson.check(f"pretraining reads {gain:.0%} more", gain > 0.2)
    lesson.check(f"and most digits ({mean['pretrained']:.0%})", mean["pretrained"] > 0.6)
    lesson.check(f"every autoencoder learned ({max(fell):.2f})", max(fell) < 0.8)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
