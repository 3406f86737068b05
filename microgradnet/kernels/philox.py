"""Random numbers by counting: Philox4x32-10 turns a counter and a key into four 32-bit numbers. Salmon et al. 2011.

The number at a place depends on the place and the key alone: a mask can be made again instead of being stored, and
threads need not agree on an order.
"""

import numpy as np

from .loops import loop


@loop
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
    """``out[i] = x[i]·scale`` where the number drawn for i is at least ``threshold``, else 0. Flat arrays."""
    fours = x.size // 4
    for q in prange(fours):  # noqa: F821
        a, b, c, d = philox(np.uint64(q), key[0], key[1])
        i = 4 * q
        out[i] = x[i] * scale if a >= threshold else x.dtype.type(0)
        out[i + 1] = x[i + 1] * scale if b >= threshold else x.dtype.type(0)
        out[i + 2] = x[i + 2] * scale if c >= threshold else x.dtype.type(0)
        out[i + 3] = x[i + 3] * scale if d >= threshold else x.dtype.type(0)
    for i in prange(4 * fours, x.size):  # noqa: F821
        rest = philox(np.uint64(fours), key[0], key[1])
        out[i] = x[i] * scale if rest[i % 4] >= threshold else x.dtype.type(0)
