"""nn.summary: shapes, parameters and multiply-adds, counted by hand."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn


def cnn() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 10))


def test_shapes_parameters_and_multiply_adds_of_a_cnn():
    s = nn.summary(cnn(), (2, 1, 8, 8))
    rows = {row.kind: row for row in s.rows}
    assert rows["Conv2d"].output_shape == (2, 4, 6, 6)
    assert rows["Conv2d"].parameters == 4 * 9 + 4
    assert rows["Conv2d"].multiply_adds == 2 * 4 * 36 * 9
    assert rows["Linear"].multiply_adds == 2 * 10 * 36
    assert rows["Sequential"].multiply_adds == s.multiply_adds == 2 * 4 * 36 * 9 + 2 * 10 * 36
    assert s.total_parameters == 40 + 370
    assert "1: ReLU" in str(s)
    assert "410 (410 trainable, 0 frozen), 1.6 KiB" in str(s)


def test_shared_and_frozen_parameters_are_counted_once_and_named():
    a = nn.Linear(4, 4)
    a.requires_grad_(False)
    model = nn.Sequential(a, nn.Tanh(), a)
    s = nn.summary(model, (1, 4))
    assert [row.shared for row in s.rows if row.kind == "Linear"] == [False, True]
    assert s.total_parameters == 20
    assert s.trainable_parameters == 0
    assert s.multiply_adds == 2 * 16
    assert not a.weight.requires_grad
    assert "20 frozen" in str(s)


def test_the_model_is_left_as_it_was():
    model = cnn()
    model[1].eval()
    nn.summary(model, (1, 1, 8, 8))
    assert model.training
    assert not model[1].training
    assert not model._forward_hooks
    assert all(p.grad is None for p in model.parameters())


def test_a_transposed_convolution_and_a_matrix_product():
    s = nn.summary(nn.ConvTranspose2d(3, 4, 2, stride=2), (1, 3, 5, 5))
    assert s.multiply_adds == 3 * 25 * 4 * 4  # each input element meets every weight of its channel

    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(np.zeros((2, 3, 4), np.float32))

        def forward(self, x):
            return x @ self.w

    assert nn.summary(Product(), (2, 5, 3)).multiply_adds == 2 * 5 * 3 * 4


def test_inputs_of_another_kind_and_depth():
    class Lookup(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Parameter(np.zeros((5, 2), np.float32))
            self.inner = nn.Sequential(nn.Linear(2, 2))

        def forward(self, i, x):
            return self.inner(self.table[i] + x), x

    s = nn.summary(Lookup(), input_data=(mg.tensor([1, 2]), mg.zeros(2, 2)), depth=1)
    assert [row.kind for row in s.rows] == ["Lookup", "Sequential"]
    assert s.rows[0].output_shape == ((2, 2), (2, 2))
    assert [row.output_shape for row in nn.summary(Lookup(), input_data=(mg.tensor([1]), mg.zeros(1, 2))).rows][1:] == [
        (1, 2),
        (1, 2),
    ]
    with pytest.raises(ValueError, match="input_shape, such as"):
        nn.summary(cnn())
