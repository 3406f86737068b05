"""Every optimizer that PyTorch has too, over its options: 50 steps beside PyTorch's own."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.covered import covers
from tests.oracle import oracle

DECAY = {"weight_decay": 0.1}
OPTIONS = [
    ("SGD", {"fused": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, **DECAY}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, **DECAY}),
    ("SGD", {"lr": 0.01, "dampening": 0.5, "maximize": True, **DECAY}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True, "foreach": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, **DECAY}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "foreach": True}),
    ("Adam", {"lr": 0.01, "maximize": True, "amsgrad": True, **DECAY}),
    ("Adam", {"lr": 0.01, "decoupled_weight_decay": True, **DECAY}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, "amsgrad": True, "maximize": True, **DECAY}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "maximize": True, **DECAY}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, "momentum_decay": 0.01, **DECAY}),
    ("NAdam", {"lr": 0.01, "maximize": True, "decoupled_weight_decay": True, **DECAY}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, **DECAY}),
    ("RAdam", {"lr": 0.01, "betas": (0.8, 0.7), "maximize": True, "decoupled_weight_decay": True, **DECAY}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-6, **DECAY}),
    ("Adagrad", {"maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "maximize": True, **DECAY}),
    ("RMSprop", {}),
    ("RMSprop", {"alpha": 0.9, "eps": 1e-4, "momentum": 0.9, **DECAY}),
    ("RMSprop", {"lr": 1e-3, "alpha": 0.9, "centered": True, "eps": 1e-3}),
    ("RMSprop", {"alpha": 0.9, "centered": True, "eps": 1e-3, "momentum": 0.5, "maximize": True, **DECAY}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.4, 1.5), "step_sizes": (1e-3, 0.3), "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.02, "beta2_decay": -0.5, "eps": (1e-3, 1e-2), "d": 2.0, "maximize": True, **DECAY}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.02, "lambd": 0.01, "alpha": 0.6, "t0": 10, "maximize": True, **DECAY}),
]  # fmt: skip
covers(*(f"optim.{name}" for name, _ in OPTIONS))

# The scalars that PyTorch has in float32 (lr, betas) are rounded once here and there alike; what differs is the order
# of operations (fused multiply-add, division by a scalar as a product): some units in the last place each step, which
# 50 steps add up, relative to the length of the way that was gone.
TOLERANCES = {"float32": {"rtol": 1e-6, "atol": 1e-6}, "float64": {"rtol": 1e-12, "atol": 1e-12}}

# 0-d, empty, a matrix, one with strides, and one that is too long for the batch.
SHAPES = [(), (0, 3), (3, 4), (4, 3), (5000,)]


def parameters(library, dtype: str) -> list:
    """The same parameters in either library; the fourth is a transposed matrix."""
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape).astype(dtype) for shape in SHAPES]
    arrays[3] = np.ascontiguousarray(arrays[3].T).T
    if library is mg:
        return [nn.Parameter(a) for a in arrays]
    return [
        library.nn.Parameter(library.from_numpy(np.array(a.T)).T if a.ndim == 2 else library.tensor(a)) for a in arrays
    ]


def both(torch, name: str, dtype: str) -> tuple[list, list]:
    """The parameters in both libraries, for one optimizer."""
    skip = 1 if name == "Adafactor" else None  # PyTorch's divides by the size of the empty one
    return tuple([p for i, p in enumerate(parameters(library, dtype)) if i != skip] for library in (mg, torch))


def feed(library, params: list, steps: range):
    """At each step gives every parameter its gradient, the same in either library."""
    for step in steps:
        random = np.random.default_rng(1000 + step)
        for p in params:
            g = (random.standard_normal(tuple(p.shape)) + 0.5 * p.detach().numpy()).astype(str(p.dtype).split(".")[-1])
            p.grad = mg.Tensor(g) if library is mg else library.empty_like(p).copy_(library.tensor(g))
        yield step


def assert_same(ours: list, theirs: list, dtype: str) -> None:
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), **TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_fifty_steps_agree_with_pytorch(name, options, dtype):
    torch = oracle()
    ours, theirs = both(torch, name, dtype)
    optimizer, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in zip(feed(mg, ours, range(50)), feed(torch, theirs, range(50)), strict=True):
        optimizer.step()
        reference.step()
    assert_same(ours, theirs, dtype)


def nets(torch) -> tuple:
    """The same net in both libraries, each with its loss as a function of nothing."""
    random = np.random.default_rng(1)
    x, y = random.standard_normal((16, 3)), random.standard_normal((16, 2))
    ours = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).to("float64")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        p.array = random.uniform(-0.5, 0.5, p.shape)
        q.data = torch.tensor(p.array)
    our_x, our_y, their_x, their_y = mg.Tensor(x), mg.Tensor(y), torch.tensor(x), torch.tensor(y)
    return ours, lambda: ((ours(our_x) - our_y) ** 2).mean(), theirs, lambda: ((theirs(their_x) - their_y) ** 2).mean()


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_fifty_steps_of_a_small_net_agree_with_pytorch(name, options):
    torch = oracle()
    ours, loss, theirs, their_loss = nets(torch)
    optimizer = getattr(optim, name)(ours.parameters(), **options)
    reference = getattr(torch.optim, name)(theirs.parameters(), **options)
    for _ in range(50):
        for one, value in ((optimizer, loss), (reference, their_loss)):
            one.zero_grad()
            value().backward()
            one.step()
    assert_same(list(ours.parameters()), list(theirs.parameters()), "float64")


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_saved_in_the_middle_each_library_goes_on_from_the_other_s_state(name, options):
    torch = oracle()
    ours, theirs = both(torch, name, "float64")
    optimizer, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in zip(feed(mg, ours, range(3)), feed(torch, theirs, range(3)), strict=True):
        optimizer.step()
        reference.step()
    resumed, resumed_there = getattr(optim, name)(ours), getattr(torch.optim, name)(theirs)
    resumed.load_state_dict(reference.state_dict())
    resumed_there.load_state_dict(for_torch(torch, optimizer.state_dict()))
    assert_same_saved(resumed.state_dict(), reference.state_dict())
    for _ in zip(feed(mg, ours, range(3, 6)), feed(torch, theirs, range(3, 6)), strict=True):
        resumed.step()
        resumed_there.step()
    # PyTorch goes on with NAdam's product of momenta in the parameter's dtype, and so not where it would have gone
    # without the interruption; ours goes on in the dtype that it was kept in.
    assert_same(ours, theirs, "float64" if name != "NAdam" else "float32")


def for_torch(torch, value):
    """A state dict with PyTorch's tensors in place of ours, and nothing else changed."""
    if isinstance(value, dict):
        return {k: for_torch(torch, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(for_torch(torch, v) for v in value)
    return torch.tensor(value.numpy()) if isinstance(value, mg.Tensor) else value


def assert_same_saved(ours, theirs) -> None:
    """The same keys, kinds and dtypes all the way down."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs)
        for key in theirs:
            assert_same_saved(ours[key], theirs[key])
    elif hasattr(theirs, "numpy"):
        assert isinstance(ours, mg.Tensor)
        assert ours.dtype == theirs.numpy().dtype
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    else:
        assert ours == theirs
