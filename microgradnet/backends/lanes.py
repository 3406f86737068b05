"""What a loop says about who does what, beside numba's ``prange``: one source for a CPU and for a GPU.

``for r in prange(n)`` may be done in any order: by the threads of a CPU, or by the blocks of a GPU. Inside of it
``for j in lanes(n)`` goes along memory: on a CPU one thread does all of it, with SIMD; on a GPU the threads of the
block share it out. There element j is always done by the same thread, so a later loop over the same range sees what an
earlier one wrote. What the threads have each added up, ``lanes_sum`` puts together. A ``prange`` without lanes is done
by all threads of the grid.

``loops.loop`` compiles these away; called as they stand they mean the same for plain Python.
"""


def lanes(*bounds: int) -> range:
    """``range(stop)`` or ``range(start, stop)``, shared out among the threads of a block."""
    return range(*bounds)


def lanes_sum(part):
    """The sum of what each thread of the block gives."""
    return part


def lanes_max(part):
    """The largest of what each thread of the block gives."""
    return part


def add_to(array, index, value) -> None:
    """``array[index] += value``, where several threads may add to one place."""
    array[index] += value
