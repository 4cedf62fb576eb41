"""The connection to a Ray cluster."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from keras_rnn_recipes.errors import UserError


@contextlib.contextmanager
def connected(workers: int) -> Iterator[None]:
    """Connect to the cluster of ``RAY_ADDRESS``, or start one on this computer, for the block.

    Args:
        workers: number of processes of a cluster that is started.

    Raises:
        UserError: no cluster answers at ``RAY_ADDRESS``, or none could be started.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    options |= {"logging_level": logging.ERROR, "address": address or "local"}
    if not address:  # "local": without an address Ray takes any cluster on this computer
        options["num_cpus"] = workers
    try:
        ray.init(**options)
    except Exception as error:  # some are plain exceptions
        where = f"at RAY_ADDRESS={address}" if address else "that was started on this computer"
        raise UserError(
            f"No Ray cluster answers {where}: {str(error).splitlines()[0]}",
            "a running cluster at RAY_ADDRESS, or a computer with time to start one.",
            "start the cluster with ray start --head, or correct or unset RAY_ADDRESS; then give "
            "the command again.",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
