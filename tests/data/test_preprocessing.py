"""Preprocessing against its formulas, worked another way, and back again."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import microgradnet as mg
from microgradnet.data import PCA, ChannelMean, Digits, MeanImage, Standardize, ZCAWhitening, preprocessing

ALL = [Standardize, MeanImage, ChannelMean, PCA, ZCAWhitening]
MAPS = pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)


@pytest.fixture(scope="module")
def cloud() -> np.ndarray:
    """200 samples of 5 correlated features, far from the origin."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) + [3, -20, 0, 100, 1]


def test_the_example():
    assert doctest.testmod(preprocessing).failed == 0


def test_standardize_is_its_formula(cloud):
    expected = np.empty_like(cloud)
    for feature in range(5):
        mean = sum(cloud[:, feature]) / 200
        expected[:, feature] = (cloud[:, feature] - mean) / (sum((cloud[:, feature] - mean) ** 2) / 200) ** 0.5
    np.testing.assert_allclose(Standardize().fit(cloud)(cloud), expected, atol=1e-12)


def test_the_training_set_alone_decides(cloud):
    for make in ALL:
        fitted = make().fit(cloud[:100])
        alone, together = fitted(cloud[150:151]), fitted(cloud[100:])
        np.testing.assert_allclose(alone, together[50:51], atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3, -7.7])
def test_a_constant_feature_is_only_centred(value):
    x = np.column_stack([np.full(49, value), np.arange(49.0)])
    standardize = Standardize().fit(x)
    assert standardize.std[0] == 1
    assert abs(standardize(x)[:, 0]).max() < 1e-9
    assert standardize(x + 5)[0, 0] == pytest.approx(5)


def test_mean_image_and_channel_mean():
    x = np.random.default_rng(1).normal(size=(6, 3, 4, 5)).astype(np.float32) + 2
    mean_image, channel_mean = MeanImage().fit(x), ChannelMean().fit(x)
    np.testing.assert_allclose(mean_image(x), x - sum(x) / 6, atol=1e-6)
    for channel in range(3):
        values = x[:, channel].ravel()
        np.testing.assert_allclose(channel_mean(x)[:, channel], x[:, channel] - sum(values) / 120, atol=1e-5)
    assert mean_image.mean.shape == (3, 4, 5) and channel_mean.mean.shape == (3, 1, 1)
    flat = x.reshape(6, -1)
    np.testing.assert_allclose(ChannelMean().fit(flat)(flat), MeanImage().fit(flat)(flat))


def test_pca_is_the_singular_value_decomposition(cloud):
    pca = PCA().fit(cloud)
    centred = cloud - cloud.mean(0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(pca.variances, singular**2 / len(cloud), rtol=1e-8)
    np.testing.assert_allclose(abs(pca.components.T @ directions.T), np.eye(5), atol=1e-8)
    z = pca(cloud)
    np.testing.assert_allclose(z.T @ z / len(z), np.diag(pca.variances), atol=1e-8 * pca.variances[0])
    assert (pca.components[abs(pca.components).argmax(0), range(5)] > 0).all()


@pytest.mark.parametrize("k", [1, 3, 5])
def test_pca_of_k_components_is_the_best_of_rank_k(cloud, k):
    pca = PCA(k).fit(cloud)
    lost = ((pca.inverse(pca(cloud)) - cloud) ** 2).sum() / len(cloud)
    assert lost == pytest.approx(PCA().fit(cloud).variances[k:].sum(), abs=1e-8)


def test_whitening_leaves_the_identity_as_covariance(cloud):
    z = ZCAWhitening(epsilon=0).fit(cloud)(cloud)
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(z.T @ z / len(z), np.eye(5), atol=1e-8)


def test_zca_is_the_inverse_square_root_of_the_covariance(cloud):
    zca = ZCAWhitening(epsilon=0.3).fit(cloud)
    centred = cloud - cloud.mean(0)
    covariance = centred.T @ centred / len(cloud) + 0.3 * np.eye(5)
    np.testing.assert_allclose(zca.whitening, zca.whitening.T, atol=1e-12)
    np.testing.assert_allclose(zca.whitening @ covariance @ zca.whitening, np.eye(5), atol=1e-9)
    # Of all whitenings it moves the samples least: PCA whitening, a rotation of it, moves them further.
    pca = PCA().fit(cloud)
    rotated = Standardize().fit(pca(cloud))(pca(cloud))
    whitened = ZCAWhitening(epsilon=0).fit(cloud)(cloud)
    assert ((whitened - centred) ** 2).sum() < ((rotated - centred) ** 2).sum()


shapes = hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4)
numbers = st.floats(-1e3, 1e3, width=32)


@MAPS
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_there_and_back(make, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x = data.draw(hnp.arrays(dtype, shapes, elements=numbers))
    fitted = make().fit(x)
    back = fitted.inverse(fitted(x))
    assert back.shape == x.shape and back.dtype == dtype
    size = 1 + abs(x).max()
    # Whitening divides by √(λ + ε) and multiplies again: rounding is at most enlarged by the ratio of the scales.
    enlarged = np.sqrt((size**2 * x[0].size + 1e-5) / 1e-5) if make is ZCAWhitening else 20
    np.testing.assert_allclose(back, x, atol=enlarged * size * np.finfo(dtype).eps * 4)


@pytest.mark.parametrize("tiny", [1e-45, 1e-25])
def test_a_feature_whose_variance_underflows_is_only_centred(tiny):
    x = np.array([[tiny], [0.0]], np.float32)
    fitted = Standardize().fit(x)
    assert np.isfinite(fitted(x)).all()
    np.testing.assert_allclose(fitted.inverse(fitted(x)), x, atol=tiny)


@MAPS
def test_tensors_are_treated_as_arrays_are(make):
    x = np.random.default_rng(2).normal(size=(20, 2, 3)).astype(np.float32)
    from_arrays, from_tensors = make().fit(x), make().fit(mg.tensor(x))
    z = from_tensors(mg.tensor(x))
    assert isinstance(z, mg.Tensor) and z.dtype == np.float32
    np.testing.assert_allclose(z.numpy(), from_arrays(x), atol=1e-6)
    assert isinstance(from_arrays(x), np.ndarray)
    np.testing.assert_allclose(from_tensors.inverse(z).numpy(), x, atol=1e-3)
    assert from_arrays(x[:0]).shape == (0, *z.shape[1:])


@MAPS
def test_a_gradient_reaches_the_samples(make):
    fitted = make().fit(np.random.default_rng(3).normal(size=(20, 3)))
    x = mg.randn(4, 3, dtype=mg.float64, requires_grad=True)
    assert mg.autograd.gradcheck(fitted.transform, (x,))
    assert mg.autograd.gradcheck(fitted.inverse, (x,))


def test_bytes_become_float32():
    x = np.arange(12, dtype=np.uint8).reshape(4, 3)
    z = Standardize().fit(x)(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.std(0), 1, rtol=1e-6)


@MAPS
def test_the_shipped_digits(make):
    (train, _), (test, _) = Digits("train")[:], Digits("test")[:]
    fitted = make().fit(train)
    z = fitted(test)
    assert np.isfinite(z.numpy()).all()
    np.testing.assert_allclose(fitted.inverse(z).numpy(), test.numpy(), atol=2e-3)


@MAPS
def test_bad_samples_are_named(make):
    name = make.__name__
    with pytest.raises(RuntimeError, match=f"^{name}: fit it on the training set first$"):
        make()(np.zeros((2, 2)))
    with pytest.raises(RuntimeError, match=f"^{name}: fit it on the training set first$"):
        make().inverse(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=rf"^{name}: samples \(N, \.\.\.\) with N ≥ 1 expected, got shape \(0, 2\)$"):
        make().fit(np.zeros((0, 2)))
    with pytest.raises(ValueError, match=f"^{name}: x: 1 of its 4 values are NaN"):
        make().fit(np.array([[1, 2], [np.nan, 3]]))
    with pytest.raises(ValueError, match=rf"^{name}: samples of shape \(N, 2\) expected, got \(2, 3\)$"):
        make().fit(np.eye(2))(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=rf"^{name}: samples of shape \(N, 2\) expected, got \(\)$"):
        make().fit(np.eye(2))(np.float32(1))


def test_bad_options_are_named(cloud):
    with pytest.raises(ValueError, match=r"^PCA: n_components must be a positive integer or None, got 0$"):
        PCA(0)
    with pytest.raises(ValueError, match=r"^PCA: 6 components of 5 features were asked for$"):
        PCA(6).fit(cloud)
    with pytest.raises(ValueError, match=r"^ZCAWhitening: epsilon must not be negative, got -1$"):
        ZCAWhitening(-1)
    with pytest.raises(ValueError, match=r"^ZCAWhitening: a direction without variance cannot be scaled to 1"):
        ZCAWhitening(0).fit(np.column_stack([cloud, cloud[:, 0]]))
