"""Second order: the derivative of the gradient.

Question: backward gives the slope. What does the slope's own slope tell?

The Hessian H = ∂²L/∂θ² says how the gradient changes. Newton's step θ ← θ − H⁻¹g goes to the minimum of the parabola
that fits at θ: for a quadratic loss in one step, near any minimum with quadratic convergence (the error is squared each
time). H has n² numbers, but H·v needs only two backward passes, ∂(g·v)/∂θ, since backward consists of the same ops as
forward and can be recorded and differentiated again.

What to look at: ``descent.png``: Newton and gradient descent on a logistic regression. ``backward.png``: the graph of
x³ with its backward pass recorded: the ops on the right compute 3x².
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn
from microgradnet.autograd import grad
from microgradnet.autograd.functional import hessian, hvp
from microgradnet.data import make_blobs


def problem(seed: int):
    """Logistic regression with a small penalty, so that the minimum is one point: loss of θ."""
    points, classes = make_blobs(200, 2, noise=3.0, seed=seed)
    x = np.asarray(points, np.float64)
    x = mg.tensor(np.c_[(x - x.mean(0)) / x.std(0), np.ones(len(x))])
    y = mg.tensor(np.asarray(classes, np.float64))

    def loss(theta):
        fit = nn.functional.binary_cross_entropy_with_logits(x @ theta, y)
        return fit + 0.01 * (theta * theta).sum()

    return loss


def newton(loss, steps: int) -> list[mg.Tensor]:
    """θ after each of Newton's steps."""
    theta = mg.zeros(3, dtype=mg.float64)
    path = [theta]
    for _ in range(steps):
        theta = theta.detach().requires_grad_()
        (g,) = grad(loss(theta), theta)
        h = hessian(loss, theta)
        theta = theta.detach() - mg.linalg.solve(h.detach(), g.detach())
        path.append(theta)
    return path


def descent(loss, steps: int, rate: float) -> list[mg.Tensor]:
    """θ after each step of gradient descent."""
    theta = mg.zeros(3, dtype=mg.float64)
    path = [theta]
    for _ in range(steps):
        theta = theta.detach().requires_grad_()
        (g,) = grad(loss(theta), theta)
        theta = theta.detach() - rate * g.detach()
        path.append(theta)
    return path


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(30, "steps of gradient descent"))
    loss = problem(lesson.args.seed)
    by_newton, by_descent = newton(loss, 8), descent(loss, lesson.args.steps, 1.0)
    best = by_newton[-1]
    error = {
        "Newton": [float((t - best).norm()) for t in by_newton[:-1]],
        "gradient descent, η = 1": [float((t - best).norm()) for t in by_descent],
    }
    visualize.plot_lines(
        {name: np.maximum(values, 1e-16) for name, values in error.items()},
        lesson.picture("descent.png", "the distance from the minimum"), xlabel="step", ylabel="‖θ − θ*‖", logy=True,
        title="logistic regression: the error squares at each of Newton's steps",
    )  # fmt: skip
    theta, v = mg.randn(3, dtype=mg.float64), mg.randn(3, dtype=mg.float64)
    product = hvp(loss, theta, v)[1]
    at = theta.detach().requires_grad_()
    (g,) = grad(loss(at), at, create_graph=True)
    (by_hand,) = grad((g * v).sum(), at)
    full = hessian(loss, theta) @ v
    apart = max(float((product - full).abs().max()), float((by_hand - full).abs().max()))
    quadratic = mg.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=mg.float64)

    def bowl(t):
        return 0.5 * t @ quadratic @ t - t.sum()

    start = mg.tensor([5.0, -7.0], dtype=mg.float64).requires_grad_()
    (slope,) = grad(bowl(start), start)
    one_step = start.detach() - mg.linalg.solve(hessian(bowl, start.detach()), slope)
    goal = mg.linalg.solve(quadratic, mg.ones(2, dtype=mg.float64))
    missed = float((one_step - goal).abs().max())
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    (first,) = grad(x**3, x, create_graph=True)
    first.name = "3x²"
    visualize.draw(first, title="x³ and its backward pass, recorded").save(
        lesson.picture("backward.png", "the graph of x³ with its backward pass")
    )
    (second,) = grad(first, x)
    few = [e for e in error["Newton"] if e > 1e-14]
    lesson.finding(
        f"Newton's method needs {len(few)} steps to machine precision; gradient descent is still "
        f"{error['gradient descent, η = 1'][-1]:.1e} away after {lesson.args.steps}."
    )
    lesson.finding(f"On a parabola one step is enough (missed by {missed:.0e}).")
    lesson.finding(f"H·v by two backward passes is H times v, to {apart:.0e}; (x³)″ at 2 is {second.item():.0f}.")
    lesson.check("Newton is at the minimum after 7 steps", error["Newton"][-1] < 1e-10)
    lesson.check(
        "descent is not after 30", error["gradient descent, η = 1"][-1] > 1e3 * max(error["Newton"][-1], 1e-12)
    )
    lesson.check(f"one step solves a parabola ({missed:.1e})", missed < 1e-12)
    lesson.check(f"the Hessian-vector product is right ({apart:.1e})", apart < 1e-10)
    lesson.check("(x³)″ = 6x", second.item() == 12.0)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
