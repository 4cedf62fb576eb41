"""Folders in object storage, such as ``s3://bucket/folder``, used like those of this computer."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.storage import WriteError, check_new_folder, replacing


def located(place: str | Path) -> Path:
    """The path of a name: absolute on this computer, or that of an address.

    Args:
        place: a path, or an address that fsspec knows: ``s3://bucket/folder``.

    Returns:
        A `pathlib.Path`; for an address a `upath.UPath`, which has the same methods.

    Raises:
        UserError: the extra ``storage`` or the package for this kind of storage is not installed.

    Example:
        >>> located("/panel").name
        'panel'
    """
    if not is_address(place):
        return Path(place).absolute()
    require_extra("storage", f"The address {place}")
    from upath import UPath

    kind, _, rest = str(place).partition(":")
    try:
        # Other processes write too, so listings are not kept.
        path: Any = UPath(f"{kind}://{rest.lstrip('/')}", use_listings_cache=False)
        _ = path.fs
    except (ImportError, ValueError) as error:
        raise UserError(
            f"{kind}:// cannot be used: {error}.",
            "a kind of storage that fsspec knows, with its package: s3fs, gcsfs, adlfs.",
            "install the package, or give another address.",
        ) from error
    found: Path = path
    return found


def for_arrow(path: Any) -> contextlib.AbstractContextManager[Any]:
    """What pyarrow reads in the block: a path of this computer, or an open file of a storage."""
    return path.open("rb") if is_address(path) else contextlib.nullcontext(path)


@contextlib.contextmanager
def storage_errors(place: Any) -> Iterator[None]:
    """Convert what a storage answers in the block to a `UserError`; places here are left alone."""
    try:
        yield
    except Exception as error:  # each kind of storage has errors of its own
        if isinstance(error, UserError) or not is_address(place):
            raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise WriteError(
            f"{place} cannot be used: {reason[0].rstrip('.')}.",
            "a bucket that exists, and credentials for it where the storage's own tools look for "
            "them, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://.",
            "set the credentials or correct the address, then give the command again.",
        ) from error


@contextlib.contextmanager
def completing(target: Any) -> Iterator[Path]:
    """Yield a temporary path of a file, which is the target when the block ends.

    Args:
        target: from `located`. A file in a storage is sent as a whole: it appears complete.

    Raises:
        WriteError: the target cannot be written.
    """
    if not is_address(target):
        with replacing(target) as staged:
            yield staged
        return
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder) / target.name
        yield staged
        with storage_errors(target):
            target.fs.put_file(str(staged), target.path)


def check_new_place(folder: Any, option: str) -> None:
    """Check, before any work is done, that a folder can be written, as `check_new_folder`.

    Args:
        folder: from `located`.
        option: the option that named it, for the message.

    Raises:
        UserError: it is not empty, or it cannot be reached.
    """
    if not is_address(folder):
        check_new_folder(folder, option)
        return
    with storage_errors(folder):
        empty = not folder.exists() or not any(folder.iterdir())
        if empty and not folder.fs.exists(folder.drive or "/"):
            raise FileNotFoundError(f"there is no {folder.drive!r}")
    if not empty:
        raise UserError(
            f"The folder {folder} is not empty.",
            "a folder that is missing or empty.",
            f"give another {option}.",
        )
