"""Clipping, vectors of parameters, fused layers and skip_init beside PyTorch's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import utils
from tests.covered import covers
from tests.oracle import oracle

GRADIENTS = [np.arange(6.0).reshape(2, 3) - 2, np.full((4,), 0.5), np.zeros((2, 0)), np.array(3.0)]


def parameters(library, gradients=GRADIENTS, dtype="float64") -> list:
    made = []
    for g in gradients:
        values = np.zeros(g.shape, dtype)
        p = nn.Parameter(values) if library is mg else library.nn.Parameter(library.tensor(values))
        p.grad = mg.Tensor(g.astype(dtype)) if library is mg else library.tensor(g.astype(dtype))
        made.append(p)
    made.append(nn.Parameter([1.0]) if library is mg else library.nn.Parameter(library.tensor([1.0])))
    return made


def utilities(library):
    return utils if library is mg else library.nn.utils


@covers("utils.clip_grad_norm_", "utils.get_total_norm", "utils.clip_grads_with_norm_")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.0, 1.0, 100.0])
def test_clipping_by_norm_is_pytorchs(max_norm, norm_type, dtype):
    torch = oracle()
    results = []
    for library in (mg, torch):
        gradients = [g for g in GRADIENTS if g.size or library is mg or norm_type != math.inf]
        ps = parameters(library, gradients, dtype)
        total = utilities(library).clip_grad_norm_(ps, max_norm, norm_type)
        results.append(
            [float(total), *(np.asarray(p.grad.numpy()) for p in ps if p.grad is not None and p.grad.numel())]
        )
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6 if dtype == "float32" else 1e-12)


@covers("utils.clip_grad_value_")
def test_clipping_by_value_is_pytorchs_and_takes_one_tensor_too():
    torch = oracle()
    ours, theirs = parameters(mg), parameters(torch)
    utils.clip_grad_value_(ours, 0.75)
    torch.nn.utils.clip_grad_value_(theirs, 0.75)
    for p, q in zip(ours[:-1], theirs[:-1], strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), q.grad.numpy())
    utils.clip_grad_value_(ours[0], 0.5)
    assert abs(ours[0].grad.numpy()).max() == 0.5


def test_norms_of_huge_and_tiny_gradients_do_not_overflow():
    huge = [mg.Tensor(np.full(4, 1e30, np.float32)), mg.Tensor(np.full(4, 1e30, np.float32))]
    assert utils.get_total_norm(huge).item() == pytest.approx(1e30 * math.sqrt(8), rel=1e-6)
    tiny = [mg.Tensor(np.full(4, 1e-200))]
    assert utils.get_total_norm(tiny).item() == pytest.approx(2e-200)
    assert utils.get_total_norm([]).item() == 0


def test_gradients_that_are_not_finite():
    torch = oracle()
    for bad in (np.nan, np.inf):
        ours, theirs = (parameters(library, [np.array([1.0, bad]), np.array([2.0])]) for library in (mg, torch))
        total, expected = utils.clip_grad_norm_(ours, 1.0), torch.nn.utils.clip_grad_norm_(theirs, 1.0)
        np.testing.assert_array_equal(total.numpy(), expected.numpy())
        for p, q in zip(ours[:-1], theirs[:-1], strict=True):  # NaN in one gradient is NaN in all: it must be seen
            np.testing.assert_array_equal(p.grad.numpy(), q.grad.numpy())
    ps = parameters(mg, [np.array([1.0, np.inf])])
    with pytest.raises(RuntimeError, match="total norm of order 2 is inf"):
        utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert ps[0].grad.tolist() == [1.0, np.inf]
    with pytest.raises(ValueError, match="max_norm must not be negative"):
        utils.clip_grad_norm_(ps, -1.0)
    with pytest.raises(ValueError, match="clip_value must not be negative"):
        utils.clip_grad_value_(ps, -1.0)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.floats(0, 1e3))
def test_clipping_keeps_the_direction_and_the_bound(values, max_norm):
    g = np.array(values)
    p = nn.Parameter(np.zeros_like(g))
    p.grad = mg.Tensor(g.copy())
    utils.clip_grad_norm_([p], max_norm)
    clipped = p.grad.numpy()
    assert np.linalg.norm(clipped) <= max(max_norm, 0) * (1 + 1e-9) + 1e-300
    if np.linalg.norm(g) + 1e-6 <= max_norm:
        assert np.array_equal(clipped, g)
    np.testing.assert_allclose(clipped * np.linalg.norm(g), g * np.linalg.norm(clipped), rtol=1e-9, atol=1e-9)


def test_clipping_in_a_captured_step():
    model, twin = nn.Linear(3, 1), nn.Linear(3, 1)
    twin.load_state_dict(model.state_dict())

    def stepper(m):
        optimizer = mg.optim.SGD(m.parameters(), lr=0.1)

        def step(x):
            loss = (m(x) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            norm = utils.clip_grad_norm_(m.parameters(), 0.5)
            optimizer.step()
            return loss, norm

        return step

    step, plain = mg.capture(stepper(model), fallback=False), stepper(twin)
    for i in range(7):
        x = mg.Tensor(np.random.default_rng(i).standard_normal((4, 3)).astype(np.float32))
        assert [t.item() for t in step(x)] == [t.item() for t in plain(x)]
    assert step.replays == 4


@covers("utils.parameters_to_vector", "utils.vector_to_parameters")
def test_parameters_to_a_vector_and_back():
    torch = oracle()
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in model.state_dict().items()})
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.tolist() == torch.nn.utils.parameters_to_vector(theirs.parameters()).tolist()
    (vector * mg.arange(13.0)).sum().backward()
    assert model[1].bias.grad.item() == 12
    utils.vector_to_parameters(mg.arange(13.0), model.parameters())
    assert model[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert model[1].bias.tolist() == [12]
    with pytest.raises(ValueError, match=r"a vector of 13 elements expected, got shape \(12,\)"):
        utils.vector_to_parameters(mg.zeros(12), model.parameters())
    with pytest.raises(TypeError, match="a Tensor expected, got list"):
        utils.vector_to_parameters([0.0] * 13, model.parameters())


def trained(bn):
    bn.running_mean.array[...] = np.linspace(-1, 1, bn.num_features)
    bn.running_var.array[...] = np.linspace(0.5, 2, bn.num_features)
    if bn.weight is not None:
        bn.weight.array[...] = np.linspace(0.1, 3, bn.num_features)
        bn.bias.array[...] = np.linspace(-2, 1, bn.num_features)
    return bn.eval()


@covers("utils.fuse_conv_bn_eval", "utils.fuse_conv_bn_weights")
@pytest.mark.parametrize(
    ("conv", "bn", "shape", "transpose"),
    [
        (lambda: nn.Conv2d(2, 4, 3), lambda: nn.BatchNorm2d(4), (1, 2, 5, 5), False),
        (lambda: nn.Conv1d(2, 4, 3, bias=False), lambda: nn.BatchNorm1d(4, affine=False), (2, 2, 5), False),
        (lambda: nn.ConvTranspose2d(2, 4, 3), lambda: nn.BatchNorm2d(4, eps=0.1), (1, 2, 5, 5), True),
    ],
)
def test_a_fused_convolution_gives_what_the_two_layers_give(conv, bn, shape, transpose):
    conv, bn, x = conv().eval(), trained(bn()), mg.randn(*shape)
    fused = utils.fuse_conv_bn_eval(conv, bn, transpose)
    np.testing.assert_allclose(fused(x).detach(), bn(conv(x)).detach(), rtol=1e-5, atol=1e-5)
    assert fused is not conv
    weights = utils.fuse_conv_bn_weights(
        conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    assert isinstance(weights[0], nn.Parameter)
    np.testing.assert_array_equal(weights[0].detach(), fused.weight.detach())


@covers("utils.fuse_linear_bn_eval", "utils.fuse_linear_bn_weights")
def test_a_fused_linear_layer_gives_what_the_two_layers_give():
    linear, bn, x = nn.Linear(3, 4).eval(), trained(nn.BatchNorm1d(4)), mg.randn(5, 3)
    fused = utils.fuse_linear_bn_eval(linear, bn)
    np.testing.assert_allclose(fused(x).detach(), bn(linear(x)).detach(), rtol=1e-5, atol=1e-5)
    bare = utils.fuse_linear_bn_weights(linear.weight, None, bn.running_mean, bn.running_var, bn.eps, None, None)
    expected = -bn.running_mean.numpy() / np.sqrt(bn.running_var.numpy() + np.float32(bn.eps))
    np.testing.assert_allclose(bare[1].detach(), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="must be in eval mode"):
        utils.fuse_linear_bn_eval(linear.train(), bn)
    with pytest.raises(ValueError, match="gives 4 features, the norm takes 3"):
        utils.fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(3).eval())
    with pytest.raises(ValueError, match="keeps no running statistics"):
        utils.fuse_conv_bn_eval(nn.Conv1d(1, 2, 1).eval(), nn.BatchNorm1d(2, track_running_stats=False).eval())


@covers("utils.skip_init")
def test_skip_init_draws_nothing():
    mg.manual_seed(3)
    layer = utils.skip_init(nn.Linear, 2, 3, bias=False)
    assert layer.weight.shape == (3, 2)
    drawn = mg.rand(1).item()
    mg.manual_seed(3)
    assert mg.rand(1).item() == drawn
    with pytest.raises(TypeError, match="ReLU takes no device="):
        utils.skip_init(nn.ReLU)
    with pytest.raises(TypeError, match="a Module expected"):
        utils.skip_init(int)


@pytest.mark.parametrize("clip", [utils.clip_grad_norm_, utils.clip_grad_value_])
def test_clipping_a_gradient_that_a_graph_still_needs_is_noticed(clip):
    p = nn.Parameter([3.0, 4.0])
    p.grad = mg.tensor([3.0, 4.0], requires_grad=True)
    squares = (p.grad * p.grad).sum()
    clip([p], 1.0)
    with pytest.raises(RuntimeError, match="in place"):
        squares.backward()
