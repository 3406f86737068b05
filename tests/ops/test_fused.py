"""Every op with a fused backward: the one kernel gives what the composed rules give."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.part_of import PartOf
from microgradnet.primitive import Primitive, registry
from tests.ops.case import A
from tests.ops.test_ops import CASES, map_arrays, split

FUSED = sorted(
    name for name, op in registry.items() if op.fused is not None and op.__module__.startswith("microgradnet")
)


def compare_in_pull(compared: set[str]):
    """A ``Primitive.pull`` that works out an op's gradients both ways and asserts that they agree."""
    original = Primitive.pull

    def pull(self, node, g, useful, create_graph):
        contributions = original(self, node, g, useful, create_graph)
        if self.fused is not None and not create_graph:
            fused, self.fused = self.fused, None
            try:
                composed = original(self, node, g, useful, create_graph)
            finally:
                self.fused = fused
            compared.add(self.name)
            for name, a, b in zip(self.rules, contributions, composed, strict=True):
                assert (a is None) == (b is None), f"{self.name}: {name} is missing from one of the two"
                a = np.asarray(a) if isinstance(a, PartOf) else a
                if a is not None:
                    assert a.dtype == b.dtype, f"{self.name}: {name}"
                    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10, err_msg=f"{self.name}: {name}")
        return contributions

    return pull


@pytest.fixture(scope="module")
def compared():
    """The ops that some Case led to, each compared on the way."""
    names: set[str] = set()
    patch = pytest.MonkeyPatch()
    patch.setattr(Primitive, "pull", compare_in_pull(names))
    try:
        for case in CASES:
            if case.differentiable:
                for arguments in case.arguments:
                    run_backward(case, arguments)
    finally:
        patch.undo()
    return names


def run_backward(case, arguments) -> None:
    """Forward in float64 and backward from the sum of the outputs."""
    random = np.random.default_rng(5)

    def make(spec: A):
        tensor = mg.Tensor(spec.draw(random, "float64"))
        return tensor.requires_grad_() if spec.dtype is None else tensor

    positional, keyword = split(arguments)
    positional = [map_arrays(a, make) for a in positional]
    outputs = case.our_function()(*positional, **{k: map_arrays(v, make) for k, v in keyword.items()})
    for output in outputs if isinstance(outputs, tuple | list) else [outputs]:
        if getattr(output, "requires_grad", False):
            weights = np.cos(np.arange(output.numel(), dtype=np.float64)).reshape(output.shape)
            (output * mg.Tensor(weights)).sum().backward(retain_graph=True)


@pytest.mark.parametrize("name", FUSED)
def test_fused_backward_agrees_with_the_composed_one(name, compared):
    assert name in compared, f"no Case reaches the backward of {name}"
