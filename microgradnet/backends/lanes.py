"""How a loop's work is distributed, in addition to numba's ``prange``: one source for CPU and GPU.

``for r in prange(n)`` may be done in any order: by the threads of a CPU, or by the blocks of a GPU. Inside it ``for j
in lanes(n)`` runs along memory: on a CPU one thread does all of it, with SIMD; on a GPU the threads of the block share
it. There element j is always done by the same thread, so a later loop over the same range sees what an earlier one
wrote. ``lanes_sum`` combines the threads' partial sums. A ``prange`` without lanes is done by all threads of the grid.

``loops.loop`` compiles these away; called directly, they mean the same in plain Python.
"""


def lanes(*bounds: int) -> range:
    """``range(stop)`` or ``range(start, stop)``, shared among the threads of a block."""
    return range(*bounds)


def lanes_sum(part):
    """The sum over the threads of the block."""
    return part


def lanes_max(part):
    """The maximum over the threads of the block."""
    return part


def add_to(array, index, value) -> None:
    """``array[index] += value``, where several threads may add to the same element."""
    array[index] += value
