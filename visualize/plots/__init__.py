"""Plots for the lessons: matplotlib in one style. Each takes data and the path to write to."""

from .curves import learning_curves, plot_activation, plot_lines, plot_panels
from .distributions import plot_bars, plot_heatmap, plot_histograms, plot_ridge
from .images import plot_confusion_matrix, plot_images, plot_weight_images
from .planes import animate_contour, plot_contour, plot_decision_boundary, plot_scatter

__all__ = [
    "animate_contour",
    "learning_curves",
    "plot_activation",
    "plot_bars",
    "plot_confusion_matrix",
    "plot_contour",
    "plot_decision_boundary",
    "plot_heatmap",
    "plot_histograms",
    "plot_images",
    "plot_lines",
    "plot_panels",
    "plot_ridge",
    "plot_scatter",
    "plot_weight_images",
]
