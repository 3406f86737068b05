"""Plots: every one is written in the format asked for, and data at their worst do not stop them."""

import sys

import numpy as np
import pytest

import microgradnet as mg
import visualize
from microgradnet.nn import functional as F

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 3, 50)
PATHS = {name: np.cumsum(RNG.normal(size=(20, 2)) * 0.1, 0) for name in ("SGD", "Adam", "RMSProp", "a", "b")}


def bowl(x, y):
    return x * x + 5 * y * y


PLOTS = {
    "plot_lines": lambda p: visualize.plot_lines(
        {"one": [1, 2, 3], "two": ([0, 2], [3.0, 1.0])},
        p,
        xlabel="step",
        ylabel="loss, nats",
        title="T",
        guide=(1, "g"),
    ),
    "plot_panels": lambda p: visualize.plot_panels({n: {"s": [1, 2]} for n in "abc"}, p, xlabel="step", logy=True),
    "plot_activation": lambda p: visualize.plot_activation({"tanh": mg.tanh, "relu": F.relu}, p),
    "plot_histograms": lambda p: visualize.plot_histograms({"layer 1": RNG.normal(size=99), "layer 2": np.zeros(5)}, p),
    "plot_ridge": lambda p: visualize.plot_ridge({f"step {i}": RNG.normal(size=99) * i for i in range(4)}, p),
    "plot_bars": lambda p: visualize.plot_bars({"a": 1.0, "b": 0.5}, p, errors=[0.1, 0.2], xlabel="seconds"),
    "plot_heatmap": lambda p: visualize.plot_heatmap(RNG.normal(size=(3, 4)), p, rows="abc", label="z", signed=True),
    "plot_contour": lambda p: visualize.plot_contour(bowl, PATHS, p, (-2, 2), (-2, 2), minimum=(0, 0), title="T"),
    "plot_decision_boundary": lambda p: visualize.plot_decision_boundary(
        lambda x: x[:, 0] - x[:, 1], RNG.normal(size=(30, 2)), RNG.integers(0, 2, 30), p, title="T"
    ),
    "plot_scatter": lambda p: visualize.plot_scatter({"a": ([1, 2], [3, 4])}, p, xlabel="x", logx=True),
    "plot_weight_images": lambda p: visualize.plot_weight_images(RNG.normal(size=(10, 4, 4)), p),
    "plot_images": lambda p: visualize.plot_images(RNG.random((4, 8, 8)), ["3, taken for 8"] * 4, p, title="T"),
    "plot_confusion_matrix": lambda p: visualize.plot_confusion_matrix(CLASSES, CLASSES[::-1], p, title="T"),
}


@pytest.mark.parametrize("name", PLOTS)
def test_it_is_written_as_svg_and_png(name, tmp_path):
    svg = PLOTS[name](tmp_path / "plot.svg")
    assert svg.read_text().count("<svg") == 1
    png = PLOTS[name](tmp_path / "plot.png")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plot.png", "plot.svg"]


def test_every_plot_is_exported_and_tested():
    assert {n for n in visualize.plots.__all__ if n.startswith("plot_")} == set(PLOTS)
    assert set(visualize.plots.__all__) <= set(visualize.__all__)


def test_paths_are_animated(tmp_path):
    path = visualize.animate_contour(bowl, PATHS, tmp_path / "a.gif", (-2, 2), (-2, 2), frames=5, title="T")
    from PIL import Image

    with Image.open(path) as image:
        assert image.n_frames == 5


def test_numbers_that_are_not_finite_do_not_stop_a_plot(tmp_path):
    wild = np.array([1.0, np.nan, np.inf, -np.inf, 2.0])
    visualize.plot_histograms({"a": wild, "b": np.full(3, np.nan)}, tmp_path / "h.png")
    visualize.plot_ridge({"a": wild}, tmp_path / "r.png")
    visualize.plot_lines({"loss": wild}, tmp_path / "l.png", logy=True)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(visualize.RenderError, match=r"missing/x\.png"):
        visualize.plot_lines({"a": [1]}, tmp_path / "missing" / "x.png")


def test_without_matplotlib_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"matplotlib: pip install 'microgradnet\[demos\]'"):
        visualize.plot_lines({"a": [1, 2]}, tmp_path / "a.png")
