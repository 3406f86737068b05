"""Tensor computations opened into scalars: the same values, the same gradients."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import functional as F
from microgradnet.scalar import ScalarTape, Value, to_scalar

DOUBLE = mg.float64
LABELS = mg.tensor([0, 2, 1])
TABLE = mg.tensor(np.arange(6.0).reshape(3, 2) / 7)


def network():
    layers = (nn.Linear(4, 5), nn.BatchNorm1d(5), nn.GELU(), nn.LayerNorm(5), nn.RMSNorm(5), nn.Linear(5, 3))
    return nn.Sequential(*layers).double()


CASES = {
    "network": lambda x, net: F.cross_entropy(net(x), LABELS),
    "class weights": lambda x, net: F.cross_entropy(
        net(x), LABELS, weight=mg.tensor([1.0, 2.0, 0.5], dtype=DOUBLE), reduction="sum"
    ),
    "attention": lambda x, net: F.softmax(x @ x.T / 2.0, 1) @ x,
    "log_softmax": lambda x, net: F.log_softmax(x, 0).mean(0),
    "statistics": lambda x, net: (x[1:] * x.var(0)).amax(1) + x.std(unbiased=False),
    "products": lambda x, net: F.mse_loss(x.prod(1), mg.zeros(3, dtype=DOUBLE)),
    "shapes": lambda x, net: mg.cat([x.reshape(2, 6).T, x.flip(0).reshape(6, 2)]).logsumexp(0),
    "norms": lambda x, net: mg.stack([x[0], x[1]]).permute(1, 0).norm() + x.norm(3) + x.abs().min(),
    "branches": lambda x, net: mg.where(x > 0, x.exp(), F.leaky_relu(x, 0.3)).sum(1, keepdim=True),
    "vectors": lambda x, net: x[0] @ x[1] + (x @ x[2]).sum(),
    "batches": lambda x, net: mg.stack([x, x * 2]) @ x.T,
    "smooth": lambda x, net: F.softplus(x, 2.0).sigmoid().mean() + F.huber_loss(x, mg.zeros_like(x)),
    "gathered": lambda x, net: x.gather(1, mg.tensor([[0], [3], [1]])).sum() + F.embedding(LABELS, x).sum(),
}


def number(values):
    return np.vectorize(float, otypes=[float])(values)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_the_tensors(name):
    mg.manual_seed(1)
    function, net = CASES[name], network()
    x = mg.randn(3, 4, dtype=DOUBLE, requires_grad=True)
    expected = function(x, net)
    with ScalarTape():
        opened = to_scalar(lambda v: function(v, net), x)
        output = np.asarray(opened.output, object)
        assert output.shape == tuple(expected.shape)
        np.testing.assert_allclose(number(output), expected.detach().numpy(), rtol=1e-12, atol=1e-14)
        sum(output.ravel()).backward()
        expected.sum().backward()
        assert x in opened.leaves
        for tensor, values in opened.leaves.items():
            gradients = np.vectorize(lambda v: v.grad, otypes=[float])(values)
            np.testing.assert_allclose(gradients, tensor.grad.numpy(), rtol=1e-10, atol=1e-12, err_msg=tensor.name)


def test_every_parameter_is_a_leaf_with_its_name():
    net = nn.Sequential(nn.Linear(2, 1))
    with ScalarTape():
        opened = to_scalar(net, mg.tensor([[1.0, 2.0]]))
        labels = {v.label for values in opened.leaves.values() for v in values.ravel()}
        assert labels == {"input[0, 0]", "input[0, 1]", "0.weight[0, 0]", "0.weight[0, 1]", "0.bias[0]"}
        assert opened.output[0, 0].op == "add"
        assert [v.op for v in opened.output[0, 0].operands] == ["sum", ""]


def test_a_matrix_product_is_products_and_sums():
    a, b = mg.ones(2, 3), mg.ones(3, 2, requires_grad=True)
    with ScalarTape() as tape:
        opened = to_scalar(lambda: a @ b)
        assert isinstance(opened.output[1, 1], Value)
        assert [v.op for v in opened.output[0, 0].operands] == ["mul"] * 3
        assert len(tape) == 6 + 12 + 12 + 4  # leaves, the ones of a that each product meets, products, sums


def test_what_cannot_be_opened_is_named():
    with ScalarTape():
        with pytest.raises(NotImplementedError, match="convolution has no scalar form"):
            to_scalar(nn.Conv2d(1, 1, 2), mg.ones(1, 1, 3, 3))
        with pytest.raises(NotImplementedError, match="mul ran before"):
            x = mg.ones(2, requires_grad=True)
            y = x * 2
            to_scalar(lambda: (y + 1).sum())
        with pytest.raises(ValueError, match="more than 100,000 nodes"):
            to_scalar(lambda x: x @ x, mg.ones(60, 60))
        with pytest.raises(TypeError, match="a function that returns a Tensor expected, got int"):
            to_scalar(lambda: 3)
    assert mg.ones(2).sum().item() == 2, "tensors compute as before after an error"
