"""Embeddings, the bilinear form, the adaptive softmax and lazy modules beside PyTorch's."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.covered import covers
from tests.nn.agreement import LayerCase, assert_agrees, assert_gradients
from tests.oracle import oracle

NUMBERS = np.array([[1, 2, 4], [4, 0, 2]])
FLAT, OFFSETS = np.array([1, 2, 4, 4, 0]), np.array([0, 2, 2])


def case(name, *inputs, args=(5, 3), call=None, **options) -> LayerCase:
    return LayerCase(name, inputs, args, options, call=call or {}, steps=1)


CASES = [
    case("Embedding", NUMBERS),
    case("Embedding", np.array(3)),
    case("Embedding", NUMBERS, padding_idx=2),
    case("Embedding", NUMBERS, padding_idx=-1),
    case("Embedding", NUMBERS, max_norm=1.0, norm_type=1.0),
    case("Embedding", NUMBERS, scale_grad_by_freq=True),
    *(case("EmbeddingBag", NUMBERS, mode=mode) for mode in ("mean", "sum", "max")),
    *(case("EmbeddingBag", FLAT, OFFSETS, mode=mode) for mode in ("mean", "sum", "max")),
    case("EmbeddingBag", FLAT, np.array([0, 2, 5]), mode="sum", include_last_offset=True),
    case("EmbeddingBag", FLAT, OFFSETS, mode="sum", padding_idx=4),
    case("EmbeddingBag", FLAT, OFFSETS, max_norm=1.0),
    case("Bilinear", (4, 3), (4, 2), args=(3, 2, 5)),
    case("Bilinear", (3,), (2,), args=(3, 2, 5), bias=False),
]
covers(*(f"nn.{c.name}" for c in CASES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_pytorchs(case, dtype):
    assert_agrees(case, dtype)


@pytest.mark.parametrize(
    "case", [c for c in CASES if not {"padding_idx", "max_norm", "scale_grad_by_freq"} & set(c.options)], ids=str
)
def test_gradients_are_right(case):
    assert_gradients(case)


def test_given_vectors_are_frozen_unless_told():
    vectors = mg.arange(6.0).reshape(3, 2)
    table = nn.Embedding.from_pretrained(vectors)
    assert not table.weight.requires_grad
    assert table(mg.tensor([2])).tolist() == [[4, 5]]
    assert nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="sum").weight.requires_grad
    weights = mg.tensor([0.5, 2.0])
    bag = nn.EmbeddingBag.from_pretrained(vectors, mode="sum")
    assert bag(mg.tensor([1, 2]), mg.tensor([0]), weights).tolist() == [[9.0, 11.5]]


@covers("nn.AdaptiveLogSoftmaxWithLoss")
@pytest.mark.parametrize("options", [{}, {"div_value": 2.0, "head_bias": True}], ids=str)
def test_adaptive_softmax_is_pytorchs(options):
    torch = oracle()
    args = (8, 20, [4, 10])
    ours = nn.AdaptiveLogSoftmaxWithLoss(*args, **options).double()
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(*args, **options).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    x, target = np.random.default_rng(0).standard_normal((6, 8)), np.array([0, 3, 4, 9, 10, 19])
    a, b = mg.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    mine, other = ours(a, mg.tensor(target)), theirs(b, torch.tensor(target))
    np.testing.assert_allclose(mine.output.detach(), other.output.detach().numpy())
    mine.loss.backward(), other.loss.backward()
    np.testing.assert_allclose(a.grad, b.grad.numpy(), atol=1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(ours.log_prob(a).detach(), theirs.log_prob(b).detach().numpy())
    np.testing.assert_array_equal(ours.predict(a), theirs.predict(b).numpy())
    assert ours(a[0], mg.tensor(5)).output.shape == ()
    np.testing.assert_allclose(np.exp(ours.log_prob(a).detach().numpy()).sum(1), 1)


LAZY = [
    ("LazyLinear", (4,), (3, 5)),
    ("LazyConv1d", (4, 3), (2, 6, 8)),
    ("LazyConv2d", (4, 3), (2, 6, 5, 5)),
    ("LazyConv2d", (4, 3), (6, 5, 5)),
    ("LazyConv3d", (4, 2), (1, 6, 3, 3, 3)),
    ("LazyConvTranspose1d", (4, 3), (2, 6, 8)),
    ("LazyConvTranspose2d", (4, 3), (2, 6, 5, 5)),
    ("LazyConvTranspose3d", (4, 2), (1, 6, 3, 3, 3)),
    ("LazyBatchNorm1d", (), (4, 6)),
    ("LazyBatchNorm2d", (), (4, 6, 2, 2)),
    ("LazyBatchNorm3d", (), (4, 6, 2, 2, 2)),
    ("LazyInstanceNorm1d", (), (4, 6, 3)),
    ("LazyInstanceNorm2d", (), (4, 6, 2, 2)),
    ("LazyInstanceNorm3d", (), (4, 6, 2, 2, 2)),
]


@covers(*(f"nn.{name}" for name, *_ in LAZY))
@pytest.mark.parametrize(("name", "args", "shape"), LAZY)
def test_a_lazy_module_becomes_the_one_that_the_input_asks_for(name, args, shape):
    torch = oracle()
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    parameters = list(ours.parameters())
    ours(mg.Tensor(x)), theirs(torch.tensor(x))
    assert repr(ours) == repr(theirs)
    assert type(ours) is getattr(nn, name.removeprefix("Lazy"))
    assert all(p is q for p, q in zip(parameters, ours.parameters(), strict=True))
    ours.load_state_dict(theirs.state_dict())
    a, b = ours(mg.Tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(a.detach(), b.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_an_optimizer_made_before_the_first_input_trains_a_lazy_model():
    model = nn.Sequential(nn.LazyConv2d(2, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))
    seen = []
    model[3].register_forward_hook(lambda m, args, out: seen.append(type(m).__name__))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    assert "LazyLinear(out_features=1)" in repr(model)
    loss = model(mg.randn(2, 1, 5, 5)).sum()
    before = model[3].weight.tolist()
    loss.backward()
    optimizer.step()
    assert model[3].weight.tolist() != before
    assert seen == ["Linear"]


def test_a_state_sizes_a_lazy_module():
    plain = nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6), nn.ConvTranspose2d(6, 2, 2), nn.Linear(5, 2))
    lazy = nn.Sequential(
        nn.LazyConv2d(6, 3, groups=2), nn.LazyBatchNorm2d(), nn.LazyConvTranspose2d(2, 2), nn.LazyLinear(2)
    )
    lazy.load_state_dict(plain.state_dict())
    assert repr(lazy) == repr(plain)
    for key, value in plain.state_dict().items():
        np.testing.assert_array_equal(lazy.state_dict()[key], value)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("InstanceNorm1d", {"affine": False, "track_running_stats": True}),
        ("InstanceNorm1d", {"affine": True, "track_running_stats": False}),
        ("BatchNorm1d", {"track_running_stats": False}),
        ("BatchNorm1d", {"affine": False}),
    ],
)
def test_a_state_sizes_a_lazy_norm_by_any_entry_it_has(name, options):
    plain, lazy = getattr(nn, name)(6, **options), getattr(nn, f"Lazy{name}")(**options)
    lazy.load_state_dict(plain.state_dict())
    assert repr(lazy) == repr(plain)


def test_a_lazy_module_has_the_dtype_that_it_was_given_or_turned_to():
    for model in (nn.LazyBatchNorm1d(dtype="float64"), nn.LazyBatchNorm1d().double(), nn.LazyLinear(3).double()):
        model(mg.zeros(4, 5, dtype=mg.float64))
        assert {v.dtype for v in model.state_dict().values() if v.dtype.kind == "f"} == {np.dtype("float64")}


def test_a_lazy_parameter_becomes_a_plain_one():
    layer = nn.LazyLinear(3)
    weight = layer.weight
    assert repr(weight) == "<UninitializedParameter>" and isinstance(weight, nn.UninitializedParameter)
    layer(mg.zeros(2, 5))
    assert layer.weight is weight and type(weight) is nn.Parameter and tuple(weight.shape) == (3, 5)


@pytest.mark.parametrize("name", ["LazyLinear", "LazyConvTranspose1d", "LazyBatchNorm1d"])
def test_a_state_without_sizes_leaves_a_lazy_module_lazy(name):
    args = {"LazyLinear": (3,), "LazyConvTranspose1d": (3, 2), "LazyBatchNorm1d": ()}[name]
    one, other = getattr(nn, name)(*args), getattr(nn, name)(*args)
    one.load_state_dict(other.state_dict())
    assert type(one) is getattr(nn, name)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "within 3 embeddings, got 3"),
        (lambda: nn.Embedding(3, 2, _weight=mg.zeros(2, 2)), ValueError, r"\(3, 2\) expected, got \(2, 2\)"),
        (lambda: nn.Embedding(3, 2)(mg.tensor([3])), IndexError, "3"),
        (lambda: nn.Embedding.from_pretrained(mg.zeros(2)), ValueError, "a matrix expected"),
        (lambda: nn.EmbeddingBag(3, 2, mode="min"), ValueError, "got 'min'"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be positive"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 3]), ValueError, r"increasing integers in \[1, 9\]"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, [10]), ValueError, "cutoffs"),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4])(mg.zeros(1, 8), mg.tensor([10])),
            RuntimeError,
            r"\[0, 10\), got 10 to 10",
        ),
        (lambda: nn.LazyConv2d(4, 3)(mg.zeros(2, 2)), ValueError, "3 or 4 dimensions"),
        (lambda: nn.LazyConv2d(4, 3, groups=2)(mg.zeros(1, 1, 5, 5)), ValueError, "groups"),
        (lambda: nn.LazyBatchNorm1d()(mg.zeros(2)), ValueError, "cannot tell its size"),
        (lambda: nn.LazyConv2d(4, 3, padding="full"), ValueError, "got 'full'"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
