"""PyTorch's normalizations over the options of their constructors; where training differs from eval, both are run."""

from tests.nn.agreement import LayerCase

TABLE, SIGNAL, IMAGE, VOLUME = (5, 4), (3, 4, 5), (2, 4, 3, 2), (2, 4, 2, 1, 3)


def norm(name, inputs, *args, **options) -> LayerCase:
    return LayerCase(name, (inputs,), args, options)


BATCH = [
    norm("BatchNorm1d", TABLE, 4),
    norm("BatchNorm1d", SIGNAL, 4, 1e-2, 0.3),
    norm("BatchNorm1d", TABLE, 4, momentum=None),
    norm("BatchNorm1d", SIGNAL, 4, affine=False),
    norm("BatchNorm1d", TABLE, 4, bias=False),
    norm("BatchNorm1d", TABLE, 4, track_running_stats=False),
    norm("BatchNorm1d", SIGNAL, 4, affine=False, track_running_stats=False, momentum=None),
    norm("BatchNorm2d", IMAGE, 4),
    norm("BatchNorm2d", IMAGE, 4, momentum=None, bias=False),
    norm("BatchNorm2d", IMAGE, 4, eps=0.1, affine=False, track_running_stats=False),
    norm("BatchNorm3d", VOLUME, 4),
    norm("BatchNorm3d", VOLUME, 4, momentum=0.0, affine=False),
    norm("SyncBatchNorm", TABLE, 4),
    norm("SyncBatchNorm", IMAGE, 4, momentum=None, bias=False),
]

INSTANCE = [
    norm("InstanceNorm1d", SIGNAL, 4),
    norm("InstanceNorm1d", (4, 5), 4, affine=True),
    norm("InstanceNorm1d", (4, 5), 4, track_running_stats=True),
    norm("InstanceNorm1d", SIGNAL, 4, affine=True, bias=False, track_running_stats=True, momentum=None),
    norm("InstanceNorm2d", IMAGE, 4, 1e-2, 0.3, True, True),
    norm("InstanceNorm2d", (4, 3, 2), 4),
    norm("InstanceNorm3d", VOLUME, 4, affine=True),
    norm("InstanceNorm3d", (4, 2, 1, 3), 4, track_running_stats=True),
]

LAYER = [
    norm("LayerNorm", TABLE, 4),
    norm("LayerNorm", (4,), 4, bias=False),
    norm("LayerNorm", SIGNAL, (4, 5), 1e-2),
    norm("LayerNorm", IMAGE, [3, 2], elementwise_affine=False),
    norm("LayerNorm", IMAGE, (4, 3, 2)),
    norm("RMSNorm", TABLE, 4),
    norm("RMSNorm", (4,), 4, eps=1e-2),
    norm("RMSNorm", SIGNAL, (4, 5), elementwise_affine=False),
    norm("GroupNorm", IMAGE, 2, 4),
    norm("GroupNorm", SIGNAL, 1, 4, bias=False),
    norm("GroupNorm", (3, 6), 2, 6, 1e-2),
    norm("GroupNorm", VOLUME, 4, 4, affine=False),
]

RESPONSE = [
    norm("LocalResponseNorm", IMAGE, 3),
    norm("LocalResponseNorm", SIGNAL, 2, alpha=0.5, beta=1.5, k=2.0),
    norm("LocalResponseNorm", VOLUME, 5, alpha=1.0),
]

CASES = [*BATCH, *INSTANCE, *LAYER, *RESPONSE]
