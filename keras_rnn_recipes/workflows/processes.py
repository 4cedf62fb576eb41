"""Processes of one thread each that end with the command that started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from keras_rnn_recipes.errors import UserError

# Threads of NumPy and TensorFlow in each process: the processes share the cores.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
)

# A function and its arguments.
Job = tuple[Callable[..., None], tuple[Any, ...]]


def check_workers(workers: int) -> int:
    """Return a number of processes.

    Raises:
        UserError: it is less than 1.
    """
    if workers < 1:
        raise UserError(
            f"--workers is {workers}.", "a number of processes, at least 1.", "give another number."
        )
    return workers


def start_worker() -> None:
    """Prepare a process: it ends with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let processes that are started in the block compute in one thread."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_in_processes(jobs: Sequence[Job]) -> None:
    """Run each job in a process of its own, all at the same time.

    What a job prints is shown. If one fails, or the command is interrupted, the others are ended.

    Args:
        jobs: functions of modules, with arguments that can be pickled.

    Raises:
        UserError: that of a job, or a process was killed.
    """
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe(duplex=False) for _ in jobs]
    processes = [
        context.Process(target=_work, args=(sender, function, arguments))
        for (_, sender), (function, arguments) in zip(pipes, jobs, strict=True)
    ]
    try:
        with one_thread():
            for process in processes:
                process.start()
        for _, sender in pipes:
            sender.close()
        running = {process.sentinel: number for number, process in enumerate(processes)}
        while running:
            for sentinel in wait(list(running)):
                number = running.pop(sentinel)  # type: ignore[arg-type]
                processes[number].join()
                _check_end(processes[number].exitcode, pipes[number][0])
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
            if process.pid is not None:
                process.join()


def _work(sender: Connection, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    start_worker()
    try:
        function(*arguments)
    except UserError as error:
        sender.send((error.what, error.expected, error.fix))
        raise SystemExit(2) from None


def _check_end(status: int | None, receiver: Connection) -> None:
    if status == 0:
        return
    with contextlib.suppress(EOFError):
        if receiver.poll():
            raise UserError(*receiver.recv())
    raise UserError(
        f"A process ended in the middle of its work, with status {status}.",
        "processes that run to the end; the system may have ended one when memory ran out.",
        "continue with --resume, with fewer --workers.",
    )


def _end_with_parent() -> None:
    """End this process when its parent is gone: it would go on alone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
