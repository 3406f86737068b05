"""Every op and every kernel that takes indices: at, below and beyond its bounds it answers as PyTorch does, or raises;
and it touches no memory beside its arrays.
"""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.backends import cpu
from microgradnet.events import Listener, leave, listen
from microgradnet.primitive import registry
from tests.oracle import oracle

SIZE = 5
POSITIONS = [0, 1, 4, -1, -5, 5, -6, 6, -7, 9, -10, 10, -11, 2**31, -(2**31) - 1, 2**62, -(2**62)]
CANARY, MARGIN = 1e30, 64


def guarded(values) -> np.ndarray:
    """``values`` in the middle of a larger array of canaries."""
    values = np.asarray(values)
    canary = CANARY if values.dtype.kind == "f" else 77
    around = np.full(values.size + 2 * MARGIN, canary, values.dtype)
    inside = around[MARGIN : MARGIN + values.size].reshape(values.shape)
    inside[...] = values
    return inside


def assert_intact(inside: np.ndarray) -> None:
    around = inside.base if inside.base is not None else inside
    canary = CANARY if inside.dtype.kind == "f" else 77
    assert (around[:MARGIN] == canary).all() and (around[MARGIN + inside.size :] == canary).all()


# For each op: what is called with the library, its nn.functional, x (5, 5), a vector of ones and an index (1,).
CALLS = {
    "getitem": lambda t, F, x, w, i: x[i],
    "getitem of two": lambda t, F, x, w, i: x[i, i],
    "getitem beside a slice": lambda t, F, x, w, i: x[1:, i],
    "getitem of a number": lambda t, F, x, w, i: x[int(i)],
    "getitem, its gradient": lambda t, F, x, w, i: t.autograd.grad((x[i] ** 2).sum(), x, create_graph=True)[0],
    "take": lambda t, F, x, w, i: t.take(x[0], i),
    "select": lambda t, F, x, w, i: x.select(1, int(i)),
    "narrow": lambda t, F, x, w, i: x.narrow(1, int(i), 1),
    "index_select": lambda t, F, x, w, i: t.index_select(x, 1, i),
    "index_put": lambda t, F, x, w, i: t.index_put(x, (i,), w[:1]),
    "index_put, added": lambda t, F, x, w, i: t.index_put(x, (i,), w[:1], accumulate=True),
    "index_put, added to a vector": lambda t, F, x, w, i: t.index_put(x[0], (i,), w[:1], accumulate=True),
    "index_put, added at two": lambda t, F, x, w, i: t.index_put(x, (i, i), w[:1], accumulate=True),
    "index_put, added to columns": lambda t, F, x, w, i: t.index_put(x, (t.tensor([1]), i), w[:1], accumulate=True),
    "index_add": lambda t, F, x, w, i: t.index_add(x, 1, i, x[:, :1]),
    "index_copy": lambda t, F, x, w, i: t.index_copy(x, 1, i, x[:, :1]),
    "index_fill": lambda t, F, x, w, i: t.index_fill(x, 1, i, 2.0),
    "gather": lambda t, F, x, w, i: t.gather(x, 1, i.reshape(1, 1)),
    "scatter": lambda t, F, x, w, i: t.scatter(x, 1, i.reshape(1, 1), w[:1].reshape(1, 1)),
    "scatter_add": lambda t, F, x, w, i: t.scatter_add(x, 1, i.reshape(1, 1), w[:1].reshape(1, 1)),
    **{
        f"scatter_reduce {how}": lambda t, F, x, w, i, how=how: t.scatter_reduce(
            x, 1, i.reshape(1, 1), w[:1].reshape(1, 1), how
        )
        for how in ("sum", "prod", "mean", "amax", "amin")
    },
    "select_scatter": lambda t, F, x, w, i: t.select_scatter(x, w, 1, int(i)),
    "embedding": lambda t, F, x, w, i: F.embedding(i, x),
    "embedding, padded": lambda t, F, x, w, i: F.embedding(t.tensor([0, 1, 4]), x, padding_idx=int(i)),
    **{
        f"embedding_bag {mode}": lambda t, F, x, w, i, mode=mode: F.embedding_bag(i.reshape(1, 1), x, mode=mode)
        for mode in ("sum", "mean", "max")
    },
    "embedding_bag, padded": lambda t, F, x, w, i: F.embedding_bag(
        t.tensor([[0, 1, 4]]), x, mode="sum", padding_idx=int(i)
    ),
    "cross_entropy": lambda t, F, x, w, i: F.cross_entropy(x[:1], i),
    "cross_entropy, weighted": lambda t, F, x, w, i: F.cross_entropy(x[:1], i, w.detach(), reduction="sum"),
    "cross_entropy, smoothed": lambda t, F, x, w, i: F.cross_entropy(x[:1], i, label_smoothing=0.1),
    "nll_loss": lambda t, F, x, w, i: F.nll_loss(x[:1], i),
    "max_unpool1d": lambda t, F, x, w, i: F.max_unpool1d(w[:1].reshape(1, 1, 1), i.reshape(1, 1, 1), SIZE),
    "max_unpool2d": lambda t, F, x, w, i: F.max_unpool2d(
        w[:1].reshape(1, 1, 1, 1), i.reshape(1, 1, 1, 1), (1, SIZE)
    ),
    "one_hot": lambda t, F, x, w, i: F.one_hot(i, SIZE).to(x.dtype) * x[0],
    "max_pool1d": lambda t, F, x, w, i: F.max_pool1d(x, max(int(i), 0) + 1),
    "kthvalue": lambda t, F, x, w, i: t.kthvalue(x, int(i), 1)[0],
    "unflatten": lambda t, F, x, w, i: x.roll(int(i) % 2**16, 1),
}  # fmt: skip
# PyTorch does not check these, wraps around or reads what lies beside its arrays. Here they raise outside of a range.
UNCHECKED = {
    "ctc_loss": (0, lambda t, F, x, w, i: F.ctc_loss(F.log_softmax(x, 1), i, (SIZE,), (1,), blank=2)),
    "multilabel_margin_loss": (
        -1,  # which ends the labels
        lambda t, F, x, w, i: F.multilabel_margin_loss(x[:1], t.cat([i, t.tensor([-1] * 4)]).reshape(1, -1)),
    ),
    "take_along_dim": (-SIZE, lambda t, F, x, w, i: t.take_along_dim(x, i.reshape(1, 1), 1)),
    "multi_margin_loss": (0, lambda t, F, x, w, i: F.multi_margin_loss(x[:1], i)),
}


def answer(library, call, position):
    """The result and the gradients for x and the ones; or the exception."""
    x = library.Tensor if library is mg else library.from_numpy
    values, ones = guarded(np.sin(np.arange(25.0).reshape(5, 5))), guarded(np.ones(SIZE))
    places = guarded(np.array([position]))
    tensors = x(values), x(ones), x(places)
    for tensor in tensors[:2]:
        tensor.requires_grad_()
    try:
        out = call(library, library.nn.functional, *tensors)
        if isinstance(out, tuple):
            out = out[0]
        (out * out).sum().backward()
    except (IndexError, ValueError, RuntimeError, AssertionError, OverflowError) as error:
        out = error
    for array in (values, ones, places):
        assert_intact(array)
    if isinstance(out, Exception):
        return out
    return [np.asarray(v.detach()) for v in (out, *(t.grad for t in tensors[:2] if t.grad is not None))]


@pytest.mark.parametrize("name", CALLS)
def test_an_index_at_and_beyond_the_bounds_does_what_it_does_in_pytorch(name):
    torch = oracle()
    for position in POSITIONS:
        ours, theirs = answer(mg, CALLS[name], position), answer(torch, CALLS[name], position)
        if isinstance(theirs, Exception):
            assert isinstance(ours, IndexError | ValueError), f"{name} at {position}: PyTorch says {theirs}; {ours}"
        else:
            assert not isinstance(ours, Exception), f"{name} at {position}: {ours}"
            for a, b in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=f"{name} at {position}")


@pytest.mark.parametrize("name", UNCHECKED)
def test_what_pytorch_does_not_check_raises(name):
    first, call = UNCHECKED[name]
    for position in POSITIONS:
        ours = answer(mg, call, position)
        assert isinstance(ours, IndexError | ValueError) != (first <= position < SIZE), f"{name} at {position}: {ours}"


class Called(Listener):
    """Hears the names of the ops that ran, forward and backward."""

    rules = True

    def __init__(self):
        self.names = set()

    def call(self, op, arguments, settings, result, node):
        self.names.add(getattr(op, "name", None))


NAMES = {"index", "indices", "target", "targets", "advanced", "bags", "places", "labels"}


def test_every_op_that_takes_an_index_is_among_them():
    called = Called()
    listen(called)
    try:
        for call in (*CALLS.values(), *(call for _, call in UNCHECKED.values())):
            answer(mg, call, 1)
    finally:
        leave(called)
    takes = {name for name, op in registry.items() if NAMES & set(op.parameters)}
    others = {
        "output",  # of an op with several results: its own number
        "squared_distance",  # its target are numbers
        "resample",  # computes its indices itself
        "pick",  # the gradient of max_unpool and of max_pool: below
        "nll_gradient",
    }
    assert takes - others <= called.names, takes - others - called.names


def loops_with_indices() -> dict:
    """The compiled loops of the CPU one of whose arguments names places in another one."""
    found = {}
    for module in pkgutil.iter_modules(cpu.__path__, cpu.__name__ + "."):
        for name, function in vars(importlib.import_module(module.name)).items():
            own = hasattr(function, "on_gpu") and function.__module__ == module.name
            if own and NAMES & set(inspect.signature(function).parameters):
                found[f"{module.name.rpartition('.')[2]}.{name}"] = function
    return found


def arguments_of(name: str, position: int) -> tuple:
    """Arguments of a loop, all with canaries around them, where one index is ``position``."""
    rows, index, one = np.ones((2, SIZE)), np.array([1, position]), np.ones(2)
    places = np.array([[1, position]] * 2)
    arguments = {
        "pooling.add_at": (np.ones((2, 2)), places, rows),
        "pooling.write_at": (np.ones((2, 2)), places, rows),
        "pooling.read_at": (rows, places, np.ones((2, 2))),
        "rows.add_rows": (rows, index, np.zeros((SIZE, SIZE))),
        "rows.cross_entropy": (rows, index, one),
        "rows.cross_entropy_gradient": (rows, index, one, rows.copy()),
    }[name]
    return tuple(guarded(a) for a in arguments)


def test_every_loop_that_takes_indices_leaves_the_memory_beside_its_arrays_alone():
    loops = loops_with_indices()
    for name in [n for n in loops if not n.startswith(("pooling.max_pool", "ctc."))]:  # these write them; get copies
        for position in POSITIONS:
            arguments = arguments_of(name, position)
            loops[name](*arguments)
            for array in arguments:
                assert_intact(array)
                assert not (array == CANARY).any(), f"{name} read beside its array at {position}"


EMPTY = {
    "adaptive_max_pool1d": lambda t, F: F.adaptive_max_pool1d(t.zeros(1, 2, 0), 2),
    "adaptive_max_pool2d": lambda t, F: F.adaptive_max_pool2d(t.zeros(1, 2, 3, 0), 2),
    "adaptive_max_pool3d": lambda t, F: F.adaptive_max_pool3d(t.zeros(1, 2, 3, 0, 2), 2),
    "adaptive_avg_pool1d": lambda t, F: F.adaptive_avg_pool1d(t.zeros(1, 2, 0), 2),
    "adaptive_avg_pool2d": lambda t, F: F.adaptive_avg_pool2d(t.zeros(1, 2, 0, 3), 2),
    "adaptive_avg_pool3d": lambda t, F: F.adaptive_avg_pool3d(t.zeros(1, 2, 0, 3, 2), 2),
    "max_pool1d": lambda t, F: F.max_pool1d(t.zeros(1, 2, 0), 2, padding=1),
    "max_pool2d": lambda t, F: F.max_pool2d(t.zeros(1, 2, 0, 3), 2, padding=1),
    "max_pool3d": lambda t, F: F.max_pool3d(t.zeros(1, 2, 3, 0, 3), 2, padding=1),
    "avg_pool1d": lambda t, F: F.avg_pool1d(t.zeros(1, 2, 0), 2, padding=1),
    "avg_pool2d": lambda t, F: F.avg_pool2d(t.zeros(1, 2, 0, 3), 2, padding=1),
    "avg_pool3d": lambda t, F: F.avg_pool3d(t.zeros(1, 2, 3, 0, 3), 2, padding=1),
    "cross_entropy": lambda t, F: F.cross_entropy(t.zeros(2, 0), t.tensor([-100, 0])),
    "nll_loss": lambda t, F: F.nll_loss(t.zeros(2, 0), t.tensor([-100, 0])),
    "multi_margin_loss": lambda t, F: F.multi_margin_loss(t.zeros(2, 0), t.tensor([0, 0])),
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_has_no_element_to_read_raises(name):
    torch = oracle()
    with pytest.raises((RuntimeError, IndexError)):
        EMPTY[name](torch, torch.nn.functional)
    with pytest.raises((ValueError, IndexError), match=name):
        EMPTY[name](mg, mg.nn.functional)


def test_a_window_of_padding_alone_raises():
    # PyTorch answers -inf here, and its gradient writes beside the array.
    with pytest.raises(ValueError, match="max_pool1d: a window holds nothing but padding"):
        mg.nn.functional.max_pool1d(mg.zeros(1, 1, 1), 2, 1, 1, 2)


IGNORED = {
    "no classes": ((2, 0), [-100, -100], {}),
    "all ignored": ((3, 4), [-100, -100, -100], {}),
    "one ignored": ((3, 4), [-100, 2, -100], {}),
    "another number": ((3, 4), [1, 1, 2], {"ignore_index": 1}),
    "no rows": ((0, 4), [], {}),
    "smoothed": ((3, 4), [-100, -100, -100], {"label_smoothing": 0.1}),
}


@pytest.mark.parametrize("name", IGNORED)
@pytest.mark.parametrize("loss_of", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("infinite", [False, True])
def test_ignored_rows_are_not_read(name, loss_of, reduction, infinite):
    torch = oracle()
    shape, labels, settings = IGNORED[name]
    if loss_of == "nll_loss" and "label_smoothing" in settings:
        return
    if infinite and "label_smoothing" in settings:
        return  # PyTorch adds 0·NaN there
    values = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    values[[label == settings.get("ignore_index", -100) for label in labels]] += np.inf if infinite else 0
    results = []
    for library in (mg, torch):
        x = library.tensor(values, dtype=library.float64, requires_grad=True)
        target = library.tensor(labels, dtype=library.int64)
        out = getattr(library.nn.functional, loss_of)(x, target, reduction=reduction, **settings)
        out.sum().backward()
        results.append((np.asarray(out.detach()), np.asarray(x.grad)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-12)
    # PyTorch's gradient of an ignored row is 0·NaN where the row is infinite; here it is 0.
    np.testing.assert_allclose(results[0][1], np.nan_to_num(results[1][1]), rtol=1e-12, atol=1e-15)
