"""The matrix exponential where it is hard: large matrices, large cotangents; and what it is not defined for."""

import numpy as np
import pytest

import microgradnet as mg
from tests.oracle import oracle


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0])
def test_the_exponential_of_a_skew_matrix_of_any_size_is_orthogonal_and_pytorchs(size):
    torch = oracle()
    random = np.random.default_rng(0)
    A = random.standard_normal((2, 4, 4)) * size
    A = A - np.swapaxes(A, -1, -2)
    x, y = mg.Tensor(A, requires_grad=True), torch.tensor(A, requires_grad=True)
    a, b = mg.linalg.matrix_exp(x), torch.matrix_exp(y)
    np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose((a.mT @ a).detach(), np.broadcast_to(np.eye(4), A.shape), atol=1e-11)
    cotangent = random.standard_normal(A.shape) * 1e4
    (a * mg.Tensor(cotangent)).sum().backward(), (b * torch.tensor(cotangent)).sum().backward()
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-8, atol=1e-5)


def test_the_exponential_in_float32_of_a_large_matrix_is_as_accurate_as_pytorchs():
    torch = oracle()
    A = np.random.default_rng(0).standard_normal((6, 6)) * 3
    exact = torch.matrix_exp(torch.tensor(A)).numpy()
    ours = mg.linalg.matrix_exp(mg.Tensor(A.astype(np.float32)))
    assert ours.dtype == np.float32
    assert np.abs(ours.numpy() - exact).max() < 3e-5 * np.abs(exact).max()


def test_bad_shapes_are_one_clear_line():
    with pytest.raises(ValueError, match=r"matrix_exp: square matrices expected, got shape \(2, 3\)"):
        mg.linalg.matrix_exp(mg.zeros(2, 3))
    with pytest.raises(ValueError, match="n ≥ k and tau"):
        mg.linalg.householder_product(mg.zeros(2, 3), mg.zeros(3))
