"""Every op on the device against the same op on the CPU: values, dtypes, gradients."""

import numpy as np
import pytest

import microgradnet as mg
from tests.ops.test_ops import CASES, run

# What CuPy has no atomic form of. The op says so, and names the way out.
CPU_ONLY = {"scatter": "multiply", "scatter_reduce": "multiply"}
MAKES_NEW = {"zeros", "ones", "full", "eye", "arange", "linspace", "scalar_tensor", "tril_indices", "triu_indices"}
ARGUMENT_LISTS = 3  # of each case: shapes, strides and special values are tried on the CPU


def on(place: str, case, arguments, dtype: str):
    """Outputs and gradients of one argument list, on the host; raises what the op raises."""
    random = np.random.default_rng(7)

    def make(spec):
        tensor = mg.tensor(spec.draw(random, dtype), device=place)
        return tensor.requires_grad_(case.differentiable and spec.dtype is None and tensor.dtype.kind == "f")

    outputs, gradients = run(
        case.our_function(), arguments, make, lambda w, out: mg.tensor(w.astype(out.dtype), device=place)
    )
    return [*outputs, *gradients]


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in MAKES_NEW], ids=str)
def test_an_op_gives_the_same_on_the_device(case):
    dtype = case.dtypes[0]
    for arguments in case.arguments[:ARGUMENT_LISTS]:
        with np.errstate(all="ignore"):
            try:
                expected = on("cpu", case, arguments, dtype)
            except Exception as error:  # some argument lists are for another dtype
                with pytest.raises(type(error)):
                    on("cuda", case, arguments, dtype)
                continue
            try:
                found = on("cuda", case, arguments, dtype)
            except NotImplementedError as error:
                assert CPU_ONLY.get(case.name, "nothing") in str(error)
                assert ".cpu()" in str(error)
                continue
        for mine, theirs in zip(found, expected, strict=True):
            if isinstance(theirs, mg.Tensor):
                assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
                assert mine.device == "cuda:0" or not theirs.requires_grad
                np.testing.assert_allclose(mine.cpu().detach().numpy(), theirs.detach().numpy(), rtol=2e-4, atol=2e-5)
            else:
                assert (mine is None) == (theirs is None)


@pytest.mark.parametrize("name", sorted(MAKES_NEW))
def test_new_tensors_are_made_where_asked(name):
    arguments = {"zeros": (2, 3), "ones": (2, 3), "full": ((2, 3), 7.0), "scalar_tensor": (3.0,), "linspace": (0, 1, 5)}
    given = arguments.get(name, (3,) if name in ("eye", "arange") else (3, 4))
    made = getattr(mg, name)(*given, device="cuda")
    assert made.device == "cuda:0"
    np.testing.assert_array_equal(made.cpu().numpy(), getattr(mg, name)(*given).numpy())
