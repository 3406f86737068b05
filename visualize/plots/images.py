"""Images: weights, samples with titles, confusion matrices."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..picture.style import INK
from .figure import dress, figure, save


def plot_weight_images(weights, path, *, columns: int = 8, title: str = "") -> Path:
    """Each unit's weights (units, height, width) as an image: purple negative, orange positive, one scale for all."""
    weights = np.asarray(weights, np.float64)
    columns = min(columns, len(weights))
    rows = -(-len(weights) // columns)
    made, axes = figure(1.0 * columns + 1.0, 1.0 * rows + 0.4, rows, columns, title)
    limit = np.abs(weights).max() or 1.0
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, weights, strict=False):
        shown = ax.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit, interpolation="nearest")
    made.colorbar(shown, ax=axes, label="weight", shrink=0.8)
    return save(made, path)


def plot_images(images, titles: Sequence[str], path, *, columns: int = 6, title: str = "") -> Path:
    """Grey images (n, height, width) with a line of text above each, such as the worst mistakes."""
    images = np.asarray(images, np.float64)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    made, axes = figure(1.5 * columns, 1.7 * rows + 0.3, rows, columns, title)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, words in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, cmap="Greys", interpolation="nearest")
        ax.set_title(words, fontsize=8, color=INK)
    return save(made, path)


def plot_confusion_matrix(labels, predictions, path, *, names: Sequence[str] | None = None, title: str = "") -> Path:
    """The confusion matrix, as counts: rows are true classes, columns predictions; the diagonal is correct."""
    labels, predictions = np.asarray(labels).astype(int), np.asarray(predictions).astype(int)
    count = int(max(labels.max(), predictions.max())) + 1 if names is None else len(names)
    names = names or [str(i) for i in range(count)]
    matrix = np.zeros((count, count), int)
    np.add.at(matrix, (labels, predictions), 1)
    made, axes = figure(1.6 + 0.42 * count, 1.4 + 0.38 * count)
    ax = axes[0, 0]
    off = matrix * (1 - np.eye(count, dtype=int))
    ax.imshow(off, cmap="Oranges", interpolation="nearest", vmin=0, vmax=max(1, off.max() * 1.3))
    for i in range(count):
        for j in range(count):
            if matrix[i, j]:
                weight = "bold" if i == j else "normal"
                ax.text(j, i, str(matrix[i, j]), ha="center", va="center", fontsize=8, color=INK, weight=weight)
    dress(ax, "predicted", "true class", title)
    ax.grid(False)
    ax.set_xticks(range(count), names)
    ax.set_yticks(range(count), names)
    return save(made, path)
