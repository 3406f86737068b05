"""The number of threads: the same for the BLAS and for numba's loops, which never run at the same time."""

import ctypes
import functools
import os
import sys
import threading

# A loop over fewer elements than PARALLEL_FROM runs on one thread, which is faster than waking the others (measured,
# 2 cores: python -m tests.benchmarks). ``choose_layer`` lowers it, so whoever starts loops reads it at each call.
PARALLEL_FROM = 1 << 21
PARALLEL_FROM_OPENMP = 1 << 19  # its threads wake quickly

# How long GNU OpenMP's threads spin after a loop before they sleep: about ten microseconds. The next loop of a chain
# finds them awake; a matrix product that follows has the cores for itself. By default they spin for milliseconds and
# delay the BLAS by a scheduler's time slice (measured: a training step of 7 ms took 56).
SPIN = "3000"

# The same for the BLAS: OpenBLAS counts 2ⁿ ticks, by default 2²⁶, during which its threads take half a core from the
# loops that follow. Half a millisecond bridges the gaps between the products of one pass (measured: a convolutional
# net's step went from 45 ms to 30, that of a fully connected one did not change).
BLAS_SPIN = "20"

_chosen: int | None = None
_forked = False

# Two threads must not enter numba's portable thread pool at once; one that finds it busy runs the serial loop.
_pool = threading.Lock()


@functools.cache
def choose_layer() -> None:
    """Picks numba's thread pool: GNU OpenMP if its spin time can still be set, else numba's own.

    The latter sleeps at once and takes 60 to 100 µs to wake. ``NUMBA_THREADING_LAYER`` decides, if it is set.
    """
    global PARALLEL_FROM
    import numba

    _shorten_the_blas_wait()
    if "NUMBA_THREADING_LAYER" in os.environ:
        return
    layer = "workqueue"
    if sys.platform == "linux" and ("GOMP_SPINCOUNT" in os.environ or not _loaded("libgomp.so.1")):
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read when libgomp is loaded
        try:
            from numba.np.ufunc import omppool  # noqa: F401
        except ImportError:
            pass
        else:
            layer = "omp"
            PARALLEL_FROM = min(PARALLEL_FROM, PARALLEL_FROM_OPENMP)
    numba.config.THREADING_LAYER = layer


def _shorten_the_blas_wait() -> None:
    """Restarts OpenBLAS's threads with ``BLAS_SPIN``, which they read when they start.

    Only if it was not set, and while no other thread runs that could be inside a product.
    """
    paths = [line.split()[-1] for line in _memory_map() if "openblas" in line]
    if not paths or "OPENBLAS_THREAD_TIMEOUT" in os.environ or threading.active_count() > 1 or _forked:
        return
    try:
        blas = ctypes.CDLL(paths[0])
        read, stop, start = blas.openblas_read_env, blas.blas_thread_shutdown_, blas.blas_thread_init
    except (OSError, AttributeError):  # another build, which does not export these
        return
    os.environ["OPENBLAS_THREAD_TIMEOUT"] = BLAS_SPIN
    read(), stop(), start()
    del os.environ["OPENBLAS_THREAD_TIMEOUT"]


def _loaded(library: str) -> bool:
    return any(library in line for line in _memory_map() or [library])


def _memory_map() -> list[str]:
    """The lines of Linux's memory map of this process; none on other systems."""
    try:
        with open("/proc/self/maps") as maps:
            return maps.readlines()
    except OSError:
        return []


def _after_fork() -> None:
    global _forked
    _forked = True  # the pool's threads belong to the parent, and GNU OpenMP kills a child that uses them


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_num_threads() -> int:
    """The number of threads for matrix products and loops: the process's CPUs unless ``set_num_threads`` was called."""
    if _chosen is not None:
        return _chosen
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(num_threads: int) -> None:
    """Lets matrix products (the BLAS) and loops (numba) use ``num_threads`` threads each, never at the same time.

    With 1 no thread is started. More than the machine's CPUs means all of them.

    Raises ValueError for a number below 1.
    """
    global _chosen
    if not isinstance(num_threads, int) or isinstance(num_threads, bool) or num_threads < 1:
        raise ValueError(f"set_num_threads: a number of threads from 1 on expected, got {num_threads!r}")
    import threadpoolctl

    _chosen = min(num_threads, os.cpu_count() or 1)
    threadpoolctl.threadpool_limits(_chosen, user_api="blas")


def loops_have_threads() -> bool:
    """Whether a loop may use other threads: not in a forked child."""
    return not _forked and get_num_threads() > 1


def enter_pool() -> bool:
    """Whether numba's thread pool is this thread's, until ``leave_pool``."""
    if not loops_have_threads() or not _pool.acquire(blocking=False):
        return False
    _tell_numba()
    return True


def leave_pool() -> None:
    """Lets others have the thread pool."""
    _pool.release()


def _tell_numba() -> None:
    """Tells numba how many threads its next loop may use; numba's setting is per calling thread."""
    if _chosen is not None:
        import numba

        numba.set_num_threads(min(_chosen, numba.config.NUMBA_NUM_THREADS))
