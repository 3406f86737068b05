"""Line plots: losses during training, functions, or any series."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import microgradnet as mg

from ..picture.style import FAINT, LINES
from .figure import dress, figure, save

DASHES = ("-", "--", ":", "-.")


def learning_curves(history: list[dict], path) -> Path:
    """Draws loss and accuracy, of training and held-out samples, side by side to ``path`` (PNG, SVG or PDF).

    ``history`` has one dict for each epoch with ``epoch``, ``train_loss``, ``test_loss``, ``train_accuracy`` and
    ``test_accuracy`` (0 to 1).
    """
    made, axes = figure(9, 3.6, columns=2)
    epochs = [row["epoch"] for row in history]
    panels = [("loss", "cross-entropy, nats", 1), ("accuracy", "accuracy, %", 100)]
    for ax, (name, label, scale) in zip(axes[0], panels, strict=True):
        for split, colour, style in (("train", LINES[0], "-"), ("test", LINES[1], "--")):
            values = [row[f"{split}_{name}"] * scale for row in history]
            text = {"train": "training", "test": "held out"}[split]
            ax.plot(epochs, values, style, color=colour, label=f"{text}: {values[-1]:.3g} at the end", linewidth=1.8)
        dress(ax, "epoch", label, name)
        ax.legend(frameon=False)
    return save(made, path)


def draw_lines(
    ax, series: Mapping[str, Sequence], xlabel="", ylabel="", title="", logx=False, logy=False, guide=None, legend=True
) -> None:
    """Lines on given axes; see ``plot_lines``."""
    for i, (name, values) in enumerate(series.items()):
        x, y = values if isinstance(values, tuple) else (np.arange(len(values)), values)
        style = DASHES[i // len(LINES) % len(DASHES)]
        ax.plot(x, y, style, color=LINES[i % len(LINES)], label=name, linewidth=1.6)
    dress(ax, xlabel, ylabel, title, logx, logy)
    if guide is not None:
        value, words = guide
        ax.axhline(value, color=FAINT, linestyle="--", linewidth=1)
        ax.annotate(
            words, (0.99, value), xycoords=("axes fraction", "data"), va="bottom", ha="right", color=FAINT, fontsize=8
        )
    if legend and len(series) > 1:
        ax.legend(frameon=False, fontsize=8)


def plot_lines(
    series: Mapping[str, Sequence], path, *, xlabel="", ylabel="", title="", logx=False, logy=False, guide=None
) -> Path:
    """One line for each name. A series is its y values, or (x values, y values).

    ``guide`` is (y, label): a dashed line to compare with.
    """
    made, axes = figure()
    draw_lines(axes[0, 0], series, xlabel, ylabel, title, logx, logy, guide)
    return save(made, path)


def plot_panels(
    panels: Mapping[str, Mapping[str, Sequence]], path, *, columns=2, title="", height=3.0, **labels
) -> Path:
    """Several ``plot_lines`` side by side: panel title -> series; ``labels`` (xlabel, ylabel, logy, ...) for all."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    made, axes = figure(4.6 * columns, height * rows, rows, columns, title)
    for ax, (name, series) in zip(axes.flat, panels.items(), strict=False):
        draw_lines(ax, series, title=name, **labels)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    return save(made, path)


def plot_activation(functions, path, *, low: float = -5.0, high: float = 5.0, columns: int = 4) -> Path:
    """Activation functions with their derivatives, by backward, one panel each.

    ``functions`` maps names to functions or modules of a tensor, elementwise ones.
    """
    columns = min(columns, len(functions))
    rows = -(-len(functions) // columns)
    made, axes = figure(3.0 * columns, 2.4 * rows, rows, columns)
    for i, (ax, (name, function)) in enumerate(zip(axes.flat, functions.items(), strict=False)):
        x = mg.linspace(low, high, 401).requires_grad_()
        y = function(x)
        y.sum().backward()
        ax.plot(x.detach().numpy(), y.detach().numpy(), "-", color=LINES[0], label="f(x)", linewidth=1.8)
        ax.plot(x.detach().numpy(), x.grad.numpy(), "--", color=LINES[1], label="f′(x)", linewidth=1.4)
        dress(ax, "x", "", name)
        if i == 0:
            ax.legend(frameon=False, fontsize=8)
    for ax in axes.flat[len(functions) :]:
        ax.set_visible(False)
    return save(made, path)
