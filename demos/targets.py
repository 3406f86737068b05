"""Targets and outputs: a steering angle from −420 to 420 degrees.

Question: the last layer's activation and the scale of the targets: what happens when they do not fit?

With a linear output and raw targets the first error is of the order of 420, the gradient 2·error/n is hundreds of times
larger than usual in the last layer, and the rate must be tiny or the loss becomes NaN. A tanh output cannot leave (−1,
1), so raw targets saturate it: y → ±1, 1 − y² → 0, and the gradient vanishes at a loss of about 420². Scaled to [−1, 1]
both work; tanh keeps the prediction in range, linear keeps its gradient at the ends of the range.

What to look at: ``losses.png``: errors in degrees and gradients for each pairing. ``predictions.png``: the nets'
outputs.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim

LARGEST = 420.0
CASES = {
    "raw, linear output": (1.0, nn.Identity),
    "raw, tanh output": (1.0, nn.Tanh),
    "scaled, tanh output": (LARGEST, nn.Tanh),
    "scaled, linear output": (LARGEST, nn.Identity),
}


def road(count: int) -> tuple[mg.Tensor, mg.Tensor]:
    """Curvature and slope of a road, and the angle at which one steers: −420 to 420."""
    x = mg.rand(count, 2) * 2 - 1
    angle = LARGEST * mg.sin(1.5 * x[:, :1] + 0.3 * x[:, 1:] * x[:, :1])
    return x, angle


def train(lesson: Lesson, name: str, rate: float) -> dict:
    """Error in degrees, size of the last layer's gradient, and share of saturated outputs, over a training."""
    scale, output = CASES[name]
    x, angle = road(512)
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1), output())
    optimizer = optim.SGD(model.parameters(), lr=rate)
    seen = {"error": [], "gradient": [], "saturated": []}
    with np.errstate(all="ignore"):
        for _ in lesson.progress(lesson.args.steps, name):
            y = model(x)
            loss = nn.functional.mse_loss(y, angle / scale)
            optimizer.zero_grad()
            loss.backward()
            seen["gradient"].append(float(model[2].weight.grad.norm()))
            seen["saturated"].append(float((y.abs() > 0.97).float().mean()) if output is nn.Tanh else 0.0)
            optimizer.step()
            seen["error"].append(float((y * scale - angle).abs().mean()))
            lesson.show(loss=loss.item(), error=seen["error"][-1])
        test, truth = road(300)
        with mg.no_grad():
            seen["answers"] = (truth.numpy().ravel(), (model(test) * scale).numpy().ravel())
    return seen


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(
        __file__, __doc__, argv, steps=(1500, "steps of each training"), lr=(0.2, "learning rate"), quick={"steps": 600}
    )
    results = {name: train(lesson, name, lesson.args.lr) for name in CASES}
    panels = {
        title: {n: np.clip(np.nan_to_num(r[what], nan=top), 1e-12, top) for n, r in results.items()}
        for title, what, top in (
            ("mean error, degrees (cut off at 1e6)", "error", 1e6),
            ("gradient of the last layer (cut off at 1e9)", "gradient", 1e9),
        )
    }
    visualize.plot_panels(
        panels, lesson.picture("losses.png", "error, and the last layer's gradient, for each pairing"), xlabel="step",
        logy=True, height=3.8,
    )  # fmt: skip
    visualize.plot_lines(
        {n: r["saturated"] for n, r in results.items() if "tanh" in n},
        lesson.picture("saturated.png", "saturated outputs of tanh"), xlabel="step", ylabel="share with |y| > 0.97",
        title="raw targets drive tanh into saturation",
    )  # fmt: skip
    finite = {n: r["answers"] for n, r in results.items() if np.isfinite(r["answers"][1]).all()}
    visualize.plot_scatter(
        finite, lesson.picture("predictions.png", "what the nets answer on other roads"), xlabel="true angle, degrees",
        ylabel="answer, degrees", title="on the diagonal an answer is right",
    )  # fmt: skip
    error = {name: r["error"][-1] for name, r in results.items()}
    first = {name: r["gradient"][0] for name, r in results.items()}
    raw, squashed = results["raw, linear output"], results["raw, tanh output"]
    broke = next((i for i, e in enumerate(raw["error"]) if not np.isfinite(e) or e > 10 * LARGEST), None)
    larger = first["raw, linear output"] / first["scaled, linear output"]
    lesson.finding(
        f"Raw targets with a linear output start with a gradient {larger:.0f} times that of scaled ones, and blow up "
        f"after {broke} steps at the same rate."
    )
    lesson.finding(
        f"Raw targets saturate {squashed['saturated'][-1]:.0%} of the tanh outputs; the error stays at "
        f"{error['raw, tanh output']:.0f} degrees."
    )
    lesson.finding(
        f"Scaled to [−1, 1], the error falls to {error['scaled, tanh output']:.1f} degrees with tanh and "
        f"{error['scaled, linear output']:.1f} with a linear output."
    )
    lesson.check("raw targets with a linear output blow up at this rate", broke is not None and broke < 100)
    lesson.check(f"raw targets saturate tanh ({squashed['saturated'][-1]:.0%})", squashed["saturated"][-1] > 0.9)
    dead = squashed["gradient"][-1] / max(squashed["gradient"])
    lesson.check(f"and its gradient dies ({dead:.1e} of the largest)", dead < 0.1)
    lesson.check(f"its error stays large ({error['raw, tanh output']:.0f})", error["raw, tanh output"] > 150)
    for name in ("scaled, tanh output", "scaled, linear output"):
        lesson.check(f"{name} learns ({error[name]:.1f} degrees)", error[name] < 40)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
