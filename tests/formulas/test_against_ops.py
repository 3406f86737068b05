"""Every formula and derivative formula of the registry has the value that its op's own code computes."""

import itertools

import numpy as np
import pytest
import torch

from microgradnet import ops  # noqa: F401 (declares them)
from microgradnet.elementwise import Elementwise
from microgradnet.formulas import Notation, formula_of, parse, partials_of
from microgradnet.formulas.tree import argument_of
from microgradnet.primitive import registry

OPS = {name: op for name, op in registry.items() if op.__module__.startswith("microgradnet.")}  # not those of tests
ELEMENTWISE = {name: op for name, op in OPS.items() if isinstance(op, Elementwise)}
DIFFERENTIABLE = {name: op for name, op in ELEMENTWISE.items() if op.has_derivative}

# Values of an op's numbers besides the defaults: others that are not equal to one another, so that none can stand in
# for another. A number that says "the dtype's largest" when it is None has to be said in the formula's terms.
LARGEST = np.finfo(np.float64).max
SCALARS = {
    "power": [{"n": n} for n in (2, 3, 1, 0, -1, -2, 0.5, -0.5, 2.5)],
    "nan_to_num": [
        {"nan": nan, "posinf": high, "neginf": low} for nan, high, low in ((1.5, 7.0, -8.0), (0.0, LARGEST, -LARGEST))
    ],
    "isclose": [{"rtol": 0.25, "atol": 0.5, "equal_nan": False}],
}
OTHERS = (0.75, 1.5, 0.375, 2.5)
TORCH = {  # what is no more than a name in a formula
    "ψ": lambda x: torch.special.digamma(torch.as_tensor(x)).numpy(),
    "ψ′": lambda x: torch.special.polygamma(1, torch.as_tensor(x)).numpy(),
    "erf⁻¹": lambda x: torch.erfinv(torch.as_tensor(x)).numpy(),
}
OF_SPECIAL_VALUES = ("isnan", "isinf", "isfinite", "nan_to_num", "signbit", "copysign", "fmax", "fmin", "logit")
POLES = ("lgamma", "digamma", "trigamma")  # at 0, −1, −2, …, where rounding decides how large they are


def scalar_sets(op) -> list[dict]:
    if op.name in SCALARS:
        return SCALARS[op.name]
    names = [name for name, d in zip(op.parameters, op.defaults, strict=True) if name not in op.array_names]
    defaults = dict(zip(op.parameters, op.defaults, strict=True))
    return [{name: defaults[name] for name in names}] + [dict(zip(names, OTHERS, strict=False))] * bool(names)


def trees(formula):
    """Every node of a formula."""
    stack = [*formula.parts, *formula.named.values()]
    while stack:
        stack.extend((tree := stack.pop()).children)
        yield tree


def points(op, scalars: dict) -> dict[str, np.ndarray]:
    """Both sides of every kink: each number of the formulas and of the op, its negative, and a bit to either side.

    Several arguments meet in all pairs, ties among them. NaN, infinities and −0 for the ops that are about them.
    """
    formulas = [formula_of(op), *partials_of(op).values()]
    nodes = [tree for formula in formulas for tree in trees(formula)]
    kinks = {0.0, 1.0, *(tree.parts[0] for tree in nodes if tree.kind == "number" and tree.parts[0] < 50)}
    kinks |= {float(v) for v in scalars.values() if not isinstance(v, bool) and abs(v) < 50}
    if "beta" in scalars and "threshold" in scalars:
        kinks.add(scalars["threshold"] / scalars["beta"])
    random = np.random.default_rng(len(op.name))
    few = len(op.array_names) > 1
    near = (0, 1 / 64) if few else (0, 1 / 64, -1 / 64)
    values = {sign * kink + by for kink in kinks for sign in (1, -1) for by in near}
    values |= {*random.normal(0, 2, 4 if few else 20), *random.uniform(0, 1, 3 if few else 10), -5.5, 25.25, 3.75}
    if op.name in OF_SPECIAL_VALUES:
        values |= {np.nan, np.inf, -np.inf}
    if op.name in POLES:
        values = {v for v in values if v > 0 or v != np.floor(v)}
    values = np.array([*sorted(values), *([-0.0] if op.name in OF_SPECIAL_VALUES else [])])
    if any(tree.kind in ("∧", "∨", "⊕", "¬") for tree in nodes):
        values = np.arange(-4, 9)
    if len(op.array_names) == 3:
        values = random.permutation(values)[:12]
    grid = np.array(list(itertools.product(values, repeat=len(op.array_names)))).T
    return dict(zip(op.array_names, grid.astype(values.dtype), strict=True))


def agree(found, expected, what: str) -> None:
    found, expected = np.broadcast_arrays(np.asarray(found, np.float64), np.asarray(expected, np.float64))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=what)
    assert np.isfinite(expected).sum() >= min(10, expected.size), f"{what}: hardly a point where it has a value"


def check_branches(formula, known: dict) -> None:
    """Every condition of a choice holds at some point and fails at another."""
    for tree in trees(formula.inlined()):
        if tree.kind == "if":
            condition = parse(tree.parts[0].text()).evaluate(known, functions=TORCH)[0]
            assert condition.any(), f"nowhere {tree.parts[0].text()}"
            assert not condition.all(), f"everywhere {tree.parts[0].text()}"


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_formula_has_the_value_that_the_op_computes(name):
    op, formula = ELEMENTWISE[name], formula_of(ELEMENTWISE[name])
    assert {argument_of(s) for s in formula.symbols} <= set(op.parameters)
    for scalars in scalar_sets(op):
        arrays = points(op, scalars)
        with np.errstate(all="ignore"):
            expected = op.forward(*arrays.values(), *scalars.values())
        agree(formula.evaluate(arrays | scalars, functions=TORCH)[0], expected, f"{name}: {formula}, {scalars}")
        if name != "power":
            check_branches(formula, arrays | scalars)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_a_derivative_formula_has_the_value_that_the_op_computes(name):
    op = DIFFERENTIABLE[name]
    partials = partials_of(op)
    assert list(partials) == list(op.rules)
    for scalars in scalar_sets(op):
        arrays = points(op, scalars)
        with np.errstate(all="ignore"):
            known = arrays | scalars | {"out": op.forward(*arrays.values(), *scalars.values())}
            for argument, formula in partials.items():
                assert formula.symbols <= {*op.parameters, "out"}
                rule, ones = op.rules[argument], np.ones_like(known["out"])
                expected = np.asarray(rule.function(ones, *(known[need] for need in rule.needs)))
                value = formula.evaluate(known, functions=TORCH)[0]
                agree(value, np.broadcast_to(expected, ones.shape), f"∂{name}/∂{argument}: {formula}, {scalars}")
                if name != "power":
                    check_branches(formula, known)


def test_a_derivative_without_a_formula_is_of_an_op_that_has_no_derivative():
    missing = [n for n, op in ELEMENTWISE.items() if bool(op.derivative_formula) != op.has_derivative]
    assert missing == []


@pytest.mark.parametrize("name", OPS)
def test_what_is_written_is_what_the_tree_writes(name):
    op = registry[name]
    for text in (op.formula, getattr(op, "derivative_formula", None)):
        if text and not isinstance(text, Notation):
            assert str(parse(text)) == text


def test_what_is_no_formula_is_said_to_be_none_and_is_counted():
    assert {n for n in ELEMENTWISE if isinstance(ELEMENTWISE[n].formula, Notation)} == set()
    assert {n for n, op in OPS.items() if not op.formula} == set()
    notations = [n for n, op in OPS.items() if isinstance(op.formula, Notation)]
    assert len(notations) <= 65, notations  # of 231 ops: what indexes, rearranges, scans, or slides windows


RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 5))
HOLES = np.where(X > 1, np.nan, X)
A, B = RANDOM.normal(size=(3, 3)) + 3 * np.eye(3), RANDOM.normal(size=(3, 2))
ROW = {"weight": RANDOM.normal(size=5), "bias": RANDOM.normal(size=5), "eps": 0.25}
COLUMN = {"weight": RANDOM.normal(size=4), "bias": RANDOM.normal(size=4), "eps": 0.25}
STRUCTURAL = {  # what the op is called with, what its formula's symbols are, over which dimension
    "sum": ((X, -1, True), {"x": X}, -1),
    "mean": ((X, -1, True), {"x": X}, -1),
    "nansum": ((HOLES, -1, True), {"x": HOLES}, -1),
    "prod": ((X, -1, True), {"x": X}, -1),
    "amax": ((X, -1, True), {"x": X}, -1),
    "amin": ((X, -1, True), {"x": X}, -1),
    "max": ((X,), {"x": X}, None),
    "min": ((X,), {"x": X}, None),
    "argmax": ((X, -1, True), {"x": X}, -1),
    "argmin": ((X, -1, True), {"x": X}, -1),
    "all": ((X > -1, -1, True), {"x": X > -1}, -1),
    "any": ((X > 1, -1, True), {"x": X > 1}, -1),
    "count_nonzero": ((X * (X > 0), None), {"x": X * (X > 0)}, None),
    "median": ((X,), {"x": X}, None),
    "logsumexp": ((X, -1, True), {"x": X}, -1),
    "softmax": ((X, -1), {"x": X}, -1),
    "log_softmax": ((X, -1), {"x": X}, -1),
    "var": ((X, -1, 1, True), {"x": X, "correction": 1}, -1),
    "p_norm": ((X, 3, -1, True), {"x": X, "p": 3}, -1),
    "squared_distance": ((X, X.T.reshape(4, 5), 0.5), {"input": X, "target": X.T.reshape(4, 5), "scale": 0.5}, None),
    "matmul": ((A, B), {"a": A, "b": B}, None),
    "linear": ((X, X[:3] * 2, X[0, :3]), {"input": X, "weight": X[:3] * 2, "bias": X[0, :3]}, None),
    "inv": ((A,), {"A": A}, None),
    "det": ((A,), {"A": A}, None),
    "slogdet": ((-A,), {"A": -A}, None),
    "solve": ((A, B), {"A": A, "B": B}, None),
    "transpose": ((X, 0, 1), {"x": X}, None),
    "where": ((X > 0, X, 2 * X), {"condition": X > 0, "x": X, "y": 2 * X}, None),
    "isclose": ((X, X + 0.5, 0.25, 0.4, False), {"x": X, "y": X + 0.5, "rtol": 0.25, "atol": 0.4}, None),
    "fill": ((X, 3.0), {"value": 3.0}, None),
    "clone": ((X,), {"x": X}, None),
    "copy": ((X,), {"x": X}, None),
    "contiguous": ((X,), {"x": X}, None),
    "cast": ((X, np.dtype(np.float32)), {"x": X.astype(np.float32)}, None),
    "rows_norm": (
        (X, ROW["weight"], ROW["bias"], 0.25, True, (4, 1, 5, 1), np.empty((2, 4))),
        {"x": X, "centered": True, **ROW},
        -1,
    ),
    "channels_norm": (
        (X.T.copy(), COLUMN["weight"], COLUMN["bias"], 0.25, np.empty((3, 4))),
        {"x": X.T, **COLUMN},
        0,
    ),
}
SAME = ("moved", "detach")  # their value is their argument, elsewhere and without its history


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_structural_formula_has_the_value_that_the_op_computes(name):
    arguments, known, dim = STRUCTURAL[name]
    op = registry[name]
    found = formula_of(op).evaluate(known, dim)
    expected = op.forward(*arguments)
    expected = expected if op.outputs else (expected,)
    assert len(found) == len(expected)
    for value, result in zip(found, expected, strict=True):
        value, result = np.asarray(value, np.float64), np.asarray(result, np.float64)
        value = value.reshape(result.shape) if value.size == result.size else np.broadcast_to(value, result.shape)
        np.testing.assert_allclose(value, result, rtol=1e-9, atol=1e-12)


def test_every_structural_formula_is_evaluated_above():
    formulas = {n for n, op in OPS.items() if n not in ELEMENTWISE and not isinstance(op.formula, Notation)}
    assert formulas - STRUCTURAL.keys() - set(SAME) == set()


def test_rms_norm_is_the_formula_of_rows_norm_without_its_mean():
    known = {"x": X, "centered": False, **ROW}
    op = registry["rows_norm"]
    expected = op.forward(X, ROW["weight"], ROW["bias"], 0.25, False, (4, 1, 5, 1), np.empty((2, 4)))
    np.testing.assert_allclose(formula_of(op).evaluate(known, -1)[0], expected, rtol=1e-9)
