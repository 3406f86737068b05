"""Convolution and depth: how far a gradient gets.

Question: through 20 convolutions with sigmoid, with ReLU, with normalization: what reaches the first layer? And
through a recurrent net of as many steps?

Each layer multiplies the gradient by Wᵀ·f′. Sigmoid's f′ ≤ 1/4, so after N layers at most 4⁻ᴺ of it is left, times the
effect of the weights; ReLU's f′ is 1 for an active unit, so He weights keep it. Normalization rescales at every layer.
A recurrent net fares worse than a CNN of the same depth: it multiplies by the *same* W at every step, so directions
shrink or grow like the L-th power of one matrix's eigenvalues; a CNN's different matrices average out.

What to look at: ``depth.png``: the size of the gradient at each layer, from the output back to the input.
``recurrent.png``: the gradient of the last step's output with respect to earlier steps.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.data import Digits

CHANNELS = 16

KINDS = {
    "sigmoid": (nn.Sigmoid, None),
    "sigmoid + batch norm": (nn.Sigmoid, nn.BatchNorm2d),
    "ReLU": (nn.ReLU, None),
    "ReLU + batch norm": (nn.ReLU, nn.BatchNorm2d),
}


def network(depth: int, activation, norm) -> nn.Module:
    """3×3 convolutions that keep the size, with He (ReLU) or Xavier weights."""
    layers, fan_in = [], 1
    for _ in range(depth):
        convolution = nn.Conv2d(fan_in, CHANNELS, 3, padding=1)
        if activation is nn.ReLU:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        else:
            nn.init.xavier_normal_(convolution.weight)
        nn.init.zeros_(convolution.bias)
        layers += [convolution, *([norm(CHANNELS)] if norm else []), activation()]
        fan_in = CHANNELS
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(CHANNELS * 64, 10))


def gradients(model, images, labels) -> list[float]:
    """The root mean square of the loss's gradient at the output of each activation, first layer first."""
    outputs, x = [], images
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Sigmoid | nn.ReLU):
            x.retain_grad()
            outputs.append(x)
    nn.functional.cross_entropy(x, labels).backward()
    return [float((h.grad**2).mean().sqrt()) for h in outputs]


def recurrent(length: int, scale: float) -> list[float]:
    """‖∂h_L/∂h_t‖ for t = L, L − 1, …: a tanh net that multiplies by the same W at every step."""
    size = 32
    w = nn.init.orthogonal_(mg.zeros(size, size)) * scale
    h = mg.randn(8, size).requires_grad_()
    states = [h]
    for _ in range(length):
        h = mg.tanh(h @ w.T + 0.1 * mg.randn(8, size))
        h.retain_grad()
        states.append(h)
    (h * mg.randn(8, size)).sum().backward()
    return [float((s.grad**2).mean().sqrt()) for s in states[1:]][::-1]


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, depth=(20, "convolutions, and steps of the recurrent net"))
    depth = lesson.args.depth
    images, labels = (t[:32] for t in Digits("train").tensors)
    sizes = {}
    for i in lesson.progress(len(KINDS), "gradients by depth", unit="net"):
        name, (activation, norm) = list(KINDS.items())[i]
        sizes[name] = gradients(network(depth, activation, norm), images, labels)[::-1]
    visualize.plot_lines(
        {name: np.maximum(values, 1e-30) for name, values in sizes.items()},
        lesson.picture("depth.png", "the gradient at each layer, from the output back"), logy=True,
        xlabel="layers back from the output", ylabel="root mean square of the gradient",
        title=f"{depth} convolutions of {CHANNELS} channels",
    )  # fmt: skip
    steps = {f"recurrent, W = {scale}·Q": recurrent(depth, scale) for scale in (0.5, 1.0)}
    relative = {name: np.array(v) / v[0] for name, v in (*steps.items(), ("CNN, ReLU", sizes["ReLU"]))}
    visualize.plot_lines(
        relative, lesson.picture("recurrent.png", "a recurrent net beside a CNN of the same depth"), logy=True,
        xlabel="steps or layers back", ylabel="gradient, relative to the last", title="the same W, or new ones",
    )  # fmt: skip
    kept = {name: values[-1] / values[0] for name, values in sizes.items()}
    lesson.finding("Of the gradient, the first layer gets: " + ", ".join(f"{n} {k:.0e}" for n, k in kept.items()) + ".")
    back = float(relative["recurrent, W = 0.5·Q"][-1])
    cnn = float(relative["CNN, ReLU"][-1])
    lesson.finding(f"Over {depth} steps the recurrent net with W = 0.5·Q keeps {back:.0e}, the ReLU CNN {cnn:.1g}.")
    lesson.check(f"through sigmoids it vanishes ({kept['sigmoid']:.1e})", kept["sigmoid"] < 1e-6)
    lesson.check(
        f"batch norm mends most of it ({kept['sigmoid + batch norm']:.1e})", kept["sigmoid + batch norm"] > 1e-3
    )
    for name in ("ReLU", "ReLU + batch norm"):
        lesson.check(f"{name} keeps it within a factor of 100 ({kept[name]:.2g})", 0.01 < kept[name] < 100)
    lesson.check(f"the recurrent net vanishes faster than the CNN ({back:.1e}, {cnn:.1e})", back < cnn / 100)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
