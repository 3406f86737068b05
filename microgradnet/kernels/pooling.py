"""Pooling loops over the planes of an image."""

from .cpu import loop


@loop(parallel=True)
def max_pool2d(x, values, indices, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w):
    """The largest of each window of x (planes, H, W), and its place in the flattened plane; NaN counts as largest."""
    for plane in prange(x.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        for i in range(values.shape[1]):
            for j in range(values.shape[2]):
                best, place = -float("inf"), -1
                for a in range(kernel_h):
                    row = i * stride_h - pad_h + a * dilation_h
                    if row < 0 or row >= x.shape[1]:
                        continue
                    for b in range(kernel_w):
                        column = j * stride_w - pad_w + b * dilation_w
                        if column < 0 or column >= x.shape[2]:
                            continue
                        value = x[plane, row, column]
                        if place < 0 or value > best or value != value:
                            best, place = value, row * x.shape[2] + column
                values[plane, i, j] = best
                indices[plane, i, j] = place
