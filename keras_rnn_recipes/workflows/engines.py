"""Where the files of a panel are forecast: in processes of this computer, or on a Ray cluster.

Both run the same function, `score_file`, whose answer is a file: one that runs twice, because a
node of a cluster was lost, writes the same bytes again.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from keras_rnn_recipes.errors import check_choice
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.shards.panels import PanelFile
from keras_rnn_recipes.workflows.processes import one_thread, start_worker
from keras_rnn_recipes.workflows.ray_cluster import connected
from keras_rnn_recipes.workflows.scoring_worker import Model, Outcome, score_file

# How often Ray starts a file again whose process or node was lost.
_RETRIES = 3


class Pool(Protocol):
    """Processes that take files.

    Attributes:
        workers: number of files that are worked on at once.
    """

    workers: int

    def submit(self, model: Model, file: PanelFile, output: Path) -> Any:
        """Have a file forecast; returns a job that can be a key of a dict."""
        ...

    def finished(self, jobs: Sequence[Any]) -> Sequence[Any]:
        """Wait until some jobs have ended, and return these."""
        ...

    def result(self, job: Any) -> Outcome | None:
        """The outcome of a job that has ended; None if its process was killed."""
        ...


class Engine(Protocol):
    """A way to have processes."""

    def started(self, files: int) -> AbstractContextManager[Pool]:
        """Start what is needed for a number of files, and end it with the block."""
        ...


def find_engine(name: str, workers: int) -> Engine:
    """The engine of a name.

    Args:
        name: ``"local"`` or ``"ray"``.
        workers: number of processes.

    Raises:
        UserError: there is no such engine, or its extra is not installed.
    """
    if check_choice(name, ("local", "ray"), "--engine") == "ray":
        require_extra("ray", "--engine ray")
        return RayEngine(workers)
    return LocalEngine(workers)


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this computer."""

    workers: int

    @contextlib.contextmanager
    def started(self, files: int) -> Iterator[Pool]:
        """Start processes of one thread each; what waits is dropped if the block fails."""
        workers = min(self.workers, files)
        context = multiprocessing.get_context("spawn")
        with one_thread():
            pool = ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)
            try:
                yield _LocalPool(workers, pool)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class _LocalPool:
    workers: int
    _pool: ProcessPoolExecutor

    def submit(self, model: Model, file: PanelFile, output: Path) -> Any:
        return self._pool.submit(score_file, model, file, output)

    def finished(self, jobs: Sequence[Any]) -> Sequence[Any]:
        return list(wait(jobs, return_when=FIRST_COMPLETED).done)

    def result(self, job: Any) -> Outcome | None:
        try:
            outcome: Outcome = job.result()
        except BrokenProcessPool:
            return None
        return outcome


@dataclass(frozen=True)
class RayEngine:
    """Processes of a Ray cluster."""

    workers: int

    @contextlib.contextmanager
    def started(self, files: int) -> Iterator[Pool]:
        """Connect to the cluster of ``RAY_ADDRESS``, or start one on this computer."""
        import ray

        with connected(self.workers):
            # A process of Ray takes one file after the other and keeps its model.
            remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(score_file)
            yield _RayPool(self.workers, remote)


@dataclass
class _RayPool:
    workers: int
    _remote: Any

    def submit(self, model: Model, file: PanelFile, output: Path) -> Any:
        return self._remote.remote(model, file, output)

    def finished(self, jobs: Sequence[Any]) -> Sequence[Any]:
        import ray

        return list(ray.wait(list(jobs), num_returns=1)[0])

    def result(self, job: Any) -> Outcome | None:
        import ray

        lost = ray.exceptions
        try:
            outcome: Outcome = ray.get(job)
        except (lost.WorkerCrashedError, lost.NodeDiedError, lost.OutOfMemoryError):
            return None
        return outcome
