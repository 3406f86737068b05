"""Each layer on the device against the same layer on the CPU: outputs, gradients, buffers."""

import importlib

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from tests.nn.agreement import LayerCase, arrays, backward, options_for, tensors

TABLES = ("cases_convolution", "cases_loss", "cases_normalization", "test_activation", "test_sequences", "test_tables")
# One case of each class: the options change what is computed on the host, or are tried op by op.
CASES = {
    case.name: case
    for table in TABLES
    for value in vars(importlib.import_module(f"tests.nn.{table}")).values()
    if isinstance(value, list | tuple)
    for case in reversed(value)
    if isinstance(case, LayerCase) and not case.call
}


def on(place: str, case: LayerCase) -> list:
    """Outputs, gradients and buffers, on the host."""
    mg.manual_seed(0)
    layer = getattr(nn, case.name)(*case.args, **options_for(mg, case.options)).to(place)
    inputs = [
        mg.tensor(v, device=place).requires_grad_(v.dtype.kind == "f") if isinstance(v, np.ndarray) else v
        for v in arrays(case, "float32")
    ]
    outputs = tensors(layer(*inputs))
    if any(out.requires_grad for out in outputs):
        backward(mg, [out for out in outputs if out.requires_grad], lambda w: mg.tensor(w, device=place))
    leaves = [*layer.parameters(), *(x for x in inputs if isinstance(x, mg.Tensor))]
    found = [*outputs, *(leaf.grad for leaf in leaves), *layer.buffers()]
    return [None if value is None else value.detach().cpu().numpy() for value in found]


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_a_layer_gives_the_same_on_the_device(case):
    with np.errstate(all="ignore"):
        found, expected = on("cuda", case), on("cpu", case)
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)
