"""Functions of one element: accuracy over all of float32, special values, and that the loops become SIMD code."""

import ast
import inspect
import math
import re
from functools import cache

import numba
import numpy as np
import pytest

from microgradnet.backends import scalar_math
from tests.oracle import oracle

OPTIONS = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
UNARY = sorted(n.removesuffix("_float32") for n in vars(scalar_math) if re.fullmatch(r"[a-z]\w*_float32", n))
for of_two in ("pow", "atan2", "hypot", "fmod"):
    UNARY.remove(of_two)
SLOW = {"acos", "acosh", "asin", "asinh", "atan", "atanh", "digamma", "lgamma"}  # by libm: one call for each element


@cache
def loop(name: str):
    """A loop made as the generator makes it: source text, ``math`` and ``np``, each function jitted."""
    scope: dict = {"math": math, "np": np}

    def add(wanted: str) -> None:
        text = inspect.getsource(getattr(scalar_math, wanted))
        scope[wanted] = None
        for node in ast.walk(ast.parse(text)):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
            if called is not None and hasattr(scalar_math, called) and called not in scope:
                add(called)
        exec(text, scope)
        scope[wanted] = numba.njit(forceinline=True, **OPTIONS)(scope[wanted])

    add(name)
    arguments = list(inspect.signature(getattr(scalar_math, name)).parameters)
    elements = ", ".join(f"{a}[i]" for a in arguments)
    exec(f"def run({', '.join(arguments)}, out):\n for i in range(out.size):\n  out[i] = {name}({elements})", scope)
    array = getattr(numba, name.rsplit("_", 1)[1])[::1]
    return numba.njit(numba.void(*[array] * (len(arguments) + 1)), **OPTIONS)(scope["run"])


def evaluate(name: str, *arrays: np.ndarray) -> np.ndarray:
    out = np.empty_like(arrays[0])
    loop(name)(*arrays, out)
    return out


def reference(torch, name: str, *arrays: np.ndarray) -> np.ndarray:
    """PyTorch's result in float64."""
    return getattr(torch, name)(*(torch.from_numpy(a).double() for a in arrays)).numpy()


def ulp_error(got: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Distance in units in the last place of the float32 nearest to ``true``; inf if only one of the two is finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = true.astype(np.float32)
        unit = np.maximum(np.spacing(np.abs(rounded)), np.float32(2.0**-149)).astype(np.float64)
        error = np.abs(got.astype(np.float64) - true) / unit
    same = (got == rounded) | (np.isnan(got) & np.isnan(true))
    return np.where(np.isfinite(got) & np.isfinite(rounded), error, np.where(same, 0.0, np.inf))


def stated_bound(name: str) -> float:
    """The error that the docstring states."""
    return float(re.search(r"max ([0-9.]+) ulp", getattr(scalar_math, f"{name}_float32").__doc__)[1])


def samples(name: str) -> np.ndarray:
    """Every 4099th bit pattern (the libm ones: every 32771st), and 200,001 numbers from −8 to 8."""
    patterns = np.arange(0, 2**32, 32771 if name in SLOW else 4099, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([patterns, np.linspace(-8, 8, 200_001, dtype=np.float32)])


@pytest.mark.parametrize("name", UNARY)
def test_float32_error_stays_within_the_docstring(name):
    torch = oracle()
    x = samples(name)
    error = ulp_error(evaluate(f"{name}_float32", x), reference(torch, name, x))
    worst = error.argmax()
    assert error[worst] <= stated_bound(name) <= 2.0, f"{error[worst]:.3f} ulp at {x[worst]!r}"


def test_pow_error_stays_within_the_docstring():
    random = np.random.default_rng(0)
    x = random.integers(0, 2**32, 400_000, dtype=np.uint32).view(np.float32)
    x[::2] = np.exp(2 * random.standard_normal(200_000))
    y = (random.standard_normal(x.size) * np.exp(random.uniform(-8, 5, x.size))).astype(np.float32)
    y[::3] = np.rint(y[::3])
    with np.errstate(all="ignore"):
        true = np.power(x.astype(np.float64), y.astype(np.float64))
    error = ulp_error(evaluate("pow_float32", x, y), true)
    worst = error.argmax()
    assert error[worst] <= stated_bound("pow"), f"{error[worst]:.3f} ulp at {x[worst]!r} ** {y[worst]!r}"


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 2.5, 3.0, -3.0]
SPECIAL += [1e-45, -1e-45, 1e-39, 3.4e38]


@pytest.mark.parametrize("name", ["atan2", "hypot"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_of_two_numbers_agree_with_the_oracle_also_at_the_ends(name, dtype):
    torch = oracle()
    ends = np.array([0.0, -0.0, 1.0, -2.5, 1e-30, 1e30, math.inf, -math.inf, math.nan], dtype)
    x, y = (a.ravel().copy() for a in np.meshgrid(ends, ends))
    got, expected = evaluate(f"{name}_{dtype}", x, y), reference(torch, name, x, y)
    np.testing.assert_allclose(got, expected.astype(dtype), rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.signbit(got)[got == 0], np.signbit(expected)[got == 0])


def same_float(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Equal with the sign of zero, or both NaN."""
    equal = (got == expected) & (np.signbit(got) == np.signbit(expected))
    return equal | (np.isnan(got) & np.isnan(expected))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UNARY)
def test_zeros_infinities_and_nan(name, dtype):
    torch = oracle()
    x = np.array(SPECIAL, dtype)
    got = evaluate(f"{name}_{dtype}", x)
    with np.errstate(over="ignore"):
        expected = reference(torch, name, x).astype(dtype)
    special = ~np.isfinite(expected) | (expected == 0)
    wrong = special & ~same_float(got, expected)
    assert not wrong.any(), f"{name}({x[wrong]}) = {got[wrong]}, expected {expected[wrong]}"
    rtol = 1e-12 if dtype == "float64" else 2.5e-7
    np.testing.assert_allclose(got[~special], expected[~special], rtol=rtol, atol=2e-45)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow_of_special_values(dtype):
    torch = oracle()
    x, y = (a.reshape(-1).copy() for a in np.meshgrid(np.array(SPECIAL, dtype), np.array(SPECIAL, dtype)))
    got = evaluate(f"pow_{dtype}", x, y)
    with np.errstate(over="ignore"):
        expected = reference(torch, "pow", x, y).astype(dtype)
    wrong = ~same_float(got, expected) & ~np.isclose(got, expected, rtol=1e-6, atol=0)
    assert not wrong.any(), f"{x[wrong]} ** {y[wrong]} = {got[wrong]}, expected {expected[wrong]}"


@pytest.mark.parametrize("name", UNARY)
def test_float64_agrees_with_the_oracle(name):
    torch = oracle()
    x = np.random.default_rng(0).uniform(-0.999, 0.999, 2000) * (1 if name == "erfinv" or name[0] == "a" else 6)
    np.testing.assert_allclose(evaluate(f"{name}_float64", x), reference(torch, name, x), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", [*UNARY, "pow"])
def test_float32_stays_float32(name):
    scalar = loop(f"{name}_float32").py_func.__globals__[f"{name}_float32"]
    (signature,) = scalar.nopython_signatures
    assert signature.return_type is numba.float32
    assert all(argument is numba.float32 for argument in signature.args)


def test_sine_of_a_huge_angle_next_to_a_multiple_of_pi():
    # The float32 nearest to a multiple of π/2; values by 80-digit arithmetic (mpmath).
    x = np.array([16367173 * 2.0**72], np.float32)
    assert evaluate("cos_float32", x)[0] == pytest.approx(-1.6147697982476211883e-09, rel=2e-7)
    assert evaluate("tan_float32", x)[0] == pytest.approx(-619283318.95061386811, rel=1e-7)


@pytest.mark.parametrize("name", [n for n in [*UNARY, "pow"] if n not in SLOW])
def test_loop_is_simd_code(name):
    body = next(iter(loop(f"{name}_float32").inspect_llvm().values()))
    assert re.search(r"load <\d+ x float>", body), "LLVM did not vectorise the loop"
