"""Gradients from the processes of a Ray cluster, also when some of them are lost."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError, check_choice, counted
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly
from keras_rnn_recipes.workflows.processes import check_workers
from keras_rnn_recipes.workflows.ray_cluster import connected

if TYPE_CHECKING:
    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.training.data_parallel import Gradients, Network, Share, Weights

# Seconds in which the first process must start: one imports TensorFlow in a few.
_LONGEST_START = 300.0

# How often the shares of a step are computed again whose processes were lost.
_RETRIES = 5


def check_engine(config: Config, engine: str, workers: int | None) -> int | None:
    """Check the options ``--engine`` and ``--workers`` of ``krr run``.

    Args:
        config: of the recipe.
        engine: ``"local"`` or ``"ray"``.
        workers: number of processes; None: not given.

    Returns:
        The number of processes of Ray; None for training in this process.

    Raises:
        UserError: the recipe cannot be trained so, an option is missing, or Ray is not installed.
    """
    if check_choice(engine, ("local", "ray"), "--engine") == "local":
        if workers is not None:
            raise UserError(
                "--workers was given without --engine ray.",
                "--workers for training on a Ray cluster; one process trains with all cores.",
                "add --engine ray, or leave --workers out.",
            )
        return None
    if workers is None:
        raise UserError(
            "--engine ray was given without --workers.",
            "the number of processes, which share each batch.",
            "add --workers 2, or another number.",
        )
    leave = "leave --engine ray out: it runs in this process."
    require_family(config, "forecasting", "The recipe, with --engine ray,", fix=leave)
    if not config.trains:
        raise UserError("The recipe trains nothing (fit.epochs = 0).", "epochs to train.", leave)
    if config.fit.weight_dropout:
        raise UserError(
            "The recipe has fit.weight_dropout, and --engine ray was given.",
            "fit.weight_dropout = 0: the processes of a cluster compute gradients of all weights.",
            f"set fit.weight_dropout to 0, or {leave}",
        )
    if check_workers(workers) > config.fit.batch_size:
        raise UserError(
            f"--workers is {workers}, and a batch has {counted(config.fit.batch_size, 'row')}.",
            "at least one row of each batch for each process.",
            "give fewer --workers, or a larger fit.batch_size.",
        )
    require_extra("ray", "--engine ray")
    return workers


@contextlib.contextmanager
def ray_gradients(workers: int | None) -> Iterator[RayGradients | None]:
    """The processes of a Ray cluster that compute gradients, for the block; None for no number."""
    if workers is None:
        yield None
        return
    with connected(workers):
        print(f"{counted(workers, 'worker')} of a Ray cluster will share each batch.")
        yield RayGradients(workers)


class Worker:
    """What an actor of Ray does: it computes gradients of the network that it was given last."""

    def open(self, network: Network) -> None:
        """Build the network."""
        import_tensorflow_quietly(threads=1)
        from keras_rnn_recipes.training.data_parallel import GradientWorker

        self._worker = GradientWorker(network)

    def gradients(self, weights: Weights, share: Share) -> Gradients:
        """The gradients of a share of a batch."""
        return self._worker.gradients(weights, share)


class RayGradients:
    """A `GradientPool` of Ray actors, each with one core.

    A batch always has as many shares as ``workers`` says. They are computed by the actors that
    there are, so that the result does not depend on how many were lost or have not started yet.

    Args:
        workers: number of shares of a batch, and of actors.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._network: Network | None = None
        self._ready: list[Any] = []
        self._starting: dict[Any, Any] = {}  # by the job that opens its network the actor

    def open(self, network: Network) -> None:
        """Have the actors build a network, unless they have it; the first call starts them."""
        import ray

        if network == self._network:
            return
        self._network, self._sent = network, ray.put(network)
        actors = [*self._ready, *self._starting.values()]
        self._ready, self._starting = [], {}
        for actor in actors or [None] * self.workers:
            self._start(actor)

    def gradients(self, weights: Weights, shares: Sequence[Share]) -> list[Gradients]:
        """The gradients of each share; those of a lost process are computed by another one.

        Raises:
            UserError: no process is left or can be started.
        """
        import ray

        sent, found = ray.put(weights), dict[int, Any]()
        for _ in range(1 + _RETRIES):
            waiting = [share for share in shares if share.number not in found]
            found |= self._computed(sent, waiting)
            if len(found) == len(shares):
                return [found[share.number] for share in shares]
        raise _lost("Processes of the Ray cluster were lost again and again")

    def _computed(self, sent: Any, shares: Sequence[Share]) -> dict[int, Gradients]:
        """The gradients by share, without those of processes that are lost meanwhile."""
        import ray

        self._take_started()
        actors, found = list(self._ready), dict[int, Any]()
        pairs = [(share, actors[at % len(actors)]) for at, share in enumerate(shares)]
        jobs = [(share, actor, actor.gradients.remote(sent, share)) for share, actor in pairs]
        for share, actor, job in jobs:
            try:
                found[share.number] = ray.get(job)
            except ray.exceptions.RayActorError:
                self._replace(actor)
        return found

    def _start(self, actor: Any = None) -> None:
        import ray

        actor = actor or ray.remote(num_cpus=1)(Worker).remote()
        self._starting[actor.open.remote(self._sent)] = actor

    def _replace(self, actor: Any) -> None:
        """Go on without an actor, and start another one where there is room."""
        if actor not in self._ready:
            return
        self._ready.remove(actor)
        print(
            f"A process of the Ray cluster was lost. Training goes on with {len(self._ready)}; "
            "another one is started if there is room.",
            file=sys.stderr,
        )
        self._start()

    def _take_started(self) -> None:
        """Take the actors that have started; wait for the first one if there is none."""
        import ray

        wait = 0 if self._ready else _LONGEST_START
        reason = f"no process could be started in {_LONGEST_START:.0f} seconds"
        while self._starting:
            ended = ray.wait(list(self._starting), timeout=wait)[0]
            if not ended:
                break
            actor = self._starting.pop(ended[0])
            try:
                ray.get(ended[0])
            except ray.exceptions.RayActorError as error:
                reason = str(error).splitlines()[0]
                continue
            self._ready.append(actor)
            wait = 0
        if not self._ready:
            raise _lost(f"The Ray cluster has no process to train on: {reason}")


def _lost(what: str) -> UserError:
    return UserError(
        f"{what.rstrip('.')}.",
        "a cluster with a free core for at least one process of training.",
        "add nodes to the cluster, or end what else runs there; then continue with --resume.",
    )
