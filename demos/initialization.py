"""Initialization: how large weights must be, layer by layer.

Question: a deep net is a long product. How large must its weights be so that neither the signal nor the gradient dies
or explodes on the way?

A unit sums n products: s = Σ w_i·x_i. If weights and inputs are independent with mean 0, Var(s) = n·Var(w)·Var(x).
After k linear layers Var(s_k) = (n·Var(w))^k·Var(x): it is constant only if Var(w) = 1/n (LeCun). Backward sums over
the units of the next layer, so for the gradient n is fan_out; Xavier takes the mean of both, Var(w) = 2/(fan_in +
fan_out). A ReLU discards half of the signal, so He doubles the variance: Var(w) = 2/n.

What to look at: ``tanh.png`` and ``relu.png``: the activations of ten layers for each initialization. ``sizes.png``:
their spread and that of the gradients. ``training.png``: the effect on learning: 0.01·N stays flat at first.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import Digits

DEPTH, WIDTH, INPUTS = 10, 500, 1000

STARTS = {
    "tanh, 0.01·N": (mg.tanh, lambda w: nn.init.normal_(w, 0, 0.01)),
    "tanh, 1.0·N": (mg.tanh, lambda w: nn.init.normal_(w, 0, 1.0)),
    "tanh, Xavier": (mg.tanh, nn.init.xavier_normal_),
    "tanh, LeCun": (mg.tanh, nn.init.lecun_normal_),
    "relu, Xavier": (mg.relu, nn.init.xavier_normal_),
    "relu, He": (mg.relu, lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
}


def linear_cases(lesson: Lesson) -> None:
    """Five layers of 0.5·I and 1.5·I: the output is 0.5⁵ and 1.5⁵ times the input."""
    x = mg.ones(4)
    for size, expected in ((0.5, 0.03125), (1.5, 7.59375)):
        y = x
        for _ in range(5):
            y = (size * mg.eye(4)) @ y
        lesson.finding(f"Five layers of {size}·I give {y[0].item():.3g} times the input.")
        lesson.check(f"{size}·I five times is {expected}", abs(y[0].item() - expected) < 1e-6)


def variance_law(lesson: Lesson) -> None:
    """Var(s_k) = (n·Var(w))^k·Var(x), predicted and measured over five linear layers."""
    n, std = 500, 0.05
    x = mg.randn(INPUTS, n)
    worst, first = 0.0, float(x.var())
    for k in range(1, 6):
        x = x @ nn.init.normal_(mg.zeros(n, n), 0, std)
        predicted = (n * std**2) ** k * first
        worst = max(worst, abs(float(x.var()) / predicted - 1))
    lesson.finding(f"The variance law Var(s_k) = (n·Var(w))^k·Var(x) holds within {worst:.0%} over five layers.")
    lesson.check(f"measured variances are within 25 % of the law (worst: {worst:.0%})", worst < 0.25)


def pass_through(function, start) -> tuple[list, list]:
    """Activations of ten layers for 1,000 random inputs, and the gradients of a random loss at each of them."""
    h = mg.randn(INPUTS, WIDTH)
    layers = []
    for _ in range(DEPTH):
        weight = start(mg.zeros(WIDTH, WIDTH)).requires_grad_()
        h = function(h @ weight.T)
        h.retain_grad()
        layers.append(h)
    (h * mg.randn(INPUTS, WIDTH)).sum().backward()
    return [h.detach().numpy() for h in layers], [h.grad.numpy() for h in layers]


def train(lesson: Lesson, activation, start, sizes: list[int], rate: float, what: str) -> list[float]:
    """The loss during training on the digits with batches of 256."""
    images, labels = Digits("train").tensors
    layers, fan_in = [nn.Flatten()], 64
    for size in sizes:
        layers += [nn.Linear(fan_in, size), activation()]
        fan_in = size
    model = nn.Sequential(*layers, nn.Linear(fan_in, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            start(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = optim.SGD(model.parameters(), lr=rate)
    losses = []
    for _ in lesson.progress(lesson.args.steps, what):
        batch = mg.randint(0, len(images), (256,))
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    return losses


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, quick={"steps": 20}, steps=(150, "steps of each training"),
        lr=(0.1, "learning rate of the tanh nets; 0.5, which is right for MNIST, is too much for these digits"),
    )  # fmt: skip
    rate = lesson.args.lr
    linear_cases(lesson)
    variance_law(lesson)
    spread, gradient = {}, {}
    for family in ("tanh", "relu"):
        pictures = {}
        for name in (n for n in STARTS if n.startswith(family)):
            activations, gradients = pass_through(*STARTS[name])
            spread[name] = [float(a.std()) for a in activations]
            gradient[name] = [float(g.std()) for g in gradients]
            pictures |= {f"{name}, layer {k}": activations[k - 1] for k in (1, 4, 7, 10)}
        file = lesson.picture(f"{family}.png", f"activations of layers 1, 4, 7 and 10 of a {family} net for each start")
        visualize.plot_histograms(pictures, file, xlabel="activation", columns=4, shared=False)
    visualize.plot_panels(
        {"activations": spread, "gradients": gradient}, lesson.picture("sizes.png", "spread, layer by layer"),
        xlabel="layer − 1", ylabel="standard deviation", logy=True, height=3.6,
    )  # fmt: skip
    tanh, relu = [500, 500, 500], [100, 50, 50, 50, 50, 50, 50]
    curves = {
        f"3 × 500 tanh, η = {rate}": {
            n.removeprefix("tanh, "): train(lesson, nn.Tanh, STARTS[n][1], tanh, rate, n)
            for n in STARTS if n.startswith("tanh")
        },
        "100-50×6 ReLU, η = 0.1": {
            n.removeprefix("relu, "): train(lesson, nn.ReLU, STARTS[n][1], relu, 0.1, n)
            for n in STARTS if n.startswith("relu")
        },
    }  # fmt: skip
    visualize.plot_panels(
        curves, lesson.picture("training.png", "the loss over training for each start"), xlabel="step",
        ylabel="cross-entropy, nats", height=3.6,
    )  # fmt: skip
    judge(lesson, spread, gradient, curves)
    return lesson.finish()


def judge(lesson: Lesson, spread: dict, gradient: dict, curves: dict) -> None:
    """The findings, from the measured numbers."""
    last = {name: values[-1] for name, values in spread.items()}
    lesson.finding(
        f"After ten tanh layers the activations' spread is {last['tanh, 0.01·N']:.1e} from 0.01·N (dead), "
        f"{last['tanh, 1.0·N']:.2f} from 1.0·N (saturated), {last['tanh, Xavier']:.2f} from Xavier, "
        f"{last['tanh, LeCun']:.2f} from LeCun."
    )
    lesson.check(f"0.01·N dies out ({last['tanh, 0.01·N']:.1e})", last["tanh, 0.01·N"] < 1e-5)
    lesson.check(f"1.0·N saturates ({last['tanh, 1.0·N']:.3f})", last["tanh, 1.0·N"] > 0.95)
    for name in ("tanh, Xavier", "tanh, LeCun"):
        lesson.check(f"{name} keeps the spread ({last[name]:.2f})", 0.1 < last[name] < 0.6)
    for name, (low, high) in {"relu, Xavier": (0, 0.2), "relu, He": (0.3, 3)}.items():
        ratio = spread[name][-1] / spread[name][0]
        lesson.check(f"from layer 1 to 10, {name} changes the spread {ratio:.3f} times", low < ratio < high)
    shrink = gradient["tanh, 0.01·N"][0] / gradient["tanh, 0.01·N"][-1]
    grow = gradient["tanh, 1.0·N"][0] / gradient["tanh, 1.0·N"][-1]
    lesson.finding(
        f"On the way back to layer 1 the gradient becomes {shrink:.0e} of what it was from 0.01·N, {grow:.0e} times as "
        "large from 1.0·N."
    )
    lesson.check(f"the gradient vanishes with 0.01·N ({shrink:.1e})", shrink < 1e-3)
    tanh, relu = curves.values()
    early = 8
    flat = tanh["0.01·N"][0] - float(np.mean(tanh["0.01·N"][early - 3 : early]))
    fell = tanh["Xavier"][0] - float(np.mean(tanh["Xavier"][early - 3 : early]))
    lesson.finding(
        f"In the first {early} steps the loss falls by {flat:.3f} from 0.01·N and by {fell:.2f} from Xavier."
    )
    lesson.check(f"0.01·N stays flat at first ({flat:.3f}), Xavier does not ({fell:.2f})", flat < 0.1 < 0.5 < fell)
    he, xavier = (float(np.mean(relu[n][-5:])) for n in ("He", "Xavier"))
    lesson.check(f"the ReLU net learns faster from He ({he:.2f}) than from Xavier ({xavier:.2f})", he < xavier)


if __name__ == "__main__":
    sys.exit(main())
