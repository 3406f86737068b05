"""Products, Einstein sums, decompositions."""

import microgradnet as mg
from tests.ops.case import A, Case

NUMBERS = ("float32", "float64", "int64")
SCALED = {"beta": 2, "alpha": 3}

PRODUCTS = [
    Case("mm", [(A(3, 4), A(4, 2)), (A(0, 4), A(4, 2)), (A(1, 1), A(1, 1))], dtypes=NUMBERS),
    Case("bmm", [(A(2, 3, 4), A(2, 4, 5)), (A(0, 3, 4), A(0, 4, 5))], dtypes=NUMBERS),
    Case("mv", [(A(3, 4), A(4)), (A(3, 0), A(0))], dtypes=NUMBERS),
    Case("dot", [(A(4), A(4)), (A(0), A(0))], dtypes=NUMBERS),
    Case("vdot", [(A(4), A(4))], dtypes=NUMBERS),
    Case("inner", [(A(4), A(4)), (A(2, 3, 4), A(5, 4)), (A(), A(2, 3)), (A(3), A(2, 3))], dtypes=NUMBERS),
    Case("outer", [(A(3), A(4)), (A(0), A(4))], dtypes=NUMBERS),
    Case(
        "addmm",
        [(A(3, 2), A(3, 4), A(4, 2)), (A(2), A(3, 4), A(4, 2), SCALED), (A(1), A(3, 4), A(4, 2), {"beta": 0})],
        dtypes=NUMBERS,
    ),
    Case("addmv", [(A(3), A(3, 4), A(4)), (A(1), A(3, 4), A(4), SCALED)], dtypes=NUMBERS),
    Case("addr", [(A(3, 4), A(3), A(4)), (A(4), A(3), A(4), SCALED)], dtypes=NUMBERS),
    Case("baddbmm", [(A(2, 3, 2), A(2, 3, 4), A(2, 4, 2)), (A(3, 2), A(2, 3, 4), A(2, 4, 2), SCALED)], dtypes=NUMBERS),
    Case("addbmm", [(A(3, 2), A(2, 3, 4), A(2, 4, 2)), (A(2), A(2, 3, 4), A(2, 4, 2), SCALED)], dtypes=NUMBERS),
    Case(
        "tensordot",
        [(A(2, 3, 4), A(3, 4, 5)), (A(2, 3), A(4), 0), (A(2, 3, 4), A(4, 2), ([0, 2], [1, 0])), (A(2, 3), A(3, 2), 1)],
        dtypes=NUMBERS,
    ),
    Case("kron", [(A(2, 3), A(3, 2)), (A(2), A(3, 2)), (A(), A(2, 2))], dtypes=NUMBERS),
    Case(
        "linalg.multi_dot",
        [
            ([A(2, 3), A(3, 4), A(4, 2)],),
            ([A(3), A(3, 4), A(4)],),
            ([A(2, 9), A(9, 1), A(1, 7), A(7, 3)],),
            ([A(2, 3), A(3)],),
        ],
        dtypes=NUMBERS,
    ),
    Case("linalg.vecdot", [(A(2, 3), A(2, 3)), (A(2, 3, 4), A(3, 4), {"dim": -2})]),
    Case("linalg.cross", [(A(2, 3), A(2, 3)), (A(3, 2), A(3, 1), {"dim": 0})], dtypes=NUMBERS),
    Case("cross", [(A(4, 3), A(4, 3), 1), (A(3), A(3)), (A(2, 3), A(2, 3))], dtypes=NUMBERS),
]

EINSUM = [
    Case(
        "einsum",
        [
            ("ij,jk->ik", A(3, 4), A(4, 2)),
            ("ij,jk", A(3, 4), A(4, 2)),
            ("bij,bjk->bik", A(2, 3, 4), A(2, 4, 3)),
            ("i,j,k->kij", A(2), A(3), A(2)),
            ("ii", A(3, 3)),
            ("ii->i", A(3, 3)),
            ("iij->j", A(2, 2, 3)),
            ("ij->ji", A(2, 3)),
            ("ij->", A(2, 3)),
            ("ij,ij->", A(2, 3), A(2, 3)),
            ("...ij,...jk->...ik", A(2, 1, 2, 3), A(4, 3, 2)),
            ("b...->...", A(3, 2, 2)),
            ("i...,i...", A(3, 2), A(3, 2)),
            ("ij,jk,kl->il", A(2, 3), A(3, 4), A(4, 2)),
            ("Ab,bA", A(2, 3), A(3, 2)),
            ("i,i", A(1), A(3)),
            (" i j , j -> i ", A(2, 3), A(3)),
            (",i->i", A(), A(3)),
            ("ij,k->i", A(2, 3), A(4)),
            ("iji->ij", A(2, 3, 2)),
            ("iii->", A(2, 2, 2)),
        ],
        dtypes=("float32", "float64"),
    ),
    Case(
        "einsum of numbered dimensions",
        [(A(2, 3), A(3, 4))],
        ours=lambda a, b: mg.einsum(a, [0, 1], b, [1, 2], [0, 2]),
        torch=lambda a, b: a @ b,
    ),
]


def _positive_definite(cholesky):
    """Of a square matrix x: the factor of x·xᵀ + 1."""
    return lambda x, **options: cholesky(x @ x.mT + 1.0 * _eye(x), **options)


def _eye(x):
    return (
        x.detach() * 0 + mg.eye(x.shape[-1], dtype=x.dtype, device=x.device)
        if isinstance(x, mg.Tensor)
        else _torch_eye(x)
    )


def _torch_eye(x):
    import torch

    return torch.eye(x.shape[-1], dtype=x.dtype)


def _torch_cholesky(a, **options):
    import torch

    return torch.linalg.cholesky(a, **options)


SQUARE = [(A(3, 3),), (A(2, 3, 3),), (A(1, 1),)]
DECOMPOSITIONS = [
    Case("linalg.inv", SQUARE, rtol=1e-3),
    Case("linalg.det", [*SQUARE, (A(0, 2, 2),)], rtol=1e-4),
    Case("linalg.slogdet", SQUARE, rtol=1e-4),
    Case("det", SQUARE, rtol=1e-4),
    Case(
        "linalg.solve",
        [
            (A(3, 3), A(3)),
            (A(3, 3), A(3, 2)),
            (A(2, 3, 3), A(2, 3)),
            (A(3, 3), A(2, 3, 1)),
            (A(2, 3, 3), A(2, 4, 3), {"left": False}),
        ],
        rtol=1e-3,
    ),
    Case(
        "linalg.cholesky",
        [(A(3, 3),), (A(2, 3, 3),), (A(3, 3), {"upper": True})],
        rtol=1e-4,
        ours=_positive_definite(mg.linalg.cholesky),
        torch=_positive_definite(_torch_cholesky),
    ),
    Case("linalg.matrix_power", [(A(3, 3), 1), (A(3, 3), 5), (A(2, 3, 3), 2), (A(3, 3), -2)], rtol=1e-3),
    Case("linalg.matrix_power", [(A(2, 3, 3), 0)], differentiable=False),
]

CASES = [*PRODUCTS, *EINSUM, *DECOMPOSITIONS]
