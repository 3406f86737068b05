import copy
import doctest

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.training import freeze, freezing, trainable_parameters, unfreeze


def features() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5))


def states(model) -> dict:
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def train(model, steps: int = 5) -> None:
    optimizer = optim.SGD(trainable_parameters(model), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(steps):
        model.train()
        optimizer.zero_grad()
        model(mg.randn(8, 4) + 3).square().mean().backward()
        optimizer.step()


def test_the_example():
    assert doctest.testmod(freezing).failed == 0


def test_what_is_frozen_stays_bit_for_bit_and_the_rest_learns():
    model = nn.Sequential(freeze(features()), nn.Linear(6, 2))
    before = states(model)
    train(model)
    after = states(model)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"1.weight", "1.bias"}
    assert model[0][0].weight.grad is None


def test_without_freezing_the_statistics_would_have_moved():
    model = nn.Sequential(features().requires_grad_(False), nn.Linear(6, 2))
    before = states(model)
    train(model)
    assert not np.array_equal(before["0.1.running_mean"], states(model)["0.1.running_mean"])


def test_a_frozen_module_is_a_fixed_function_in_training_mode_too():
    frozen = freeze(features())
    x = mg.randn(8, 4)
    expected = frozen.eval()(x).numpy()
    for _ in range(2):
        assert np.array_equal(frozen.train()(x).numpy(), expected)
    assert np.array_equal(copy.deepcopy(frozen).train()(x).numpy(), expected)


def test_gradients_flow_through_a_frozen_module():
    first = nn.Linear(4, 4)
    model = nn.Sequential(first, freeze(features()))
    model(mg.randn(8, 4)).sum().backward()
    assert abs(first.weight.grad.numpy()).sum() > 0


def test_unfreezing_a_part():
    model = nn.Sequential(freeze(features()), nn.Linear(6, 2))
    freeze(model[0])  # twice is once
    unfreeze(model[0][1])
    before = states(model)
    train(model)
    after = states(model)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {n for n in before if n.startswith(("0.1.", "1."))}
    unfreeze(model)
    before = states(model)
    train(model)
    assert all(not np.array_equal(before[name], states(model)[name]) for name in before)
    assert len(trainable_parameters(model)) == len(list(model.parameters()))
    assert not any(module._forward_pre_hooks for module in model.modules())
