"""Shape, joining, splitting, rearranging, diagonals."""

import microgradnet as mg
from tests.ops.case import ALL, A, Case


def method(name: str):
    """PyTorch's method of that name, for what is no function of ``torch``."""
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


SHAPE = [
    Case("reshape", [(A(3, 4), (2, 6)), (A(3, 4), (-1, 2)), (A(), (1, 1)), (A(0, 3), (3, 0))], dtypes=ALL),
    Case("reshape", [(A(3, 4), 2, 6), (A(3, 4), -1)], torch=method("reshape")),
    Case("view", [(A(3, 4), 12), (A(3, 4), (2, -1)), (A(0, 2), 2, 0)], torch=method("reshape"), dtypes=ALL),
    Case("view_as", [(A(3, 4), A(2, 6))], torch=method("reshape_as")),
    Case("reshape_as", [(A(3, 4), A(2, 6))], torch=method("reshape_as")),
    Case("ravel", [(A(2, 3),), (A(),)], dtypes=ALL),
    Case("flatten", [(A(2, 3, 4),), (A(2, 3, 4), 1), (A(2, 3, 4), 0, 1), (A(2, 3, 4), -2, -1), (A(),), (A(0, 3),)]),
    Case("unflatten", [(A(2, 6), 1, (2, 3)), (A(2, 6), -1, (-1, 2)), (A(4), 0, (2, 2))]),
    Case("squeeze", [(A(1, 3, 1),), (A(1, 3, 1), 0), (A(1, 3), 1), (A(1, 3, 1), (0, -1)), (A(),)], dtypes=ALL),
    Case("unsqueeze", [(A(2, 3), 0), (A(2, 3), 1), (A(2, 3), -1), (A(), 0)], dtypes=ALL),
    Case("transpose", [(A(3, 4), 0, 1), (A(2, 3, 4), -1, 0), (A(3), 0, 0)], dtypes=ALL),
    Case("t", [(A(2, 3),), (A(3),), (A(),)]),
    Case("T", [(A(2, 3),)], ours=lambda x: x.T, torch=lambda x: x.T),
    Case("mT", [(A(2, 3),), (A(4, 2, 3),)], ours=lambda x: x.mT, torch=lambda x: x.mT),
    Case("permute", [(A(2, 3, 4), (2, 0, 1)), (A(2, 3), (-1, 0)), (A(), ())], dtypes=ALL),
    Case("movedim", [(A(2, 3, 4), 0, 2), (A(2, 3, 4), (0, 1), (-1, 0)), (A(2, 3, 4), -1, 0)]),
    Case("expand", [(A(3, 1), -1, 4), (A(3, 1), (2, 3, 4)), (A(), 2), (A(1, 3), 0, 3)], torch=method("expand")),
    Case("expand_as", [(A(3, 1), A(2, 3, 4))], torch=method("expand_as")),
    Case("broadcast_to", [(A(3, 1), (2, 3, 4)), (A(), (2,))], dtypes=ALL),
    Case("broadcast_tensors", [(A(3, 1), A(4)), (A(), A(2), A(1, 1))]),
    Case("atleast_1d", [(A(),), (A(2),), (A(), A(2, 2))]),
    Case("atleast_2d", [(A(),), (A(2),), (A(2, 3),), (A(2), A())]),
    Case("atleast_3d", [(A(),), (A(2),), (A(2, 3),), (A(2, 3, 4), A(2))]),
    Case("clone", [(A(2, 3),), (A(),)], dtypes=ALL),
    Case("contiguous", [(A(2, 3),), (A(),)], torch=method("contiguous")),
]

JOINING = [
    Case("cat", [([A(2, 3), A(4, 3)],), ([A(2, 3), A(2, 1)], 1), ([A(2, 3), A(2, 3)], -2), ([A(0), A(2, 3)],),
                 ([A(3), A(2, dtype="int64")],), ([A(2, dtype="bool"), A(3)],), ([A(0, 3), A(2, 3)],), ([A(2)],)],
         dtypes=ALL),
    Case("stack", [([A(2, 3), A(2, 3)],), ([A(2), A(2)], -1), ([A(), A(), A()],), ([A(2, 3), A(2, 3)], 1)], dtypes=ALL),
    Case("hstack", [((A(2), A(3)),), ((A(2, 3), A(2, 1)),), ((A(), A()),)]),
    Case("vstack", [((A(3), A(3)),), ((A(2, 3), A(1, 3)),), ((A(), A()),)]),
    Case("dstack", [((A(3), A(3)),), ((A(2, 3), A(2, 3)),), ((A(2, 3, 1), A(2, 3, 2)),)]),
    Case("column_stack", [((A(3), A(3)),), ((A(3, 2), A(3)),), ((A(), A()),)]),
    Case("block_diag", [(A(2, 3), A(1, 2)), (A(), A(2), A(2, 1)), (A(2, 2),)]),
    Case("meshgrid", [(A(2), A(3), {"indexing": "ij"}), (A(2), A(3), A(4), {"indexing": "xy"}), (A(2),
                      {"indexing": "ij"}),
                      (A(), A(2), {"indexing": "ij"})]),
    Case("cartesian_prod", [(A(2), A(3)), (A(2),), (A(2), A(1), A(3))]),
]  # fmt: skip

SPLITTING = [
    Case("split", [(A(5, 2), 2), (A(5, 2), [1, 4]), (A(2, 5), 3, 1), (A(2, 5), 5, -1), (A(0, 2), 2)], dtypes=ALL),
    Case("split_with_sizes", [(A(5, 2), [2, 0, 3]), (A(2, 3), [1, 2], 1)]),
    Case("chunk", [(A(5, 2), 2), (A(5, 2), 4), (A(2, 6), 3, 1), (A(2), 5), (A(0, 2), 2)]),
    Case("tensor_split", [(A(7, 2), 3), (A(7, 2), (1, 3)), (A(2, 5), (2, -1), 1), (A(3), (2, 9)), (A(2), 4)]),
    Case("hsplit", [(A(4), 2), (A(2, 4), 2), (A(2, 5), (1, 3))]),
    Case("vsplit", [(A(4, 2), 2), (A(5, 2), (1, 3))]),
    Case("unbind", [(A(3, 2),), (A(2, 3), 1), (A(2, 3), -1), (A(0, 3),)], dtypes=ALL),
]

REARRANGING = [
    Case("repeat", [(A(2, 3), 2, 1), (A(3), 2, 2), (A(2, 3), (1, 1)), (A(), 3), (A(2), 0), (A(2, 1), 2, 3, 2)],
         torch=method("repeat"), dtypes=ALL),
    Case("tile", [(A(2, 3), (2,)), (A(3), (2, 2)), (A(2, 3), (1, 2, 2))]),
    Case("repeat_interleave", [(A(3), 2), (A(2, 3), 2, 1), (A(2, 3), A(values=[1, 3], dtype="int64"), 0), (A(2, 3), 2),
                               (A(3), A(values=[2, 0, 1], dtype="int64"))]),
    Case("repeat_interleave of counts", [(A(values=[2, 0, 1], dtype="int64"),)], torch="repeat_interleave",
         ours=lambda x: mg.repeat_interleave(x)),
    Case("flip", [(A(2, 3), (0,)), (A(2, 3), (0, -1)), (A(2, 0), (0,))], dtypes=ALL),
    Case("fliplr", [(A(2, 3),)]),
    Case("flipud", [(A(2, 3),), (A(3),)]),
    Case("roll", [(A(5), 2), (A(2, 3), 1), (A(2, 3), -1, 0), (A(2, 3), (1, 2), (0, 1)), (A(2, 3), (1, 1), (1, 1))]),
    Case("rot90", [(A(2, 3),), (A(2, 3), 2), (A(2, 3), 3), (A(2, 3), 4), (A(2, 3, 4), -1, (2, 1)), (A(2, 3), 1,
                   (1, 0))]),
    Case("tril", [(A(3, 4),), (A(3, 4), 1), (A(2, 3, 3), -1), (A(3, 2), 9)], dtypes=ALL),
    Case("triu", [(A(3, 4),), (A(3, 4), 1), (A(2, 3, 3), -1), (A(3, 2), 9)], dtypes=ALL),
    Case("constant_pad_nd", [(A(3), (1, 2)), (A(2, 3), (1, 0, 2, 1), 1.5), (A(2, 5), (-1, -2)), (A(4), (-1, 2), 3),
                             (A(2, 3), ()),
                             (A(2, 3), (-2, 1, 1, -1))]),
]  # fmt: skip

DIAGONALS = [
    Case("diagonal", [(A(3, 4),), (A(3, 4), 1), (A(3, 4), -2), (A(2, 3, 4), 0, 1, 2), (A(2, 3, 4), 1, 2, 0),
                      (A(2, 2), 5)], dtypes=ALL),
    Case("diagonal_scatter", [(A(3, 4), A(3)), (A(3, 4), A(2), -1), (A(2, 3, 4), A(3, 2), 0, 0, 2), (A(2, 3, 4),
                              A(2, 3), 1, -2, -1)]),
    Case("diag_embed", [(A(3),), (A(2, 3),), (A(2, 3), 1), (A(2, 3), -1, 0, 2), (A(2, 3), 0, 2, 1)], dtypes=ALL),
    Case("diag", [(A(3),), (A(3), -1), (A(3, 4),), (A(3, 4), 2)], dtypes=ALL),
    Case("diagflat", [(A(3),), (A(2, 2),), (A(2), 1), (A(),)]),
]  # fmt: skip

CASES = [*SHAPE, *JOINING, *SPLITTING, *REARRANGING, *DIAGONALS]
