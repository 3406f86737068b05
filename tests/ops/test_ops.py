"""Every op in the registry: agreement with PyTorch, first and second derivatives against finite differences."""

import importlib
import pkgutil

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.autograd import gradcheck, gradgradcheck
from microgradnet.primitive import registry
from tests import ops as here
from tests.ops.case import FLOATS, A, Case
from tests.oracle import oracle

CASES: list[Case] = [
    case
    for module in pkgutil.iter_modules(here.__path__)
    if module.name.startswith("cases_")
    for case in importlib.import_module(f"tests.ops.{module.name}").CASES
]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 1e-30, 30.0, -30.0, 1e30, -1e30, np.inf, -np.inf, np.nan]


def split(arguments: tuple) -> tuple[list, dict]:
    """The positional arguments and the keyword arguments of a list as a Case writes it."""
    if arguments and isinstance(arguments[-1], dict):
        return list(arguments[:-1]), arguments[-1]
    return list(arguments), {}


def map_arrays(value, convert):
    """``value`` with each A in it (or in a list or tuple in it) replaced by ``convert(A)``."""
    if isinstance(value, A):
        return convert(value)
    if isinstance(value, list | tuple) and any(isinstance(v, A) for v in value):
        return type(value)(convert(v) if isinstance(v, A) else v for v in value)
    return value


def run(function, arguments, make, to_array):
    """Calls ``function``; gives its tensors' arrays and those of the gradients of a fixed weighted sum of them."""
    leaves = []

    def convert(spec):
        leaves.append(make(spec))
        return leaves[-1]

    positional, keyword = split(arguments)
    positional = [map_arrays(a, convert) for a in positional]
    outputs = function(*positional, **{k: map_arrays(v, convert) for k, v in keyword.items()})
    outputs = list(outputs) if isinstance(outputs, tuple | list) else [outputs]
    total = None
    for output in outputs:
        if getattr(output, "requires_grad", False):
            weights = np.cos(np.arange(int(np.prod(tuple(output.shape))))).reshape(tuple(output.shape))
            term = (output * to_array(weights, output)).sum()
            total = term if total is None else total + term
    if total is not None:
        total.backward()
    return outputs, [leaf.grad for leaf in leaves]


def same(ours, theirs, rtol: float, what: str) -> None:
    """Asserts that a tensor of ours and one of PyTorch's have one dtype, shape and values."""
    if ours is None or theirs is None:
        assert (ours is None) == (theirs is None), f"{what}: {ours} against {theirs}"
        return
    if not isinstance(ours, mg.Tensor):
        assert ours == theirs or (ours != ours and theirs != theirs), f"{what}: {ours} against {theirs}"
        return
    theirs = theirs.detach().resolve_neg().numpy()
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, PyTorch's {theirs.dtype}"
    assert tuple(ours.shape) == theirs.shape, f"{what}: shape {tuple(ours.shape)}, PyTorch's {theirs.shape}"
    np.testing.assert_allclose(ours.array, theirs, rtol=rtol, atol=rtol * 0.1, err_msg=what)


def compare(case: Case, arguments: tuple, dtype: str, values=None, strided: bool = False) -> None:
    """Runs one argument list through us and through PyTorch; compares outputs and gradients."""
    torch = oracle()

    def maker(tensor_of):
        random = np.random.default_rng(7)
        drawn = iter(values or ())

        def make(spec: A):
            array = spec.draw(random, dtype) if values is None else np.array(next(drawn), dtype)
            if strided and array.ndim:
                array = np.repeat(array, 2, axis=-1)[..., ::2]  # the same numbers, every other one in memory
            tensor = tensor_of(array)
            if array.dtype.kind == "f" and spec.dtype is None and case.differentiable:
                tensor.requires_grad_()
            return tensor

        return make

    ours, our_grads = run(case.our_function(), arguments, maker(mg.Tensor), lambda w, o: mg.Tensor(w.astype(o.dtype)))
    theirs, their_grads = run(
        case.torch_function(torch),
        arguments,
        maker(lambda a: torch.tensor(a)),
        lambda w, o: torch.tensor(w).to(o.dtype),
    )
    single = dtype == "float32" or any(str(getattr(t, "dtype", "")) == "torch.float32" for t in theirs)
    rtol = case.rtol if single else 1e-10
    assert len(ours) == len(theirs), f"{len(ours)} outputs, PyTorch has {len(theirs)}"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        same(a, b, rtol, f"{case.name}{arguments} {dtype}: output {i}")
    for i, (a, b) in enumerate(zip(our_grads, their_grads, strict=True)):
        same(a, b, rtol * 5, f"{case.name}{arguments} {dtype}: gradient of array {i}")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_pytorch(case):
    for dtype in case.dtypes:
        for arguments in case.arguments:
            compare(case, arguments, dtype)
            if dtype == "float32":
                compare(case, arguments, dtype, strided=True)


@pytest.mark.parametrize("case", [c for c in CASES if c.special or c.kinks], ids=str)
def test_special_values_and_kinks_agree_with_pytorch(case):
    values = [*(SPECIAL if case.special else ()), *case.kinks]
    for dtype in FLOATS:
        for arguments in case.arguments:
            arrays = [a for a in split(arguments)[0] if isinstance(a, A)]
            grid = np.meshgrid(*[values] * len(arrays), indexing="ij")  # two arrays: every value with every other
            if len(arrays) in (1, 2) and all(a.dtype is None for a in arrays):
                with np.errstate(all="ignore"):
                    compare(case, arguments, dtype, values=[array.ravel() for array in grid])


@pytest.mark.parametrize("case", [c for c in CASES if c.differentiable], ids=str)
def test_gradients_are_those_of_finite_differences(case):
    for arguments in case.arguments:
        random = np.random.default_rng(11)
        leaves = []

        def collect(spec):
            tensor = mg.Tensor(spec.draw(random, "float64"))  # noqa: B023 (used at once)
            if spec.dtype is None:
                tensor.requires_grad_()
                leaves.append(tensor)  # noqa: B023
            return tensor

        positional, keyword = split(arguments)
        positional = [map_arrays(a, collect) for a in positional]
        keyword = {k: map_arrays(v, collect) for k, v in keyword.items()}
        if not leaves or any(leaf.numel() == 0 for leaf in leaves):
            continue

        def function(*_):
            return case.our_function()(*positional, **keyword)  # noqa: B023

        gradcheck(function, leaves)
        if case.twice:
            gradgradcheck(function, leaves, atol=1e-4)


def test_every_op_of_the_registry_has_a_case():
    """A Case reaches an op if running it appends that op's node, or calls it directly."""
    reached: set[str] = set()
    for case in CASES:
        for arguments in case.arguments:
            reached |= ops_reached(case, arguments)
    missing = sorted(
        name for name, op in registry.items() if op.__module__.startswith("microgradnet.ops") and name not in reached
    )
    assert not missing, f"ops without a Case: {', '.join(missing)}"


def ops_reached(case: Case, arguments: tuple) -> set[str]:
    """Names of the ops that ``case`` calls, forward and in two backward passes."""
    from microgradnet.primitive import Primitive

    called: set[str] = set()
    original = Primitive.__call__

    def spy(self, *args, **kwargs):
        called.add(self.name)
        return original(self, *args, **kwargs)

    Primitive.__call__ = spy
    try:
        random = np.random.default_rng(3)

        def make(spec):
            tensor = mg.Tensor(spec.draw(random, case.dtypes[0]))
            return (
                tensor.requires_grad_()
                if spec.dtype is None and case.differentiable and tensor.dtype.kind == "f"
                else tensor
            )

        positional, keyword = split(arguments)
        leaves = []
        positional = [map_arrays(a, lambda s: leaves.append(make(s)) or leaves[-1]) for a in positional]
        outputs = case.our_function()(*positional, **{k: map_arrays(v, make) for k, v in keyword.items()})
        outputs = [
            o
            for o in (outputs if isinstance(outputs, tuple | list) else [outputs])
            if getattr(o, "requires_grad", False)
        ]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        if outputs and wanted:
            once = mg.autograd.grad(
                outputs,
                wanted,
                [mg.Tensor(np.ones_like(o.array), requires_grad=True) for o in outputs],
                create_graph=case.twice,
                allow_unused=True,
            )
            again = [g for g in once if g is not None and g.requires_grad]
            if again and case.twice:
                mg.autograd.grad(again, wanted, [mg.Tensor(np.ones_like(g.array)) for g in again], allow_unused=True)
    finally:
        Primitive.__call__ = original
    return called
