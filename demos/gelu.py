"""GELU: a gate that is open with a probability, and SELU: an activation that normalizes by itself.

Question: why should an activation be smooth, and can one keep a deep net in balance without normalization?

ReLU is a gate: x·1[x > 0]. Dropout is a gate too, a random one: x·m with m ~ Bernoulli(p). GELU joins them: the gate is
random, and more likely to be open the larger x is, m ~ Bernoulli(Φ(x)) with Φ the normal distribution function. Its
expected value is GELU(x) = x·Φ(x). Two approximations are in use: ½x(1 + tanh(√(2/π)(x + 0.044715x³))) and x·σ(1.702x).

SELU, λx for x > 0 and λα(eˣ − 1) below, has λ and α such that mean 0 and variance 1 are an attracting fixed point of a
layer: they persist through 50 layers (with LeCun weights).

What to look at: ``gelu.png``: the average of random gates and the formula. ``selu.png``: mean and variance by depth.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn

DEPTH, WIDTH = 50, 300


def random_gates(x: mg.Tensor, samples: int) -> np.ndarray:
    """The mean over many draws of x·Bernoulli(Φ(x))."""
    open_with = 0.5 * (1 + mg.erf(x / 2**0.5))
    gates = mg.rand(samples, len(x), dtype=mg.float64) < open_with
    return (x * gates.double()).mean(0).numpy()


def through(activation, lesson: Lesson, what: str) -> tuple[list[float], list[float]]:
    """Mean and variance after each of fifty layers with LeCun weights."""
    x, means, variances = mg.randn(500, WIDTH), [], []
    with mg.no_grad():
        for _ in lesson.progress(DEPTH, what, unit="layer"):
            weight = nn.init.lecun_normal_(mg.zeros(WIDTH, WIDTH))
            x = activation(x @ weight.T)
            means.append(float(x.mean()))
            variances.append(float(x.var()))
    return means, variances


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, samples=(20_000, "random gates to average"), quick={"samples": 5_000})
    x = mg.linspace(-4, 4, 161, dtype=mg.float64)
    exact = nn.GELU()(x).numpy()
    mean = random_gates(x, lesson.args.samples)
    by_tanh = nn.GELU(approximate="tanh")(x).numpy()
    by_sigmoid = (x * mg.sigmoid(1.702 * x)).numpy()
    at = x.numpy()
    visualize.plot_panels(
        {
            "GELU as an average of random gates": {
                "mean of random gates": (at, mean), "x·Φ(x)": (at, exact), "ReLU": (at, np.maximum(at, 0))
            },
            "error of the approximations": {"tanh": (at, by_tanh - exact), "sigmoid": (at, by_sigmoid - exact)},
        },
        lesson.picture("gelu.png", "the average of random gates, the formula, and its approximations"), xlabel="x",
        height=3.6,
    )  # fmt: skip
    results = {
        name: through(f, lesson, name) for name, f in {"SELU": nn.SELU(), "ReLU": nn.ReLU(), "tanh": mg.tanh}.items()
    }
    visualize.plot_panels(
        {
            "mean by depth": {name: means for name, (means, _) in results.items()},
            "variance by depth": {name: variances for name, (_, variances) in results.items()},
        },
        lesson.picture("selu.png", "mean and variance after each of fifty layers"), xlabel="layer − 1", height=3.4,
    )  # fmt: skip
    noise = float(np.abs(mean - exact).max())
    worst = {"tanh": float(np.abs(by_tanh - exact).max()), "sigmoid": float(np.abs(by_sigmoid - exact).max())}
    allowed = 6 * 2.0 / lesson.args.samples**0.5
    lesson.finding(f"The average of {lesson.args.samples:,} random gates is GELU's formula, to {noise:.3f}.")
    lesson.finding(
        f"The tanh approximation is off by at most {worst['tanh']:.0e}, the sigmoid one by {worst['sigmoid']:.0e}."
    )
    selu_mean, selu_variance = (values[-1] for values in results["SELU"])
    relu_variance = results["ReLU"][1][-1]
    lesson.finding(
        f"After {DEPTH} layers SELU has mean {selu_mean:.2f} and variance {selu_variance:.2f}; ReLU's variance is "
        f"{relu_variance:.0e}."
    )
    lesson.check(f"the mean of the gates is within {allowed:.3f} of the formula ({noise:.4f})", noise < allowed)
    lesson.check(
        "tanh's error is below 1e-3, the sigmoid's below 2.1e-2", worst["tanh"] < 1e-3 and worst["sigmoid"] < 0.021
    )
    lesson.check("tanh's is the better approximation", worst["tanh"] < worst["sigmoid"])
    lesson.check(f"SELU's mean stays near 0 ({selu_mean:.2f})", abs(selu_mean) < 0.25)
    lesson.check(f"SELU's variance stays near 1 ({selu_variance:.2f})", 0.5 < selu_variance < 1.6)
    lesson.check(f"ReLU's dies out with these weights ({relu_variance:.1e})", relu_variance < 1e-6)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
