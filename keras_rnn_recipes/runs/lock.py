"""One process at a time in a run directory."""

from __future__ import annotations

import os
import weakref
from importlib.util import find_spec
from pathlib import Path

from keras_rnn_recipes.errors import UserError

_CAN_LOCK = find_spec("fcntl") is not None  # not on Windows: there runs go without

_Key = tuple[int, int]

# What this process holds: the open folder and how often. A process may use a folder through several
# objects, and the system would refuse it the second time.
_HELD: dict[_Key, tuple[int, int]] = {}


class FolderLock:
    """Held from the first thing written until it is let go, or the process ends, however it ends.

    The lock is on the folder itself, so that no file is left behind by a process that was killed.
    Where the system has no such locks (Windows, some network disks), nothing is locked.

    Args:
        path: the folder, which must be there.

    Raises:
        UserError: another process holds it.

    Example:
        >>> import tempfile
        >>> lock = FolderLock(Path(tempfile.mkdtemp()))
        >>> lock.release()
    """

    def __init__(self, path: Path) -> None:
        key = _take(path)
        self._release = weakref.finalize(self, _let_go, key) if key else None

    def release(self) -> None:
        """Let go, if it is held."""
        if self._release is not None:
            self._release()


def refuse_locked(path: Path) -> None:
    """Tell at once when another process is at work in a folder.

    Raises:
        UserError: it is.
    """
    if path.is_dir():
        FolderLock(path).release()


def _take(path: Path) -> _Key | None:
    if not _CAN_LOCK:
        return None
    import fcntl

    try:
        folder = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    status = os.fstat(folder)
    key = (status.st_dev, status.st_ino)
    if key in _HELD:
        os.close(folder)
        _HELD[key] = (_HELD[key][0], _HELD[key][1] + 1)
        return key
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise UserError(
            f"Another process is writing to {path}.",
            "a run directory of its own for every run.",
            "wait until that run is done, or stop it, or choose another --run-dir.",
        ) from None
    except OSError:  # a disk that knows no locks
        os.close(folder)
        return None
    _HELD[key] = (folder, 1)
    return key


def _let_go(key: _Key) -> None:
    folder, count = _HELD.pop(key)
    if count > 1:
        _HELD[key] = (folder, count - 1)
    else:
        os.close(folder)
