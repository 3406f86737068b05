"""Parametrized weights: PyTorch's names, values and gradients; and what each constraint promises."""

import copy
import pickle

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.autograd import gradcheck, gradgradcheck
from microgradnet.nn.utils import parametrizations, parametrize
from tests.covered import covers
from tests.oracle import oracle

covers(*(f"utils.parametrizations.{name}" for name in ("weight_norm", "spectral_norm", "orthogonal")))
covers("utils.weight_norm", "utils.spectral_norm", "utils.remove_weight_norm", "utils.remove_spectral_norm")


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2


def theirs_and_ours(case, dtype="float64"):
    """PyTorch's layer and ours with the parametrization of ``case`` on both, and PyTorch's state in both."""
    torch = oracle()
    torch.manual_seed(0)
    layer, args, function, options = case
    theirs = getattr(torch.nn, layer)(*args).to(getattr(torch, dtype))
    ours = getattr(nn, layer)(*args).to(dtype)
    function.theirs(torch)(theirs, **options)
    function.ours()(ours, **options)
    ours.load_state_dict(theirs.state_dict())
    return torch, theirs, ours


class Both:
    """The same function by its path, in PyTorch and here."""

    def __init__(self, path):
        self.path = path

    def ours(self):
        return self._in(nn)

    def theirs(self, torch):
        return self._in(torch.nn)

    def _in(self, nn_module):
        for name in self.path.split("."):
            nn_module = getattr(nn_module, name)
        return nn_module

    def __repr__(self):
        return self.path


WEIGHT, SPECTRAL = Both("utils.parametrizations.weight_norm"), Both("utils.parametrizations.spectral_norm")
ORTHOGONAL = Both("utils.parametrizations.orthogonal")
OLD_WEIGHT, OLD_SPECTRAL = Both("utils.weight_norm"), Both("utils.spectral_norm")
CASES = [
    ("Linear", (3, 4), WEIGHT, {}),
    ("Linear", (3, 4), WEIGHT, {"dim": 1}),
    ("Linear", (3, 4), WEIGHT, {"dim": None}),
    ("Linear", (3, 4), WEIGHT, {"name": "bias"}),
    ("Conv2d", (2, 3, 2), WEIGHT, {}),
    ("Linear", (3, 4), SPECTRAL, {}),
    ("Linear", (3, 4), SPECTRAL, {"n_power_iterations": 3, "eps": 1e-8, "dim": 1}),
    ("Linear", (3, 4), SPECTRAL, {"name": "bias"}),
    ("Conv2d", (2, 3, 2), SPECTRAL, {}),
    ("ConvTranspose1d", (2, 3, 2), SPECTRAL, {}),
    *(
        ("Linear", size, ORTHOGONAL, {"orthogonal_map": f, "use_trivialization": trivialized})
        for f in ("matrix_exp", "cayley", "householder")
        for trivialized in (True, False)
        for size in ((3, 3), (3, 5), (5, 3))
    ),
    ("Linear", (3, 3), ORTHOGONAL, {}),
    ("Linear", (2, 5), ORTHOGONAL, {}),
    ("Bilinear", (3, 4, 2), ORTHOGONAL, {}),
    ("Linear", (3, 4), OLD_WEIGHT, {}),
    ("Linear", (3, 4), OLD_WEIGHT, {"dim": None}),
    ("Conv2d", (2, 3, 2), OLD_WEIGHT, {"dim": 1}),
    ("Linear", (3, 4), OLD_SPECTRAL, {}),
    ("Linear", (3, 4), OLD_SPECTRAL, {"n_power_iterations": 2, "dim": 1}),
    ("ConvTranspose2d", (2, 3, 2), OLD_SPECTRAL, {}),
]
CASES = [case for case in CASES if hasattr(nn, case[0])]
INPUTS = {"Conv2d": [(2, 2, 4, 3)], "ConvTranspose1d": [(2, 2, 4)], "ConvTranspose2d": [(2, 2, 3, 3)]}


def inputs(layer, args, dtype="float64"):
    random = np.random.default_rng(0)
    shapes = INPUTS.get(layer) or [(5, n) for n in args[: 2 if layer == "Bilinear" else 1]]
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def train_a_little(theirs, ours, torch):
    """Moves both layers' parameters by the same small steps, so that they are in general position."""
    random = np.random.default_rng(1)
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        step = 0.1 * random.standard_normal(tuple(p.shape)).astype(p.dtype)
        if "original" in name and step.ndim > 1:  # the signs on the diagonal of reflections are no parameters
            step[..., np.arange(min(step.shape[-2:])), np.arange(min(step.shape[-2:]))] = 0
        with torch.no_grad():
            q.add_(torch.tensor(step))
        p.data = p.detach() + step


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated:FutureWarning")
@pytest.mark.parametrize(("dtype", "training"), [("float32", True), ("float64", True), ("float64", False)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_gradients_state_and_text_are_pytorchs(case, training, dtype):
    torch, theirs, ours = theirs_and_ours(case, dtype)
    tolerance = {"rtol": 2e-4, "atol": 2e-5} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-11}
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    train_a_little(theirs, ours, torch)
    ours.train(training), theirs.train(training)
    for _ in range(3):
        values = inputs(*case[:2], dtype)
        a, b = ours(*map(mg.Tensor, values)), theirs(*map(torch.tensor, values))
        np.testing.assert_allclose(a.detach(), b.detach(), **tolerance)
        (a * a).sum().backward(), (b * b).sum().backward()
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        scale = max(1.0, float(q.grad.abs().max()))
        np.testing.assert_allclose(p.grad.numpy() / scale, q.grad.numpy() / scale, err_msg=name, **tolerance)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value, err_msg=key, **tolerance)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_right(case):
    layer, args, function, options = case
    ours = getattr(nn, layer)(*args).double()
    function.ours()(ours, **options)
    ours.eval()  # in training, spectral norm's u and v would move between evaluations
    values = [mg.Tensor(v, requires_grad=True) for v in inputs(layer, args)]
    leaves = [*values, *ours.parameters()]
    assert gradcheck(lambda *leaves: ours(*leaves[: len(values)]), leaves)
    assert gradgradcheck(lambda *leaves: ours(*leaves[: len(values)]), leaves)


@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("size", [(4, 4), (3, 6), (6, 3)])
def test_an_orthogonal_weight_stays_so_while_it_is_trained(size, orthogonal_map):
    layer = parametrizations.orthogonal(nn.Linear(*size), orthogonal_map=orthogonal_map)
    optimizer, x = mg.optim.SGD(layer.parameters(), lr=0.1), mg.randn(8, size[0])
    before = layer.weight.detach().numpy().copy()
    for _ in range(5):
        optimizer.zero_grad()
        (layer(x) - 1).square().mean().backward()
        optimizer.step()
    W = layer.weight.detach().numpy()
    assert np.abs(W - before).max() > 1e-3
    product = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


def test_an_orthogonal_weight_starts_at_the_given_one_if_it_can():
    layer = nn.Linear(3, 3)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0].astype(np.float32)
    layer.weight.data = mg.Tensor(Q)
    parametrizations.orthogonal(layer)
    np.testing.assert_allclose(layer.weight.detach(), Q, atol=1e-6)
    layer.weight = mg.Tensor(Q.T.copy())
    np.testing.assert_allclose(layer.weight.detach(), Q.T, atol=1e-6)


def test_spectral_norm_finds_the_largest_singular_value():
    layer = parametrizations.spectral_norm(nn.Linear(6, 5), n_power_iterations=20)
    for _ in range(5):
        weight = layer.weight
    assert np.linalg.svd(weight.detach().numpy())[1][0] == pytest.approx(1, abs=1e-4)
    layer.eval()
    assert np.array_equal(layer.weight.detach(), layer.weight.detach())


def test_weight_norm_splits_length_and_direction_and_its_gradient_has_no_part_along_v():
    layer = parametrizations.weight_norm(nn.Linear(3, 2).double())
    before = layer.parametrizations.weight.original1.detach().numpy().copy()
    layer(mg.randn(4, 3, dtype=mg.float64)).square().sum().backward()
    g, v = layer.parametrizations.weight.originals()
    np.testing.assert_allclose(np.linalg.norm(layer.weight.detach(), axis=1, keepdims=True), g.detach())
    np.testing.assert_allclose((v.grad.numpy() * before).sum(1), 0, atol=1e-12)


def test_older_weight_norm_states_load_into_the_newer():
    torch = oracle()
    older, newer = nn.utils.weight_norm(nn.Linear(3, 2)), parametrizations.weight_norm(nn.Linear(3, 2))
    newer.load_state_dict(older.state_dict())
    assert mg.allclose(newer.weight, older.weight)
    theirs = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in newer.state_dict().items()})
    np.testing.assert_allclose(theirs.weight.detach(), newer.weight.detach(), rtol=1e-6)


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_removing_keeps_the_weight(name):
    layer, x = getattr(nn.utils, name)(nn.Linear(3, 2)), mg.randn(4, 3)
    layer(x)
    out = layer.eval()(x)
    getattr(nn.utils, f"remove_{name}")(layer)
    assert mg.allclose(layer(x), out)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert isinstance(layer.weight, nn.Parameter)
    with pytest.raises(ValueError, match=f"remove_{name}: Linear has no {name} of 'weight'"):
        getattr(nn.utils, f"remove_{name}")(layer)


def test_parametrizations_are_chained_assigned_and_removed_as_in_pytorch():
    torch = oracle()

    def run(library, symmetric, doubled, tensor):
        register = library.nn.utils.parametrize.register_parametrization
        layer = library.nn.Linear(3, 3)
        original = layer.weight
        register(layer, "weight", symmetric)
        register(layer, "weight", doubled)
        layer.weight = tensor(np.arange(9.0, dtype=np.float32).reshape(3, 3))
        assert layer.parametrizations.weight.original is original
        seen = [list(layer.state_dict()), repr(layer), layer.weight.tolist(), original.tolist()]
        library.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        assert layer.weight is original
        return [*seen, layer.weight.tolist(), type(layer).__name__, sorted(layer.state_dict())]

    class TorchSymmetric(torch.nn.Module):
        forward, right_inverse = Symmetric.forward, Symmetric.right_inverse

    class TorchDoubled(torch.nn.Module):
        forward = Doubled.forward

        def right_inverse(self, x):
            return x / 2

    class Halved(Doubled):
        def right_inverse(self, x):
            return x / 2

    TorchSymmetric.__name__, TorchDoubled.__name__ = "Symmetric", "Halved"
    assert run(mg, Symmetric(), Halved(), mg.Tensor) == run(torch, TorchSymmetric(), TorchDoubled(), torch.tensor)


def test_cached_computes_once():
    calls = []

    class Counted(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 2

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counted())
    calls.clear()
    with parametrize.cached():
        with parametrize.cached():
            first = layer.weight
        assert layer.weight is first
    assert len(calls) == 1
    assert layer.weight is not first


def test_a_buffer_can_be_parametrized():
    layer = nn.BatchNorm1d(2)
    parametrize.register_parametrization(layer, "running_mean", Doubled())
    assert "parametrizations.running_mean.original" in dict(layer.named_buffers())
    layer.parametrizations.running_mean.original.add_(1)
    assert layer.running_mean.tolist() == [2, 2]
    parametrize.remove_parametrizations(layer, "running_mean", leave_parametrized=False)
    assert layer.running_mean.tolist() == [1, 1]
    assert type(layer) is nn.BatchNorm1d


def test_copies_are_independent():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    other = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert not parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(other, "weight")
    assert not parametrize.is_parametrized(other, "bias")
    assert mg.allclose(layer.weight, other.weight)


def test_a_parametrized_module_is_pickled_with_what_it_is_computed_from():
    layer = parametrizations.spectral_norm(parametrizations.weight_norm(nn.Linear(3, 2)), "bias").eval()
    other = pickle.loads(pickle.dumps(layer))
    assert repr(other) == repr(layer)
    assert type(other) is type(layer)
    x = mg.randn(4, 3)
    assert mg.equal(other(x), layer(x))


def test_training_mode_reaches_a_parametrization():
    layer = parametrizations.spectral_norm(nn.Linear(3, 2).eval())
    assert not layer.parametrizations.weight[0].training
    u = layer.parametrizations.weight[0]._u
    before = u.numpy().copy()
    layer(mg.randn(2, 3))
    assert np.array_equal(u, before)


class Widened(nn.Module):
    def forward(self, x):
        return mg.cat([x, x])


class WrongInverse(Doubled):
    def right_inverse(self, x):
        return x.double()


def linear():
    return nn.Linear(3, 2)


def register(layer, *args):
    return parametrize.register_parametrization(layer, *args)


def assign():
    register(linear_with := linear(), "weight", Doubled())
    linear_with.weight = mg.zeros(2, 3)


BAD = [
    (lambda: register(linear(), "height", Doubled()), ValueError, "Linear has no parameter or buffer 'height'"),
    (lambda: register(linear(), "weight", Widened()), ValueError, r"\(2, 3\) float32 must stay .* gives \(4, 3\)"),
    (lambda: register(linear(), "weight", WrongInverse()), ValueError, "must keep the dtype float32, it gave float64"),
    (lambda: register(register(linear(), "weight", Doubled()), "weight", Widened()), ValueError, "must stay"),
    (assign, RuntimeError, "Doubled has no right_inverse"),
    (lambda: parametrize.remove_parametrizations(linear(), "weight"), ValueError, "has no parametrized 'weight'"),
    (
        lambda: parametrize.remove_parametrizations(parametrizations.weight_norm(linear()), "weight", False),
        ValueError,
        "comes of 2 tensors",
    ),
    (lambda: parametrizations.weight_norm(linear(), dim=2), IndexError, r"dim 2 is outside of \[0, 1\]"),
    (lambda: parametrizations.spectral_norm(linear(), "height"), ValueError, "no parameter or buffer 'height'"),
    (lambda: parametrizations.spectral_norm(linear(), n_power_iterations=0), ValueError, "positive, got 0"),
    (lambda: parametrizations.spectral_norm(linear(), dim=2), IndexError, r"dim 2 is outside of \[-2, 1\]"),
    (lambda: parametrizations.orthogonal(linear(), "bias"), ValueError, r"a matrix .* got shape \(2,\)"),
    (lambda: parametrizations.orthogonal(linear(), orthogonal_map="qr"), ValueError, "one of matrix_exp, .* got 'qr'"),
    (lambda: nn.utils.weight_norm(linear(), "height"), ValueError, "weight_norm: Linear has no parameter 'height'"),
    (lambda: nn.utils.spectral_norm(nn.utils.spectral_norm(linear())), RuntimeError, "Linear.weight has one already"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_input_is_one_clear_line(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_the_older_hooks_can_be_taken_off_again(name):
    layer = nn.Linear(3, 2).eval()
    keys, x = list(layer.state_dict()), mg.randn(4, 3)
    getattr(nn.utils, name)(layer)
    expected = layer(x).tolist()
    getattr(nn.utils, f"remove_{name}")(layer)
    assert sorted(layer.state_dict()) == sorted(keys)
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-5, atol=1e-6)
    assert isinstance(layer.weight, nn.Parameter)
