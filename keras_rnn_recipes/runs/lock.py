"""One process at a time in a run directory."""

from __future__ import annotations

import contextlib
import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    from filelock import BaseFileLock

# Stands in the folder while a run writes there. The operating system ends the lock with the
# process, so the file that a killed process leaves behind locks nothing.
LOCK_NAME = ".lock"


class FolderLock:
    """A lock on a folder.

    It is held until `release` is called, nothing refers to the object, or the process ends. A
    process may lock a folder several times. Where nothing can be locked (a read-only folder, a file
    system without locks), nothing is.

    Args:
        path: the folder, which must exist.

    Raises:
        UserError: another process holds the lock.

    Example:
        >>> import tempfile
        >>> lock = FolderLock(Path(tempfile.mkdtemp()))
        >>> lock.release()
    """

    def __init__(self, path: Path) -> None:
        lock = _acquire(path)
        self._release = weakref.finalize(self, _release, lock, os.getpid()) if lock else None

    def release(self) -> None:
        """Release the lock; calling it again does nothing."""
        if self._release is not None:
            self._release()


def refuse_locked(path: Path) -> None:
    """Check that no other process writes to a folder; leaves the folder as it is.

    Raises:
        UserError: another process does.
    """
    if (path / LOCK_NAME).exists():
        FolderLock(path).release()


def _acquire(path: Path) -> BaseFileLock | None:
    from filelock import FileLock, Timeout

    # One object per file and process, which counts how often this process holds the lock.
    lock = FileLock(path.resolve() / LOCK_NAME, thread_local=False, is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"Another process is writing to {path}.",
            "a run directory that no other process uses.",
            "wait until that run is finished, stop it, or choose another --run-dir.",
        ) from None
    except (OSError, NotImplementedError):
        return None
    return lock


def _release(lock: BaseFileLock, owner: int) -> None:
    if os.getpid() != owner:  # a fork must not release the lock of its parent
        return
    if lock.lock_counter == 1:
        # Unlinked while still locked: whoever has the file open sees that it is gone.
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
    lock.release()
