"""Batch normalization: what it does for a deep net, and where it fails.

Question: seven sigmoid layers with weights of 0.1·N do not learn. Why do they learn with batch norm?

For each unit, over the batch: x̂ = (x − μ)/√(σ² + ε), then y = γ·x̂ + β with γ and β learned. Whatever earlier layers
do, this layer's inputs have the same spread, so its gradient neither vanishes nor explodes, and larger learning rates
are possible. With γ = √(σ² + ε) and β = μ it is the identity, so nothing is lost. In training μ and σ are those of the
batch, in evaluation running means: a sample's output must not depend on its neighbours.

That is also where it fails: with one sample x̂ is 0 for any x, with two it is ±1. Layer, group and instance norm
average over the features of one sample and do not depend on the batch.

What to look at: ``histograms.png``: layers 1, 4 and 7 during training, with and without. ``losses.png``,
``batch_sizes.png``, ``surface.png``: the loss along the gradient, smoother with batch norm.
"""

import copy
import functools
import sys
from unittest.mock import patch

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

STARTS = {"weight": 1.0, "bias": 0.0}  # γ and β before training
SIZES = (100, 50, 50, 50, 50, 50, 50)


BREAKS = {
    "the running means never move": lambda: patch.object(
        nn, "BatchNorm1d", functools.partial(nn.BatchNorm1d, momentum=0.0)
    ),
    "nothing is normalized": lambda: patch.object(
        sys.modules[__name__], "network", lambda norm, make=network: make(None)
    ),
    "γ and β are fixed": lambda: patch.object(
        nn, "BatchNorm1d", lambda n, make=nn.BatchNorm1d, **options: make(n, **options).requires_grad_(False)
    ),
    "statistics for each pixel": lambda: patch.object(
        nn, "BatchNorm2d", lambda n: nn.Sequential(nn.Flatten(), nn.LazyBatchNorm1d(), nn.Unflatten(1, (n, 4, 4)))
    ),
}


def network(norm) -> nn.Module:
    """Seven hidden sigmoid layers, each with or without a normalization, weights 0.1·N."""
    layers, fan_in = [nn.Flatten()], 64
    for size in SIZES:
        linear = nn.Linear(fan_in, size)
        nn.init.normal_(linear.weight, 0, 0.1)
        nn.init.zeros_(linear.bias)
        layers += [linear, *([norm(size)] if norm else []), nn.Sigmoid()]
        fan_in = size
    return nn.Sequential(*layers, nn.Linear(fan_in, 10))


def train(lesson: Lesson, model, rate: float, size: int, what: str, steps: int = 0) -> tuple[list, dict]:
    """Losses, and the activations of sigmoid layers 1, 4 and 7 at the start, the middle and the end."""
    images, labels = Digits("train").tensors
    optimizer = optim.SGD(model.parameters(), lr=rate)
    sigmoids = [layer for layer in model if isinstance(layer, nn.Sigmoid)]
    losses, seen, steps = [], {}, steps or lesson.args.steps
    for step in lesson.progress(steps, what):
        batch = mg.randint(0, len(images), (size,))
        if step in (0, steps // 2, steps - 1) and sigmoids:
            hooks = [
                sigmoids[i - 1].register_forward_hook(
                    lambda module, args, out, i=i, step=step: seen.update({(i, step): out.detach().numpy().copy()})
                )
                for i in (1, 4, 7)
            ]
            model(images[:256])
            [hook.remove() for hook in hooks]
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    return losses, seen


def accuracy(model) -> float:
    """On held-out digits, in eval mode."""
    held, truth = Digits("test").tensors
    model.eval()
    with mg.no_grad():
        share = float((model(held).argmax(1) == truth).float().mean())
    model.train()
    return share


def identity() -> float:
    """With γ = √(σ² + ε) and β = μ batch norm returns its input; the largest difference."""
    x = mg.randn(64, 5, dtype=mg.float64) * 3 + 2
    norm = nn.BatchNorm1d(5).double()
    with mg.no_grad():
        norm.weight.copy_((x.var(0, unbiased=False) + norm.eps).sqrt())
        norm.bias.copy_(x.mean(0))
    return float((norm(x) - x).abs().max())


def channels() -> float:
    """For images (N, C, H, W) the statistics of a channel are over N, H and W; the largest difference."""
    x = mg.randn(8, 3, 4, 4, dtype=mg.float64) * 2 + 1
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return float((nn.BatchNorm2d(3).double()(x) - (x - mean) / (var + 1e-5).sqrt()).abs().max())


def along_gradient(model, steps: np.ndarray) -> np.ndarray:
    """The loss at θ − s·g for many s, g the gradient at θ, scaled to unit length."""
    images, labels = (t[:256] for t in Digits("train").tensors)
    probe = copy.deepcopy(model)
    probe.zero_grad()
    nn.functional.cross_entropy(probe(images), labels).backward()
    parameters = [p for p in probe.parameters() if p.requires_grad]
    start = [p.detach().numpy().copy() for p in parameters]
    gradients = [p.grad.numpy().copy() for p in parameters]
    length = np.sqrt(sum((g * g).sum() for g in gradients))
    losses = []
    with mg.no_grad():
        for s in steps:
            for p, at, g in zip(parameters, start, gradients, strict=True):
                p.copy_(mg.tensor(at - np.float32(s / length) * g))
            losses.append(nn.functional.cross_entropy(probe(images), labels).item())
    return np.array(losses)


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(400, "steps of each training"), quick={"steps": 100}, breaks=BREAKS)
    plain, plain_seen = train(lesson, network(None), 0.5, 256, "without batch norm")
    normed_model = network(nn.BatchNorm1d)
    normed, normed_seen = train(lesson, normed_model, 0.5, 256, "with batch norm")
    fast, _ = train(lesson, network(nn.BatchNorm1d), 3.0, 256, "with batch norm, η = 3")
    plain_fast, _ = train(lesson, network(None), 3.0, 256, "without, η = 3")
    pictures = {
        f"{kind}, layer {i}, step {step}": values
        for kind, seen in (("plain", plain_seen), ("batch norm", normed_seen))
        for (i, step), values in sorted(seen.items())
    }
    visualize.plot_histograms(
        pictures, lesson.picture("histograms.png", "sigmoid outputs of layers 1, 4 and 7 over the training"),
        xlabel="output", columns=6,
    )  # fmt: skip
    visualize.plot_lines(
        {
            "without, η = 0.5": plain, "batch norm, η = 0.5": normed, "batch norm, η = 3": fast,
            "without, η = 3": plain_fast,
        },
        lesson.picture("losses.png", "seven sigmoid layers with and without"), xlabel="step",
        ylabel="cross-entropy, nats", title="100-50×6 sigmoid, w = 0.1·N, batch 256",
    )  # fmt: skip
    norms = {
        "batch norm": nn.BatchNorm1d, "layer norm": nn.LayerNorm, "group norm": lambda n: nn.GroupNorm(5, n),
    }  # fmt: skip
    by_size = {name: {} for name in norms}
    for size in (1, 2, 4, 32):
        for name, norm in norms.items():
            if name == "batch norm" and size == 1:
                continue  # raises: one sample has no variance
            model = nn.Sequential(nn.Flatten(), nn.Linear(64, 50), norm(50), nn.ReLU(), nn.Linear(50, 10))
            steps = lesson.args.steps * (6 if size < 4 else 2)
            train(lesson, model, 0.05, size, f"{name}, batch size {size}", steps)
            by_size[name][size] = accuracy(model)
    visualize.plot_lines(
        {name: (list(shares), list(shares.values())) for name, shares in by_size.items()},
        lesson.picture("batch_sizes.png", "held-out accuracy by batch size"), logx=True, xlabel="samples in a batch",
        ylabel="share of held-out digits read", title="one hidden layer",
    )  # fmt: skip
    refused = ""
    try:
        nn.BatchNorm1d(4)(mg.randn(1, 4))
    except ValueError as error:
        refused = str(error)
    two = nn.BatchNorm1d(4, affine=False)(mg.tensor([[1.0, 5, -3, 0.5], [2.0, 9, 4, 0.1]]))
    steps = np.linspace(0, 3, 40)
    surface = {
        "without": along_gradient(network(None), steps),
        "batch norm": along_gradient(network(nn.BatchNorm1d), steps),
    }
    visualize.plot_lines(
        {name: (steps, values) for name, values in surface.items()},
        lesson.picture("surface.png", "the loss along the gradient at the start"), xlabel="distance along −gradient",
        ylabel="cross-entropy, nats", title="how far the gradient can be trusted",
    )  # fmt: skip
    judge(lesson, plain, normed, fast, by_size, refused, two, accuracy(normed_model))
    lesson.check("without batch norm the larger rate does not help", float(np.mean(plain_fast[-10:])) > 2.0)
    worst = {name: float(values.max()) for name, values in surface.items()}
    lesson.finding(
        f"Three units along the gradient the loss rises to {worst['without']:.1f} without, to "
        f"{worst['batch norm']:.1f} with batch norm: the gradient can be trusted farther."
    )
    lesson.check("the loss along the gradient is smoother with batch norm", worst["batch norm"] < worst["without"])
    learned = dict(normed_model[2].named_parameters())
    moved = [float((learned[n] - start).abs().mean()) if n in learned else 0.0 for n, start in STARTS.items()]
    lesson.finding(f"The learned γ of layer 1 is {moved[0]:.2f} from 1 on average, its β {moved[1]:.2f} from 0.")
    lesson.check("γ and β are learned", min(moved) > 1e-3)
    neighbours(lesson)
    return lesson.finish()


def neighbours(lesson: Lesson) -> None:
    """Whether a sample's output depends on the others in its batch, in training; also for a batch of one."""
    sample, others = mg.randn(1, 6, 4, 4), [mg.randn(3, 6, 4, 4) * scale for scale in (1.0, 10.0)]
    norms = {
        "batch norm": nn.BatchNorm2d(6), "layer norm": nn.LayerNorm([6, 4, 4]), "group norm": nn.GroupNorm(3, 6),
        "instance norm": nn.InstanceNorm2d(6),
    }  # fmt: skip
    depends = {}
    for name, norm in norms.items():
        first, second = (norm(mg.cat([sample, o]))[0] for o in others)
        depends[name] = float((first - second).abs().max())
    lesson.finding(
        "In training a sample's neighbours change its output by "
        + ", ".join(f"{d:.2g} ({n})" for n, d in depends.items())
        + "."
    )
    for name, change in depends.items():
        lesson.check(f"{name}: {change:.1e}", change > 0.1 if name == "batch norm" else change < 1e-5)
    alone = nn.InstanceNorm2d(6)(sample)
    lesson.check("instance norm takes a batch of one", bool(mg.isfinite(alone).all()))


def judge(lesson: Lesson, plain, normed, fast, by_size, refused, two, test) -> None:
    """The findings, from the measured numbers."""
    ends = {name: float(np.mean(v[-10:])) for name, v in (("plain", plain), ("normed", normed), ("fast", fast))}
    lesson.finding(
        f"After {lesson.args.steps} steps the loss is {ends['plain']:.2f} without (ln 10 = 2.30 is guessing), "
        f"{ends['normed']:.2f} with batch norm, {ends['fast']:.2f} with batch norm and six times the rate."
    )
    lesson.finding(f"In test mode, with running means, it reads {test:.0%} of the held-out digits.")
    lesson.finding(f"With one sample it refuses: {refused.split(':', 1)[-1].strip()}; with two every x̂ is ±1.")
    small = {name: shares[min(shares)] for name, shares in by_size.items()}
    lesson.finding(
        f"With batches of 2 batch norm reads {by_size['batch norm'][2]:.0%}, with batches of 1 layer norm reads "
        f"{small['layer norm']:.0%} and group norm {small['group norm']:.0%}."
    )
    same, per_channel = identity(), channels()
    lesson.check(f"without batch norm the net stays at guessing ({ends['plain']:.2f})", ends["plain"] > 2.2)
    lesson.check(f"with it it learns ({ends['normed']:.2f})", ends["normed"] < 1.6)
    lesson.check(f"and stands a larger rate ({ends['fast']:.2f})", ends["fast"] < 1.9)
    lesson.check(f"in evaluation, with running means, it reads as well ({test:.0%})", test > 0.6)
    lesson.check("one sample is refused", "more than one value" in refused)
    lesson.check("two samples become ±1", bool(((two.abs() - 1).abs() < 0.02).all()))
    lesson.check(f"γ = √(σ² + ε), β = μ is the identity ({same:.1e})", same < 1e-9)
    lesson.check(f"per-channel statistics for images ({per_channel:.1e})", per_channel < 1e-9)
    gap = by_size["layer norm"][2] - by_size["batch norm"][2]
    lesson.check(f"with batches of 2 layer norm reads {gap:.0%} more than batch norm", gap > 0.02)
    lesson.check(f"with batches of 1 layer norm learns ({small['layer norm']:.0%})", small["layer norm"] > 0.7)


if __name__ == "__main__":
    sys.exit(main())
