"""An elementwise op's text is what a plain call, a captured chain and the scalar tape compute, to the last bit."""

import functools
import inspect
import types

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.backends import source
from microgradnet.elementwise import Elementwise, elementwise
from microgradnet.primitive import registry
from microgradnet.scalar import ScalarTape, Value, opcodes
from tests.backends.test_scalar_math import stated_bound
from tests.oracle import oracle

OPS = {name: op for name, op in registry.items() if isinstance(op, Elementwise)}
FLOATING = {name: op for name, op in OPS.items() if not name.startswith("bitwise")}  # the others refuse floats
DTYPES = (np.float32, np.float64)

# Ops with a product that goes into a sum. The loops over arrays round the two once (a fused multiply-add), the scalar
# tape twice, as Python does: they differ by this many units in the last place of the largest number on the way.
CONTRACTED = {
    **dict.fromkeys(
        ("lerp", "addcmul", "gelu_tanh", "erfinv", "digamma", "binary_cross_entropy", "logit_cross_entropy"), 2
    ),
    **dict.fromkeys(("kl_term", "bent_identity", "squareplus", "isru", "isrlu"), 2),
}


def special(dtype) -> np.ndarray:
    """Zeros, infinities, NaN, subnormal, tiny and huge numbers, ties of rounding, and everyday numbers."""
    f = np.finfo(dtype)
    near_0 = [0.0, f.smallest_subnormal, f.tiny * 0.75, f.tiny, 1e-20, 1e-10]
    near_1 = [1 - f.eps / 2, 1.0, 1 + f.eps, 0.5, 1.5, 2.0, 2.5, 3.0, 7.25, 0.1, np.pi]
    large = [20.0, 88.0, 16777216.0, 1e10, 1e20, f.max, np.inf]
    numbers = np.array([*near_0, *near_1, *large], dtype)
    return np.concatenate([numbers, -numbers, np.array([np.nan], dtype)])


@functools.cache
def arguments(dtype, count: int, patterns: int = 10_000) -> list[np.ndarray]:
    """All combinations of special values (of three: of every third), then random bit patterns and everyday numbers."""
    values = special(dtype)
    grid = np.meshgrid(*[values[:: 3 if count > 2 else 1]] * count)
    random = np.random.default_rng(0)
    integer = np.dtype(f"uint{8 * np.dtype(dtype).itemsize}")
    made = []
    for part in grid:
        bits = random.integers(0, np.iinfo(integer).max, patterns, integer, endpoint=True).view(dtype)
        made.append(np.concatenate([part.ravel(), bits, (3 * random.standard_normal(patterns)).astype(dtype)]))
    return made


def numbers(op) -> list:
    parameters = inspect.signature(op.function).parameters
    return [parameters[name].default for name in op.scalar_names]


def plain(op, arrays) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(op.forward(*arrays, *numbers(op)))


def differing(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays differ in any bit, of which NaN has only one."""
    assert a.dtype == b.dtype and a.shape == b.shape
    integer = np.dtype(f"uint{8 * a.dtype.itemsize}")
    with np.errstate(all="ignore"):
        return np.flatnonzero((a.view(integer) != b.view(integer)) & ~((a != a) & (b != b)))


def assert_same(name: str, expected: np.ndarray, got: np.ndarray, arrays) -> None:
    wrong = differing(expected, got)
    shown = [(tuple(float(a[i]) for a in arrays), float(expected[i]), float(got[i])) for i in wrong[:3]]
    assert not wrong.size, f"{name}: {wrong.size} of {expected.size} differ: {shown}"


def test_every_op_says_its_maths_and_why_it_has_another_form():
    for name, op in OPS.items():
        assert source.function_ast(op.function).body, f"{name} has no body"
        second = op.numpy is not None or op.scalar is None
        assert second == bool(op.because), name


def test_a_second_form_without_a_reason_is_an_error():
    def twice(x):
        return x + x

    with pytest.raises(TypeError, match=r"twice: a second form and its reason \(because=\.\.\.\) go together"):
        elementwise(formula="2x", numpy=np.add)(twice)
    with pytest.raises(TypeError, match="go together"):
        elementwise(formula="2x", because="it is fast")(twice)


def test_a_derivative_names_arguments_and_out_only():
    @elementwise(formula="2x")
    def _twice_for_a_test(x, n=2.0):
        return x * n

    try:
        with pytest.raises(
            TypeError, match=r"parameter 'y' is no argument of the op \(x, n\); its output is called out"
        ):
            _twice_for_a_test.derivative(lambda x, y: 2)
        assert not _twice_for_a_test.has_derivative
        _twice_for_a_test.derivative(lambda x, n, out: n)
        assert _twice_for_a_test.has_derivative
    finally:
        del registry[_twice_for_a_test.name]


@pytest.mark.parametrize("name", [name for name, op in FLOATING.items() if op.numpy is not None])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpys_form_gives_what_the_compiled_text_gives(name, dtype):
    op = FLOATING[name]
    arrays = arguments(dtype, len(op.array_names))
    with np.errstate(all="ignore"):
        got = np.empty_like(arrays[0])
        op.forward_kernel(np.dtype(dtype))(*arrays, got, *numbers(op))
    assert_same(name, plain(op, arrays).astype(dtype), got, arrays)


@pytest.mark.parametrize("n", [-1, -0.5, 0, 0.5, 1, 2, 3, 4, -2, 2.5])
@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_by_numpy_are_those_of_the_compiled_text(n, dtype):
    (x,) = arguments(dtype, 1)
    got = np.empty_like(x)
    registry["power"].forward_kernel(np.dtype(dtype))(x, got, n)
    with np.errstate(all="ignore"):
        assert_same(f"x ** {n}", registry["power"].forward(x, n), got, [x])


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_bits_by_numpy_are_those_of_the_text(name, dtype):
    op = OPS[name]
    random = np.random.default_rng(0)
    arrays = [random.integers(0, 2 if dtype is np.bool_ else 100, 1000).astype(dtype) for _ in op.array_names]
    np.testing.assert_array_equal(op.forward(*arrays), op.function(*arrays))


@pytest.mark.parametrize("name", ["floor_divide", "trunc_divide", "fmod", "remainder", "pow"])
def test_integers_give_what_the_text_gives_for_floats(name):
    random = np.random.default_rng(0)
    x, y = random.integers(-9, 10, 1000), random.integers(1, 7, 1000)
    y = y if name == "pow" else y * random.choice([-1, 1], 1000)
    exact = plain(OPS[name], [x.astype(np.float64), y.astype(np.float64)])
    np.testing.assert_array_equal(OPS[name].forward(x, y), exact)


def _groups(size: int = 8) -> list[list[str]]:
    """The ops that give floats, a few of the same number of arguments together: one chain each."""
    groups = []
    for count in (1, 2, 3):
        names = [n for n, op in FLOATING.items() if op.has_derivative and len(op.array_names) == count]
        groups += [names[i : i + size] for i in range(0, len(names), size)]
    return groups


def replayed(step, arrays) -> tuple:
    """What a captured step gives when it is replayed."""
    tensors = [mg.Tensor(a) for a in arrays]
    captured = mg.capture(step, fallback=False)
    with np.errstate(all="ignore"):
        for _ in range(6):
            results = captured(*tensors)
    assert captured.replays and "one loop" in str(captured.program)
    return results


@pytest.mark.parametrize("names", _groups(), ids="-".join)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_captured_chain_gives_what_plain_calls_give(names, dtype):
    arrays = arguments(dtype, len(OPS[names[0]].array_names))
    given = {n: numbers(OPS[n]) for n in names}
    results = replayed(lambda *tensors: tuple(OPS[n](*tensors, *given[n]) for n in names), arrays)
    for name, result in zip(names, results, strict=True):
        assert_same(name, plain(OPS[name], arrays), result.array, arrays)


def test_a_product_at_the_end_of_an_op_is_not_contracted_with_the_sum_of_the_next():
    arrays = arguments(np.float32, 1)
    names = ("deg2rad", "rad2deg", "silu", "gelu", "lisht", "square", "mul")

    def step(x):
        first = [OPS[n](x, *[x] * (len(OPS[n].array_names) - 1)) for n in names]
        return tuple(OPS["addcmul"](f, x, x) for f in first)

    with np.errstate(all="ignore"):
        expected = step(mg.Tensor(arrays[0]))
    for name, alone, result in zip(names, expected, replayed(step, arrays), strict=True):
        assert_same(name, alone.array, result.array, arrays)


def on_the_tape(code: int, arrays) -> np.ndarray:
    """An op at every element: one node of the scalar tape each."""
    op, count = opcodes.OPS[code], arrays[0].size
    given = numbers(op)
    value = np.concatenate([*arrays, np.array(given, np.float64), np.zeros(count)])
    first = value.size - count
    places = [np.arange(count) + k * count for k in range(len(arrays))]
    places += [np.full(count, len(arrays) * count + k) for k in range(len(given))]
    op_, a, b, more = np.zeros(value.size, np.uint8), *np.zeros((2, value.size), np.int32), np.zeros(1, np.int32)
    op_[first:] = code
    if opcodes.LISTED[code]:
        more = np.stack(places, 1).ravel().astype(np.int32)
        a[first:], b[first:] = np.arange(count) * len(places), len(places)
    else:
        a[first:], b[first:] = places[0], places[-1]
    opcodes.loops("tape", len(opcodes.OPS) - 1).forward(op_, a, b, more, value, 0, value.size)
    return value[first:]


@pytest.mark.parametrize("name", sorted(opcodes.CODES))
def test_the_scalar_tape_gives_what_plain_calls_give(name):
    op = OPS[name]
    arrays = arguments(np.float64, len(op.array_names))
    expected, got = plain(op, arrays), on_the_tape(opcodes.CODES[name], arrays)
    if name not in CONTRACTED:
        assert_same(name, expected, got, arrays)
        return
    assert differing(expected, got).size, f"{name} is in CONTRACTED but does not differ"
    usual = np.all([(abs(a) < 3) & (abs(a) > 0.1) for a in arrays], axis=0) & np.isfinite(expected) & np.isfinite(got)
    expected, got, arrays = expected[usual], got[usual], np.array(arrays)[:, usual]
    largest = np.maximum(abs(arrays).max(0), np.maximum(1, abs(expected)))
    assert usual.sum() > 100
    assert (abs(expected - got) <= CONTRACTED[name] * np.spacing(largest)).all()


def test_a_number_of_the_tape_that_is_nan_stays_so():
    with ScalarTape():
        nan, quarter = Value(float("nan")), Value(0.25)
        for result in (nan.maximum(quarter), quarter.maximum(nan), nan.minimum(quarter), quarter.minimum(nan)):
            assert np.isnan(result.data)


# Where the sign of a zero is not PyTorch's: at a tie PyTorch's own depends on where in the array the numbers stand.
ANY_ZERO = {"maximum", "minimum", "clamp", "clamp_min", "clamp_max", "lerp", "remainder", "relu", "gelu", "softshrink"}
# PyTorch's fmod and remainder overflow in x/y, its hardswish in 6x, and its gelu cancels below −3; ours do not.
MORE_EXACT = {"fmod": 1e30, "remainder": 1e30, "hardswish": 1e30, "gelu": 3.0}


def pytorch(torch, name: str):
    named = {
        "trunc_divide": lambda x, y: torch.div(x, y, rounding_mode="trunc"),
        "power": lambda x: torch.pow(x, 2),
        "root": torch.sqrt,
        "nan_to_num": lambda x: torch.nan_to_num(x, posinf=np.inf, neginf=-np.inf),
    }
    places = (torch, torch.special, torch.nn.functional)
    return named.get(name) or next((getattr(p, name) for p in places if hasattr(p, name)), None)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_are_pytorchs(dtype):
    torch = oracle()
    tried = 0
    for name, op in FLOATING.items():
        theirs = pytorch(torch, name)
        if theirs is None or name in ("threshold", "prelu", "binary_cross_entropy"):  # other arguments there
            continue
        arrays = arguments(dtype, len(op.array_names), 0)
        if name in MORE_EXACT:
            kept = np.all([~(abs(a) >= MORE_EXACT[name]) & ~((abs(a) < 1e-3) & (a != 0)) for a in arrays], axis=0)
            arrays = [a[kept] for a in arrays]
        if name == "log1p":
            arrays = [a[(a == 0) | ~(abs(a) < np.finfo(dtype).tiny)] for a in arrays]
        expected, got = theirs(*map(torch.from_numpy, arrays)).numpy(), plain(op, arrays)
        assert got.dtype == expected.dtype, name
        np.testing.assert_allclose(got, expected, 1e-5, np.finfo(dtype).eps, err_msg=name)
        if got.dtype != bool and name not in ANY_ZERO:
            zero = (got == 0) & (expected == 0)
            np.testing.assert_array_equal(np.signbit(got)[zero], np.signbit(expected)[zero], err_msg=name)
        tried += 1
    assert tried > 80


# From where to where a definition holds; elsewhere from −8 to 8.
DOMAINS = {
    **dict.fromkeys(("log", "log2", "log10", "rsqrt", "lgamma", "digamma"), (0.01, 30.0)),
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), (-0.999, 0.999)),
    **{"acosh": (1.001, 30.0), "log1p": (-0.999, 8.0), "pow": (0.01, 8.0)},
}


def defined(name: str):
    """An op's body in numbers of 80 digits: calls of other ops are calls of their bodies."""
    mp = pytest.importorskip("mpmath").mp
    mp.dps = 80
    functions = {
        n: getattr(mp, n) for n in ("exp", "log", "sin", "cos", "asin", "acos", "atan", "atan2", "erf", "sqrt")
    }
    functions |= {"log2": lambda x: mp.log(x, 2), "log10": mp.log10, "lgamma": lambda x: mp.re(mp.loggamma(x))}
    functions |= {"trunc": lambda x: mp.mpf(int(x))}
    known = types.SimpleNamespace(**functions)

    @functools.cache
    def body(op):
        scope = {"math": known, "np": known, "where": lambda c, x, y: x if c else y}
        called = op.function.__globals__
        scope |= {n: lambda *x, o=o: body(o)(*x) for n, o in called.items() if isinstance(o, Elementwise)}
        return types.FunctionType(op.function.__code__, scope)

    return body(OPS[name])


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.scalar is None])
def test_an_intrinsic_is_its_definition_to_the_ulps_that_it_states(name):
    op, definition = OPS[name], defined(name)
    low, high = DOMAINS.get(name, (-8.0, 8.0))
    # A zero of lgamma or digamma: its neighbours are as exact as what they are the difference of.
    least = {"lgamma": 1.0, "digamma": 2.0}.get(name, 0.0)
    for dtype, bound in ((np.float32, stated_bound(name)), (np.float64, 4.0)):
        random = np.random.default_rng(0)
        arrays = [random.uniform(low, high, 200).astype(dtype) for _ in op.array_names]
        got = plain(op, arrays)
        for values in zip(*arrays, got, strict=True):
            *x, y = values
            true = definition(*(defined_number(v) for v in x))
            unit = float(np.spacing(max(abs(dtype(true)), dtype(least))))
            assert abs(defined_number(y) - true) <= bound * unit, (name, dtype.__name__, x, float(y), float(true))


def defined_number(value):
    from mpmath import mpf

    return mpf(float(value))
