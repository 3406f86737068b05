"""Promotion: the dtype of a result is PyTorch's, for arrays, 0-d arrays and Python numbers of every dtype."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnet as mg
from tests.oracle import oracle

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
COMMON = ("float32", "float64", "int64", "bool")
NUMBERS = (2, 2.5, True)
UNARY = """abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1 floor frac
    isfinite isinf isnan lgamma log log10 log1p log2 logical_not logit nan_to_num neg positive rad2deg reciprocal relu
    round rsqrt sigmoid sign signbit sin sinc sinh sqrt square tan tanh trunc"""
BINARY = """add sub rsub mul div true_divide floor_divide fmod remainder pow float_power maximum minimum fmax fmin atan2
    copysign xlogy eq ne lt le gt ge logical_and logical_or logical_xor isclose clamp_min clamp_max bitwise_and
    bitwise_or bitwise_xor"""
# Where PyTorch wants a tensor, or refuses one kind of number, these take any.
LENIENT = (
    "sub rsub maximum minimum fmax fmin atan2 eq ne lt le gt ge logical_and logical_or logical_xor clamp_min clamp_max"
)

tensors = st.tuples(st.sampled_from(DTYPES), st.sampled_from([(), (2,), (0, 2)])).map(lambda d: np.ones(d[1], d[0]))


def as_ours(value):
    return mg.Tensor(value) if isinstance(value, np.ndarray) else value


def as_theirs(torch, value):
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def result(function):
    """The dtype and values that ``function`` gives, or None if it raises."""
    try:
        out = function()
    except (TypeError, ValueError, RuntimeError, ZeroDivisionError):
        return None
    array = out.array if isinstance(out, mg.Tensor) else out.numpy()
    return array.dtype.name, array


@given(tensors, st.one_of(tensors, st.booleans(), st.integers(-5, 5), st.floats(-2, 2)))
def test_result_type_is_that_of_pytorch(a, b):
    torch = oracle()
    expected = torch.result_type(as_theirs(torch, a), as_theirs(torch, b))
    assert mg.result_type(as_ours(a), as_ours(b)).name == str(expected).removeprefix("torch.")


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_promote_types_is_that_of_pytorch(a, b):
    torch = oracle()
    expected = torch.promote_types(getattr(torch, a), getattr(torch, b))
    assert mg.promote_types(a, b).name == str(expected).removeprefix("torch.")


@pytest.mark.parametrize("name", UNARY.split())
def test_unary_dtypes_and_refusals_are_those_of_pytorch(name):
    torch = oracle()
    for dtype in (*COMMON, "int32", "float16"):
        x = np.array([1, 0, 2]).astype(dtype)
        ours = result(lambda: getattr(mg, name)(mg.Tensor(x)))  # noqa: B023 (called at once)
        theirs = result(lambda: getattr(torch, name)(torch.from_numpy(x)))  # noqa: B023
        compare(f"{name} of {dtype}", ours, theirs)


@pytest.mark.parametrize("name", BINARY.split())
def test_binary_dtypes_and_refusals_are_those_of_pytorch(name):
    torch = oracle()
    arrays = [np.array([2, 1, 1]).astype(dtype) for dtype in COMMON]
    arrays += [np.array(2).astype(dtype) for dtype in COMMON]
    for x in arrays:
        for y in (*arrays, *NUMBERS):
            ours = result(lambda: getattr(mg, name)(as_ours(x), as_ours(y)))  # noqa: B023
            theirs = result(lambda: getattr(torch, name)(as_theirs(torch, x), as_theirs(torch, y)))  # noqa: B023
            number = not isinstance(y, np.ndarray)
            if (number and name in LENIENT.split() and theirs is None) or (
                name == "pow" and x.dtype == bool and y is True
            ):
                continue
            compare(f"{name}({x!r}, {y!r})", ours, theirs)


def compare(what, ours, theirs):
    assert (ours is None) == (theirs is None), f"{what}: ours {ours}, PyTorch's {theirs} (None: raises)"
    if ours is not None:
        assert ours[0] == theirs[0], f"{what}: dtype {ours[0]}, PyTorch's {theirs[0]}"
        np.testing.assert_allclose(ours[1], theirs[1], rtol=2e-3, atol=1e-5, err_msg=what)


def test_default_dtype_decides_for_numbers():
    try:
        mg.set_default_dtype("float64")
        assert mg.tensor([1.0]).dtype == (mg.tensor([1, 2]) / 2).dtype == mg.zeros(2).dtype == mg.float64
        assert (
            (mg.tensor([1]) + 0.5).dtype == mg.exp(mg.tensor([1])).dtype == mg.arange(0.0, 1.0, 0.5).dtype == mg.float64
        )
    finally:
        mg.set_default_dtype("float32")
    with pytest.raises(TypeError, match="float32 or float64"):
        mg.set_default_dtype("int64")
