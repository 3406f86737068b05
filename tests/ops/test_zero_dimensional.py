"""Every result is an array, those of 0 dimensions too: never a NumPy scalar, forward or backward, of any op."""

import contextlib
import inspect
import warnings

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.events import Listener, leave, listen
from microgradnet.primitive import Primitive, registry
from tests.fuzz.bad_calls import targets

ARRAYS = {"input", "other", "target", "tensor", "values", "condition", "x", "y", "a", "b", "weight", "g", "out", "mask"}


class Arrays(Listener):
    """Hears every op, and every gradient on its way back; keeps those with something that is no array."""

    rules = True

    def __init__(self):
        self.names, self.wrong = set(), []

    def call(self, op, arguments, settings, result, node):
        self.names.add(getattr(op, "name", None))
        self.look(getattr(op, "name", op), result)

    def backward(self, node, upstream, contributions):
        self.look(f"{node.op.name}, backward", (upstream, *contributions))

    def accumulate(self, leaf, before, contribution, after):
        self.look("a leaf's gradient", (contribution, after))

    def look(self, name, value):
        if isinstance(value, tuple | list):
            for one in value:
                self.look(name, one)
        elif isinstance(value, np.generic) or isinstance(getattr(value, "_array", None), np.generic):
            self.wrong.append((name, type(value).__name__))


@pytest.fixture
def arrays():
    listener = Arrays()
    listen(listener)
    yield listener
    leave(listener)


def walked(result, refusals):
    """Goes back through each result, if it can."""
    for tensor in result if isinstance(result, tuple | list) else [result]:
        if isinstance(tensor, mg.Tensor):
            assert type(tensor.array) is np.ndarray
            assert tensor.detach().numpy().shape == tensor.shape
            if tensor.requires_grad:
                with contextlib.suppress(*refusals):
                    tensor.sum().backward(retain_graph=True)


def calls(parameters, dtype):
    """Some sets of arguments for these parameters, 0-d tensors wherever one may be expected."""
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    for plain in (0, 2, -1, 0.5, ()):
        for number in (0.25, 1.0):
            leaves = []

            def fill(p, first, plain=plain, number=number, leaves=leaves):
                if first or p.name in ARRAYS or (p.annotation in (mg.Tensor, p.empty) and plain == 0.5):
                    leaves.append(mg.tensor(number, dtype=dtype, requires_grad=True))
                    return leaves[-1]
                return plain

            yield leaves, [fill(p, i == 0) for i, p in enumerate(required)]


REFUSALS = (TypeError, ValueError, LookupError, RuntimeError, NotImplementedError, OverflowError, AttributeError)


def tried(function, dtype) -> int:
    """How many of the calls worked."""
    worked, internal = 0, isinstance(function, Primitive)  # these are called with arguments that no caller gives
    for leaves, arguments in calls(list(inspect.signature(function).parameters.values()), dtype):
        try:
            result = function(*arguments)
        except REFUSALS:
            continue
        worked += 1
        walked(result, REFUSALS if internal else [NotImplementedError])
        for leaf in leaves:
            assert leaf.grad is None or (type(leaf.grad.array) is np.ndarray and leaf.grad.dtype == dtype)
    return worked


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_and_gradients_of_0_dimensions_are_arrays(arrays, dtype):
    functions = [f for n, f in targets() if inspect.isroutine(f) and n.startswith(("mg.", "F.", "linalg."))]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        worked = sum(tried(function, dtype) > 0 for function in [*functions, *registry.values()])
    assert arrays.wrong == []
    assert worked > 280 and len(arrays.names) > 170, (worked, len(arrays.names))


def test_gradients_of_gradients_of_0_dimensions_are_arrays(arrays):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for op in list(registry.values()):
            for leaves, arguments in calls(op.__signature__.parameters.values(), "float64"):
                try:
                    out = op(*arguments)
                    first = mg.autograd.grad(out, leaves, create_graph=True, allow_unused=True)
                    sum(f.sum() for f in first if f is not None).backward()
                except REFUSALS:
                    continue
    assert arrays.wrong == []
