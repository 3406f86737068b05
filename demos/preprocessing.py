"""Preprocessing: centre, scale, decorrelate, and why.

Question: the net can learn any affine map of its inputs. Why help it?

The gradient of a weight is δ·x. If all x are positive, all weights of a unit rise or fall together and the path
zigzags. If one feature is a hundred times larger than another, so is its gradient, and its curvature is ten thousand
times larger: no single rate suits both. So one subtracts the mean (or the mean image, or one mean per channel) and
divides by the standard deviation. PCA rotates the axes so that the features are uncorrelated; whitening also gives each
variance 1: z = (x − μ)·U/√(λ + ε); ZCA then rotates back, so that a whitened image still looks like one. All statistics
come from the training set: the test set is not known yet.

What to look at: ``clouds.png``: the same points after each step. ``images.png``: digits minus their mean image, and
whitened. ``losses.png``: a linear model on raw and on standardized features of different size.
"""

import sys

import numpy as np
from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import PCA, ChannelMean, Digits, MeanImage, Standardize, ZCAWhitening
from visualize.plots.figure import dress, figure, save


def cloud(count: int) -> np.ndarray:
    """Correlated points, far from zero, one feature much larger than the other."""
    z = mg.randn(count, 2, dtype=mg.float64).numpy()
    return z @ np.array([[3.0, 0.9], [0.0, 0.4]]) + np.array([6.0, 2.0])


def plot_clouds(clouds: dict[str, np.ndarray], path) -> None:
    """Each transformation of the same points in a separate panel, with equal axes."""
    made, axes = figure(3.0 * len(clouds), 3.2, 1, len(clouds))
    for ax, (name, points) in zip(axes[0], clouds.items(), strict=True):
        ax.plot(points[:, 0], points[:, 1], ".", markersize=2)
        dress(ax, "x₁", "x₂", name)
        ax.axhline(0, linewidth=0.6)
        ax.axvline(0, linewidth=0.6)
        ax.set_aspect("equal", adjustable="datalim")
    save(made, path)


def losses(lesson: Lesson, x: np.ndarray, y: np.ndarray, rate: float, what: str) -> list[float]:
    """The loss of a linear regression by gradient descent, step by step."""
    inputs, targets = mg.tensor(np.c_[x, np.ones(len(x))]), mg.tensor(y)
    w = mg.zeros(x.shape[1] + 1, dtype=mg.float64).requires_grad_()
    optimizer = optim.SGD([w], lr=rate)
    values = []
    for _ in lesson.progress(lesson.args.steps, what):
        loss = nn.functional.mse_loss(inputs @ w, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
        lesson.show(loss=values[-1])
    return values


def best_rate(x: np.ndarray) -> float:
    """1/λ for the largest curvature λ of the mean square: a rate at which descent is stable."""
    with_bias = np.c_[x, np.ones(len(x))]
    return 1 / float(np.linalg.eigvalsh(2 * with_bias.T @ with_bias / len(x)).max())


def one_sign(x: np.ndarray) -> float:
    """The share of samples in which all weights of a unit get gradients of one sign, by backward."""
    shares = []
    for row in mg.tensor(x[:300]):
        w = mg.zeros(2, dtype=mg.float64).requires_grad_()
        ((row @ w - 1) ** 2).backward()
        shares.append(bool(w.grad[0] * w.grad[1] > 0))
    return float(np.mean(shares))


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv, steps=(100, "steps of each descent"))
    points, test = cloud(1000), cloud(500)
    standardize, pca = Standardize().fit(points), PCA().fit(points)
    turned = pca(points)
    whiten = Standardize().fit(turned)
    clouds = {
        "raw": points, "zero-centred": points - points.mean(0), "standardized": standardize(points),
        "PCA": turned, "whitened": whiten(turned),
    }  # fmt: skip
    plot_clouds(clouds, lesson.picture("clouds.png", "the same points after each step"))
    images = Digits("train").tensors[0].numpy()
    mean_image, channel = MeanImage().fit(images), ChannelMean().fit(images)
    zca = ZCAWhitening(0.05).fit(images.reshape(len(images), -1))
    shown = [images[:6, 0], mean_image(images)[:6, 0], zca(images.reshape(len(images), -1)).reshape(-1, 8, 8)[:6]]
    visualize.plot_images(
        np.concatenate(shown), [f"{k}" for k in ["raw"] * 6 + ["less mean image"] * 6 + ["ZCA-whitened"] * 6],
        lesson.picture("images.png", "digits, less their mean image, and whitened"),
    )  # fmt: skip
    truth = points @ np.array([0.5, -2.0]) + 1
    curves = {
        name: losses(lesson, x, truth, best_rate(x), name)
        for name, x in clouds.items() if name in ("raw", "standardized", "whitened")
    }  # fmt: skip
    visualize.plot_lines(
        curves, lesson.picture("losses.png", "linear regression on each"), xlabel="step", ylabel="mean square error",
        logy=True, title="each at its own safe rate 1/λ",
    )  # fmt: skip
    covariance = np.cov(clouds["whitened"].T)
    back = float(np.abs(pca.inverse(whiten.inverse(clouds["whitened"])) - points).max())
    unseen = float(np.abs(standardize(test) - (test - points.mean(0)) / points.std(0)).max())
    signs = {name: one_sign(clouds[name]) for name in ("raw", "zero-centred", "whitened")}
    lesson.finding(
        f"After {lesson.args.steps} steps the error is {curves['raw'][-1]:.1e} on raw features, "
        f"{curves['standardized'][-1]:.1e} standardized, {curves['whitened'][-1]:.1e} whitened."
    )
    lesson.finding(
        f"In {signs['raw']:.0%} of the raw samples both gradients of a unit have one sign; centred in "
        f"{signs['zero-centred']:.0%} (the features are correlated), whitened in {signs['whitened']:.0%}."
    )
    lesson.finding(
        f"The digits' mean over the channel is {float(images.mean()):.3f}; less it, {channel(images).mean():.0e}."
    )
    lesson.check(
        "raw gradients share a sign, whitened ones half of the time", signs["raw"] > 0.9 and signs["whitened"] < 0.65
    )
    lesson.check("whitened features are uncorrelated with variance 1", np.allclose(covariance, np.eye(2), atol=0.01))
    lesson.check(f"whitening can be undone ({back:.0e})", back < 1e-9)
    lesson.check("the test set is scaled by the training set's numbers", unseen < 1e-9)
    lesson.check("the mean image is gone", abs(float(mean_image(images).mean())) < 1e-5)
    lesson.check(
        "standardized is a hundred times better than raw", curves["standardized"][-1] < curves["raw"][-1] / 100
    )
    lesson.check("and whitened better still", curves["whitened"][-1] < curves["standardized"][-1])
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
