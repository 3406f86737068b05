"""Backpropagation is not gradient descent: one computes a gradient, the other uses it.

Question: linear regression, logistic regression and a network are all trained by the same loop. What does backprop
add?

Gradient descent is θ ← θ − η·∂L/∂θ. For a generalized linear model the gradient is known in closed form: for linear
regression with L = mean (xᵀw − y)² it is 2·Xᵀ(Xw − y)/n, for logistic regression with L = mean −log p(y) it is Xᵀ(σ(Xw)
− y)/n. For a network nobody writes it down by hand; backprop computes it, exactly, for any graph, at the cost of about
two forward passes. The loop around it stays the same.

A value that is used by two losses gets the sum of their gradients: for L = 0.3·L₁ + 1.0·L₂ it is 0.3·∂L₁/∂z +
1.0·∂L₂/∂z. That is the chain rule over two paths, which backprop adds automatically.

What to look at: ``losses.png``: three models, one loop. ``two_losses.png``: the box of z, and the two paths back to it.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.data import make_moons


def descend(lesson: Lesson, parameters: list, loss_of, rate: float, what: str) -> list[float]:
    """The same descent for every model: the gradient by backward, then a step against it."""
    losses = []
    for _ in lesson.progress(lesson.args.steps, what):
        loss = loss_of()
        for p in parameters:
            p.grad = None
        loss.backward()
        with mg.no_grad():
            for p in parameters:
                p -= rate * p.grad
        losses.append(loss.item())
        lesson.show(loss=losses[-1])
    return losses


def two_losses() -> tuple[float, visualize.Picture]:
    """z feeds two losses, weighted 0.3 and 1.0; returns how far its gradient is from their weighted sum."""

    def gradient(first: float, second: float):
        z = mg.Tensor([0.5, -1.0, 2.0], requires_grad=True, name="z", dtype=mg.float64)
        with mg.Tape() as tape:
            loss = first * (z * z).mean() + second * mg.exp(-z).sum()
            loss.backward()
        return z.grad.numpy(), tape

    one, two = gradient(1.0, 0.0)[0], gradient(0.0, 1.0)[0]
    both, tape = gradient(0.3, 1.0)
    return float(np.abs(both - (0.3 * one + 1.0 * two)).max()), visualize.draw(tape, title="L = 0.3·L₁(z) + 1.0·L₂(z)")


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(1500, "steps of each descent"), quick={"steps": 1000})
    points, classes = make_moons(200, noise=0.1, seed=lesson.args.seed)
    x = mg.tensor(np.c_[points, np.ones(len(points))])  # the last column is the bias
    y = mg.tensor(np.asarray(classes, np.float64))

    w = mg.zeros(3, dtype=mg.float64, requires_grad=True)
    linear = descend(lesson, [w], lambda: ((x @ w - y) ** 2).mean(), 0.3, "linear regression")
    by_hand = 2 * x.T @ (x @ w.detach() - y) / len(y)
    w.grad = None
    ((x @ w - y) ** 2).mean().backward()
    apart_linear = float((w.grad - by_hand).abs().max())

    v = mg.zeros(3, dtype=mg.float64, requires_grad=True)
    bce = nn.functional.binary_cross_entropy_with_logits
    logistic = descend(lesson, [v], lambda: bce(x @ v, y), 3.0, "logistic regression")
    by_hand = x.T @ (mg.sigmoid(x @ v.detach()) - y) / len(y)
    v.grad = None
    bce(x @ v, y).backward()
    apart_logistic = float((v.grad - by_hand).abs().max())

    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    network = descend(lesson, list(net.parameters()), lambda: bce(net(x).squeeze(1), y), 2.0, "network")

    def right(scores) -> float:
        return float(((scores > 0) == (y > 0.5)).float().mean())

    accuracy = {"logistic regression": right(x @ v), "network": right(net(x).squeeze(1))}
    visualize.plot_lines(
        {"linear regression, mean square": linear, "logistic regression, nats": logistic, "network, nats": network},
        lesson.picture("losses.png", "three models, one loop"), xlabel="step", ylabel="loss", logy=True,
        title="the same descent",
    )  # fmt: skip
    apart_sum, picture = two_losses()
    picture.save(lesson.picture("two_losses.png", "z is used by two losses; its gradient is the sum over both ways"))
    lesson.finding(
        f"Backward gives both regressions' closed-form gradient (off by {max(apart_linear, apart_logistic):.0e}), and "
        "the network's, for which there is none."
    )
    lesson.finding(
        f"The same descent then separates {accuracy['logistic regression']:.0%} of the moons with a line and "
        f"{accuracy['network']:.0%} with a network: what backprop adds is the hidden layer."
    )
    lesson.finding(f"A value used by two losses gets 0.3·∂L₁/∂z + 1.0·∂L₂/∂z (apart by {apart_sum:.0e}).")
    lesson.check(f"linear regression's gradient is 2·Xᵀ(Xw − y)/n ({apart_linear:.1e})", apart_linear < 1e-12)
    lesson.check(f"logistic regression's gradient is Xᵀ(σ − y)/n ({apart_logistic:.1e})", apart_logistic < 1e-12)
    lesson.check(f"the weighted sum of two losses' gradients ({apart_sum:.1e})", apart_sum < 1e-12)
    gain = accuracy["network"] - accuracy["logistic regression"]
    lesson.check(f"the network is right {gain:.0%} more often than the line", gain > 0.03)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
