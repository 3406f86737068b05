"""Layers and losses of ``cases_*.py`` beside PyTorch's, and their gradients checked."""

import pytest

import microgradnet as mg
from microgradnet import nn
from tests.covered import covers
from tests.nn import cases_convolution, cases_loss
from tests.nn.agreement import assert_agrees, assert_gradients

CASES = [*cases_convolution.CASES, *cases_loss.CASES]
covers(*(f"nn.{case.name}" for case in CASES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_agrees_with_pytorchs(case, dtype):
    assert_agrees(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.checked], ids=str)
def test_gradients_are_right(case):
    assert_gradients(case)


def test_fractional_pooling_draws_its_places_anew_and_by_seed():
    pool, x = nn.FractionalMaxPool2d(2, output_ratio=0.6, return_indices=True), mg.randn(1, 1, 12, 12)
    places = []
    for seed in (1, 1, 2):
        mg.manual_seed(seed)
        places.append(pool(x)[1].tolist())
    assert places[0] == places[1] != places[2]


def test_two_losses_in_one_graph_give_the_sum_of_their_gradients():
    x, target = mg.tensor([1.0, -2.0], requires_grad=True), mg.zeros(2)
    (0.3 * nn.MSELoss()(x, target) + nn.L1Loss()(x, target)).backward()
    assert x.grad.tolist() == pytest.approx([0.3 * 1.0 + 0.5, 0.3 * -2.0 - 0.5])


BAD = [
    (lambda: nn.Linear(3, 5)(mg.zeros(2, 4)), ValueError, r"linear: .*\(4,\).*\(3,\).*given \w+ \(2, 4\) float32"),
    (lambda: nn.Linear(3, 5)(mg.zeros(2, 3, dtype=mg.float64)), TypeError, r"float32.*float64"),
    (lambda: nn.Conv2d(2, 4, 3)(mg.zeros(1, 3, 8, 8)), ValueError, "the weight takes 2 channels, the input has 3"),
    (lambda: nn.Conv2d(4, 4, 3, groups=3), ValueError, "divide by groups 3"),
    (lambda: nn.Conv2d(4, 4, 3, groups=0), ValueError, "groups must be positive, got 0"),
    (lambda: nn.Conv2d(1, 1, 5)(mg.zeros(1, 1, 3, 3)), ValueError, "kernel"),
    (lambda: nn.Conv2d(1, 1, 3, padding="full"), ValueError, "'same' or 'valid', got 'full'"),
    (lambda: nn.Conv2d(1, 1, 3, padding="same", stride=2), ValueError, "needs stride 1"),
    (lambda: nn.Conv1d(1, 1, 3, padding_mode="mirror"), ValueError, "padding_mode is zeros, .* got 'mirror'"),
    (lambda: nn.ConvTranspose1d(1, 1, 3, padding_mode="reflect"), ValueError, "only padding_mode='zeros'"),
    (
        lambda: nn.ConvTranspose2d(1, 1, 3, stride=2)(mg.zeros(1, 1, 3, 3), output_size=(9, 7)),
        ValueError,
        r"\(7, 7\) to \(8, 8\)",
    ),
    (lambda: nn.ReflectionPad2d((1, 2, 3)), ValueError, "one number or 4"),
    (lambda: nn.CircularPad1d(1)(mg.zeros(2, 2, 2, 2)), ValueError, r"2 or 3 dimensions.*\(2, 2, 2, 2\)"),
    (lambda: nn.FractionalMaxPool2d(2), ValueError, "output_size or output_ratio"),
    (lambda: nn.FractionalMaxPool2d(2, output_ratio=1.5), ValueError, r"in \(0, 1\), got 1.5"),
    (lambda: nn.FractionalMaxPool2d(3, output_size=4)(mg.zeros(1, 4, 4)), ValueError, "does not fit"),
    (lambda: nn.Unflatten(1, 3), TypeError, "tuple of integers"),
    (lambda: nn.ChannelShuffle(0), ValueError, "groups must be positive"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.zeros(2)), TypeError, r"labels.*float32"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([1, 7])), IndexError, r"label 7.*\[0, 3\)"),
    (lambda: nn.CrossEntropyLoss(reduction="avg"), ValueError, "CrossEntropyLoss: reduction"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=2), ValueError, r"\[0, 1\], got 2"),
    (lambda: nn.HuberLoss(delta=0), ValueError, "delta must be positive, got 0"),
    (lambda: nn.SmoothL1Loss(beta=-1), ValueError, "beta must not be negative"),
    (lambda: nn.MultiMarginLoss(p=3), ValueError, "p is 1 or 2, got 3"),
    (lambda: nn.TripletMarginLoss(margin=0), ValueError, "margin must be positive"),
    (lambda: nn.GaussianNLLLoss(eps=0), ValueError, "eps must be positive"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_input_is_one_clear_line(call, error, message):
    with pytest.raises(error, match=message):
        call()
