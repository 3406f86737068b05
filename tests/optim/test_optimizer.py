"""What all optimizers share: groups, gradients that are missing, odd shapes, closures, hooks, bad input."""

import copy
import pickle

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.covered import covers
from tests.optim.test_agreement import OPTIONS
from tests.oracle import oracle

covers("optim.Optimizer")


def with_gradient(values, gradient) -> nn.Parameter:
    p = nn.Parameter(np.array(values, "float64"))
    p.grad = mg.Tensor(np.array(gradient, "float64"))
    return p


def test_a_parameter_that_joins_late_or_lacks_a_gradient_keeps_its_own_step():
    p, q = with_gradient([1.0], [1.0]), with_gradient([1.0], [1.0])
    optimizer = optim.Adam([p, q], lr=0.1)
    q.grad, late = None, q.grad
    optimizer.step()
    assert q.item() == 1.0
    q.grad = late
    optimizer.step()
    assert [optimizer.state[x]["step"] for x in (p, q)] == [2, 1]
    new = with_gradient([1.0], [1.0])
    optimizer.add_param_group({"params": new, "lr": 0.5})
    optimizer.step()
    assert [optimizer.state[x]["step"] for x in (p, q, new)] == [3, 2, 1]
    assert [x.item() for x in (p, q, new)] == pytest.approx([0.7, 0.8, 0.5])


def test_arrays_put_in_by_others_are_noticed():
    p, q = with_gradient([1.0], [1.0]), with_gradient([1.0], [1.0])
    optimizer = optim.SGD([p, q], lr=0.1, momentum=0.9)
    optimizer.step()
    old = p.array
    p.array = np.array([5.0])
    optimizer.state[q]["momentum_buffer"] = np.array([10.0])
    optimizer.step()
    assert old.item() == 0.9
    assert [p.item(), q.item()] == pytest.approx([5 - 0.1 * 1.9, 0.9 - 0.1 * 10])
    optimizer.state.clear()
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"].item() == 1.0


@pytest.mark.parametrize("size", [3, 5000])
def test_a_model_may_change_its_dtype_between_steps(size):
    p = nn.Parameter(np.ones(size, "float32"))
    optimizer = optim.Adam([p], lr=0.1)
    for dtype in ("float32", "float64"):
        p.array = p.array.astype(dtype)
        p.grad = mg.Tensor(np.ones(size, dtype))
        optimizer.step()
    np.testing.assert_allclose(p.detach(), np.full(size, 0.8), rtol=1e-6)
    assert optimizer.state[p]["exp_avg"].dtype == np.float64


def test_shared_parameters_are_updated_once():
    layer = nn.Linear(2, 2, bias=False)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    before = layer.weight.array.copy()
    layer.weight.grad = mg.Tensor(np.ones((2, 2), "float32"))
    optimizer.step()
    np.testing.assert_allclose(layer.weight.detach(), before - 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_strided_empty_and_0d_parameters(dtype):
    strided, empty, scalar = (nn.Parameter(np.ones(s, dtype)) for s in ((2, 3), (0, 2), ()))
    strided.array = strided.array.T
    for p in (strided, empty, scalar):
        p.grad = mg.Tensor(np.ones(p.shape, dtype))
    optimizer = optim.Adam([strided, empty, scalar], lr=0.1)
    optimizer.step()
    np.testing.assert_allclose(strided.detach(), np.full((3, 2), 0.9), rtol=1e-6)
    assert scalar.item() == pytest.approx(0.9)
    assert optimizer.state[scalar]["exp_avg"].shape == ()


def test_the_learning_rate_may_be_a_tensor():
    rate = mg.tensor(0.5)
    p, q = with_gradient([1.0], [1.0]), with_gradient([1.0], [1.0])
    optimizer = optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.25}], lr=rate)
    optimizer.step()
    rate.array[...] = 0.25
    optimizer.step()
    assert [p.item(), q.item()] == [0.25, 0.5]
    assert optimizer.param_groups[0]["lr"] is rate
    with pytest.raises(ValueError, match="one element"):
        optim.SGD([p], lr=mg.tensor([0.1, 0.2]))


def test_a_closure_recomputes_the_loss_with_gradients_on():
    p = nn.Parameter([3.0])
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == pytest.approx(2.4)


def test_an_update_is_noticed_by_a_graph_that_needs_the_old_weight():
    p = nn.Parameter([3.0])
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_gradients_are_forgotten_or_filled_with_zeros():
    p = with_gradient([1.0], [2.0])
    optimizer = optim.SGD([p], lr=0.1)
    gradient = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is gradient
    assert p.grad.item() == 0
    optimizer.zero_grad()
    assert p.grad is None


def test_hooks_run_around_a_step_and_may_exchange_its_arguments():
    p = with_gradient([1.0], [1.0])
    optimizer, seen = optim.Adam([p]), []
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("pre", o is optimizer, args)))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("post", o.state[p]["step"])))
    optimizer.step()
    before.remove()
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((lambda: 7.0,), {}))
    assert optimizer.step() == 7.0
    assert seen == [("pre", True, ()), ("post", 1), ("post", 2)]
    optimizer.register_step_pre_hook(lambda *_: 3)
    with pytest.raises(RuntimeError, match="pre-hook returns"):
        optimizer.step()


def test_hooks_run_once_where_a_step_calls_the_step_of_its_base():
    class Twice(optim.SGD):
        def step(self, closure=None):
            super().step()
            return super().step(closure)

    p, seen = with_gradient([1.0], [1.0]), []
    optimizer = Twice([p], lr=0.25)
    optimizer.register_step_post_hook(lambda *_: seen.append(p.item()))
    optimizer.step()
    assert seen == [0.5]


def test_a_subclass_with_its_own_update_of_a_parameter_is_heard():
    class Halved(optim.SGD):
        def update_parameter(self, p, g, state, group):
            super().update_parameter(p, g / 2, state, group)

    p = with_gradient([1.0], [1.0])
    Halved([p], lr=0.5).step()
    assert p.item() == 0.75


def test_a_copy_goes_on_by_itself():
    p = with_gradient([1.0], [1.0])
    optimizer = optim.Adam([p], lr=0.1)
    optimizer.step()
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        q = other.param_groups[0]["params"][0]
        q.grad = mg.Tensor(np.array([1.0]))
        other.step()
        assert (p.item(), q.item()) == (pytest.approx(0.9), pytest.approx(0.8))
        assert other.state[q]["step"] == 2


def test_named_parameters_keep_their_names():
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="all groups have named"):
        optimizer.add_param_group({"params": nn.Parameter([1.0])})
    with pytest.raises(ValueError, match="1 of 2 parameters have names"):
        optim.SGD([("weight", model.weight), model.bias])


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_groups_and_text_are_pytorch_s(name, options):
    torch = oracle()
    ours = getattr(optim, name)([nn.Parameter([1.0])], **options)
    theirs = getattr(torch.optim, name)([torch.nn.Parameter(torch.ones(1))], **options)
    assert repr(ours) == repr(theirs)
    assert ours.state_dict()["param_groups"] == theirs.state_dict()["param_groups"]


def test_bad_input():
    p = nn.Parameter([1.0])
    with pytest.raises(ValueError, match="lr must not be negative, got -1"):
        optim.SGD([p], lr=-1)
    with pytest.raises(ValueError, match="lr must not be negative, got nan"):
        optim.SGD([p], lr=float("nan"))
    with pytest.raises(TypeError, match=r"lr must be a number, got '0.1'"):
        optim.SGD([p], lr="0.1")
    with pytest.raises(ValueError, match="momentum must not be negative"):
        optim.RMSprop([p], momentum=-0.5)
    with pytest.raises(ValueError, match=r"betas\[1\]"):
        optim.Adam([p], betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="rho"):
        optim.Adadelta([p], rho=1.5)
    with pytest.raises(ValueError, match="etas"):
        optim.Rprop([p], etas=(1.2, 0.5))
    with pytest.raises(ValueError, match="lr_decay"):
        optim.Adagrad([p], lr_decay=-1)
    with pytest.raises(ValueError, match="lr must be positive"):
        optim.SparseAdam([p], lr=0)
    with pytest.raises(ValueError, match="empty"):
        optim.SGD([], lr=0.1)
    with pytest.raises(ValueError, match="twice"):
        optim.SGD([p, p], lr=0.1)
    with pytest.raises(ValueError, match="twice"):
        optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1)
    with pytest.raises(ValueError, match="only leaves"):
        optim.SGD([p * 2], lr=0.1)
    with pytest.raises(TypeError, match=r"use \[it\]"):
        optim.SGD(p, lr=0.1)
    with pytest.raises(TypeError, match="tensors, got float"):
        optim.SGD([1.0], lr=0.1)
    with pytest.raises(TypeError, match="no lasting order"):
        optim.SGD([{"params": {p}}], lr=0.1)
    with pytest.raises(TypeError, match="dict with 'params'"):
        optim.SGD([{"weights": p}], lr=0.1)
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD([p], nesterov=True)
    with pytest.raises(NotImplementedError, match="differentiable"):
        optim.Adam([p], differentiable=True)
    with pytest.raises(RuntimeError, match="exclude each other"):
        optim.Adam([p], fused=True, foreach=True)


def test_a_group_that_is_refused_leaves_nothing_behind():
    p = nn.Parameter([1.0])
    optimizer = optim.SGD([p], lr=0.1)
    with pytest.raises(ValueError, match="lr must not be negative"):
        optimizer.add_param_group({"params": [nn.Parameter([2.0])], "lr": -1})
    assert len(optimizer.param_groups) == 1


def test_a_gradient_of_another_shape_is_refused():
    for size in (3, 5000):
        p = nn.Parameter(np.ones(size))
        p.grad = mg.Tensor(np.ones(size))
        optimizer = optim.Adam([p])
        optimizer.step()
        p.grad = mg.Tensor(np.ones(size - 1))
        with pytest.raises(ValueError, match="a gradient of shape"):
            optimizer.step()
        assert optimizer.state[p]["step"] == 1


def test_read_only_and_integer_parameters_are_refused():
    frozen = np.ones(2)
    frozen.flags.writeable = False
    for array, error, message in ((frozen, ValueError, "read-only"), (np.ones(2, "int64"), TypeError, "got int64")):
        p = mg.Tensor(array)
        p.grad = mg.Tensor(np.ones(2))
        with pytest.raises(error, match=message):
            optim.SGD([p]).step()


@covers("optim.SparseAdam")
def test_sparse_adam_is_pytorch_s_where_there_are_gradients():
    torch = oracle()
    start = np.random.default_rng(0).standard_normal((4, 3))
    p, q = nn.Parameter(start.copy()), torch.nn.Parameter(torch.tensor(start))
    ours, theirs = optim.SparseAdam([p], lr=0.1), torch.optim.SparseAdam([q], lr=0.1)
    for step in range(50):
        g = np.random.default_rng(step).standard_normal((4, 3))
        g[[step % 4, (step + 1) % 4]] = 0
        p.grad, q.grad = mg.Tensor(g), torch.tensor(g).to_sparse(1)
        ours.step()
        theirs.step()
    np.testing.assert_allclose(p.detach(), q.detach().numpy(), rtol=1e-12)
    assert ours.state_dict()["state"][0]["step"] == theirs.state_dict()["state"][0]["step"] == 50


def test_zero_grad_is_a_write_that_a_graph_notices():
    p = nn.Parameter([1.0])
    p.grad = mg.tensor([3.0], requires_grad=True)
    p.grad.version[0] = 1  # written once before
    square = (p.grad * p.grad).sum()
    optim.SGD([p], lr=0.1).zero_grad(set_to_none=False)
    with pytest.raises(RuntimeError, match="in place"):
        square.backward()


def test_a_step_that_another_library_saved_as_an_array_is_counted_on_as_an_integer():
    p = with_gradient([1.0], [1.0])
    optimizer = optim.Adam([p])
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = np.array(1.0, np.float32)
    optimizer.load_state_dict(saved)
    assert type(optimizer.state[p]["step"]) is int
    optimizer.step()
    assert optimizer.state[p]["step"] == 2
