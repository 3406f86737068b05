"""A layer run beside PyTorch's: what it computes, its gradients, its state, its text; and its gradients checked."""

from dataclasses import dataclass, field

import numpy as np

import microgradnet as mg
from microgradnet import nn
from microgradnet.autograd import gradcheck, gradgradcheck
from tests.oracle import oracle

TOLERANCES = {"float32": {"rtol": 3e-5, "atol": 2e-5}, "float64": {"rtol": 1e-9, "atol": 1e-11}}


@dataclass(frozen=True)
class LayerCase:
    """One layer with constructor arguments and the inputs to try it on.

    Attributes:
        name: of the class in ``nn``.
        inputs: for each argument of forward a shape (drawn from N(0, 1), with a gradient), or an array: floats get a
            gradient and the dtype under test, integers and booleans are passed as they stand; None and str too.
        args, options: of the constructor.
        call: keyword arguments of forward.
        second_order: whether gradgradcheck applies (False where the maths is differentiable once only).
        checked: whether gradients are compared with finite differences.
        text: whether ``repr`` is compared.
        steps: forward calls before the comparison of buffers, in training mode.
    """

    name: str
    inputs: tuple
    args: tuple = ()
    options: dict = field(default_factory=dict)
    call: dict = field(default_factory=dict)
    second_order: bool = True
    checked: bool = True
    text: bool = True
    steps: int = 3

    def __str__(self) -> str:
        given = ", ".join([*map(str, self.args), *(f"{k}={_short(v)}" for k, v in self.options.items())])
        return f"{self.name}({given}) of {', '.join(_short(i) for i in self.inputs)}"


def _short(value) -> str:
    return f"array{value.shape}" if isinstance(value, np.ndarray) else str(value)


def arrays(case: LayerCase, dtype: str, seed: int = 1) -> list:
    """The inputs of a case as arrays."""
    random = np.random.default_rng(seed)
    drawn = []
    for given in case.inputs:
        if isinstance(given, tuple):
            drawn.append(random.standard_normal(given).astype(dtype))
        elif isinstance(given, np.ndarray) and given.dtype.kind == "f":
            drawn.append(given.astype(dtype))
        else:
            drawn.append(given)
    return drawn


def tensors(values, outputs: list | None = None) -> list:
    """All floating tensors in nested tuples, in order."""
    outputs = [] if outputs is None else outputs
    if isinstance(values, tuple | list):
        for value in values:
            tensors(value, outputs)
    elif values is not None and "float" in str(values.dtype):
        outputs.append(values)
    return outputs


def _numpy(tensor) -> np.ndarray:
    return np.asarray(tensor.detach().numpy())


def backward(library, outputs: list, as_tensor) -> None:
    """Backward from all outputs at once, each weighted by numbers that tell its elements apart."""
    total = 0
    for k, out in enumerate(outputs):
        weights = np.cos(np.arange(out.numel()) + k).reshape(tuple(out.shape)).astype(str(out.dtype).split(".")[-1])
        total = total + (out * as_tensor(weights)).sum()
    total.backward()


def assert_agrees(case: LayerCase, dtype: str, training: bool = True) -> None:
    """Output, gradients of inputs and parameters, buffers after some steps, state_dict and repr are PyTorch's."""
    torch = oracle()
    torch.manual_seed(0)
    theirs = getattr(torch.nn, case.name)(*case.args, **options_for(torch, case.options)).to(getattr(torch, dtype))
    ours = getattr(nn, case.name)(*case.args, **options_for(mg, case.options)).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if case.text:
        assert repr(ours) == repr(theirs)
    ours.train(training), theirs.train(training)
    tolerance = TOLERANCES[dtype]
    for step in range(case.steps):
        values = arrays(case, dtype, seed=step + 1)
        xs = [mg.Tensor(v, requires_grad=v.dtype.kind == "f") if isinstance(v, np.ndarray) else v for v in values]
        ys = [torch.tensor(v, requires_grad=v.dtype.kind == "f") if isinstance(v, np.ndarray) else v for v in values]
        a, b = tensors(ours(*xs, **options_for(mg, case.call))), tensors(theirs(*ys, **options_for(torch, case.call)))
        assert len(a) == len(b)
        for p, q in zip(a, b, strict=True):
            assert p.dtype == _numpy(q).dtype and tuple(p.shape) == tuple(q.shape)
            np.testing.assert_allclose(_numpy(p), _numpy(q), **tolerance)
        if any(q.requires_grad for q in b):
            backward(mg, [p for p, q in zip(a, b, strict=True) if q.requires_grad], mg.Tensor)
            backward(torch, [q for q in b if q.requires_grad], torch.tensor)
        for x, y in zip(xs, ys, strict=True):
            if isinstance(y, torch.Tensor) and y.grad is not None:
                np.testing.assert_allclose(_numpy(x.grad), _numpy(y.grad), **tolerance)
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None), name
        if q.grad is not None:
            np.testing.assert_allclose(_numpy(p.grad), _numpy(q.grad), err_msg=name, **tolerance)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(_numpy(ours.state_dict()[key]), _numpy(value), err_msg=key, **tolerance)


def options_for(library, options: dict) -> dict:
    """Options with arrays as the library's tensors and dtypes by its names."""
    as_tensor = mg.Tensor if library is mg else library.tensor
    return {k: as_tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}


def assert_gradients(case: LayerCase, training: bool = True) -> None:
    """gradcheck, and gradgradcheck where it applies, in float64 over inputs and parameters."""
    mg.manual_seed(0)
    layer = getattr(nn, case.name)(*case.args, **options_for(mg, case.options)).double().train(training)
    values = arrays(case, "float64")
    given = [mg.Tensor(v, requires_grad=v.dtype.kind == "f") if isinstance(v, np.ndarray) else v for v in values]
    state = {key: value.numpy().copy() for key, value in layer.state_dict().items()}
    moving = [i for i, v in enumerate(given) if isinstance(v, mg.Tensor) and v.requires_grad]
    parameters = [p for p in layer.parameters() if p.requires_grad]

    def function(*leaves):
        for name, buffer in layer.named_buffers():  # every evaluation starts from the same running statistics
            if name in state:
                buffer.array[...] = state[name]
        inputs = list(given)
        for i, leaf in zip(moving, leaves, strict=False):
            inputs[i] = leaf
        return tuple(tensors(layer(*inputs, **options_for(mg, case.call))))

    leaves = [given[i] for i in moving] + parameters
    assert gradcheck(function, leaves)
    if case.second_order:
        assert gradgradcheck(function, leaves)
