"""Sums of ten million float32 numbers are as good as those of float64, along every dimension and in every layout.

Added one by one, 10⁷ tenths are off by 8 %: so these tests fail for every op that adds that way.
"""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.primitive import registry, sum_to

F = mg.nn.functional
MANY = 10_000_000
FEWER = 1_000_000  # for what takes an exponential of each: added one by one, these are off by 1 %
TOLERANCE = 5e-5
FACTOR = 1 + 2**-20  # a float32; its powers are not

LAYOUTS = {  # the shape, and the dimension with the many elements
    "rows": ((MANY, 1), 0),
    "columns": ((1, MANY), 1),
    "pairs of rows": ((MANY // 2, 2), 0),
    "two columns": ((2, MANY // 2), 1),
    "in the middle": ((2, MANY // 4, 2), 1),
}
# What adds (or multiplies) numbers along a dimension, as a function of x and dim.
ALONG = {
    "sum": lambda x, dim: x.sum(dim),
    "mean": lambda x, dim: x.mean(dim),
    "nansum": lambda x, dim: x.nansum(dim),
    "nanmean": lambda x, dim: x.nanmean(dim),
    "prod": lambda x, dim: (x * 0 + FACTOR).prod(dim),
    "logsumexp": lambda x, dim: x.logsumexp(dim),
    "logcumsumexp": lambda x, dim: x.logcumsumexp(dim).select(dim, -1),
    "cumsum": lambda x, dim: x.cumsum(dim).select(dim, -1),
    "cumprod": lambda x, dim: (x * 0 + FACTOR).cumprod(dim).select(dim, -1),
    "softmax": lambda x, dim: x.softmax(dim).select(dim, 0),
    "log_softmax": lambda x, dim: x.log_softmax(dim).select(dim, 0),
    "var": lambda x, dim: (x * alternating(x.shape, dim, x.dtype)).var(dim),
    "vector_norm 2": lambda x, dim: mg.linalg.vector_norm(x, 2, dim),
    "vector_norm 1": lambda x, dim: mg.linalg.vector_norm(x, 1, dim),
    "vector_norm 3": lambda x, dim: mg.linalg.vector_norm(x, 3, dim),
    "the gradient of broadcasting": lambda x, dim: mg.Tensor(sum_to.forward(x.array, narrowed(x.shape, dim))),
}


def narrowed(shape, dim):
    return tuple(1 if d == dim else n for d, n in enumerate(shape))


def alternating(shape, dim, dtype):
    """1, −1, 1, −1, … along ``dim``."""
    line = np.ones(shape[dim], dtype)
    line[1::2] = -1
    return mg.Tensor(line.reshape([-1 if d == dim else 1 for d in range(len(shape))]))


def assert_exact(call, *arrays, tolerance=TOLERANCE):
    """``call`` gives for float32 what it gives for float64."""
    single = call(*(mg.Tensor(a) for a in arrays))
    double = call(*(mg.Tensor(a.astype(np.float64) if a.dtype.kind == "f" else a) for a in arrays))
    for a, b in zip(_arrays(single), _arrays(double), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance)


def _arrays(result):
    return [r.detach().numpy() for r in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_along_every_dimension(layout):
    shape, dim = LAYOUTS[layout]
    many = np.full(shape, 0.1, np.float32)
    fewer = np.full([n * FEWER // MANY if d == dim else n for d, n in enumerate(shape)], 0.1, np.float32)
    for name, call in ALONG.items():
        x = many if name in ("sum", "mean", "cumsum", "the gradient of broadcasting") else fewer
        assert_exact(lambda t, call=call: call(t, dim), x)


@pytest.mark.parametrize("name", ["sum", "mean", "vector_norm 2", "the gradient of broadcasting"])
def test_views_are_added_as_well_as_copies(name):
    call = ALONG[name]
    wide = np.full((MANY // 4, 4), 0.1, np.float32)
    assert_exact(lambda t: call(t, 1), wide.T)
    assert_exact(lambda t: call(t, 0), wide[:, 1:3])
    assert_exact(lambda t: call(t, 0), np.broadcast_to(np.float32(0.1), (MANY, 1)))
    assert_exact(lambda t: call(t, 1), wide.reshape(2, -1, 2).transpose(2, 1, 0))


def gradients(call, *which):
    """The gradients of the sum of ``call``'s result (times 0.1) with respect to the arguments ``which``."""

    def of(*tensors):
        wanted = [tensors[i].requires_grad_() for i in which]
        out = call(*tensors)
        return mg.autograd.grad(out, wanted, mg.Tensor(np.broadcast_to(out.dtype.type(0.1), out.shape)))

    return of


TENTHS = np.full(MANY, 0.1, np.float32)
ONE = np.ones((1, 1), np.float32)
PLACES = np.zeros(MANY, np.int64)
SOME = PLACES[: MANY // 10]  # for what is slow
NORMAL = np.tile(np.array([0.1, 0.3], np.float32), MANY // 20)

CALLS = {
    "squared_distance": (lambda x, y: F.mse_loss(x, y, reduction="sum"), TENTHS, TENTHS * 0),
    "l1_loss": (lambda x, y: F.l1_loss(x, y), TENTHS, TENTHS * 0),
    "cross_entropy": (lambda x, t: F.cross_entropy(x, t), TENTHS[: MANY // 4].reshape(-1, 2), PLACES[: MANY // 8]),
    "nll": (lambda x, t: F.nll_loss(x, t, reduction="sum"), TENTHS[: MANY // 4].reshape(-1, 2), PLACES[: MANY // 8]),
    "dot": (lambda x, y: mg.dot(x, y), TENTHS, TENTHS),
    "matmul": (lambda x, y: x.reshape(1, -1) @ y.reshape(-1, 2), TENTHS[::2].copy(), TENTHS),
    "a bias's gradient": (gradients(lambda b, x: b + x, 0), ONE[0], TENTHS.reshape(-1, 1)),
    "a linear layer's gradients": (gradients(lambda x, w, b: F.linear(x, w, b), 1, 2),
                                   TENTHS.reshape(-1, 1), ONE, ONE[0]),
    "sum_pool": (lambda x: F.adaptive_avg_pool1d(x, 1), TENTHS.reshape(1, 1, -1)),
    "avg_pool": (lambda x: F.avg_pool1d(x, MANY), TENTHS.reshape(1, 1, -1)),
    "rows_norm": (gradients(lambda x, w, b: F.layer_norm(x, (2,), w, b) * x, 1, 2),
                  NORMAL.reshape(-1, 2), ONE[0].repeat(2), ONE[0].repeat(2)),
    "rows_norm of one row": (lambda x: F.layer_norm(x, (NORMAL.size,))[:2], NORMAL),
    "channels_norm": (gradients(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True) * x, 1, 2),
                      NORMAL.reshape(-1, 1), ONE[0], ONE[0]),
    "channels_norm of planes": (lambda x: F.instance_norm(x)[0, 0, :2], NORMAL.reshape(1, 1, -1)),
    "group_norm": (gradients(lambda x, w, b: F.group_norm(x, 1, w, b) * x, 1, 2),
                   NORMAL.reshape(-1, 2, 1), ONE[0].repeat(2), ONE[0].repeat(2)),
    "a convolution's bias": (gradients(lambda x, w, b: F.conv1d(x, w, b), 2), TENTHS[:400_000].reshape(-1, 1, 4),
                             np.ones((1, 1, 3), np.float32), ONE[0]),
    "a convolution's weight": (gradients(F.conv1d, 1), TENTHS.reshape(1, 1, -1), np.ones((1, 1, 3), np.float32)),
    "a convolution's weight, many images": (gradients(F.conv1d, 1), TENTHS.reshape(-1, 1, 10),
                                            np.ones((1, 1, 3), np.float32)),
    "a grouped convolution's weight": (gradients(lambda x, w: F.conv2d(x, w, groups=2), 1),
                                       TENTHS.reshape(1, 2, 1000, -1), np.ones((2, 1, 3, 3), np.float32)),
    "a transposed convolution's weight": (gradients(F.conv_transpose1d, 1), TENTHS[:MANY // 2].reshape(1, 1, -1),
                                          np.ones((1, 1, 3), np.float32)),
    "a convolution of images with many channels": (F.conv1d, TENTHS.reshape(1, -1, 1), TENTHS.reshape(1, -1, 1)),
    "the gradient of many filters": (gradients(F.conv1d, 0), TENTHS[:10].reshape(1, 1, -1),
                                     TENTHS[: MANY // 10].reshape(-1, 1, 1)),
    "einsum": (lambda x, y: mg.einsum("i,i->", x, y), TENTHS, TENTHS),
    "einsum of three": (lambda x, y: mg.einsum("ij,ij,ij->j", x, y, x), *(TENTHS.reshape(-1, 2),) * 2),
    "einsum of matrices": (gradients(lambda x, y: mg.einsum("bij,bik->bjk", x, y), 0, 1),
                           *(TENTHS[: MANY // 10].reshape(2, -1, 5),) * 2),
    "add_rows": (gradients(lambda w, i: F.embedding(i, w), 0), ONE, SOME),
    "take_rows, in bags": (lambda w, i: F.embedding_bag(i.reshape(1, -1), w * 0.1, mode="sum"), ONE, SOME),
    "getitem": (gradients(lambda x, i: x[i], 0), ONE[0], SOME),
    "getitem of rows": (gradients(lambda x, i: x[i], 0), ONE, SOME),
    "getitem of pairs": (gradients(lambda x, i: x[i, i], 0), ONE, SOME),
    "index_put": (lambda x, i, v: x.index_put((i,), v, accumulate=True), ONE[0], SOME, TENTHS[: SOME.size]),
    "index_add": (lambda x, i, v: x.index_add(0, i, v), ONE[0], SOME, TENTHS[: SOME.size]),
    "scatter_add": (lambda x, i, v: x.scatter_add(0, i, v), ONE[0], SOME, TENTHS[: SOME.size]),
    "gather": (gradients(lambda x, i: x.gather(0, i), 0), ONE[0], SOME),
    "bincount": (lambda i, v: mg.bincount(i, v), SOME, TENTHS[: SOME.size]),
    "cosine_similarity": (lambda x, y: F.cosine_similarity(x, y, 0), TENTHS, TENTHS),
    "clip_grad_norm_": (lambda x: mg.nn.utils.get_total_norm([x]), TENTHS),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_where_many_numbers_meet(name):
    call, *arrays = CALLS[name]
    assert_exact(call, *arrays)


def test_every_op_that_adds_is_among_them():
    """By its formula, or its name."""
    adds = {
        n
        for n, op in registry.items()
        if "Σ" in str(op.formula) or "mean" in str(op.formula) or "+=" in str(op.formula)
    }
    tried = {name.split()[0].strip(",") for name in (*ALONG, *CALLS)}
    elsewhere = {"sum_to", "p_norm", "put", "put_along_dim"}  # under other names, or as a gradient
    few_or_exact = {
        "all_reduce",  # one number of each process
        "count_nonzero",  # integers
        "ctc",  # logarithms, in float64
        "matrix_exp",  # terms of a series
        "resample",  # at most a few neighbours
    }
    assert not adds - tried - elsewhere - few_or_exact, adds - tried - elsewhere - few_or_exact


HALF = {
    "sum": (lambda x: x.sum() - 0, 70_000 * 0.1 * 0.5),
    "mean": (lambda x: x.mean(), 0.05),
    "mean of rows": (lambda x: x.reshape(-1, 1).mean(0), 0.05),
    "nanmean": (lambda x: x.nanmean(), 0.05),
    "var": (lambda x: (x * 1 + 0).var(), 0.0),
    "norm": (lambda x: mg.linalg.vector_norm(x), 0.05 * 70_000**0.5),
    "cumsum": (lambda x: x.cumsum(0)[-1], 3500),
    "the gradient of broadcasting": (lambda x: mg.Tensor(sum_to.forward(x.array.reshape(-1, 1), (1,))), 3500),
    "mse_loss": (lambda x: F.mse_loss(x, x * 0), 0.0025),
}


@pytest.mark.parametrize("name", HALF)
def test_float16_is_added_in_more(name):
    call, expected = HALF[name]
    out = call(mg.Tensor(np.full(70_000, 0.05, np.float16)))
    assert out.dtype == mg.float16
    np.testing.assert_allclose(float(out.numpy().reshape(-1)[0]), expected, rtol=2e-3, atol=1e-6)


def test_the_gradient_of_a_mean_of_many_float16_is_not_0():
    x = mg.Tensor(np.ones(70_000, np.float16), requires_grad=True)
    x.mean().backward()
    np.testing.assert_allclose(x.grad.numpy().astype(float), 1 / 70_000, rtol=0.01)
