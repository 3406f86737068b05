"""Working memory for loops: reused in each call, since fresh pages cost as much as writing to them."""

import math
import threading

import numpy as np

from . import device

# Larger arrays are not kept.
KEPT = 1 << 24

_local = threading.local()


def scratch(shape: tuple[int, ...], like) -> np.ndarray:
    """An uninitialized array, aligned to 64 bytes, which belongs to the calling thread until its next call.

    It has the dtype of the array ``like``. On a GPU it is new, from CuPy's pool.
    """
    if not isinstance(like, np.ndarray):
        return device.empty(shape, like)
    size = math.prod(shape) * like.itemsize
    room = getattr(_local, "room", None)
    if room is None or len(room) < size + 64:
        room = np.empty(size + 64, np.uint8)
        if size <= KEPT:
            _local.room = room
    first = -room.ctypes.data % 64
    return room[first : first + size].view(like.dtype).reshape(shape)
