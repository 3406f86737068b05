"""Neurons of Values: micrograd's classes."""

import random

import pytest

from microgradnet.scalar import MLP, Layer, Neuron, ScalarTape, Value


def test_a_network_says_what_it_is_and_has_micrograds_parameters():
    with ScalarTape():
        model = MLP(2, [3, 1])
        assert (
            repr(model) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(3)]]"
        )
        assert len(model.parameters()) == 13
        assert [p.data for p in Neuron(2).parameters()][-1] == 0.0
        assert isinstance(Layer(2, 3)([1.0, 2.0]), list)
        with pytest.raises(ValueError, match="zip"):
            model([1.0])


def test_the_first_weights_are_those_of_micrograd_for_the_same_seed():
    with ScalarTape():
        random.seed(1337)
        drawn = [random.uniform(-1, 1) for _ in range(2)]
        random.seed(1337)
        assert [w.data for w in MLP(2, [1]).layers[0].neurons[0].w] == drawn


def test_xor_is_learned_by_plain_gradient_descent():
    random.seed(1)
    points, labels = [(-1, -1), (-1, 1), (1, -1), (1, 1)], [-1, 1, 1, -1]
    with ScalarTape() as tape:
        model = MLP(2, [8, 1])
        start = tape.mark()
        for _ in range(150):
            loss = sum((model([Value(v) for v in p]) - y) ** 2 for p, y in zip(points, labels, strict=True))
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.02 * p.grad
            tape.truncate(start)
        assert all(model(p).data * y > 0 for p, y in zip(points, labels, strict=True))
