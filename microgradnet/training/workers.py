"""Processes that work through a list of tasks; if one dies, the others continue."""

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Hashable, Iterator
from multiprocessing.connection import Connection, wait
from typing import cast

from ..backends.threads import set_num_threads


def in_processes(
    function: Callable, tasks: dict[Hashable, tuple], processes: int, died: Callable
) -> Iterator[tuple[Hashable, object]]:
    """``(key, function(*tasks[key]))`` for every task, in order of completion.

    Each runs on one thread in one of ``processes`` new processes ("spawn": they import what ``function`` needs). If a
    task's process dies, its result is ``died(exitcode)``. ``function`` must not raise.

    Raises TypeError for a function that cannot be sent to another process, RuntimeError if the processes cannot start.
    """
    try:
        pickle.dumps(function)
    except Exception as error:
        raise TypeError(f"search: several processes need a function of a module, to import it: {error}") from None
    context = multiprocessing.get_context("spawn")
    todo = iter(tasks.items())
    running: dict[Connection, tuple] = {}  # our end of a worker's pipe -> its process and its task

    def begin() -> tuple:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        process.start()
        theirs.close()  # then only the worker holds its end, and its death closes the pipe
        return ours, process

    def give(connection: Connection, process) -> None:
        key, arguments = next(todo, (None, None))
        if arguments is None:
            connection.close()  # the worker sees the pipe closed, and ends
        else:
            running[connection] = process, key
            connection.send(arguments)

    workers = [begin() for _ in range(min(processes, len(tasks)))]
    try:
        for connection, process in workers:
            _wait_until_ready(connection, process)
            give(connection, process)
        while running:
            for connection in cast("list[Connection]", wait(list(running))):
                process, key = running.pop(connection)
                try:
                    result = connection.recv()
                except EOFError:
                    process.join()
                    result = died(process.exitcode)
                    connection, process = begin()
                    workers.append((connection, process))
                    _wait_until_ready(connection, process)
                give(connection, process)
                yield key, result
    finally:
        for connection, process in workers:
            connection.close()
            if any(p is process for p, _ in running.values()):
                process.terminate()
            process.join()


def _wait_until_ready(connection: Connection, process) -> None:
    try:
        connection.recv()
    except EOFError:
        process.join()
        raise RuntimeError(
            'search: a process could not begin: a script must start its work under if __name__ == "__main__":, and '
            "functions must be in a file that can be imported"
        ) from None


def _serve(connection: Connection, function: Callable) -> None:
    """The worker's loop: runs tasks until there are no more or the parent process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
    set_num_threads(1)
    try:
        connection.send("ready")
        while True:
            connection.send(function(*connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
