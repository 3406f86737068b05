"""Garbage collection, paused while a graph is built."""

import functools
import gc


def uncollected(function):
    """``function`` with Python's collector paused: it would look for cycles again and again among a million new
    objects, of which none is garbage, and take half of the time.
    """

    @functools.wraps(function)
    def paused(*args, **kwargs):
        collecting = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if collecting:
                gc.enable()

    return paused
