"""Synthetic points: problems small enough to plot, with known solutions.

Each function returns NumPy arrays: the points (n_samples, 2) float32 and their labels (n_samples,) int64, in shuffled
order, with classes that differ in size by at most one; ``make_sine`` returns inputs and targets, both (n_samples, 1)
float32. ``noise`` is the standard deviation of the Gaussian noise on every coordinate. The same seed gives the same
points; ``seed=None`` gives different ones each time. ``TensorDataset(*make_moons(100))`` makes a dataset of them. A
number of samples or classes that is not a positive integer, or negative noise, raises ValueError.
"""

import numpy as np


def make_moons(n_samples: int = 100, noise: float = 0.1, seed: int | None = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles, which no straight line separates.

    Class 0: (cos t, sin t). Class 1: (1 − cos t, ½ − sin t). The angles t are evenly spaced in [0, π].
    """
    labels, step, size = _classes("make_moons", n_samples, 2)
    t = np.pi * step / np.maximum(size - 1, 1)
    upper = labels == 0
    x = np.where(upper, np.cos(t), 1 - np.cos(t))
    y = np.where(upper, np.sin(t), 0.5 - np.sin(t))
    return _noisy("make_moons", x, y, labels, noise, seed)


def make_circles(
    n_samples: int = 100, noise: float = 0.05, factor: float = 0.5, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """A circle inside a circle: the radius determines the class.

    r·(cos t, sin t) with r = 1 for class 0 and r = ``factor``, between 0 and 1, for class 1; the angles t are evenly
    spaced in [0, 2π). Raises ValueError for another factor.
    """
    if not 0 <= factor < 1:
        raise ValueError(f"make_circles: factor must be at least 0 and below 1, got {factor}")
    labels, step, size = _classes("make_circles", n_samples, 2)
    t = 2 * np.pi * step / size
    radius = np.where(labels == 0, 1.0, factor)
    return _noisy("make_circles", radius * np.cos(t), radius * np.sin(t), labels, noise, seed)


def make_spirals(
    n_samples: int = 300, n_classes: int = 3, noise: float = 0.03, turns: float = 0.75, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind around each other.

    r·(cos t, sin t) with t = 2π·(turns·r + k/n_classes) for class k; the radii r are evenly spaced in (0, 1].
    """
    labels, step, size = _classes("make_spirals", n_samples, n_classes)
    radius = (step + 1) / size
    t = 2 * np.pi * (turns * radius + labels / n_classes)
    return _noisy("make_spirals", radius * np.cos(t), radius * np.sin(t), labels, noise, seed)


def make_blobs(
    n_samples: int = 100, n_classes: int = 3, noise: float = 1.0, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Round clouds next to each other, nearly separable by straight lines.

    Class k is Gaussian, with standard deviation ``noise``, centred at 4·(cos 2πk/n_classes, sin 2πk/n_classes).
    """
    labels, _, _ = _classes("make_blobs", n_samples, n_classes)
    t = 2 * np.pi * labels / n_classes
    return _noisy("make_blobs", 4 * np.cos(t), 4 * np.sin(t), labels, noise, seed)


def make_xor(n_samples: int = 100, noise: float = 0.05, seed: int | None = 0) -> tuple[np.ndarray, np.ndarray]:
    """Exclusive or: class 1 where the signs of the two coordinates differ.

    Points are uniform in the square [−1, 1]², the same number in each quadrant (give or take one); noise is added after
    labelling.
    """
    quadrant, _, _ = _classes("make_xor", n_samples, 4)
    rng = np.random.default_rng(seed)
    size = rng.uniform(size=(2, n_samples))
    sign_x, sign_y = np.where(quadrant % 2, 1, -1), np.where(quadrant // 2, 1, -1)
    return _noisy("make_xor", sign_x * size[0], sign_y * size[1], (sign_x != sign_y).astype(np.int64), noise, rng)


def make_sine(n_samples: int = 100, noise: float = 0.1, seed: int | None = 0) -> tuple[np.ndarray, np.ndarray]:
    """A curve to fit: y = sin x + noise, with x uniform in [−π, π]. Only y is noisy."""
    _classes("make_sine", n_samples, 1)
    _refuse_negative("make_sine", noise)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.pi, np.pi, (n_samples, 1))
    y = np.sin(x) + rng.normal(0, noise, x.shape)
    return x.astype(np.float32), y.astype(np.float32)


def _classes(name: str, n_samples: int, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each sample: its class, its number within the class, and the size of the class."""
    for what, count in (("n_samples", n_samples), ("n_classes", n_classes)):
        if not isinstance(count, int | np.integer) or count < 1:
            raise ValueError(f"{name}: {what} must be a positive integer, got {count!r}")
    step, labels = np.divmod(np.arange(n_samples), n_classes)
    return labels, step, np.bincount(labels)[labels]


def _noisy(
    name: str, x: np.ndarray, y: np.ndarray, labels: np.ndarray, noise: float, seed: int | np.random.Generator | None
) -> tuple[np.ndarray, np.ndarray]:
    """The points with noise added, shuffled with their labels."""
    _refuse_negative(name, noise)
    rng = np.random.default_rng(seed)
    points = np.stack([x, y], axis=1)
    points += rng.normal(0, noise, points.shape)
    order = rng.permutation(len(labels))
    return points[order].astype(np.float32), labels[order]


def _refuse_negative(name: str, noise: float) -> None:
    if not noise >= 0:
        raise ValueError(f"{name}: noise must not be negative, got {noise}")
