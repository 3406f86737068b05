import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microgradnet.data import TensorDataset, make_blobs, make_circles, make_moons, make_sine, make_spirals, make_xor

CLASSES = {make_moons: 2, make_circles: 2, make_spirals: 3, make_blobs: 3, make_xor: 2}


@pytest.mark.parametrize("make", CLASSES)
@given(n_samples=st.integers(1, 80), seed=st.integers(0, 2**32))
def test_points_and_labels_by_seed(make, n_samples, seed):
    points, labels = make(n_samples, seed=seed)
    assert points.shape == (n_samples, 2) and points.dtype == np.float32
    assert labels.shape == (n_samples,) and labels.dtype == np.int64
    sizes = np.bincount(labels, minlength=CLASSES[make])
    assert len(sizes) == CLASSES[make] and sizes.max() - sizes.min() <= 1
    assert all(np.array_equal(a, b) for a, b in zip(make(n_samples, seed=seed), (points, labels), strict=True))
    assert len(TensorDataset(points, labels)) == n_samples


@pytest.mark.parametrize("make", [*CLASSES, make_sine])
def test_another_seed_gives_other_points(make):
    assert not np.array_equal(make(50, seed=0)[0], make(50, seed=1)[0])
    assert not np.array_equal(make(50, seed=None)[0], make(50, seed=None)[0])


def test_moons_lie_on_their_half_circles():
    points, labels = make_moons(101, noise=0.0)
    (x, y), (u, v) = points[labels == 0].T, points[labels == 1].T
    np.testing.assert_allclose(x**2 + y**2, 1, rtol=1e-6)
    np.testing.assert_allclose((u - 1) ** 2 + (v - 0.5) ** 2, 1, rtol=1e-6)
    assert y.min() > -1e-6 and v.max() < 0.5 + 1e-6
    assert np.ptp(x) == pytest.approx(2) and np.ptp(u) == pytest.approx(2)


def test_circles_have_their_radii():
    points, labels = make_circles(100, noise=0.0, factor=0.3)
    np.testing.assert_allclose(np.hypot(*points.T), np.where(labels == 0, 1, 0.3), rtol=1e-6)


def test_spirals_turn_evenly():
    points, labels = make_spirals(300, n_classes=3, noise=0.0, turns=0.75)
    radius = np.hypot(*points.T)
    turn = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) - 0.75 * radius - labels / 3
    np.testing.assert_allclose(turn, np.round(turn), atol=1e-6)
    np.testing.assert_allclose(np.sort(radius[labels == 1]), np.arange(1, 101) / 100, rtol=1e-5)


def test_blobs_surround_their_centres():
    points, labels = make_blobs(4000, n_classes=4, noise=0.5)
    for k, centre in enumerate([(4, 0), (0, 4), (-4, 0), (0, -4)]):
        cloud = points[labels == k]
        np.testing.assert_allclose(cloud.mean(0), centre, atol=0.08)
        np.testing.assert_allclose(cloud.std(0), 0.5, atol=0.05)


def test_xor_is_the_sign_of_the_product():
    points, labels = make_xor(400, noise=0.0)
    assert np.array_equal(labels, points.prod(1) < 0)
    assert np.abs(points).max() <= 1
    quadrants = 2 * (points[:, 0] > 0) + (points[:, 1] > 0)
    assert np.bincount(quadrants).tolist() == [100] * 4


def test_sine_is_a_sine():
    x, y = make_sine(2000, noise=0.0)
    assert x.shape == y.shape == (2000, 1) and x.dtype == y.dtype == np.float32
    np.testing.assert_allclose(y, np.sin(x), atol=1e-6)
    assert -np.pi <= x.min() < -3 and 3 < x.max() <= np.pi
    x, y = make_sine(2000, noise=0.2)
    assert (y - np.sin(x)).std() == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("make", [*CLASSES, make_sine])
def test_bad_arguments_are_named(make):
    with pytest.raises(ValueError, match=f"^{make.__name__}: n_samples must be a positive integer, got 0$"):
        make(0)
    with pytest.raises(ValueError, match=f"^{make.__name__}: noise must not be negative, got -0.1$"):
        make(10, noise=-0.1)


def test_bad_circles_and_classes_are_named():
    with pytest.raises(ValueError, match=r"^make_circles: factor must be at least 0 and below 1, got 1.5$"):
        make_circles(factor=1.5)
    with pytest.raises(ValueError, match=r"^make_spirals: n_classes must be a positive integer, got 0$"):
        make_spirals(n_classes=0)
