"""Pictures of a recorded flow."""

from pathlib import Path

import numpy as np

from ..picture.style import LINES
from ..plots.curves import plot_lines
from ..plots.distributions import plot_heatmap
from ..plots.figure import dress, figure, save

GUIDE = 1e-3  # update / parameter: far below, nothing moves; far above, training is unstable


def histograms(flow, path, what: str, look: int) -> Path:
    """See ``Flow.histograms``."""
    layers = _seen(flow, what)
    columns = min(4, len(layers))
    rows = -(-len(layers) // columns)
    step = flow.steps[look]
    made, axes = figure(2.8 * columns, 2.1 * rows + 0.3, rows, columns, f"{what} at step {step}")
    for ax, layer in zip(axes.flat, layers, strict=False):
        m = getattr(layer, what)[look]
        ax.stairs(m.counts, m.edges, fill=True, color=LINES[0])
        dress(ax, "value", "", f"{layer.title}\n{m.mean:.2g} ± {m.std:.2g}")
        ax.title.set_fontsize(8)
        ax.set_yticks([])
        ax.locator_params(axis="x", nbins=4)
    for ax in axes.flat[len(layers) :]:
        ax.set_visible(False)
    return save(made, path)


def ridge(flow, path, name: str, what: str) -> Path:
    """See ``Flow.ridge``. Raises ValueError for an unknown layer."""
    layer = next((layer for layer in _seen(flow, what) if layer.name == name), None)
    if layer is None:
        raise ValueError(f"ridge: no layer {name!r}; there are {', '.join(repr(v.name) for v in flow.layers)}")
    looks = getattr(layer, what)
    chosen = np.unique(np.linspace(0, len(looks) - 1, min(len(looks), 16)).astype(int))
    made, axes = figure(6.0, 1.4 + 0.33 * len(chosen))
    ax = axes[0, 0]
    for place, i in reversed(list(enumerate(chosen))):
        m = looks[i]
        heights = place + 1.6 * m.counts / max(m.counts.max(), 1)
        middles = (m.edges[1:] + m.edges[:-1]) / 2
        ax.fill_between(middles, place, heights, color=LINES[0], alpha=0.75, linewidth=0, zorder=len(chosen) - place)
        ax.plot(middles, heights, color="white", linewidth=0.8, zorder=len(chosen) - place)
    dress(ax, what, "step", f"{layer.title}: {what} over the training")
    ax.set_yticks(range(len(chosen)), [str(flow.steps[i]) for i in chosen])
    return save(made, path)


def heatmap(flow, path, what: str) -> Path:
    """See ``Flow.heatmap``."""
    layers = _seen(flow, what)
    count = min(len(getattr(layer, what)) for layer in layers)
    matrix = np.array([[m.std for m in getattr(layer, what)[:count]] for layer in layers])
    chosen = np.unique(np.linspace(0, count - 1, min(count, 40)).astype(int))
    with np.errstate(divide="ignore"):
        shown = np.log10(matrix[:, chosen])
    shown[~np.isfinite(shown)] = np.nan
    ticks = [str(flow.steps[i]) if place % max(1, len(chosen) // 10) == 0 else "" for place, i in enumerate(chosen)]
    return plot_heatmap(
        shown, path, rows=[layer.title for layer in layers], columns=ticks, xlabel="step",
        title=f"spread of {what}, layer by layer", label="log₁₀ of the standard deviation",
    )  # fmt: skip


def gradient_norm(flow, path) -> Path:
    """See ``Flow.gradient_norm``."""
    layers = _seen(flow, "gradients")
    count = min(len(layer.gradients) for layer in layers)
    depth = np.arange(1, len(layers) + 1)
    series = {}
    for look in dict.fromkeys((0, count // 2, count - 1)):
        sizes = np.array([layer.gradients[look].rms for layer in layers])
        series[f"step {flow.steps[look]}"] = (depth, np.where(sizes > 0, sizes, np.nan))
    return plot_lines(
        series, path, xlabel="layer, from the input on", ylabel="root mean square of the gradient", logy=True,
        title="size of the gradient by depth",
    )  # fmt: skip


def update_ratio(flow, path) -> Path:
    """See ``Flow.update_ratio``. Raises ValueError if no optimizer moved a parameter inside ``watch``."""
    if not flow.ratios:
        raise ValueError("update_ratio: no parameter was moved by an optimizer inside of watch")
    weights = {name: pairs for name, pairs in flow.ratios.items() if not name.endswith("bias")} or flow.ratios
    series = {name: tuple(np.array(pairs).T) for name, pairs in list(weights.items())[:12]}
    return plot_lines(
        series, path, xlabel="step", ylabel="‖update‖ / ‖parameter‖", logy=True, title="how far a step moves weights",
        guide=(GUIDE, "1e-3: about right"),
    )  # fmt: skip


def _seen(flow, what: str) -> list:
    if what not in ("activations", "gradients"):
        raise ValueError(f"watch: 'activations' or 'gradients' expected, got {what!r}")
    layers = [layer for layer in flow.layers if getattr(layer, what)]
    if not layers:
        raise ValueError(f"watch: no {what} were seen: run the training steps inside of `with visualize.watch(model)`")
    return layers
