"""Activations that PyTorch lacks: their formula in NumPy, their gradients, and what their papers claim."""

import itertools
import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.autograd import gradcheck, gradgradcheck
from microgradnet.nn.beyond.activations import search as search
from microgradnet.ops.elementwise import beyond
from tests.covered import covers

X = np.linspace(-3.05, 3.05, 30)


def sigma(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "Step": (nn.Step, lambda x: (x > 0) * 1.0),
    "BentIdentity": (nn.BentIdentity, lambda x: (np.sqrt(x**2 + 1) - 1) / 2 + x),
    "Squareplus": (lambda: nn.Squareplus(2.0), lambda x: (x + np.sqrt(x**2 + 2)) / 2),
    "ReLUSquared": (nn.ReLUSquared, lambda x: np.maximum(x, 0) ** 2),
    "LiSHT": (nn.LiSHT, lambda x: x * np.tanh(x)),
    "Gaussian": (nn.Gaussian, lambda x: np.exp(-(x**2))),
    "Sinusoid": (lambda: nn.Sinusoid(3.0), lambda x: np.sin(3 * x)),
    "ArcTan": (nn.ArcTan, np.arctan),
    "Exponential": (nn.Exponential, np.exp),
    "HardMish": (nn.HardMish, lambda x: x / 2 * np.minimum(2, np.maximum(0, x + 2))),
    "SparsePlus": (nn.SparsePlus, lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))),
    "SparseSigmoid": (nn.SparseSigmoid, lambda x: np.clip((x + 1) / 2, 0, 1)),
    "ISRU": (lambda: nn.ISRU(0.5), lambda x: x / np.sqrt(1 + 0.5 * x**2)),
    "ISRLU": (lambda: nn.ISRLU(3.0), lambda x: np.where(x >= 0, x, x / np.sqrt(1 + 3 * x**2))),
    "Swish": (lambda: nn.Swish(beta=0.7), lambda x: x * sigma(0.7 * x)),
    "Snake": (lambda: nn.Snake(a=1.3), lambda x: x + np.sin(1.3 * x) ** 2 / 1.3),
    "Softexponential": (lambda: nn.Softexponential(alpha=0.4), lambda x: (np.exp(0.4 * x) - 1) / 0.4 + 0.4),
    "TLU": (lambda: nn.TLU(tau=-0.5), lambda x: np.maximum(x, -0.5)),
    "SReLU": (nn.SReLU, lambda x: np.where(x <= 0, 0.2 * x, x)),
}
covers(*(f"nn.{name}" for name in FORMULAS))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_in_numpy_and_the_gradients(name, dtype):
    build, formula = FORMULAS[name]
    layer = build().to(np.dtype(dtype).name)
    x = X.astype(dtype)
    out = layer(mg.Tensor(x))
    assert out.dtype == dtype
    np.testing.assert_allclose(out.detach(), formula(x.astype(np.float64)), rtol=2e-5, atol=2e-6)
    assert layer(mg.Tensor(x.reshape(30, 1))).shape == (30, 1)
    assert layer(mg.Tensor(np.zeros((0, 2), dtype))).shape == (0, 2)
    assert name in repr(layer)
    if dtype is np.float64 and name != "Step":
        leaves = [mg.Tensor(x, requires_grad=True), *layer.parameters()]
        assert gradcheck(lambda x, *_: layer(x), leaves)
        assert gradgradcheck(lambda x, *_: layer(x), leaves)


def apl(slopes):
    layer = nn.APL()
    layer.slopes.array[...] = np.reshape(slopes, (2, 1))
    return layer


def srelu(right_slope):
    layer = nn.SReLU()
    layer.right_slope.array[...] = right_slope
    return layer


def pau_slope():
    layer = nn.PAU()
    return layer.numerator[-1].item() / layer.denominator[-1].item()


INF = math.inf
LIMITS = {  # the values at −∞ and ∞, and the derivatives
    "BentIdentity": (nn.BentIdentity, (-INF, INF), (0.5, 1.5)),
    "Squareplus": (nn.Squareplus, (0, INF), (0, 1)),
    "Squareplus(0)": (lambda: nn.Squareplus(0.0), (0, INF), (0, 1)),
    "LiSHT": (nn.LiSHT, (INF, INF), (-1, 1)),
    "Gaussian": (nn.Gaussian, (0, 0), (0, 0)),
    "ISRU": (lambda: nn.ISRU(0.25), (-2, 2), (0, 0)),
    "ISRU(0)": (lambda: nn.ISRU(0.0), (-INF, INF), (1, 1)),
    "ISRLU": (lambda: nn.ISRLU(0.25), (-2, INF), (0, 1)),
    "ISRLU(0)": (lambda: nn.ISRLU(0.0), (-INF, INF), (1, 1)),
    "Swish": (nn.Swish, (0, INF), (0, 1)),
    "Swish(-1)": (lambda: nn.Swish(beta=-1.0), (-INF, 0), (1, 0)),
    "Swish(0)": (lambda: nn.Swish(beta=0.0), (-INF, INF), (0.5, 0.5)),
    "Softexponential": (nn.Softexponential, (-INF, INF), (1, 1)),
    "Softexponential(½)": (lambda: nn.Softexponential(alpha=0.5), (-1.5, INF), (0, INF)),
    "SReLU": (nn.SReLU, (-INF, INF), (0.2, 1)),
    "SReLU, flat": (lambda: srelu(0.0), (-INF, 1), (0.2, 0)),
    "APL": (lambda: apl([0.5, -0.25]), (INF, INF), (-0.25, 1)),
    "APL, flat": (lambda: apl([0.5, -0.5]), (-1, INF), (0, 1)),
    "PAU": (nn.PAU, (-INF, INF), (pau_slope(), pau_slope())),
    "PAU of equal degrees": (lambda: nn.PAU((4, 4)), None, (0, 0)),
    "Snake": (nn.Snake, (-INF, INF), None),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LIMITS)
def test_where_a_limit_exists_at_infinity_it_is_reached_and_nan_stays_nan(name, dtype):
    build, values, slopes = LIMITS[name]
    layer = build().to(dtype)
    x = mg.tensor([-INF, INF, math.nan, -1e6, 1e6], dtype=dtype, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    out, slope = out.detach().numpy(), x.grad.numpy()
    values = out[3:] if values is None else values
    np.testing.assert_allclose(out[:2], values, rtol=1e-6, atol=1e-5)
    assert np.isnan(out[2])
    if slopes is not None:
        np.testing.assert_allclose(slope[:2], slopes, rtol=1e-6, atol=1e-6)
        if np.isfinite(slopes[1]):  # far away it is nearly the limit
            np.testing.assert_allclose(slope[3:], slopes, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_squareplus_of_b_0_is_the_relu(dtype):
    x = mg.tensor([-1e-30, -0.0, 0.0, 1e-30, 2.0], dtype=dtype, requires_grad=True)
    out = nn.Squareplus(0.0)(x)
    out.sum().backward()
    np.testing.assert_array_equal(out.detach(), np.maximum(x.array, 0))
    assert x.grad.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("alpha", [0.0, 1e-42, -1e-30, 1e-9, -1e-7, 1e-4, -1e-3, 0.01, -0.02, 0.1, -0.1, 0.3, -0.25])
def test_softexponential_is_smooth_around_its_start(alpha, dtype):
    """Against its power series in α."""
    x = np.array([-1.5, -0.5, 2**-10, 0.5, 1.5])
    a = float(np.dtype(dtype).type(alpha))
    leaf, alphas = mg.tensor(x, dtype=dtype), mg.tensor(np.full(5, a), dtype=dtype, requires_grad=True)
    out = beyond.softexponential(leaf, alphas)
    (slope,) = mg.autograd.grad(out.sum(), alphas, create_graph=True)
    (second,) = mg.autograd.grad(slope.sum(), alphas)
    terms = np.arange(1, 60)[:, None]
    if a >= 0:  # Σ aⁿ⁻¹xⁿ/n! + a
        powers, factors = x**terms, 1 / np.array([float(math.factorial(n)) for n in range(1, 60)])[:, None]
        value = (factors * a ** (terms - 1.0) * powers).sum(0) + a
        first = (factors * (terms - 1) * a ** np.maximum(terms - 2.0, 0) * powers).sum(0) + 1
    else:  # Σ aⁿ⁻¹(x + a)ⁿ/n
        y = x + a
        value = (a ** (terms - 1.0) * y**terms / terms).sum(0)
        first = (
            (terms - 1) / terms * a ** np.maximum(terms - 2.0, 0) * y**terms + a ** (terms - 1.0) * y ** (terms - 1.0)
        ).sum(0)
    tolerance = 2e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(out.detach(), value, rtol=tolerance)
    np.testing.assert_allclose(slope.detach(), first, rtol=tolerance)
    assert np.isfinite(second.numpy()).all()


def test_the_step_has_a_gradient_of_exactly_zero():
    x = mg.Tensor(X, requires_grad=True)
    nn.Step()(x).sum().backward()
    assert (x.grad.numpy() == 0).all()


@pytest.mark.parametrize("build", [nn.Swish, nn.Snake, nn.TLU, nn.SReLU, nn.Softexponential, nn.APL])
def test_learned_values_can_be_one_for_each_channel(build):
    layer = build(num_parameters=3).double()
    for p in layer.parameters():
        p.array[...] = np.linspace(0.3, 0.9, p.numel()).reshape(p.shape)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4))
    whole = layer(mg.Tensor(x)).detach().numpy()
    for c in range(3):
        single = build().double()
        for p, q in zip(single.parameters(), layer.parameters(), strict=True):
            p.array[...] = q.array[..., c : c + 1]
        np.testing.assert_allclose(whole[:, c], single(mg.Tensor(x[:, c])).detach())
    assert gradcheck(lambda x, *_: layer(x), [mg.Tensor(x, requires_grad=True), *layer.parameters()])


def test_softexponential_is_log_identity_and_exponential():
    x = np.linspace(0.1, 2, 9)
    log = nn.Softexponential(alpha=-1.0).double()(mg.Tensor(x))
    np.testing.assert_allclose(log.detach(), np.log(x))
    np.testing.assert_array_equal(nn.Softexponential().double()(mg.Tensor(x)).detach(), x)
    np.testing.assert_allclose(nn.Softexponential(alpha=1.0).double()(mg.Tensor(x)).detach(), np.exp(x))
    for alpha in (1e-4, -1e-4):  # it is continuous in α, and so is its derivative
        near = nn.Softexponential(alpha=alpha).double()
        near(mg.Tensor(x)).sum().backward()
        assert near.alpha.grad.item() == pytest.approx((x**2 / 2 + 1).sum(), rel=1e-2)


@covers("nn.APL")
def test_apl_is_relu_plus_hinges():
    mg.manual_seed(0)
    layer = nn.APL(hinges=3).double()
    a, b = layer.slopes.detach().numpy(), layer.places.detach().numpy()
    expected = np.maximum(X, 0) + sum(a[s] * np.maximum(0, b[s] - X) for s in range(3))
    np.testing.assert_allclose(layer(mg.Tensor(X)).detach(), expected)
    assert gradcheck(lambda x, *_: layer(x), [mg.Tensor(X, requires_grad=True), *layer.parameters()])


@covers("nn.PAU")
def test_pau_is_a_quotient_of_polynomials_that_starts_near_leaky_relu():
    layer = nn.PAU().double()
    p, q = layer.numerator.detach().numpy(), layer.denominator.detach().numpy()
    expected = np.polyval(p[::-1], X) / (1 + abs(np.polyval(q[::-1], X) * X))
    np.testing.assert_allclose(layer(mg.Tensor(X)).detach(), expected)
    assert abs(expected - np.where(X > 0, X, 0.01 * X)).max() < 0.15
    assert gradcheck(lambda x, *_: layer(x), [mg.Tensor(X, requires_grad=True), *layer.parameters()])
    optimizer = mg.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(300):  # it learns another shape
        loss = (layer(mg.Tensor(X)) - mg.Tensor(np.sin(X))).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02


@covers("nn.Maxout")
def test_maxout_of_two_is_the_absolute_value_relu_and_leaky_relu():
    layer = nn.Maxout(1, 1, pieces=2).double()
    layer.linear.bias.array[...] = 0
    for weights, function in (
        ((1, -1), np.abs),
        ((1, 0), lambda x: np.maximum(x, 0)),
        ((1, 0.1), lambda x: np.maximum(x, 0.1 * x)),
    ):
        layer.linear.weight.array[...] = np.array(weights)[:, None]
        np.testing.assert_allclose(layer(mg.Tensor(X[:, None])).detach()[:, 0], function(X))
    wide = nn.Maxout(3, 2, pieces=4, bias=False).double()
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    w = wide.linear.weight.detach().numpy().reshape(2, 4, 3)
    np.testing.assert_allclose(wide(mg.Tensor(x)).detach(), np.einsum("bni,oki->bnok", x, w).max(-1))
    assert gradcheck(lambda x, *_: wide(x), [mg.Tensor(x, requires_grad=True), *wide.parameters()])


@covers("nn.Maxout2d")
def test_maxout_over_channels():
    layer = nn.Maxout2d(2, 3, 2, pieces=2, stride=2).double()
    x = mg.Tensor(np.random.default_rng(0).standard_normal((2, 2, 4, 4)), requires_grad=True)
    out = layer(x)
    each = layer.conv(x).detach().numpy().reshape(2, 3, 2, 2, 2)
    np.testing.assert_allclose(out.detach(), each.max(2))
    np.testing.assert_allclose(layer(x[0]).detach(), out.detach()[0])
    assert gradcheck(lambda x, *_: layer(x), [x, *layer.parameters()])


@covers("nn.CReLU")
def test_crelu_keeps_both_signs():
    x = mg.Tensor(np.random.default_rng(0).standard_normal((2, 3, 4)), requires_grad=True)
    out = nn.CReLU()(x)
    np.testing.assert_array_equal(out[:, :3].detach() - out[:, 3:].detach(), x.detach())
    assert nn.CReLU(dim=-1)(x).shape == (2, 3, 8)
    assert gradcheck(nn.CReLU(), [x])


@covers("nn.SwiGLU", "nn.GeGLU", "nn.ReGLU")
@pytest.mark.parametrize(
    ("layer", "gate"),
    [
        (nn.SwiGLU, lambda a: a * sigma(a)),
        (nn.GeGLU, lambda a: a * (1 + np.vectorize(math.erf)(a / math.sqrt(2))) / 2),
        (nn.ReGLU, lambda a: np.maximum(a, 0)),
    ],
)
def test_gated_linear_units(layer, gate):
    x = np.random.default_rng(0).standard_normal((3, 8))
    np.testing.assert_allclose(layer()(mg.Tensor(x)), gate(x[:, :4]) * x[:, 4:])
    np.testing.assert_allclose(layer(0)(mg.Tensor(x.T)), gate(x.T[:4]) * x.T[4:])
    assert gradcheck(layer(), [mg.Tensor(x, requires_grad=True)])
    assert gradgradcheck(layer(), [mg.Tensor(x, requires_grad=True)])
    with pytest.raises(ValueError, match="dimension -1 must be even"):
        layer()(mg.zeros(3))


def projected(z: np.ndarray) -> np.ndarray:
    """The nearest point of the simplex, by bisection for τ: another way than the library's."""
    low, high = z.min() - 1, z.max()
    for _ in range(200):
        tau = (low + high) / 2
        low, high = (tau, high) if np.maximum(z - tau, 0).sum() > 1 else (low, tau)
    return np.maximum(z - tau, 0)


@covers("nn.Sparsemax", "F.sparsemax")
def test_sparsemax_is_the_nearest_probability_vector_with_exact_zeros():
    x = np.random.default_rng(0).standard_normal((6, 5)) * 2
    out = nn.Sparsemax()(mg.Tensor(x)).numpy()
    np.testing.assert_allclose(out, [projected(row) for row in x], atol=1e-12)
    assert (out == 0).any()
    np.testing.assert_allclose(out.sum(-1), 1)
    np.testing.assert_allclose(nn.Sparsemax(0)(mg.Tensor(x.T)).numpy(), out.T)
    np.testing.assert_allclose(nn.Sparsemax()(mg.Tensor(x + 7)).numpy(), out)
    leaf = mg.Tensor(x, requires_grad=True)
    assert gradcheck(nn.Sparsemax(), [leaf])
    assert gradgradcheck(nn.Sparsemax(), [leaf])


@covers("nn.Entmax15", "F.entmax15")
def test_entmax_sums_to_one_with_the_right_threshold():
    x = np.random.default_rng(0).standard_normal((6, 5)) * 2
    out = nn.Entmax15()(mg.Tensor(x)).numpy()
    np.testing.assert_allclose(out.sum(-1), 1)
    assert (out == 0).any()
    for row, p in zip(x, out, strict=True):  # √p = x/2 − τ on the support, and x/2 ≤ τ off it
        tau = (row / 2 - np.sqrt(p))[p > 0]
        np.testing.assert_allclose(tau, tau[0], atol=1e-9)
        assert (row[p == 0] / 2 <= tau[0] + 1e-9).all()
    leaf = mg.Tensor(x, requires_grad=True)
    assert gradcheck(nn.Entmax15(), [leaf])
    assert gradgradcheck(nn.Entmax15(), [leaf])


@pytest.mark.parametrize("layer", [nn.Sparsemax, nn.Entmax15])
def test_sparse_probabilities_of_large_scores_and_of_one_number(layer):
    assert layer()(mg.tensor([1e8, 1e8, 1.0])).tolist() == [0.5, 0.5, 0.0]
    assert layer()(mg.tensor([1e30, 1.0, 2.0])).tolist() == [1.0, 0.0, 0.0]
    assert np.isnan(layer()(mg.tensor([math.nan, 1.0, 2.0])).numpy()).all()
    x = mg.tensor(3.0, requires_grad=True)
    out = layer()(x)
    out.backward()
    assert (out.item(), x.grad.item()) == (1.0, 0.0)


@covers("nn.StochasticGELU")
def test_the_mean_of_stochastic_gelu_is_gelu():
    mg.manual_seed(0)
    n = 20_000
    for value in (-1.0, 0.3, 1.5):
        x = mg.Tensor(np.full(n, value), requires_grad=True)
        out = nn.StochasticGELU()(x)
        phi = (1 + math.erf(value / math.sqrt(2))) / 2
        assert abs(out.detach().numpy().mean() - value * phi) < 5 * abs(value) * math.sqrt(phi * (1 - phi) / n)
        out.sum().backward()
        np.testing.assert_array_equal(x.grad, (out.detach().numpy() != 0) * 1.0)
    np.testing.assert_allclose(nn.StochasticGELU().eval()(mg.Tensor(X)), nn.GELU()(mg.Tensor(X)))


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (nn.ISRU(), [1e30, -1e30, np.inf, -np.inf], [1, -1, 1, -1]),
        (nn.ISRU(4.0), [-1e12], [-0.5]),
        (nn.ISRU(0.0), [1e30], [1e30]),
        (nn.ISRLU(), [-1e30, -np.inf, 1e30], [-1, -1, 1e30]),
        (nn.Squareplus(), [-1e4, -1e30, 1e30], [1e-4, 0, 1e30]),
        (nn.BentIdentity(), [-1e30, 1e30], [-0.5e30, 1.5e30]),
    ],
)
def test_large_inputs_lose_nothing(layer, x, expected):
    np.testing.assert_allclose(layer(mg.tensor(x)).numpy(), np.array(expected, np.float32), rtol=1e-6, atol=1e-12)
    leaf = mg.tensor([v for v in x if np.isfinite(v)], requires_grad=True)
    layer(leaf).sum().backward()
    assert np.isfinite(leaf.grad.numpy()).all()


def test_a_random_gate_is_drawn_anew_in_every_replay():
    layer = nn.StochasticGELU()
    step = mg.capture(lambda x: layer(x), fallback=False)
    mg.manual_seed(0)
    results = [step(mg.zeros(200) + 0.1).numpy() for _ in range(6)]
    assert step.replays == 3
    assert all((a != b).any() for a, b in itertools.combinations(results, 2))


BAD = [
    (lambda: nn.Squareplus(-1.0), "b must not be negative"),
    (lambda: nn.ISRLU(-1.0), "ISRLU: alpha must not be negative"),
    (lambda: nn.Snake(a=0.0), "a must not be 0"),
    (lambda: nn.Swish(0), "num_parameters must be positive, got 0"),
    (lambda: nn.APL(0), "hinges must be positive"),
    (lambda: nn.PAU((5,)), "two positive numbers"),
    (lambda: nn.Maxout(1, 1, 0), "pieces must be positive"),
    (lambda: nn.Maxout2d(1, 1, 1, 0), "pieces must be positive"),
    (lambda: nn.ComposedActivation(), "at least one unit"),
    (lambda: nn.ComposedActivation(("tanh", "identity", "plus")), "no piece 'plus'; there are add"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@covers("nn.ComposedActivation")
@pytest.mark.parametrize("binary", search.BINARY)
def test_every_binary_piece_differentiates(binary):
    layer = nn.ComposedActivation(("tanh", "scaled", binary), beta=0.8).double()
    assert gradcheck(lambda x, *_: layer(x), [mg.Tensor(X + 0.01, requires_grad=True), *layer.parameters()])


@pytest.mark.parametrize("unary", search.UNARY)
def test_every_unary_piece_differentiates_and_has_its_formula(unary):
    layer = nn.ComposedActivation(unary, beta=0.8).double()
    assert layer(mg.Tensor(X)).shape == X.shape
    assert gradcheck(lambda x, *_: layer(x) + 0 * x, [mg.Tensor(X + 0.01, requires_grad=True), *layer.parameters()])
    assert layer.formula == search.UNARY[unary][0]


def test_compositions_of_compositions_and_the_whole_space():
    swish = nn.ComposedActivation(("scaled", "identity", "gated"), beta=0.7)
    np.testing.assert_allclose(swish(mg.Tensor(X)).detach(), X * sigma(np.float32(0.7) * X), rtol=1e-6)
    two = nn.ComposedActivation(("tanh", "square", "add"), ("exp", "identity", "multiply")).double()
    np.testing.assert_allclose(two(mg.Tensor(X)).detach(), np.exp(np.tanh(X) + X**2) * X)
    assert two.formula == "(exp((tanh x) + (x²)))·(x)"
    assert nn.ComposedActivation(("tanh", "square", "add"), "square").formula == "((tanh x) + (x²))²"
    assert nn.ComposedActivation(("identity", "square", "add"), "scaled").formula == "β·((x) + (x²))"
    units = list(search.compositions())
    assert len(units) == len(set(units)) == 25 + 10 * 25 * 25
    assert search.random_activation(3, 2).formula == search.random_activation(3, 2).formula
    assert len({search.random_activation(seed).formula for seed in range(30)}) > 20
