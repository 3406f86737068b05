"""NaN, infinity, ties and zeros in reductions, order and norms: values and gradients are PyTorch's."""

import math

import numpy as np
import pytest

import microgradnet as mg
from tests.ops.case import A, Case
from tests.ops.test_ops import compare
from tests.oracle import oracle

NAN, INF = math.nan, math.inf
HARD = A(values=[[1.0, NAN, 1.0, NAN], [2.0, 2.0, 1.0, 2.0], [INF, 1.0, INF, -INF], [0.0, -0.0, 0.0, 0.0]])
INFINITE = A(values=[[-INF, -INF, -INF], [-INF, 1.0, 1.0], [INF, 1.0, 1.0], [1.0, INF, 1.0], [NAN, 1.0, -INF]])
TIED = A(values=[[1.0, 1.0, 1.0], [3.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
SMALL = A(values=[[0.0, 0.0], [2.0, 0.0], [-1.0, 3.0]])
ONE = A(values=[[1.0], [2.0]])

EDGES = [
    *(Case(name, [(HARD,), (HARD, 1), (HARD, 0), (TIED,),
                  (TIED, 1)]) for name in ("max", "min", "amax", "amin", "median")),
    *(Case(name, [(HARD, 1), (HARD, 0),
                  (TIED, 1)]) for name in ("cummax", "cummin", "sum", "mean", "nansum", "nanmean")),
    Case("aminmax", [(HARD, {"dim": 1}), (TIED, {"dim": 1})]),
    Case("sort", [(HARD, 1), (TIED, 1), (TIED, 1, True)]),
    *(Case(name, [(HARD, 1), (TIED, 1), (HARD,)], differentiable=False) for name in ("argmax", "argmin", "all", "any")),
    *(Case(name, [(INFINITE, 1), (HARD, 1)]) for name in ("logsumexp", "logcumsumexp")),
    *(Case(name, [(HARD, 1), (TIED, 1), (ONE, 1), (A(values=[]),)]) for name in ("var", "std")),
    Case("var", [(A(values=[[1.0, 1.0], [2.0, 3.0]]), 1, {"correction": 5})]),
    Case("std_mean", [(TIED, 1)]),
    Case("quantile", [(HARD, 0.4, 1), (TIED, 0.5), (A(values=[[1.0, NAN], [2.0, 3.0]]), A(values=[0.3, 0.5],
                      dtype="float64"), 1)],
         dtypes=("float64",)),
    Case("prod", [(HARD, 1), (HARD, 0)]),
    Case("kthvalue", [(A(values=[[1.0, NAN, 0.0]]), 3), (A(values=[[1.0, NAN, 0.0]]), 2)]),
    Case("topk", [(A(values=[[1.0, NAN, 0.0]]), 2), (A(values=[[1.0, NAN, 0.0]]), 2, -1, False)]),
    *(Case(f"linalg.vector_norm {p}", [(A(values=[[0.0, 0.0], [2.0, 0.0], [-1.0, 3.0]]), p, 1),
                                       (A(values=[[0.0, 0.0]]), p)],
           ours=mg.linalg.vector_norm, torch="linalg.vector_norm")
      for p in (2, 1, 0.5, 1.5, 3, INF, -INF)),
    Case("norm", [(A(values=[0.0, 0.0]),), (HARD,)]),
    *(Case(f"scatter_reduce of ties {how}",
           [(A(values=[1.0, 3.0, 0.0]), 0, A(values=[1, 1, 0, 1], dtype="int64"), A(values=[3.0, 3.0, 1.0, 3.0]), how)],
           ours=mg.scatter_reduce, torch="scatter_reduce") for how in ("amax", "amin")),
    Case("F.cosine_similarity", [(A(4), A(3, 4), {"dim": -2}), (A(2, 3, 4), A(4), {"dim": 1})]),
    Case("unique", [(A(values=[NAN, NAN, 1.0]),)], differentiable=False),
    Case("masked_fill", [(HARD, A(4, dtype="bool"), -INF)]),
]  # fmt: skip


@pytest.mark.parametrize("case", EDGES, ids=str)
def test_edges_agree_with_pytorch(case):
    with np.errstate(all="ignore"):
        for dtype in case.dtypes:
            for arguments in case.arguments:
                compare(case, arguments, dtype)


def test_named_results():
    x = mg.tensor([[1.0, 3.0], [2.0, 0.0]])
    for result in (x.max(1), x.min(0), x.median(1), x.sort(), x.topk(1), x.kthvalue(1), x.cummax(0), x.cummin(1)):
        values, indices = result
        assert result.values is values and result.indices is indices and indices.dtype == mg.int64
    assert x.aminmax().min.item() == 0.0 and x.aminmax().max.item() == 3.0


def test_second_derivative_of_a_product_with_zeros_is_exact():
    x = mg.tensor([0.0, 2.0, 0.0, 3.0], dtype=mg.float64, requires_grad=True)
    hessian = mg.autograd.functional.hessian(lambda v: v.prod(), x)
    expected = np.zeros((4, 4))
    expected[0, 2] = expected[2, 0] = 6.0
    np.testing.assert_array_equal(hessian.array, expected)


def test_unique_has_no_gradient_and_says_so():
    x = mg.tensor([1.0, 1.0, 2.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match="unique"):
        mg.unique(x).sum().backward()


RAISING = [
    lambda m, x: m.sum(x, 5),
    lambda m, x: m.sum(x, (0, 0)),
    lambda m, x: m.mean(x.long()),
    lambda m, x: m.max(x[:0]),
    lambda m, x: m.max(x[:0], 0),
    lambda m, x: m.amax(x[:0], 0),
    lambda m, x: m.argmax(x[:0]),
    lambda m, x: m.argmax(x > 0),
    lambda m, x: m.var(x.long()),
    lambda m, x: m.topk(x, 9),
    lambda m, x: m.topk(x > 0, 1),
    lambda m, x: m.kthvalue(x, 0),
    lambda m, x: m.quantile(x, 1.5),
    lambda m, x: m.quantile(x.long(), 0.5),
    lambda m, x: m.trace(x[0]),
    lambda m, x: m.cumsum(x, 2),
    lambda m, x: m.softmax(x.long(), 0),
    lambda m, x: m.logcumsumexp(x.long(), 0),
    lambda m, x: m.linalg.vector_norm(x.long()),
    lambda m, x: m.linalg.norm(x, "fro", 0),
    lambda m, x: m.linalg.matrix_norm(x, 3),
    lambda m, x: m.norm(x, "inf"),
    lambda m, x: m.bincount(x),
    lambda m, x: m.bucketize(x, x),
    lambda m, x: m.diff(x[0, 0]),
    lambda m, x: x.reshape(5, 2),
    lambda m, x: x.t().view(6),
    lambda m, x: x.expand(3, 3),
    lambda m, x: x.expand(3),
    lambda m, x: m.transpose(x, 0, 2),
    lambda m, x: x.permute(0, 0),
    lambda m, x: m.unsqueeze(x, 4),
    lambda m, x: m.squeeze(x, 3),
    lambda m, x: m.flatten(x, 1, 0),
    lambda m, x: m.unflatten(x, 0, (2, 2)),
    lambda m, x: m.movedim(x, (0, 1), (0,)),
    lambda m, x: m.cat([]),
    lambda m, x: m.cat([x, x[:, :1]]),
    lambda m, x: m.cat([x, x[0]]),
    lambda m, x: m.stack([x, x[:1]]),
    lambda m, x: m.split(x, [1, 2]),
    lambda m, x: m.chunk(x, 0),
    lambda m, x: m.hsplit(x, 2),
    lambda m, x: m.vsplit(x[0], 2),
    lambda m, x: m.unbind(x[0, 0]),
    lambda m, x: x.repeat(2),
    lambda m, x: m.repeat_interleave(x, -1),
    lambda m, x: m.flip(x, (0, 0)),
    lambda m, x: m.roll(x, (1, 2), 0),
    lambda m, x: m.rot90(x, 1, (0, 0)),
    lambda m, x: m.tril(x[0]),
    lambda m, x: m.diag(m.stack([x, x])),
    lambda m, x: m.diagonal(x, 0, 1, 1),
    lambda m, x: m.constant_pad_nd(x, (1, 2, 3)),
    lambda m, x: m.constant_pad_nd(x, (-2, -2)),
    lambda m, x: m.meshgrid(x, indexing="ij"),
    lambda m, x: m.narrow(x, 1, 2, 2),
    lambda m, x: m.select(x, 0, 2),
    lambda m, x: m.gather(x, 0, x.long() + 9),
    lambda m, x: m.gather(x, 0, x),
    lambda m, x: m.gather(x, 0, x[0].long()),
    lambda m, x: m.scatter(x, 0, x.long() + 9, x),
    lambda m, x: m.scatter_reduce(x, 0, x.long() * 0, x, "median"),
    lambda m, x: m.index_select(x, 0, m.tensor([2])),
    lambda m, x: m.index_select(x, 0, m.tensor([-1])),
    lambda m, x: m.index_add(x, 0, m.tensor([0]), x),
    lambda m, x: m.index_copy(x, 0, m.tensor([0]), x.double()[:1]),
    lambda m, x: m.index_put(x, (m.tensor([0]),), x.double()[:1]),
    lambda m, x: m.masked_fill(x, x, 0.0),
    lambda m, x: m.masked_select(x, x),
    lambda m, x: m.masked_scatter(x, x < 9, x[0]),
    lambda m, x: m.take(x, m.tensor([6])),
    lambda m, x: m.take_along_dim(x, m.tensor([0]), 1),
    lambda m, x: m.select_scatter(x, x, 0, 0),
    lambda m, x: m.slice_scatter(x, x[:1], 0, 0, 2),
    lambda m, x: m.diagonal_scatter(x, x),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(RAISING)))
def test_what_raises_in_pytorch_raises_here_with_the_name_of_the_op(number):
    import inspect

    torch = oracle()
    call = RAISING[number]
    line = inspect.getsource(call).strip()
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    with pytest.raises((RuntimeError, IndexError, ValueError, TypeError)):
        call(torch, torch.tensor(values))
    with pytest.raises((IndexError, ValueError, TypeError), match=r"\w+: ") as error:
        call(mg, mg.tensor(values))
    assert len(str(error.value).splitlines()) == 1, line
