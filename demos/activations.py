"""Activations: every one with its derivative, what saturates, and what a mean that is not zero costs.

Question: a layer is linear up to its activation. Which shape should that have?

The gradient that leaves a unit is the one that reaches it times f′(x). Sigmoid's derivative σ(x)(1 − σ(x)) is at most
1/4, and at x = ±10 it is 4.5e-5: a saturated unit lets almost nothing through. ReLU's is 1 or 0. Sigmoid has a second
flaw: its output is positive, so in the next layer all gradients ∂L/∂w_i = δ·x_i of a unit have the sign of δ. Its
weights can only all rise or all fall: if one must rise and another fall, the path zigzags.

ReLU6, min(max(x, 0), 6), is the difference of two ReLUs: relu(x) − relu(x − 6).

What to look at: ``activations.png``: each curve with its derivative. ``zigzag.png``: two weights on the way to their
optimum, with all-positive and with centred inputs. ``time.png``: what each activation costs.
"""

import sys
import time

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn

SHOWN = (
    nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus,
    nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.LogSigmoid, nn.Tanhshrink, nn.Softshrink,
    nn.Hardshrink, nn.Gaussian, nn.Sinusoid, nn.ArcTan, nn.BentIdentity,
)  # fmt: skip


def derivative_at(module: nn.Module, points: list[float]) -> list[float]:
    """f′ at the given points, by backward."""
    x = mg.tensor(points, dtype=mg.float64).requires_grad_()
    module(x).sum().backward()
    return x.grad.tolist()


def zigzag(inputs: mg.Tensor, steps: int, rate: float) -> np.ndarray:
    """The path of a unit's two weights from (0, 0) towards (1, −1)."""
    goal = mg.tensor([1.0, -1.0])
    w = mg.zeros(2).requires_grad_()
    path = [w.detach().numpy().copy()]
    for i in range(steps):
        x = inputs[i % len(inputs)]
        loss = 0.5 * (x @ w - x @ goal) ** 2
        w.grad = None
        loss.backward()
        with mg.no_grad():
            w -= rate * w.grad
        path.append(w.detach().numpy().copy())
    return np.array(path)


def turned(path: np.ndarray) -> float:
    """The length of the path divided by the straight-line distance: 1 is straight."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum() / np.linalg.norm(path[-1] - path[0]))


def seconds(module: nn.Module, x: mg.Tensor) -> float:
    """Seconds for forward and backward of a million numbers: the best of three."""
    times = []
    for _ in range(4):
        x.grad = None
        began = time.perf_counter()
        module(x).sum().backward()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, size=(1_000_000, "numbers to time with"), quick={"size": 20_000})
    visualize.plot_activation(
        {kind.__name__: kind() for kind in SHOWN}, lesson.picture("activations.png", "each with its derivative"),
        columns=6,
    )  # fmt: skip
    saturation = {k.__name__: derivative_at(k(), [-10.0, 0.0, 10.0]) for k in (nn.Sigmoid, nn.Tanh, nn.ReLU)}
    positive = mg.rand(200, 2) * 0.9 + 0.1
    centred = mg.randn(200, 2) * float((positive**2).mean().sqrt())
    paths = {"all inputs positive": zigzag(positive, 200, 0.6), "inputs centred": zigzag(centred, 200, 0.6)}
    visualize.plot_contour(
        lambda a, b: (a - 1) ** 2 + (b + 1) ** 2, paths,
        lesson.picture("zigzag.png", "two weights on their way to (1, −1)"), (-0.4, 1.6), (-1.6, 0.4), minimum=(1, -1),
        title="inputs of one sign make the path zigzag",
    )  # fmt: skip
    same_sign = 0
    for row in positive:
        w = mg.zeros(2).requires_grad_()
        (0.5 * (row @ w - 1) ** 2).backward()
        same_sign += bool(w.grad[0] * w.grad[1] > 0)
    x = mg.randn(lesson.args.size).requires_grad_()
    times = {}
    for i in lesson.progress(len(SHOWN), "timing", unit="activation"):
        times[SHOWN[i].__name__] = seconds(SHOWN[i](), x) * 1e3
    visualize.plot_bars(
        dict(sorted(times.items(), key=lambda pair: pair[1])),
        lesson.picture("time.png", "forward and backward, each"), xlabel="milliseconds",
        title=f"forward and backward of {lesson.args.size:,} numbers",
    )  # fmt: skip
    at = mg.linspace(-10, 10, 2001, dtype=mg.float64)
    relu6 = float((nn.ReLU6()(at) - (mg.relu(at) - mg.relu(at - 6))).abs().max())
    straight = {name: turned(path) for name, path in paths.items()}
    s = saturation["Sigmoid"]
    lesson.finding(f"Sigmoid's derivative is {s[0]:.1e} at −10, {s[1]:.2f} at 0, {s[2]:.1e} at 10; ReLU's is 0 and 1.")
    lesson.finding(
        f"With positive inputs both gradients of a unit have one sign in {same_sign} of {len(positive)} samples, and "
        f"the path to the goal is {straight['all inputs positive']:.1f} times the straight line "
        f"({straight['inputs centred']:.1f} with centred inputs)."
    )
    lesson.finding(f"ReLU6 is relu(x) − relu(x − 6), to {relu6:.0e}.")
    exact = [float(np.exp(-10) / (1 + np.exp(-10)) ** 2), 0.25]
    lesson.check("sigmoid's derivative is σ(1 − σ)", np.allclose(s, [exact[0], exact[1], exact[0]], rtol=1e-9))
    lesson.check(
        "ReLU lets everything through on one side, nothing on the other", saturation["ReLU"][::2] == [0.0, 1.0]
    )
    lesson.check("positive inputs give gradients of one sign", same_sign == len(positive))
    longer = straight["all inputs positive"] / straight["inputs centred"]
    lesson.check(f"and a path {longer:.2f} times as long", longer > 1.1)
    lesson.check("ReLU6 is a difference of ReLUs", relu6 < 1e-12)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
