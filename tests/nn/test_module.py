"""Module: what it owns, how it is traversed, saved, loaded and hooked."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.tape import reachable
from tests.oracle import oracle


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2, bias=False)))


class WithBuffers(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter([2.0])
        self.register_buffer("count", mg.tensor([0.0]))
        self.register_buffer("scratch", mg.tensor([1.0]), persistent=False)
        self.register_parameter("absent", None)

    def forward(self, x):
        return x * self.scale


def test_names_and_order_are_pytorchs():
    torch = oracle()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))
    )
    assert [n for n, _ in net().named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in net().named_modules()] == [n for n, _ in theirs.named_modules()]
    assert list(net().state_dict()) == list(theirs.state_dict())


def test_a_pytorch_state_dict_loads_and_gives_the_same_output_and_back():
    torch = oracle()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))
    )
    ours = net()
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_allclose(
        ours(mg.Tensor(x)).detach(), theirs(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-7
    )
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in net().state_dict().items()})


def test_a_state_that_does_not_fit_changes_nothing():
    model = net()
    before = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    state = {k: np.ones_like(v) for k, v in before.items()}
    state["0.bias"] = np.ones(7)
    with pytest.raises(RuntimeError, match=r"0\.bias: shape \(7,\), \(4,\) expected"):
        model.load_state_dict(state)
    with pytest.raises(RuntimeError, match=r"missing 0\.weight.*unexpected other"):
        model.load_state_dict({"other": np.ones(1)})
    for key, value in model.state_dict().items():
        assert np.array_equal(value.numpy(), before[key])


def test_strict_false_reports_and_loads_the_rest():
    model = net()
    missing, unexpected = model.load_state_dict({"0.bias": np.full(4, 3.0), "other": np.ones(1)}, strict=False)
    assert missing == ["0.weight", "2.0.weight"]
    assert unexpected == ["other"]
    assert model[0].bias.tolist() == [3.0] * 4


def test_buffers_are_saved_unless_transient_and_not_trained():
    module = WithBuffers()
    assert list(module.state_dict()) == ["scale", "count"]
    assert [n for n, _ in module.named_buffers()] == ["count", "scratch"]
    assert [n for n, _ in module.named_parameters()] == ["scale"]
    assert module.absent is None


def test_a_shared_parameter_is_listed_once_and_saved_under_both_names():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    tied = Tied()
    assert [n for n, _ in tied.named_parameters()] == ["a.weight", "a.bias", "b.bias"]
    assert list(tied.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias"]


def test_train_and_eval_reach_every_module():
    model = net().eval()
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())


def test_apply_visits_children_first():
    seen = []
    net().apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Sequential"]


def test_hooks_before_and_after_forward():
    module = nn.ReLU()
    before = module.register_forward_pre_hook(lambda m, args: (args[0] - 1,))
    after = module.register_forward_hook(lambda m, args, out: out * 10)
    assert module(mg.tensor([1.5])).item() == 5.0
    before.remove()
    after.remove()
    assert module(mg.tensor([1.5])).item() == 1.5


def test_freezing_keeps_parameters_out_of_backward():
    model = net()
    model[0].requires_grad_(False)
    model(mg.tensor([[1.0, 2.0, 3.0]])).sum().backward()
    assert model[0].weight.grad is None
    assert model[2][0].weight.grad is not None


def test_to_float64_converts_parameters_and_buffers_in_place():
    module = WithBuffers()
    scale = module.scale
    module.double()
    assert module.scale is scale
    assert scale.dtype == module.count.dtype == mg.float64


def test_an_assignment_before_init_is_an_error_with_the_remedy():
    class Hasty(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Hasty()


def test_a_parameter_is_not_replaced_by_something_else_in_silence():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="weight is a Parameter"):
        model.weight = 3
    model.bias = None
    assert model.bias is None


def test_nodes_know_the_module_that_made_them():
    x = mg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    paths = {node.op.name: node.module for node in reachable([net()(x).sum().grad_fn])[0]}
    assert paths["relu"] == ("Sequential", "1: ReLU")
    assert paths["sum"] == ()


def test_printing_reads_like_pytorchs():
    torch = oracle()
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Conv2d(1, 2, 3, padding=1), torch.nn.Flatten()
    )
    ours = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Conv2d(1, 2, 3, padding=1), nn.Flatten())
    assert repr(ours) == repr(theirs)


def test_a_module_starts_in_training_mode():
    assert nn.Linear(1, 1).training is True


def test_a_tensor_becomes_a_buffer_only_where_one_is_registered():
    layer = nn.BatchNorm1d(2)
    layer.extra, layer.running_mean = mg.ones(2), mg.full((2,), 5.0)
    assert "extra" not in layer.state_dict()
    assert layer.state_dict()["running_mean"].tolist() == [5.0, 5.0]


def test_a_buffer_needs_a_name_that_is_free():
    layer = nn.Linear(1, 1)
    with pytest.raises((KeyError, ValueError, AttributeError)):
        layer.register_buffer("forward", mg.ones(1))
    with pytest.raises((KeyError, ValueError, AttributeError)):
        layer.register_buffer("a.b", mg.ones(1))


def test_modules_nested_two_thousand_deep():
    inner = model = nn.Linear(1, 1)
    for _ in range(2000):
        model = nn.Sequential(model)
    assert list(model.parameters()) == [inner.weight, inner.bias]
    order = []
    assert model.apply(order.append).eval().zero_grad() is None
    assert order[0] is inner and order[-1] is model and len(order) == 2001
    assert not inner.training
