import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.data import random_flip, random_noise, random_shift

IMAGES = np.arange(1, 1 + 50 * 2 * 4 * 5, dtype=np.float32).reshape(50, 2, 4, 5)
CHANGES = pytest.mark.parametrize("change", [random_shift, random_flip, random_noise], ids=lambda f: f.__name__)


def shifted(image: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """One image moved pixel by pixel."""
    out = np.zeros_like(image)
    for i in range(image.shape[-2]):
        for j in range(image.shape[-1]):
            if 0 <= i - dy < image.shape[-2] and 0 <= j - dx < image.shape[-1]:
                out[..., i, j] = image[..., i - dy, j - dx]
    return out


@given(shape=st.tuples(*[st.integers(1, 6)] * 4), max_shift=st.integers(0, 3), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_each_image_is_shifted_as_a_whole(shape, max_shift, seed):
    images = np.random.default_rng(seed).normal(size=shape)
    moves = [(dy, dx) for dy in range(-max_shift, max_shift + 1) for dx in range(-max_shift, max_shift + 1)]
    for before, after in zip(images, random_shift(images, max_shift, mg.Generator(seed)), strict=True):
        assert any(np.array_equal(after, shifted(before, dy, dx)) for dy, dx in moves)


def test_every_shift_comes_equally_often():
    point = np.zeros((9000, 5, 5), np.float32)
    point[:, 2, 2] = 1
    counts = random_shift(point, 1, mg.Generator(0)).sum(0)
    assert counts.sum() == 9000 and (counts[1:4, 1:4] > 850).all() and (counts[1:4, 1:4] < 1150).all()


@pytest.mark.parametrize("dim", [-1, -2, 1, 3])
def test_flips_are_whole_and_as_likely_as_said(dim):
    images = np.random.default_rng(0).normal(size=(2000, 2, 3, 4))
    out = random_flip(images, 0.3, dim, mg.Generator(1))
    flipped = (out == np.flip(images, dim)).all((1, 2, 3))
    assert (flipped | (out == images).all((1, 2, 3))).all()
    assert 0.27 < flipped.mean() < 0.33
    assert np.array_equal(random_flip(images, 0.0), images)
    assert np.array_equal(random_flip(images, 1.0), images[..., ::-1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_noise_has_the_spread_asked_for(dtype):
    out = random_noise(np.full((100, 10, 10), 2, dtype), 0.5, mg.Generator(0))
    assert out.dtype == dtype
    assert abs(out.astype(float).mean() - 2) < 0.03 and abs(out.astype(float).std() - 0.5) < 0.02
    assert np.array_equal(random_noise(IMAGES, 0), IMAGES)


@CHANGES
def test_the_seed_decides_and_the_input_stays(change):
    before = IMAGES.copy()
    mg.manual_seed(5)
    first, second = change(IMAGES), change(IMAGES)
    mg.manual_seed(5)
    assert np.array_equal(first, change(IMAGES))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, change(IMAGES, generator=mg.Generator(5)))
    assert np.array_equal(IMAGES, before)


@CHANGES
def test_tensors_come_back_as_tensors(change):
    out = change(mg.tensor(IMAGES), generator=mg.Generator(3))
    assert isinstance(out, mg.Tensor) and out.dtype == np.float32 and out.is_leaf
    assert np.array_equal(out.numpy(), change(IMAGES, generator=mg.Generator(3)))
    assert change(IMAGES[:0]).shape == (0, 2, 4, 5)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"^random_shift: max_shift must be a non-negative integer, got -1$"):
        random_shift(IMAGES, -1)
    with pytest.raises(ValueError, match=r"^random_shift: a batch \(N, \.\.\., H, W\) expected, got shape \(2, 2\)$"):
        random_shift(np.eye(2))
    with pytest.raises(ValueError, match=r"^random_flip: p must be in \[0, 1\], got 2$"):
        random_flip(IMAGES, 2)
    with pytest.raises(ValueError, match=r"^random_flip: dim must be one of an image's, got 0 for images of shape"):
        random_flip(IMAGES, dim=0)
    with pytest.raises(ValueError, match=r"^random_flip: dim must be one of an image's, got 4 for images of shape"):
        random_flip(IMAGES, dim=4)
    with pytest.raises(ValueError, match=r"^random_noise: std must not be negative, got -0.1$"):
        random_noise(IMAGES, -0.1)
    with pytest.raises(TypeError, match=r"^random_noise: floating-point values expected, got int64$"):
        random_noise(np.eye(3, dtype=np.int64))
