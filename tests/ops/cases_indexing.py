"""Indexing, gathering and scattering, masks."""

import microgradnet as mg
from tests.ops.case import ALL, FLOATS, A, Case

NUMBERS = ("float32", "float64", "int64")


def at(*values):
    """An index array of just these numbers."""
    return A(values=list(values), dtype="int64")


def mask(*shape):
    return A(*shape, dtype="bool")


GRID = A(values=[[0, 2, 1], [3, 0, 0]], dtype="int64")  # distinct along dim 0
TIES = A(values=[[0, 0, 1], [0, 3, 1], [2, 0, 1]], dtype="int64")

INDEXING = [
    Case("select", [(A(3, 4), 0, 1), (A(3, 4), -1, -2), (A(3), 0, 0)], dtypes=ALL),
    Case("narrow", [(A(5, 2), 0, 1, 3), (A(2, 5), -1, -3, 2), (A(3), 0, 3, 0)], dtypes=ALL),
    Case("index_select", [(A(4, 3), 0, at(2, 0, 2)), (A(4, 3), 1, at(1)), (A(4, 3), -1, A(0, dtype="int64")), (A(),
                          0, at(0))],
         dtypes=ALL),
    Case("index_add", [(A(4, 3), 0, at(2, 0, 2), A(3, 3)), (A(2, 3, 4), 1, at(1, 1), A(2, 2, 4)), (A(5),
                       0, at(4, 4, 0), A(3)),
                       (A(4, 3), -1, at(0, 0), A(4, 2), {"alpha": 2}), (A(3), 0, A(0, dtype="int64"), A(0))],
                       dtypes=NUMBERS),
    Case("index_copy", [(A(4, 3), 0, at(2, 0), A(2, 3)), (A(2, 3), 1, at(1), A(2, 1)), (A(3), 0, at(1, 2), A(2))],
                        dtypes=ALL),
    Case("index_fill", [(A(4, 3), 0, at(2, 0), 1), (A(2, 3), 1, at(1, -1), 0), (A(3), 0, at(1), A())], dtypes=NUMBERS),
    Case("index_put", [(A(4, 3), (at(0, 2), at(1, 1)), A(2)), (A(4, 3), (at(3, 1),), A(2, 3)), (A(4, 3),
                       (mask(4, 3),), A()),
                       (A(4, 3), (at(3, -1), at(0, 1)), A(1)), (A(5), (at(1, 2),), A(2))], dtypes=ALL),
    Case("index_put", [(A(4, 3), (at(0, 2, 0), at(1, 1, 1)), A(3), True), (A(4, 3), (at(3, 1, 3),), A(3), True),
                       (A(5), (at(1, 1, 1),), A(), True), (A(4, 3), (mask(4),), A(3), True)], dtypes=NUMBERS),
    Case("index_put of a whole dimension", [(A(4, 3), A(4, 2))],
         ours=lambda x, v: x.index_put((None, mg.tensor([0, 2])), v), torch=lambda x, v: _with_columns(x, v)),
    Case("take", [(A(3, 4), at(0, 5, -1, 5)), (A(3, 4), A(2, 2, low=0, high=12, dtype="int64"))], dtypes=ALL),
    Case("select_scatter", [(A(3, 4), A(4), 0, 1), (A(3, 4), A(3), -1, -2), (A(3), A(), 0, 1)], dtypes=ALL),
    Case("slice_scatter", [(A(5, 2), A(2, 2), 0, 1, 3), (A(2, 5), A(2, 3), 1, None, None, 2), (A(3), A(3))],
                           dtypes=ALL),
    Case("nonzero", [(A(3, 4),), (A(),), (A(0, 2),), (A(3, 4), {"as_tuple": True})], dtypes=ALL, differentiable=False),
    Case("argwhere", [(A(3, 4),), (A(3),)], dtypes=ALL, differentiable=False),
]  # fmt: skip


def _with_columns(x, v):
    out = x.clone()
    out[:, [0, 2]] = v
    return out


SCATTER = [
    Case("gather", [(A(4, 3), 0, GRID), (A(2, 5), 1, GRID), (A(4), 0, at(3, 3)), (A(), 0, A(values=0, dtype="int64")),
                    (A(4, 3), 0, A(0, 3, dtype="int64")), (A(4, 3), 1, A(0, dtype="int64")), (A(), 0, at(0, 0)),
                    (A(4), 0, A(values=3, dtype="int64"))], dtypes=ALL),
    Case("scatter", [(A(4, 3), 0, GRID, A(2, 3)), (A(4, 3), 0, GRID, 1),
                     (A(4, 3), 0, GRID, {"value": 2}), (A(4), 0, at(3), A(1)), (A(), 0, at(0), A(1)),
                     (A(4), 0, A(values=2, dtype="int64"), A()), (A(4, 3), 1, A(0, dtype="int64"), A(0))],
         dtypes=NUMBERS),
    Case("scatter", [(A(4, 3), 0, GRID, A(2, 3), {"reduce": "add"}), (A(4, 3), 0, GRID, 2, {"reduce": "multiply"})],
         differentiable=False),
    Case("scatter_add", [(A(4, 3), 0, TIES, A(3, 3)), (A(4, 4), 1, TIES, A(3, 3)), (A(4), 0, at(3, 3), A(2)),
                         (A(), 0, A(values=0, dtype="int64"), A()), (A(3), 0, A(0, dtype="int64"), A(0)),
                         (A(), 0, at(0, 0), A(2)), (A(4, 3), 0, A(0, dtype="int64"), A(0))],
                         dtypes=NUMBERS),
    # PyTorch has no gradient where src is larger than the index.
    *(Case(name, [(A(4, 3), 0, GRID, A(3, 4)), (A(3, 4), 1, GRID, A(2, 5))], differentiable=False, dtypes=NUMBERS)
      for name in ("scatter", "scatter_add")),
    Case("scatter_reduce", [(A(4, 3), 0, TIES, A(3, 4), "amax")], differentiable=False, dtypes=NUMBERS),
    *(Case("scatter_reduce", [(A(4, 3), 0, TIES, A(3, 3), reduce), (A(4, 4), 1, TIES, A(3, 3),
                              reduce, {"include_self": False})],
           dtypes=FLOATS if reduce == "mean" else NUMBERS)
      for reduce in ("sum", "prod", "mean", "amax", "amin")),
    *(Case("scatter_reduce", [(A(), 0, at(0, 0), A(2), reduce), (A(4, 3), 0, A(0, dtype="int64"), A(0), reduce)])
      for reduce in ("sum", "prod", "amax")),
    Case("take_along_dim", [(A(4, 3), GRID, 0), (A(4, 3), at(0, 11, 3)), (A(2, 3), A(values=[[0], [-1]],
                            dtype="int64"), 1),
                            (A(1, 5), GRID, 1)], dtypes=ALL),
    Case("masked_fill", [(A(3, 4), mask(3, 4), 1), (A(3, 4), mask(4), 0), (A(4), mask(3, 1), 1), (A(3), mask(3), A())],
         dtypes=ALL),
    Case("masked_select", [(A(3, 4), mask(3, 4)), (A(3, 4), mask(4)), (A(4), mask(3, 1)), (A(), mask()), (A(0),
                           mask(0))], dtypes=ALL),
    Case("masked_scatter", [(A(3, 4), mask(3, 4), A(12)), (A(3, 4), mask(4), A(4, 4)), (A(), mask(), A(2))],
                            dtypes=ALL),
]  # fmt: skip

CASES = [*INDEXING, *SCATTER]
