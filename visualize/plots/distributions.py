"""Distributions: histograms by layer and over time, bars, heat maps."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..picture.style import FAINT, INK, LINES
from .figure import dress, figure, save


def plot_histograms(
    groups: Mapping[str, np.ndarray], path, *, xlabel="value", title="", columns=5, shared=True, bins=60
) -> Path:
    """One histogram for each name, with mean and standard deviation above; on one x axis if ``shared``."""
    columns = min(columns, len(groups))
    rows = -(-len(groups) // columns)
    made, axes = figure(2.4 * columns, 2.1 * rows, rows, columns, title, sharex=shared)
    arrays = {name: np.asarray(values, np.float64).ravel() for name, values in groups.items()}
    finite = np.concatenate([a[np.isfinite(a)] for a in arrays.values()])
    ends = (finite.min(), finite.max()) if shared and len(finite) and finite.min() < finite.max() else None
    for ax, (name, values) in zip(axes.flat, arrays.items(), strict=False):
        values = values[np.isfinite(values)]
        ax.hist(values, bins=bins, range=ends, color=LINES[0])
        spread = f"{values.mean():.2g} ± {values.std():.2g}" if len(values) else "not finite"
        dress(ax, xlabel, "", f"{name}\n{spread}")
        ax.set_yticks([])
    for ax in axes.flat[len(groups) :]:
        ax.set_visible(False)
    return save(made, path)


def plot_ridge(over_time: Mapping[str, np.ndarray], path, *, xlabel="value", title="", bins=80) -> Path:
    """Histograms stacked vertically, the first at the bottom: how a distribution changes during training."""
    names = list(over_time)
    arrays = [np.asarray(over_time[name], np.float64).ravel() for name in names]
    arrays = [a[np.isfinite(a)] for a in arrays]
    every = np.concatenate(arrays)
    low, high = np.percentile(every, [0.2, 99.8]) if len(every) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    made, axes = figure(6.0, 1.2 + 0.35 * len(names))
    ax, middles = axes[0, 0], (edges[1:] + edges[:-1]) / 2
    for i in range(len(names) - 1, -1, -1):
        counts, _ = np.histogram(arrays[i], edges)
        heights = i + 1.6 * counts / max(counts.max(), 1)
        ax.fill_between(middles, i, heights, color=LINES[0], alpha=0.75, zorder=len(names) - i, linewidth=0)
        ax.plot(middles, heights, color="white", linewidth=1, zorder=len(names) - i)
    dress(ax, xlabel, "", title)
    ax.set_yticks(range(len(names)), names)
    return save(made, path)


def plot_bars(
    values: Mapping[str, float], path, *, errors: Sequence[float] | None = None, xlabel="", title="", logx=False
) -> Path:
    """Horizontal bars in the given order from the top, with the number at the end of each."""
    names, numbers = list(values), [float(v) for v in values.values()]
    made, axes = figure(7.0, 0.8 + 0.3 * len(names))
    ax, places = axes[0, 0], np.arange(len(names))[::-1]
    ax.barh(places, numbers, xerr=errors, color=LINES[0], height=0.7, ecolor=INK, capsize=2)
    dress(ax, xlabel, "", title, logx=logx)
    ax.set_yticks(places, names)
    ax.grid(False, axis="y")
    ends = [n + (errors[i] if errors is not None else 0) for i, n in enumerate(numbers)]
    for place, number, end in zip(places, numbers, ends, strict=True):
        ax.annotate(f"{number:.3g}", (max(end, 0), place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    ax.margins(x=0.12)
    return save(made, path)


def plot_heatmap(
    matrix, path, *, rows=None, columns=None, xlabel="", ylabel="", title="", label="", signed=False
) -> Path:
    """A matrix as colours with a scale; ``signed`` centres the scale at 0."""
    matrix = np.asarray(matrix, np.float64)
    made, axes = figure(7.0, 4.2)
    ax = axes[0, 0]
    limit = np.nanmax(np.abs(matrix)) if signed and matrix.size else None
    image = ax.imshow(
        matrix, aspect="auto", cmap="PuOr" if signed else "viridis", interpolation="nearest",
        vmin=-limit if signed else None, vmax=limit,  # type: ignore[operator]
    )  # fmt: skip
    dress(ax, xlabel, ylabel, title)
    ax.grid(False)
    if rows is not None:
        ax.set_yticks(range(len(rows)), rows)
    if columns is not None:
        ax.set_xticks(range(len(columns)), columns)
    bar = made.colorbar(image, ax=ax, label=label)
    bar.outline.set_edgecolor(FAINT)
    return save(made, path)
