"""Random tensors: the right distribution, within errors that follow from the sample size, and the same for one seed."""

import math

import numpy as np
import pytest

import microgradnet as mg

N = 40_000


def near(values, mean: float, variance: float) -> None:
    """Asserts mean and variance of N samples to five standard errors (that of the variance for a normal)."""
    values = np.asarray(values.array, np.float64)
    assert abs(values.mean() - mean) < 5 * math.sqrt(variance / values.size)
    assert abs(values.var() - variance) < 5 * variance * math.sqrt(2 / values.size)


def test_moments_and_bounds():
    mg.manual_seed(1)
    uniform = mg.rand(N)
    near(uniform, 0.5, 1 / 12)
    assert 0 <= uniform.array.min() <= uniform.array.max() < 1
    near(mg.randn(200, 200), 0, 1)
    near(mg.normal(3.0, 0.5, (N,)), 3, 0.25)
    near(mg.bernoulli(mg.full((N,), 0.3)), 0.3, 0.21)
    whole = mg.randint(-2, 3, (N,))
    near(whole, 0, 2)
    assert set(whole.tolist()) == {-2, -1, 0, 1, 2}


def test_a_permutation_has_every_number_once():
    assert sorted(mg.randperm(100).tolist()) == list(range(100))


def test_multinomial_follows_its_weights_and_without_replacement_repeats_nothing():
    mg.manual_seed(2)
    drawn = mg.multinomial(mg.tensor([1.0, 0.0, 3.0]), N, replacement=True)
    share = (drawn.array == 2).mean()
    assert abs(share - 0.75) < 5 * math.sqrt(0.75 * 0.25 / N)
    assert not (drawn.array == 1).any()
    assert sorted(mg.multinomial(mg.ones(5), 5).tolist()) == [0, 1, 2, 3, 4]
    assert mg.multinomial(mg.ones(3, 4), 2).shape == (3, 2)


def test_a_seed_repeats_the_stream_and_a_state_resumes_it():
    mg.manual_seed(3)
    first = mg.randn(5).tolist()
    mg.manual_seed(3)
    assert mg.randn(5).tolist() == first
    generator = mg.Generator(9)
    mg.rand(3, generator=generator)
    state = generator.get_state()
    expected = mg.rand(3, generator=generator).tolist()
    assert mg.rand(3, generator=generator).tolist() != expected
    assert mg.rand(3, generator=mg.Generator().set_state(state)).tolist() == expected


def test_dtypes_and_requires_grad():
    assert mg.rand(2).dtype == mg.float32
    assert mg.randn(2, dtype=mg.float64, requires_grad=True).requires_grad
    assert mg.randint(3, (2,)).dtype == mg.int64
    assert mg.rand_like(mg.zeros(2, 3, dtype=mg.float64)).dtype == mg.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.randint(3, 3, (2,)), "low must be below high"),
        (lambda: mg.normal(0.0, -1.0, (2,)), "std must not be negative, got -1"),
        (lambda: mg.bernoulli(mg.tensor([1.5])), r"in \[0, 1\], got 1.5"),
        (lambda: mg.multinomial(mg.tensor([1.0, 0.0]), 2), "without replacement"),
        (lambda: mg.multinomial(mg.tensor([-1.0, 2.0]), 1), "not negative"),
        (lambda: mg.rand(2, -1), "sizes must not be negative"),
        (lambda: mg.manual_seed(-1), "non-negative integer"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
