"""Gradient check: is the gradient right?

Question: a wrong gradient still trains, only worse. How does one find out, and which op is to blame?

The derivative is a limit, so two forward passes measure it: (f(x + h) − f(x − h)) / 2h, wrong by about h²·f‴/6 for a
large h and by about ε·|f|/h for a small one (ε is the rounding of the numbers, 2e-16 in float64). The best h is near
ε^(1/3) ≈ 6e-6. Backward must agree to about 9 digits. In float32 only 3 remain: check in float64.

Here every op of a small net is checked separately. Then one op is broken on purpose, tanh with the derivative 1 − y
instead of 1 − y², and the check names it.

What to look at: ``step_size.png``: the error of the difference quotient over h, with its minimum in between.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.autograd import Function, gradcheck
from microgradnet.nn import functional as F


class WrongTanh(Function):
    """tanh, with a derivative that a tired programmer might write."""

    @staticmethod
    def forward(ctx, x):
        y = mg.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y)  # it is 1 − y²


def numbers(*shape: int) -> mg.Tensor:
    return mg.randn(*shape, dtype=mg.float64).requires_grad_()


def ops(tanh) -> dict:
    """Each op of the net, with inputs at which to check it."""
    labels = mg.tensor([0, 2, 1, 2])
    scale, shift = numbers(5), numbers(5)
    return {
        "linear": (F.linear, (numbers(4, 3), numbers(5, 3), numbers(5))),
        "batch_norm": (
            lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), (numbers(4, 5), scale, shift)
        ),
        "tanh": (tanh, (numbers(4, 5),)),
        "relu": (F.relu, (numbers(4, 5),)),
        "softmax": (lambda x: F.softmax(x, 1), (numbers(4, 5),)),
        "cross_entropy": (lambda x: F.cross_entropy(x, labels), (numbers(4, 5),)),
    }  # fmt: skip


def check(name: str, function, inputs: tuple) -> str:
    """The empty string, or what gradcheck found wrong."""
    try:
        gradcheck(function, inputs)
    except Exception as error:  # gradcheck's own class, whatever it is
        return f"{name}: {str(error).splitlines()[0]}"
    return ""


def errors_over_h(dtype) -> tuple[np.ndarray, np.ndarray]:
    """The relative error of the difference quotient of a net's loss in one weight, for many h."""
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).to(dtype)
    x = mg.randn(16, 3, dtype=dtype)

    def loss():
        return (net(x) ** 2).mean()

    loss().backward()
    weight = net[0].weight
    exact, start = float(weight.grad[0, 0]), float(weight[0, 0])
    steps, errors = 10.0 ** np.arange(-12, 0, 0.25), []
    with mg.no_grad():
        for h in steps:
            values = []
            for at in (start + h, start - h):
                weight[0, 0] = at
                values.append(loss().item())
            errors.append(abs((values[0] - values[1]) / (2 * h) - exact) / abs(exact))
        weight[0, 0] = start
    return steps, np.maximum(errors, 1e-16)


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv)
    right = {name: check(name, *case) for name, case in ops(mg.tanh).items()}
    wrong = {name: check(name, *case) for name, case in ops(WrongTanh.apply).items()}
    blamed = [name for name, problem in wrong.items() if problem]
    print(f"With the wrong tanh: {wrong['tanh']}")
    curves = {"float64": errors_over_h(mg.float64), "float32": errors_over_h(mg.float32)}
    visualize.plot_lines(
        curves, lesson.picture("step_size.png", "the difference quotient's error over its step"), xlabel="h",
        ylabel="relative error", title="too large: curvature; too small: rounding", logx=True, logy=True,
    )  # fmt: skip
    best = {name: (steps[errors.argmin()], errors.min()) for name, (steps, errors) in curves.items()}
    lesson.finding(f"All {len(right)} ops of the net pass the check in float64.")
    lesson.finding(f"With one wrong derivative the check names {', '.join(blamed) or 'nothing'}, and nothing else.")
    lesson.finding(
        f"The quotient is best at h = {best['float64'][0]:.0e} in float64 (error {best['float64'][1]:.0e}) and "
        f"at h = {best['float32'][0]:.0e} in float32 (error {best['float32'][1]:.0e})."
    )
    lesson.check(f"every right op passes ({[n for n, p in right.items() if p]} failed)", not any(right.values()))
    lesson.check(f"only the broken op is named ({blamed})", blamed == ["tanh"])
    lesson.check("float64's best error is below 1e-8", best["float64"][1] < 1e-8)
    small, large = (curves["float64"][1][i] for i in (0, -1))
    lesson.check("too small and too large steps are worse a thousandfold", min(small, large) > 1e3 * best["float64"][1])
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
