"""The one style of all plots: a matplotlib figure without global state, its axes, and saving."""

import io
from pathlib import Path

from ..picture.engine import write
from ..picture.style import FAINT, INK

DPI = 140


def figure(width: float = 7.0, height: float = 4.0, rows: int = 1, columns: int = 1, title: str = "", **subplots):
    """A figure in inches and its axes as an array (rows, columns). Imports matplotlib, which is not needed before.

    Raises ImportError, saying how to install it, without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'microgradnet[demos]'") from None

    made = Figure(figsize=(width, height), layout="constrained")
    if title:
        made.suptitle(title, color=INK, x=0.01, ha="left", fontsize=12)
    return made, made.subplots(rows, columns, squeeze=False, **subplots)


def dress(axes, xlabel: str = "", ylabel: str = "", title: str = "", logx: bool = False, logy: bool = False) -> None:
    """Labels, a faint grid, two spines."""
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    if title:
        axes.set_title(title, loc="left", color=INK, fontsize=10)
    if logx:
        axes.set_xscale("log")
    if logy:
        axes.set_yscale("log")
    axes.grid(color=FAINT, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)


def save(made, path) -> Path:
    """Writes PNG, SVG or PDF by the file's extension, under a temporary name that is then changed. Raises
    ``RenderError`` if it fails.
    """
    path, buffer = Path(path), io.BytesIO()
    made.savefig(buffer, format=path.suffix.removeprefix(".") or "png", dpi=DPI)
    write(path, buffer.getvalue())
    return path
