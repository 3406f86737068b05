"""Maximum, average, norm and adaptive pooling; unpooling."""

import microgradnet as mg
from tests.ops.case import A, Case


def _pool_and_back(pool: str, **options):
    """Pooling followed by unpooling, ours and PyTorch's: the indices come from the pooling itself."""

    def through(functional, x):
        values, indices = getattr(functional, f"max_pool{pool}")(x, 2, return_indices=True)
        return getattr(functional, f"max_unpool{pool}")(values, indices, 2, **options)

    def theirs(x):
        import torch

        return through(torch.nn.functional, x)

    return {"ours": lambda x: through(mg.nn.functional, x), "torch": theirs}


CASES = [
    Case("F.max_pool1d", [(A(2, 2, 7), 2), (A(1, 2, 7), 3, 2, 1), (A(2, 7), 2, 2, 0, 2, True)]),
    Case(
        "F.max_pool2d",
        [
            (A(2, 2, 6, 6), 2),
            (A(1, 2, 7, 6), 3, 2, 1),
            (A(2, 5, 5), 2, None, 0, 1, True),
            (A(1, 1, 7, 7), 3, 1, 1, 2),
            (A(1, 2, 6, 7), (2, 3), (1, 2), (0, 1), (2, 1)),
            (A(0, 2, 4, 4), 2),
            (A(2, 2, 5, 5), 2),
        ],
    ),
    Case("F.max_pool2d", [(A(1, 2, 6, 6), 2, {"return_indices": True}), (A(2, 7, 7), 3, 2, 1, 1, True, True)]),
    Case("F.max_pool3d", [(A(1, 2, 4, 4, 4), 2), (A(1, 5, 4, 5), (2, 2, 3), 1, 1)]),
    Case("F.avg_pool1d", [(A(2, 2, 7), 2), (A(1, 2, 7), 3, 2, 1), (A(2, 7), 3, 2, 1, True, False)]),
    Case(
        "F.avg_pool2d",
        [
            (A(2, 2, 6, 6), 2),
            (A(1, 2, 7, 6), 3, 2, 1),
            (A(1, 2, 7, 6), 3, 2, 1, True),
            (A(2, 5, 5), 3, 2, 1, True, False),
            (A(1, 1, 4, 4), 2, 1, 0, False, True, 3),
            (A(0, 2, 4, 4), 2),
        ],
    ),
    Case("F.avg_pool3d", [(A(1, 2, 4, 4, 4), 2), (A(1, 5, 4, 5), (2, 2, 3), 2, 1, True, False)]),
    Case("F.lp_pool1d", [(A(2, 2, 7, low=0.2), 2, 3), (A(2, 7, low=0.2), 3, 2, 1)]),
    Case("F.lp_pool2d", [(A(2, 2, 6, 5, low=0.2), 2, 2), (A(2, 6, 5, low=0.2), 3, (2, 3), 1, True)]),
    Case("F.lp_pool3d", [(A(1, 2, 4, 4, 3, low=0.2), 2, 2)]),
    Case("F.adaptive_avg_pool1d", [(A(2, 3, 7), 3), (A(3, 7), 9)]),
    Case("F.adaptive_avg_pool2d", [(A(2, 3, 7, 5), (3, 2)), (A(2, 3, 5), 1), (A(1, 2, 4, 4), (None, 3))]),
    Case("F.adaptive_avg_pool3d", [(A(1, 2, 4, 3, 5), (2, 2, 3))]),
    Case("F.adaptive_max_pool1d", [(A(2, 3, 7), 3), (A(3, 7), 9, True)]),
    Case("F.adaptive_max_pool2d", [(A(2, 3, 7, 5), (3, 2)), (A(2, 3, 5), 1), (A(1, 2, 4, 4), (None, 3))]),
    Case("F.adaptive_max_pool3d", [(A(1, 2, 4, 3, 5), (2, 2, 3))]),
    Case("F.max_unpool1d", [(A(2, 2, 6),), (A(2, 7),)], **_pool_and_back("1d")),
    Case("F.max_unpool2d", [(A(2, 2, 6, 4),), (A(2, 5, 4),)], **_pool_and_back("2d")),
    Case("F.max_unpool2d to a size", [(A(1, 2, 5, 7),)], **_pool_and_back("2d", output_size=(5, 7))),
    Case("F.max_unpool3d", [(A(1, 2, 4, 2, 4),)], **_pool_and_back("3d")),
]
