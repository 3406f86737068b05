"""The loops that are built of LLVM vectors, against the definitions in float64: every remainder of every tile."""

import numpy as np
import pytest

from microgradnet.backends import threads
from microgradnet.ops.nn import convolution_winograd as winograd
from microgradnet.ops.nn.convolution import convolution, convolution_input_gradient, convolution_weight_gradient
from microgradnet.ops.nn.pooling import max_pool2d

DTYPES = ["float32", "float64"]


def arrays(dtype, *shapes):
    random = np.random.default_rng(0)
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def definition(x, weight, padding):
    """The convolution in float64, and its two gradients as functions of the cotangent."""
    x, weight = x.astype(np.float64), weight.astype(np.float64)
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    size = [n - k + 1 for n, k in zip(padded.shape[2:], weight.shape[2:], strict=True)]
    places = [(a, b, np.s_[:, :, a : a + size[0], b : b + size[1]]) for a, b in np.ndindex(weight.shape[2:])]
    out = sum(np.einsum("nchw,oc->nohw", padded[part], weight[..., a, b]) for a, b, part in places)

    def gradients(g):
        to_padded, to_weight = np.zeros_like(padded), np.zeros_like(weight)
        for a, b, part in places:
            to_padded[part] += np.einsum("nohw,oc->nchw", g, weight[..., a, b])
            to_weight[..., a, b] = np.einsum("nohw,nchw->oc", g, padded[part])
        inside = tuple(slice(p, p + n) for p, n in zip(padding, x.shape[2:], strict=True))
        return to_padded[(..., *inside)], to_weight

    return out, gradients


def agree(x, weight, bias, padding):
    """Ours and the definition's, forward and both gradients, within the rounding of sums of so many terms."""
    out, gradients = definition(x, weight, padding)
    (g,) = arrays(x.dtype, out.shape)
    rest = ((1, 1), padding, (1, 1), 1)
    ours = [
        convolution(x, weight, bias, *rest) - (0 if bias is None else bias[:, None, None]),
        convolution_input_gradient(g, weight, x.shape, *rest),
        convolution_weight_gradient(g, x, weight.shape, *rest),
    ]
    for got, expected in zip(ours, [out, *gradients(g)], strict=True):
        assert got.dtype == x.dtype
        np.testing.assert_allclose(got, expected, rtol=0, atol=20 * np.finfo(x.dtype).eps * np.abs(expected).max())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", [(0, 0), (1, 1), (2, 2), (1, 0), (3, 4)])
@pytest.mark.parametrize("size", [(3, 3), (4, 9), (7, 40), (33, 5)])
def test_three_by_three(dtype, padding, size):
    x, weight, bias = arrays(dtype, (5, 12, *size), (20, 12, 3, 3), (20,))
    agree(x, weight, bias, padding)


@pytest.mark.parametrize(("images", "channels", "outputs", "size"), [(1, 8, 8, 300), (1, 128, 192, 17), (40, 8, 16, 4)])
def test_winograd_in_blocks(images, channels, outputs, size):
    """A line at a time, bands of an image, several images."""
    x, weight = arrays("float32", (images, channels, 6, size), (outputs, channels, 3, 3))
    assert winograd.fits(x, outputs, (3, 3), (6, size), (1, 1), (1, 1), 1)
    agree(x, weight, None, (1, 1))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_winograd_with_any_number_of_threads(monkeypatch, workers):
    monkeypatch.setattr(threads, "get_num_threads", lambda: workers)
    x, weight = arrays("float32", (7, 16, 11, 13), (16, 16, 3, 3))
    agree(x, weight, None, (1, 1))


def test_winograd_keeps_to_arrays_that_are_views():
    x, weight = arrays("float32", (4, 14, 12, 32), (3, 3, 16, 16))
    agree(x.transpose(0, 3, 1, 2)[:, ::2], weight.transpose(2, 3, 0, 1), None, (1, 1))


def test_winograd_spreads_nan_over_its_tile_only():
    x, weight = arrays("float32", (2, 16, 12, 12), (16, 16, 3, 3))
    x[0, 3, 5, 5] = np.nan
    out = convolution(x, weight, None, (1, 1), (1, 1), (1, 1), 1)
    assert np.isnan(out[0, :, 4:7, 4:7]).all()
    assert np.isnan(out[0]).any(axis=0).sum() <= 16
    assert not np.isnan(out[1]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("outputs", [1, 2, 3, 5, 7, 9, 15])
@pytest.mark.parametrize(("size", "kernel"), [((1, 1), (1, 1)), ((5, 3), (2, 3)), ((9, 21), (4, 2))])
def test_rows_that_fill_no_tile(dtype, outputs, size, kernel):
    x, weight, bias = arrays(dtype, (3, 2, *size), (outputs, 2, *kernel), (outputs,))
    agree(x, weight, bias, (0, 0))
    agree(x, weight, bias, (1, 0))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (7, 40), (6, 129)])
def test_largest_of_pairs(dtype, size):
    random = np.random.default_rng(0)
    x = random.integers(-2, 3, (2, 3, *size)).astype(dtype)
    x[random.random(x.shape) < 0.2] = np.nan
    lines, columns = size[0] // 2, size[1] // 2
    windows = x[..., : 2 * lines, : 2 * columns].reshape(2, 3, lines, 2, columns, 2).swapaxes(3, 4)
    windows = windows.reshape(2, 3, lines, columns, 4)
    first = windows.argmax(axis=-1)  # the first of the largest, and NaN before all
    values, indices = max_pool2d(x, 2, return_indices=True)
    np.testing.assert_array_equal(values, np.take_along_axis(windows, first[..., None], -1)[..., 0])
    row, column = 2 * np.arange(lines)[:, None] + first // 2, 2 * np.arange(columns) + first % 2
    np.testing.assert_array_equal(indices, row * size[1] + column)
