"""Reductions, running sums, order, statistics and norms."""

import math

import microgradnet as mg
from microgradnet.ops.linalg import svd
from tests.ops.case import ALL, FLOATS, A, Case
from tests.oracle import oracle

NUMBERS = ("float32", "float64", "int64")
INTEGERS = ("int64", "bool")
OVER = [(A(3, 4),), (A(3, 4), 1), (A(3, 4), -2, True), (A(2, 3, 4), (0, 2)), (A(),), (A(), 0), (A(1, 1), (0, 1), True)]
ALONG = [(A(3, 4), 0), (A(3, 4), 1), (A(2, 3, 4), 1), (A(2, 1), -1), (A(), 0)]
ALONG_KEPT = [*ALONG, (A(3, 4), 0, True), (A(2, 3, 4), -2, True)]
ZEROS = A(values=[[0.0, 1.5, -2.0], [0.0, 3.0, 0.0], [0.5, 0.5, 2.0]])

REDUCTION = [
    Case("sum", [*OVER, (A(0, 3), 0), (A(0),), (A(3, 4), {"dim": [0, 1]}), (A(2, 3), {"dim": ()})], dtypes=ALL),
    Case("sum of float64", [(A(3, 4), 1)], ours=lambda x, d: x.sum(d, dtype=mg.float64), dtypes=ALL,
         torch=lambda x, d: x.double().sum(d)),
    Case("mean", [*OVER, (A(0, 3), 0), (A(0),)]),
    Case("mean of integers", [(A(3, 4), 1)], ours=lambda x, d: x.mean(d, dtype=mg.float32), dtypes=INTEGERS,
         torch=lambda x, d: x.float().mean(d), differentiable=False),
    Case("prod", [*ALONG_KEPT, (A(3, 4),), (ZEROS,), (ZEROS, 0), (ZEROS, 1, True), (A(0, 3), 0), (A(0),)]),
    Case("prod", [(A(3, 4),), (A(3, 4), 1)], dtypes=INTEGERS),
    Case("nansum", OVER, dtypes=ALL),
    Case("nanmean", OVER),
    Case("amax", [*OVER, (A(0, 3), 1)], dtypes=ALL),
    Case("amin", [*OVER, (A(0, 3), 1)], dtypes=ALL),
    Case("aminmax", [(A(3, 4),), (A(3, 4), {"dim": 1}), (A(3, 4), {"dim": 0, "keepdim": True})], dtypes=ALL),
    Case("max", [*ALONG_KEPT, (A(3, 4),), (A(3, 4), A(4))]),
    Case("min", [*ALONG_KEPT, (A(3, 4),), (A(3, 4), A(4))]),
    Case("max", [(A(3, 4), 1), (A(3, 4),)], dtypes=INTEGERS),
    Case("min", [(A(3, 4), 1), (A(3, 4),)], dtypes=INTEGERS),
    *(Case(name, [*ALONG_KEPT, (A(3, 4),), (A(3, 4), None, True)], dtypes=NUMBERS, differentiable=False)
      for name in ("argmax", "argmin")),
    *(Case(name, [*OVER, (A(0, 3), 0), (A(0),)], dtypes=ALL, differentiable=False) for name in ("all", "any")),
    Case("count_nonzero", [(A(3, 4),), (A(3, 4), 1), (A(3, 4), (0, 1)), (A(),)], dtypes=ALL, differentiable=False),
    Case("trace", [(A(3, 3),), (A(2, 4),)], dtypes=NUMBERS),
    Case("logsumexp", [*ALONG_KEPT, (A(2, 3, 4), (0, 2)), (A(3, low=900, high=1000), 0)]),
    Case("logsumexp", [(A(3, 4), 1)], dtypes=INTEGERS),
    Case("softmax", ALONG),
    Case("log_softmax", ALONG),
    Case("softmax of float64", [(A(3, 4), 1)], ours=lambda x, d: x.softmax(d, dtype=mg.float64), dtypes=ALL,
         torch=lambda x, d: x.double().softmax(d)),
]  # fmt: skip

CUMULATIVE = [
    Case("cumsum", [*ALONG, (A(0, 3), 0)]),
    Case("cumsum", ALONG, dtypes=INTEGERS),
    Case("cumprod", [*ALONG, (ZEROS, 0), (ZEROS, 1), (A(0, 3), 0)]),
    Case("cumprod", ALONG, dtypes=INTEGERS),
    Case("cummax", ALONG, dtypes=ALL),
    Case("cummin", ALONG, dtypes=ALL),
    Case("logcumsumexp", [*ALONG, (A(4, low=900, high=1000), 0)]),
    Case("diff", [(A(5),), (A(3, 4), {"dim": 0}), (A(3, 4), 2), (A(3, 4), 9), (A(4), 1, -1, A(1), A(2)), (A(2, 3),
                  0)], dtypes=ALL),
]  # fmt: skip

SORTED = A(values=[-1.0, 0.0, 0.0, 1.5])
SORTING = [
    Case("sort", [(A(3, 4),), (A(3, 4), 0), (A(3, 4), -1, True), (A(),), (A(0, 2), 0)]),
    Case("sort", [(A(3, 4), 1), (A(2, 6), -1, True)], dtypes=INTEGERS),
    Case("argsort", [(A(3, 4),), (A(3, 4), 0, True), (A(5), {"stable": True})], dtypes=FLOATS, differentiable=False),
    Case("msort", [(A(3, 4),), (A(5),)]),
    Case("topk", [(A(3, 5), 2), (A(5, 3), 2, 0), (A(3, 5), 2, -1, False), (A(4), 4), (A(3), 0), (A(), 1)]),
    Case("kthvalue", [(A(3, 5), 2), (A(5, 3), 1, 0), (A(3, 5), 5, -1, True), (A(), 1)]),
    Case("median", [*ALONG_KEPT, (A(3, 4),), (A(5),), (A(),)]),
    Case("median", [(A(9),)], dtypes=("int64",)),
    Case("unique", [(A(3, 4),), (A(6), {"return_inverse": True, "return_counts": True}), (A(0),), (A(3, 2), {"dim": 0}),
                    (A(2, 6), {"return_counts": True, "return_inverse": True, "dim": 1}), (A(2, 3),
                    {"return_inverse": True})],
         dtypes=ALL, differentiable=False),
    Case("searchsorted", [(SORTED, A(2, 3)), (SORTED, A(values=[0.0, 1.5]), {"right": True}),
                          (SORTED, 0.0, {"side": "right"}),
                          (A(values=[[0.0, 1.0], [-1.0, 1.0]]), A(2, 3)), (A(values=[1.5, 0.0, -1.0]), A(3),
                          {"sorter": A(values=[2, 1, 0], dtype="int64")})], differentiable=False),
    Case("bucketize", [(A(2, 3), SORTED), (A(4), SORTED, {"right": True})], dtypes=NUMBERS, differentiable=False),
]  # fmt: skip

COUNTS = A(values=[0, 3, 1, 3], dtype="int64")
STATISTICS = [
    *(Case(name, [(A(3, 4),), (A(3, 4), 1), (A(2, 3, 4), (0, 2)), (A(3, 4), 0, {"keepdim": True}), (A(4),
                  {"correction": 0}),
                  (A(3, 4), 1, {"correction": 2}), (A(4), False), (A(3, 4), {"dim": 1, "unbiased": False}), (A(4, 3),
                  0, True, True)],
           rtol=1e-4)
      for name in ("var", "std", "var_mean", "std_mean")),
    Case("quantile", [(A(9), 0.3), (A(3, 4), 0.5, 1), (A(3, 4), 1.0, 0, True), (A(3, 4), 0.2, {"keepdim": True}),
                      (A(), 0.5)]),
    Case("quantile", [(A(3, 4), A(3, low=0.1, high=0.9), 1), (A(2, 3, 4), A(2, low=0, high=1), -2, True), (A(5),
                      A(low=0.1, high=0.9)),
                      (A(3, 2), A(2, low=0.1, high=0.9), {"keepdim": True})], twice=False),
    *(Case("quantile", [(A(3, 6),
                        0.37, 1, {"interpolation": i})]) for i in ("linear", "lower", "higher", "nearest", "midpoint")),
    Case("bincount", [(COUNTS,), (COUNTS, {"minlength": 6}), (A(0, dtype="int64"),)], differentiable=False),
    Case("bincount", [(COUNTS, A(4))], differentiable=False, dtypes=NUMBERS),
    # PyTorch's own has no gradient with respect to the weights.
    Case("bincount of weights", [(COUNTS, A(4))],
                                 ours=mg.bincount, torch=lambda x, w: w.new_zeros(4).index_add(0, x, w)),
]  # fmt: skip

ORDERS = (2, 1, 3, 0.5, 1.5, -2, math.inf, -math.inf, 0)
NORMS = [
    *(Case(f"vector_norm {p}", [(A(3, 4), p), (A(3, 4), p, 1), (A(2, 3, 4), p, (0, 2), True), (A(), p)], twice=p != 0,
           differentiable=p != 0, ours=mg.linalg.vector_norm, torch="linalg.vector_norm")
      for p in ORDERS),
    *(Case(f"matrix_norm {p}", [(A(3, 4), p), (A(2, 4, 3), p, (0, 2), True), (A(2, 3, 3), p, (-1, 0))],
                                ours=mg.linalg.matrix_norm,
           torch="linalg.matrix_norm", rtol=1e-4)
      for p in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf)),
    Case("linalg.norm", [(A(3, 4),), (A(4), 3), (A(3, 4), "nuc"), (A(3, 4), 1, 1), (A(2, 3, 4), None, (0, 1), True),
                         (A(3, 4), None, 0),
                         (A(3, 4), math.inf)], rtol=1e-4),
    Case("norm", [(A(3, 4),), (A(3, 4), 1), (A(3, 4), "nuc"), (A(3, 4), 3, 1, True), (A(2, 3), "fro", (0, 1)), (A(3),
                  math.inf)], rtol=1e-4),
    Case("dist", [(A(3, 4), A(3, 4)), (A(3, 4), A(4), 3), (A(3), A(3), 1), (A(3), A(3), math.inf)]),
    # Each factor has a sign of its own choosing, which the even function of it takes out again.
    Case("svd", [(A(3, 3),), (A(2, 4, 3),), (A(2, 4),)], ours=lambda x: _squares(*svd._svd(x)), rtol=1e-3,
         torch=lambda x: _squares(*oracle().linalg.svd(x, full_matrices=False))),
    Case("svdvals", [(A(3, 3),), (A(2, 4, 3),), (A(2, 4),)], ours=mg.linalg.svdvals, torch="linalg.svdvals", rtol=1e-4),
]  # fmt: skip


def _squares(U, S, Vh):
    return U * U, S, Vh * Vh


CASES = [*REDUCTION, *CUMULATIVE, *SORTING, *STATISTICS, *NORMS]
