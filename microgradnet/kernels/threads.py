"""How many threads compute: one number for the BLAS and for numba's loops, which never run at the same time."""

import os

_chosen: int | None = None


def get_num_threads() -> int:
    """How many threads matrix products and loops may use: the CPUs of this process unless ``set_num_threads`` said."""
    if _chosen is not None:
        return _chosen
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(num_threads: int) -> None:
    """Lets matrix products (the BLAS) and loops (numba) use ``num_threads`` threads each, one after the other.

    With 1 nothing starts a thread. More than the machine has CPUs is taken for what it has.

    Raises ValueError for a number below 1.
    """
    global _chosen
    if not isinstance(num_threads, int) or isinstance(num_threads, bool) or num_threads < 1:
        raise ValueError(f"set_num_threads: a number of threads from 1 on expected, got {num_threads!r}")
    import threadpoolctl

    _chosen = min(num_threads, os.cpu_count() or 1)
    threadpoolctl.threadpool_limits(_chosen, user_api="blas")


def enter_loop() -> None:
    """Tells numba, whose setting belongs to the calling thread, how many threads its next loop may use."""
    if _chosen is not None:
        import numba

        numba.set_num_threads(min(_chosen, numba.config.NUMBA_NUM_THREADS))
