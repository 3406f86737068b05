"""Hooks around a module's forward and backward, and on its state, against PyTorch's."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from tests.oracle import oracle


def test_backward_hooks_see_and_replace_what_pytorchs_do():
    torch = oracle()
    w, x = np.arange(6.0).reshape(2, 3), np.ones((4, 3))

    def run(library, tensor):
        layer = library.nn.Linear(3, 2).double()
        layer.load_state_dict({"weight": tensor(w), "bias": tensor(np.zeros(2))})
        seen = []
        layer.register_full_backward_pre_hook(lambda m, g: (g[0] * 3,))

        def hook(module, grad_input, grad_output):
            seen.extend([np.array(grad_input[0].numpy()), np.array(grad_output[0].numpy())])
            return (grad_input[0] * 2,)

        layer.register_full_backward_hook(hook)
        leaf = tensor(x)
        leaf.requires_grad_()
        layer(leaf).sum().backward()
        return [*seen, leaf.grad.numpy(), layer.weight.grad.numpy()]

    for ours, theirs in zip(run(mg, mg.tensor), run(torch, torch.tensor), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_a_backward_hook_on_a_module_whose_input_needs_no_gradient():
    layer, seen = nn.Linear(2, 2), []
    handle = layer.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    layer(mg.ones(1, 2)).sum().backward()
    ((grad_in, grad_out),) = seen
    assert grad_in == (None,)
    assert grad_out[0].tolist() == [[1.0, 1.0]]
    handle.remove()
    layer(mg.ones(1, 2)).sum().backward()
    assert len(seen) == 1


def test_backward_hooks_on_a_module_of_two_inputs_and_two_outputs_under_create_graph():
    class Cross(nn.Module):
        def forward(self, a, b):
            return a * b, a + b

    module, seen = Cross(), []
    module.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    a, b = mg.tensor([3.0], requires_grad=True), mg.tensor([5.0], requires_grad=True)
    product, total = module(a, b)
    (g,) = mg.autograd.grad((product * total).sum(), [a], create_graph=True)
    assert g.item() == 3 * 5 + 5 * (3 + 5)  # ∂(ab(a + b))/∂a = 2ab + b²
    assert [t.item() for t in seen[0][0]] == [55.0, 39.0]
    assert [t.item() for t in seen[0][1]] == [8.0, 15.0]
    (second,) = mg.autograd.grad(g.sum(), [a])
    assert second.item() == 2 * 5


def test_a_wrong_number_of_replaced_gradients_is_an_error():
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, grad_in, grad_out: (None, None))
    with pytest.raises(RuntimeError, match=r"Linear: 1 gradients expected.*got 2"):
        layer(mg.ones(1, 2, requires_grad=True)).sum().backward()


def test_forward_hooks_with_keywords_and_in_front():
    class Scale(nn.Module):
        def forward(self, x, by=1.0):
            return x * by

    module, order = Scale(), []
    module.register_forward_pre_hook(lambda m, args: order.append("second"))
    module.register_forward_pre_hook(lambda m, args: order.append("first"), prepend=True)
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": 3.0}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["by"], with_kwargs=True)
    assert module(mg.tensor(2.0), by=2.0).item() == 9.0
    assert order == ["first", "second"]


def test_state_hooks_rename_entries_both_ways():
    model = nn.Linear(1, 1)
    model.register_state_dict_post_hook(lambda m, state, prefix, _: state.update({"w": state.pop(prefix + "weight")}))
    state = model.state_dict()
    assert sorted(state) == ["bias", "w"]
    other, loaded = nn.Linear(1, 1), []
    other.register_load_state_dict_pre_hook(lambda m, given, prefix: given.update(weight=given.pop("w")))
    other.register_load_state_dict_post_hook(lambda m, keys: loaded.append(keys))
    other.load_state_dict(state)
    assert other.weight.tolist() == model.weight.tolist()
    assert loaded == [([], [])]


def test_members_by_path_and_their_replacement():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    assert model.get_parameter("1.1.weight") is model[1][1].weight
    model.set_submodule("1.0", nn.Tanh())
    assert isinstance(model[1][0], nn.Tanh)
    with pytest.raises(AttributeError, match="Linear has no parameter 'scale'"):
        model.get_parameter("0.scale")
    with pytest.raises(AttributeError, match="no module 'x'"):
        model.set_submodule("1.x", nn.Tanh())


def test_names_that_cannot_be_are_refused():
    module = nn.Linear(1, 1)
    with pytest.raises(KeyError, match="without dots"):
        module.register_buffer("a.b", None)
    with pytest.raises(KeyError, match="exists already"):
        module.register_parameter("forward", None)
    with pytest.raises(TypeError, match="'w' must be a Parameter or None, got Tensor"):
        module.register_parameter("w", mg.ones(1))
    with pytest.raises(TypeError, match="must be a Module or None, got int"):
        module.add_module("child", 3)


def test_assign_takes_the_given_dtype_and_keeps_the_parameter():
    model = nn.Linear(2, 1)
    weight = model.weight
    model.load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)}, assign=True)
    assert model.weight is weight
    assert weight.dtype == mg.float64
    assert weight.requires_grad
