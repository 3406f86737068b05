"""What the tests search over; in a file of its own, so that other processes can import it."""

import math
import os
import time

import microgradnet as mg


def valley(lr: float, momentum: float) -> float:
    """Lowest, 0, at lr = 1e-3 and momentum = 0.5."""
    return (math.log10(lr) + 3) ** 2 + (momentum - 0.5) ** 2


def noisy(lr: float) -> float:
    return lr + mg.rand(1).item()


def threads(lr: float) -> float:
    return float(mg.get_num_threads())


def troubled(lr: float) -> float:
    """Fails in three ways, by the size of ``lr``."""
    if lr < 0.2:
        raise ZeroDivisionError("too small")
    if lr < 0.4:
        return float("nan")
    if lr < 0.5:
        os._exit(7)
    return lr


def troubled_here(lr: float) -> float:
    """``troubled`` without the end of the process."""
    return troubled(lr + 0.1 if 0.4 <= lr < 0.5 else lr)


def slow(lr: float, folder: str) -> float:
    """Leaves a mark in ``folder`` for every call."""
    time.sleep(0.05)
    with open(os.path.join(folder, "calls"), "a") as calls:
        calls.write("x")
    return lr
