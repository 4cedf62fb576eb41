"""Opening a file as bytes, unpacked if it is gzipped or in a zip archive."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, cast

from keras_rnn_recipes.errors import UserError, first_names

# Files within an archive that are no text.
_UNPACK_FIRST = (".xlsx", ".xlsm", ".xls", ".parquet", ".feather", ".gz", ".zip", ".bz2", ".xz")


def open_gzip(path: Path) -> IO[bytes]:
    """Open a file, unpacked if its name ends in ``.gz``."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def open_bytes(path: Path, expected: str = "table") -> IO[bytes]:
    """Open a file, unpacked if it is gzipped or in a zip archive.

    Args:
        path: of the file; its ending, ``.gz`` or ``.zip``, says how it is packed.
        expected: the kind of file in an archive, for the message.

    Raises:
        UserError: a zip archive cannot be opened, or does not contain exactly one file.
    """
    if path.suffix == ".zip":
        try:
            archive = zipfile.ZipFile(path)
            return archive.open(_only_member(path, archive, expected))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise broken_file(path, error) from error  # damaged, encrypted, or of another kind
    return open_gzip(path)


def broken_file(path: Path, error: Exception) -> UserError:
    """The error for a file that is truncated or not of the type that its name says."""
    return UserError(
        f"{path.name} could not be read: {error}.",
        "a complete file.",
        "get it again, or give another file.",
    )


def _only_member(path: Path, archive: zipfile.ZipFile, expected: str) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    names = [name for name in names if not name.startswith("__MACOSX")]
    if len(names) == 1 and PurePosixPath(names[0]).suffix.lower() in _UNPACK_FIRST:
        raise UserError(
            f"{path.name} contains {names[0]}.",
            "a zip archive with one text file.",
            f"unpack it, and give {PurePosixPath(names[0]).name}.",
        )
    if len(names) == 1:
        return names[0]
    raise UserError(
        f"{path.name} contains {len(names)} files ({first_names(names) or 'no file'}).",
        f"a zip archive with one {expected}.",
        "unpack it, and give one of its files.",
    )
