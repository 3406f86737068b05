"""Plots in the plane: contours with optimizers' paths, decision boundaries, scatter plots."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..picture.engine import write
from ..picture.style import INK, LINES
from .figure import dress, figure, save

MARKERS = "osD^vP"


def _contour(ax, function: Callable, xrange, yrange, minimum, logarithmic: bool) -> None:
    x, y = np.meshgrid(np.linspace(*xrange, 161), np.linspace(*yrange, 161))  # type: ignore[call-overload]
    z = np.asarray(function(x, y), np.float64)
    if logarithmic:
        z = np.log10(z - z.min() + 1e-3 * (z.max() - z.min()))
    ax.contourf(x, y, z, levels=24, cmap="Greys", alpha=0.6)
    ax.contour(x, y, z, levels=24, colors="white", linewidths=0.4)
    if minimum is not None:
        ax.plot(*minimum, "*", color=INK, markersize=12, label="minimum")
    dress(ax, "x", "y")
    ax.set(xlim=xrange, ylim=yrange)


def plot_contour(
    function, paths: Mapping[str, np.ndarray], path, xrange, yrange, *, minimum=None, title="", logarithmic=True
) -> Path:
    """The contour lines of ``function(x, y)`` (of arrays) and paths (steps, 2) over them; a dot marks each start.

    ``logarithmic`` spaces the levels so that a narrow valley is visible.
    """
    made, axes = figure(7.0, 5.0)
    ax = axes[0, 0]
    _contour(ax, function, xrange, yrange, minimum, logarithmic)
    for i, (name, points) in enumerate(paths.items()):
        points, colour = np.asarray(points), LINES[i % len(LINES)]
        style = ("-", "--", ":", "-.")[i // len(LINES) % 4]
        ax.plot(points[:, 0], points[:, 1], style, color=colour, linewidth=1.4, label=name)
        ax.plot(*points[-1], MARKERS[i % len(MARKERS)], color=colour, markersize=6, markeredgecolor="white")
    first = np.asarray(next(iter(paths.values())))[0]
    ax.plot(*first, "o", color=INK, markersize=6, label="start")
    ax.set_title(title, loc="left", color=INK, fontsize=10)
    ax.legend(frameon=True, framealpha=0.85, fontsize=8)
    return save(made, path)


def animate_contour(
    function, paths: Mapping[str, np.ndarray], path, xrange, yrange, *, minimum=None, title="", frames=60, seconds=6.0
) -> Path:
    """``plot_contour`` as an animated GIF: all paths grow together."""
    from PIL import Image

    made, axes = figure(6.0, 4.4)
    ax = axes[0, 0]
    _contour(ax, function, xrange, yrange, minimum, True)
    arrays = [np.asarray(points) for points in paths.values()]
    lines = [
        ax.plot([], [], ("-", "--", ":", "-.")[i // len(LINES) % 4], color=LINES[i % len(LINES)], label=name)[0]
        for i, name in enumerate(paths)
    ]
    heads = [ax.plot([], [], MARKERS[i % len(MARKERS)], color=line.get_color())[0] for i, line in enumerate(lines)]
    ax.legend(frameon=True, framealpha=0.85, fontsize=8)
    longest = max(len(points) for points in arrays)
    pictures = []
    for step in np.unique(np.linspace(1, longest, frames).astype(int)):
        for points, line, head in zip(arrays, lines, heads, strict=True):
            line.set_data(points[:step, 0], points[:step, 1])
            head.set_data(*points[min(step, len(points)) - 1][:, None])
        ax.set_title(f"{title}  step {step - 1}".strip(), loc="left", color=INK, fontsize=10)
        buffer = io.BytesIO()
        made.savefig(buffer, format="png", dpi=80)
        pictures.append(Image.open(buffer).convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
    buffer = io.BytesIO()
    each = int(1000 * seconds / len(pictures))
    durations = [each] * (len(pictures) - 1) + [1500]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    write(Path(path), buffer.getvalue())
    return Path(path)


def plot_decision_boundary(predict, points, labels, path, *, title="", steps=121, margin=0.4) -> Path:
    """A classifier's decision boundary: ``predict`` maps points (n, 2) to scores, above 0 for class 1.

    ``labels`` are 0 or 1 (or −1 or 1). The shade is the score, the line is where it is 0.
    """
    points, labels = np.asarray(points, np.float64), np.asarray(labels)
    low, high = points.min(0) - margin, points.max(0) + margin
    x, y = np.meshgrid(np.linspace(low[0], high[0], steps), np.linspace(low[1], high[1], steps))
    scores = np.asarray(predict(np.stack([x.ravel(), y.ravel()], 1)), np.float64).reshape(x.shape)
    made, axes = figure(6.0, 4.6)
    ax = axes[0, 0]
    limit = np.abs(scores).max() or 1.0
    shade = ax.contourf(x, y, scores, levels=21, cmap="PuOr_r", vmin=-limit, vmax=limit, alpha=0.55)
    ax.contour(x, y, scores, levels=[0.0], colors=INK, linewidths=1.5)
    for value, marker, colour in ((0, "o", LINES[0]), (1, "^", LINES[1])):
        mine = points[(labels > 0) == bool(value)]
        ax.plot(mine[:, 0], mine[:, 1], marker, color=colour, markeredgecolor="white", label=f"class {value}")
    dress(ax, "x₁", "x₂", title)
    ax.legend(frameon=True, framealpha=0.85, fontsize=8)
    made.colorbar(shade, ax=ax, label="score")
    return save(made, path)


def plot_scatter(
    groups: Mapping[str, tuple], path, *, xlabel="", ylabel="", title="", logx=False, logy=False, equal=False
) -> Path:
    """Points (x values, y values) for each name."""
    made, axes = figure(6.0, 4.4)
    ax = axes[0, 0]
    for i, (name, (x, y)) in enumerate(groups.items()):
        ax.plot(x, y, MARKERS[i % len(MARKERS)], color=LINES[i % len(LINES)], label=name, markersize=4, alpha=0.8)
    dress(ax, xlabel, ylabel, title, logx, logy)
    if equal:
        ax.set_aspect("equal", adjustable="datalim")
    ax.legend(frameon=False, fontsize=8)
    return save(made, path)
