"""Importing TensorFlow without its messages."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any


def import_tensorflow_quietly(threads: int | None = None) -> None:
    """Import TensorFlow without its messages about processors and drivers.

    TensorFlow's C++ code writes them to the file descriptor before it reads any setting, so they
    are captured there. They are shown if the import fails.

    Args:
        threads: in which TensorFlow computes; None for one for each core. It cannot be changed
            after the first operation.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules:
        with _captured_stderr() as kept:
            try:
                import tensorflow  # noqa: F401
            except BaseException:
                kept.seek(0)
                sys.stderr.write(kept.read().decode(errors="replace"))
                raise
    if threads is not None:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


@contextlib.contextmanager
def _captured_stderr() -> Iterator[Any]:
    """Redirect file descriptor 2 to a temporary file."""
    with tempfile.TemporaryFile() as kept:
        try:
            saved = os.dup(2)
        except OSError:  # closed: there is nothing to capture
            yield kept
            return
        os.dup2(kept.fileno(), 2)
        try:
            yield kept
        finally:
            os.dup2(saved, 2)
            os.close(saved)
