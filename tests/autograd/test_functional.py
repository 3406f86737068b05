"""jacobian, hessian, vjp, jvp, hvp, vhp and ``func``, against PyTorch's."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import autograd, func, nn
from tests.oracle import oracle

X, Y = np.array([0.5, -1.0, 2.0]), np.array([1.5, 0.25, -0.75])
V = np.array([1.0, -2.0, 0.5])


def vector(library, x, y):
    return library.tanh(x * y) + library.exp(x).sum() * y


def scalar(library, x, y):
    return (library.exp(x * y) * x).sum() + (x**3).sum()


def assert_same(ours, theirs) -> None:
    if isinstance(theirs, tuple | list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    else:
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(ours.detach().array, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)


def both(name: str, program, v=None) -> None:
    """Compares ``autograd.functional``'s function ``name`` over one and over two inputs."""
    torch = oracle()

    def run(function, library, tensor_of, count: int):
        inputs = tuple(tensor_of(z) for z in (X, Y)[:count])
        fixed = tuple(tensor_of(z) for z in (X, Y)[count:])
        along = tuple(tensor_of(V) for _ in inputs)  # one for each input; vjp takes one for the output
        arguments = () if v is None else (tensor_of(v),) if name == "vjp" or count == 1 else (along,)
        return function(lambda *z: program(library, *z, *fixed), inputs[0] if count == 1 else inputs, *arguments)

    for count in (1, 2):
        ours = run(getattr(autograd, name), mg, mg.Tensor, count)
        assert_same(ours, run(getattr(torch.autograd.functional, name), torch, torch.tensor, count))


@pytest.mark.parametrize(
    ("name", "program", "v"),
    [
        ("jacobian", vector, None),
        ("hessian", scalar, None),
        ("vjp", vector, V),
        ("jvp", vector, V),
        ("hvp", scalar, V),
        ("vhp", scalar, V),
    ],
    ids=lambda p: p if isinstance(p, str) else None,
)
def test_agrees_with_pytorch(name, program, v):
    both(name, program, v)


@pytest.mark.parametrize("name", ["grad", "hessian", "jacrev", "jacfwd"])
def test_func_agrees_with_pytorch(name):
    torch = oracle()
    program = scalar if name in ("grad", "hessian") else vector
    ours = getattr(func, name)(lambda x, y: program(mg, x, y))(mg.Tensor(X), mg.Tensor(Y))
    theirs = getattr(torch.func, name)(lambda x, y: program(torch, x, y))(torch.tensor(X), torch.tensor(Y))
    assert_same(ours, theirs)


def test_grad_nests_and_takes_several_argnums():
    third = func.grad(func.grad(func.grad(lambda x: x**4)))
    assert third(mg.tensor(2.0)).item() == 48.0
    gx, gy = func.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(mg.Tensor(X), mg.Tensor(Y))
    assert np.array_equal(gx.detach(), Y)
    assert np.array_equal(gy.detach(), X)


def test_grad_and_value_with_aux():
    gradient, (value, aux) = func.grad_and_value(lambda x: (x * x, "seen"), has_aux=True)(mg.tensor(3.0))
    assert (gradient.item(), value.item(), aux) == (6.0, 9.0, "seen")


def test_an_unused_argument_has_gradient_zero():
    assert func.grad(lambda x, y: (y * y).sum())(mg.Tensor(X), mg.Tensor(Y)).tolist() == [0.0, 0.0, 0.0]


def test_vjp_can_be_pulled_several_times():
    out, pull = func.vjp(lambda x: x * x, mg.Tensor(X))
    assert np.array_equal(out.detach(), X * X)
    for scale in (1.0, 2.0):
        assert np.array_equal(pull(mg.Tensor(np.full(3, scale)))[0].detach(), 2 * X * scale)


def test_functional_call_uses_other_weights_and_puts_the_old_ones_back():
    layer = nn.Linear(2, 1, bias=False)
    weight = layer.weight
    out = func.functional_call(layer, {"weight": mg.tensor([[2.0, 3.0]])}, mg.tensor([1.0, 1.0]))
    assert out.item() == 5.0
    assert layer.weight is weight
    with pytest.raises(KeyError, match="no parameter or buffer 'wrong'"):
        func.functional_call(layer, {"wrong": weight}, mg.tensor([1.0, 1.0]))


def test_vmap_maps_a_batch_axis_and_composes_with_grad():
    torch = oracle()
    a, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    ours = func.vmap(func.grad(lambda x, y: (x * x * y).sum()), in_dims=(1, 0))(mg.Tensor(a), mg.Tensor(b))
    theirs = torch.func.vmap(torch.func.grad(lambda x, y: (x * x * y).sum()), in_dims=(1, 0))(
        torch.tensor(a), torch.tensor(b)
    )
    assert_same(ours, theirs)
    with pytest.raises(ValueError, match="one batch size"):
        func.vmap(lambda x, y: x * y)(mg.Tensor(a), mg.Tensor(b))


def test_a_function_with_more_than_one_number_has_no_hessian():
    with pytest.raises(RuntimeError, match="one number"):
        autograd.hessian(lambda x: x * 2, mg.Tensor(X))


def test_vjp_takes_one_vector_several_or_none():
    x = mg.Tensor(X)
    _, alone = autograd.vjp(lambda x: (x * x).sum(), x)
    np.testing.assert_allclose(alone.array, 2 * X)
    _, several = autograd.vjp(lambda x: (x * 2, x * x), x, (mg.Tensor(V), mg.Tensor(Y)))
    np.testing.assert_allclose(several.array, 2 * V + 2 * X * Y)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hessian_is_part_of_a_graph_only_if_that_is_asked_for(create_graph):
    hessian = autograd.hessian(lambda x: (x**3).sum(), mg.Tensor(X), create_graph=create_graph)
    np.testing.assert_allclose(hessian.detach().numpy(), np.diag(6 * X))
    assert hessian.requires_grad == create_graph
    assert not autograd.hessian(lambda x: (x**3).sum(), mg.Tensor(X)).requires_grad
