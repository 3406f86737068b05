"""Counter-based random numbers: Philox4x32-10 turns a counter and a key into four 32-bit numbers. Salmon et al. 2011.

The number at a place depends only on the place and the key: a mask can be recomputed instead of stored, and threads
need no common order.
"""

import numpy as np

from .lanes import lanes
from .loops import loop


@loop(inline=True)
def philox(counter, key0, key1):
    """Four numbers in [0, 2³²) for one counter and a key of two 32-bit numbers."""
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    c0, c1 = counter & low, counter >> shift
    c2 = c3 = np.uint64(0)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> shift) ^ c1 ^ key0, p1 & low, (p0 >> shift) ^ c3 ^ key1, p0 & low
        key0, key1 = (key0 + np.uint64(0x9E3779B9)) & low, (key1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


@loop(parallel=1 << 17)
def dropped(x, key, threshold, scale, out):
    """``out[i] = x[i]·scale`` where the number drawn for i is at least ``threshold``, else 0. Flat arrays.

    A chunk of 1024 uses the first of the four numbers for its first quarter, and so on: each quarter is written in one
    SIMD sweep.
    """
    stretches, zero = x.size // 1024, x.dtype.type(0)
    for s in prange(stretches):  # noqa: F821
        some, to = x[1024 * s : 1024 * s + 1024], out[1024 * s : 1024 * s + 1024]
        for i in lanes(256):
            a, b, c, d = philox(np.uint64(256 * s + i), key[0], key[1])
            to[i] = some[i] * scale if a >= threshold else zero
            to[i + 256] = some[i + 256] * scale if b >= threshold else zero
            to[i + 512] = some[i + 512] * scale if c >= threshold else zero
            to[i + 768] = some[i + 768] * scale if d >= threshold else zero
    for i in prange(1024 * stretches, x.size):  # noqa: F821
        rest = philox(np.uint64(256 * stretches + i % 256), key[0], key[1])
        out[i] = x[i] * scale if rest[i % 1024 // 256] >= threshold else zero
