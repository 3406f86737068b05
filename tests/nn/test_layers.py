"""Layers against PyTorch's: output, input gradient and parameter gradients, over their options."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from tests.oracle import oracle

# (layer, constructor arguments, input shape)
LAYERS = [
    ("Linear", {"in_features": 3, "out_features": 5}, (4, 3)),
    ("Linear", {"in_features": 3, "out_features": 5, "bias": False}, (2, 4, 3)),
    ("Linear", {"in_features": 3, "out_features": 5}, (3,)),
    ("Conv2d", {"in_channels": 2, "out_channels": 4, "kernel_size": 3}, (2, 2, 7, 6)),
    (
        "Conv2d",
        {"in_channels": 2, "out_channels": 4, "kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
        (2, 2, 7, 6),
    ),
    ("Conv2d", {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "groups": 2, "dilation": 2}, (2, 4, 8, 8)),
    ("Conv2d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "groups": 4, "bias": False}, (1, 4, 5, 5)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 1}, (2, 2, 4, 4)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": "same"}, (2, 2, 5, 5)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3}, (2, 5, 5)),
    ("MaxPool2d", {"kernel_size": 2}, (2, 3, 6, 6)),
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 3, 7, 6)),
    ("MaxPool2d", {"kernel_size": 2, "stride": 1, "dilation": 2}, (1, 2, 6, 6)),
    ("MaxPool2d", {"kernel_size": 2, "ceil_mode": True}, (1, 2, 5, 5)),
    ("MaxPool2d", {"kernel_size": 2}, (3, 6, 6)),
    ("Flatten", {}, (2, 3, 4)),
    ("Flatten", {"start_dim": 0, "end_dim": 1}, (2, 3, 4)),
    ("ReLU", {}, (3, 4)),
    ("Sigmoid", {}, (3, 4)),
    ("Tanh", {}, (3, 4)),
    ("LogSoftmax", {"dim": 1}, (3, 4)),
    ("Identity", {}, (3, 4)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options", "shape"), LAYERS, ids=lambda v: v if isinstance(v, str) else None)
def test_a_layer_agrees_with_pytorchs(name, options, shape, dtype):
    torch = oracle()
    ours, theirs = getattr(nn, name)(**options).to(dtype), getattr(torch.nn, name)(**options).to(getattr(torch, dtype))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    array = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    x, y = mg.Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    a, b = ours(x), theirs(y)
    tolerance = {"rtol": 2e-5, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-12}
    assert a.dtype == b.detach().numpy().dtype
    np.testing.assert_allclose(a.detach(), b.detach().numpy(), **tolerance)
    g = np.cos(np.arange(a.numel())).reshape(a.shape).astype(dtype)
    a.backward(mg.Tensor(g))
    b.backward(torch.tensor(g))
    np.testing.assert_allclose(x.grad, y.grad.numpy(), **tolerance)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), **tolerance)


def test_bad_input_is_one_clear_line():
    with pytest.raises(ValueError, match=r"linear: .*\(4,\).*\(3,\).*given \w+ \(2, 4\) float32"):
        nn.Linear(3, 5)(mg.zeros(2, 4))
    with pytest.raises(ValueError, match=r"convolution: the weight takes 2 channels, the input has 3"):
        nn.Conv2d(2, 4, 3)(mg.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="divide by groups 3"):
        nn.Conv2d(4, 4, 3, groups=3)
    with pytest.raises(ValueError, match="kernel"):
        nn.Conv2d(1, 1, 5)(mg.zeros(1, 1, 3, 3))
    with pytest.raises(TypeError, match=r"float32.*float64"):
        nn.Linear(3, 5)(mg.zeros(2, 3, dtype=mg.float64))
    with pytest.raises(TypeError, match=r"labels.*float32"):
        nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.zeros(2))
    with pytest.raises(IndexError, match=r"label 7.*\[0, 3\)"):
        nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([1, 7]))
    with pytest.raises(ValueError, match="reduction"):
        nn.CrossEntropyLoss(reduction="avg")
