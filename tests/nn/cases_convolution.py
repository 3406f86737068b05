"""Convolutions, pools, pads and what moves elements, over the options of their constructors."""

import numpy as np

from tests.nn.agreement import LayerCase

SIGNAL, IMAGE, VOLUME = (2, 4, 7), (2, 4, 6, 5), (1, 2, 4, 3, 4)


def conv(name, inputs, *args, **options) -> LayerCase:
    return LayerCase(name, (inputs,), args, options)


CONVOLUTIONS = [
    conv("Conv1d", SIGNAL, 4, 6, 3),
    conv("Conv1d", (4, 7), 4, 2, 3),
    conv("Conv1d", SIGNAL, 4, 4, 3, stride=2, padding=1, dilation=2, groups=2, bias=False),
    conv("Conv1d", SIGNAL, 4, 2, 4, padding="same"),
    conv("Conv1d", SIGNAL, 4, 2, 3, padding="valid"),
    conv("Conv1d", SIGNAL, 4, 2, 3, padding=2, padding_mode="reflect"),
    conv("Conv2d", IMAGE, 4, 2, 3),
    conv("Conv2d", (4, 6, 5), 4, 2, (3, 2), stride=(2, 1), padding=(1, 0)),
    conv("Conv2d", IMAGE, 4, 8, 2, groups=4),
    conv("Conv2d", IMAGE, 4, 3, 1, bias=False),
    conv("Conv2d", IMAGE, 4, 2, 2, dilation=(2, 1)),
    conv("Conv2d", IMAGE, 4, 2, (4, 3), padding="same", dilation=(1, 2)),
    conv("Conv2d", IMAGE, 4, 2, (2, 3), padding=(1, 2), padding_mode="circular"),
    conv("Conv2d", IMAGE, 4, 2, (4, 3), padding="same", padding_mode="replicate"),
    conv("Conv3d", VOLUME, 2, 3, 2),
    conv("Conv3d", (2, 4, 3, 4), 2, 2, (2, 1, 3), stride=(1, 1, 2), padding=(0, 1, 1), groups=2),
    conv("ConvTranspose1d", SIGNAL, 4, 2, 3),
    conv("ConvTranspose1d", (4, 7), 4, 4, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2, bias=False),
    conv("ConvTranspose2d", IMAGE, 4, 2, (2, 3), stride=(2, 1), padding=(0, 1)),
    conv("ConvTranspose2d", IMAGE, 4, 6, 2, stride=2, output_padding=1, groups=2),
    LayerCase("ConvTranspose2d", ((4, 3, 3),), (4, 2, 3), {"stride": 2}, call={"output_size": (8, 7)}),
    conv("ConvTranspose3d", (1, 2, 2, 3, 2), 2, 2, 2, stride=(2, 1, 1)),
]

POOLS = [
    *(conv(f"MaxPool{d}d", size, 2) for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))),
    conv("MaxPool1d", (4, 7), 3, stride=2, padding=1, ceil_mode=True),
    conv("MaxPool2d", (4, 6, 5), (3, 2), stride=(2, 1), padding=1, dilation=(1, 2)),
    conv("MaxPool2d", IMAGE, 2, ceil_mode=True, return_indices=True),
    *(conv(f"AvgPool{d}d", size, 2) for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))),
    conv("AvgPool1d", (4, 7), 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
    conv("AvgPool2d", (4, 6, 5), (3, 2), stride=(2, 1), padding=1, count_include_pad=False),
    conv("AvgPool2d", IMAGE, 2, divisor_override=3, ceil_mode=True),
    conv("AvgPool3d", VOLUME, (2, 1, 2), padding=(1, 0, 1), divisor_override=5),
    *(conv(f"LPPool{d}d", size, 2, 2) for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))),
    conv("LPPool2d", IMAGE, 1.0, (2, 3), stride=1, ceil_mode=True),
    *(conv(f"AdaptiveAvgPool{d}d", size, 2) for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))),
    conv("AdaptiveAvgPool2d", (4, 6, 5), (None, 3)),
    *(conv(f"AdaptiveMaxPool{d}d", size, 2) for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))),
    conv("AdaptiveMaxPool2d", (4, 6, 5), (4, None), return_indices=True),
    conv(
        "FractionalMaxPool2d", IMAGE, 2, output_size=(3, 2), _random_samples=np.random.default_rng(0).random((2, 4, 2))
    ),
    conv(
        "FractionalMaxPool2d",
        IMAGE,
        (2, 3),
        output_ratio=(0.7, 0.5),
        return_indices=True,
        _random_samples=np.random.default_rng(1).random((2, 4, 2)),
    ),
    conv(
        "FractionalMaxPool3d",
        (1, 2, 4, 5, 4),
        2,
        output_size=2,
        _random_samples=np.random.default_rng(2).random((1, 2, 3)),
    ),
    LayerCase("MaxUnpool1d", ((2, 3, 2), np.array([[[0, 3]] * 3] * 2)), (2,)),
    LayerCase("MaxUnpool2d", ((1, 1, 2, 2), np.array([[[[0, 3], [9, 11]]]])), (2,), {"stride": 2}),
    LayerCase("MaxUnpool2d", ((1, 1, 1, 2), np.array([[[[0, 3]]]])), (2,), call={"output_size": (3, 5)}),
    LayerCase("MaxUnpool3d", ((1, 1, 1, 1, 2), np.array([[[[[0, 3]]]]])), ((2, 2, 2),)),
]

PADS = [
    *(
        conv(f"{kind}Pad{d}d", size, 1, *((2.5,) if kind == "Constant" else ()))
        for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")
        for d, size in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))
    ),
    conv("ReflectionPad1d", (4, 7), (2, 1)),
    conv("CircularPad2d", (4, 6, 5), (1, 2, 0, 3)),
    conv("ReplicationPad3d", (2, 4, 3, 4), (1, 0, 2, 0, 0, 1)),
    conv("ZeroPad2d", IMAGE, (-1, 2, 1, -1)),
    conv("ConstantPad1d", (7,), (2, 0), 1.0),
]

RESHAPING = [
    conv("Flatten", (2, 3, 4)),
    conv("Flatten", (2, 3, 4), start_dim=0, end_dim=1),
    conv("Unflatten", (2, 12), 1, (3, -1)),
    conv("Unfold", (2, 3, 5, 4), (2, 3), dilation=(2, 1), padding=1, stride=(1, 2)),
    conv("Unfold", (3, 5, 4), 2),
    conv("Fold", (2, 12, 9), (4, 4), 2),
    conv("Fold", (8, 6), output_size=(4, 5), kernel_size=2, dilation=1, padding=(1, 0), stride=(2, 2)),
    conv("PixelShuffle", (2, 8, 2, 3), 2),
    conv("PixelUnshuffle", (2, 2, 4, 6), 2),
    conv("ChannelShuffle", (2, 6, 3), 3),
    conv("Upsample", (2, 3, 4), scale_factor=2),
    conv("Upsample", IMAGE, size=(3, 7), mode="bilinear"),
    conv("Upsample", IMAGE, scale_factor=(1.5, 2.0), mode="bilinear", align_corners=True),
    conv("Upsample", IMAGE, scale_factor=2.5, mode="bicubic", recompute_scale_factor=True),
    conv("Upsample", VOLUME, size=3, mode="trilinear"),
    conv("UpsamplingNearest2d", IMAGE, scale_factor=2),
    conv("UpsamplingBilinear2d", IMAGE, size=(9, 8)),
    conv("Linear", (4, 3), 3, 5),
    conv("Linear", (2, 4, 3), 3, 5, bias=False),
    conv("Linear", (3,), 3, 5),
    conv("Identity", (2, 3), 7, anything=True),
    LayerCase("CosineSimilarity", ((3, 4), (3, 4))),
    LayerCase("CosineSimilarity", ((2, 3, 4), (2, 3, 4)), (), {"dim": -1, "eps": 1e-3}),
    LayerCase("PairwiseDistance", ((3, 4), (3, 4))),
    LayerCase("PairwiseDistance", ((3, 4), (4,)), (), {"p": 3.0, "eps": 1e-3, "keepdim": True}),
]

CASES = [*CONVOLUTIONS, *POOLS, *PADS, *RESHAPING]
