"""What every contender measures of its own process."""

from __future__ import annotations

import os
import resource
import sys


def peak_memory(workers: int = 0) -> float:
    """Peak resident memory of this process in MB.

    Args:
        workers: parallel child processes that have ended; each counts as the largest of them.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return (own + workers * theirs) / unit


def processor_seconds() -> float:
    """Seconds of CPU time of this process and its children, so far."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
