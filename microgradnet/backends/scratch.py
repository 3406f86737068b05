"""Room to work in for a loop: the same memory at each call, since new pages cost as much as what is written to them."""

import math
import threading

import numpy as np

from . import device

# More than this is not kept.
KEPT = 1 << 24

_local = threading.local()


def scratch(shape: tuple[int, ...], like) -> np.ndarray:
    """An array with anything in it, from a multiple of 64 bytes on: the calling thread's until it asks for another.

    It has the dtype of the array ``like``. On a GPU it is a new one, from CuPy's pool.
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
