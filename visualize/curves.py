"""Learning curves: loss and accuracy over the epochs."""

from pathlib import Path

from .engine import write
from .style import FAINT, INK, LINES


def learning_curves(history: list[dict], path) -> Path:
    """Draws loss and accuracy, of training and held-out samples, side by side to ``path`` (PNG, SVG or PDF).

    ``history`` has one dict for each epoch with ``epoch``, ``train_loss``, ``test_loss``, ``train_accuracy`` and
    ``test_accuracy`` (0 to 1).
    """
    import io

    from matplotlib.figure import Figure

    path = Path(path)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    epochs = [row["epoch"] for row in history]
    panels = zip(
        figure.subplots(1, 2), [("loss", "cross-entropy, nats", 1), ("accuracy", "accuracy, %", 100)], strict=True
    )
    for axes, (name, label, scale) in panels:
        for split, colour, style in (("train", LINES[0], "-"), ("test", LINES[1], "--")):
            values = [row[f"{split}_{name}"] * scale for row in history]
            text = {"train": "training digits", "test": "held-out digits"}[split]
            axes.plot(epochs, values, style, color=colour, label=f"{text}: {values[-1]:.3g} at the end", linewidth=1.8)
        axes.set_xlabel("epoch", color=INK)
        axes.set_ylabel(label, color=INK)
        axes.set_title(name, loc="left", color=INK)
        axes.grid(color=FAINT, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix.removeprefix(".") or "png", dpi=140)
    write(path, buffer.getvalue())
    return path
