"""Opening text files, also gzipped, with an error message for each kind of damage."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from keras_rnn_recipes.data.opening import broken_file as broken_file, open_bytes as open_bytes
from keras_rnn_recipes.data.signatures import FORMATS, find_format
from keras_rnn_recipes.data.sizes import check_table_size, check_text_size
from keras_rnn_recipes.errors import UserError

TABLE = "a CSV file"


def check_file(path: Path, expected: str = TABLE) -> None:
    """Check that a path is a readable file with content, of a size that can be read.

    Args:
        path: of the file.
        expected: the kind of file, for the message.

    Raises:
        UserError: a folder, a missing file, or a file that is not readable, is empty, or is too
            large (see `sizes`).
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder.", "a file.", f"name {expected} inside it.")
    if not path.exists() and is_address(path):
        raise UserError(
            f"{path} is an address.",
            f"{expected} on this computer; nothing is downloaded.",
            "download it, and give the path of the file.",
        )
    if not path.exists():
        raise UserError(f"There is no file {path}.", f"{expected}.", "correct the path.")
    try:
        empty = path.stat().st_size == 0
        with path.open("rb"):
            pass
    except OSError as error:
        raise UserError(
            f"{path} could not be read: {error.strerror}.",
            "a readable file.",
            "check its permissions.",
        ) from error
    if empty:
        raise empty_file(path, "a header line and rows" if expected == TABLE else expected)
    try:
        if expected == TABLE:
            check_table_size(path)
        elif "text" in expected:
            check_text_size(path)
    except (OSError, EOFError, zlib.error) as error:
        raise broken_file(path, error) from error


# What to do with a file of another format where a table is expected.
_FIXES = {
    "zip": "rename it so that its name ends in .zip or .xlsx",
    "xls": "save it as .xlsx or CSV",
    "parquet": "rename it so that its name ends in .parquet",
    "feather": "rename it so that its name ends in .feather",
    "pdf": "save its table as CSV",
    "markup": "save the table as CSV",
    "json": "write it as a table: pandas.read_json(...).to_csv(...)",
}


def check_kind(path: Path) -> None:
    """Check that a table is of the kind that the end of its name says.

    Args:
        path: of the file.

    Raises:
        UserError: its first bytes are those of another kind, such as a database.
    """
    with path.open("rb") as file:
        key = find_format(file.read(8))
    if key and path.suffix.lower() not in FORMATS[key].endings:
        raise UserError(
            f"{path.name} is {FORMATS[key].name}.",
            "a CSV, Excel, Parquet or Feather file; a CSV file may be gzipped or zipped.",
            f"{_FIXES.get(key) or FORMATS[key].fix}.",
        )


def is_address(name: str | Path) -> bool:
    """Whether a name is an address such as ``https://host/file`` or ``file:///folder/file``.

    A `Path` has one slash after the colon; a drive of Windows has one letter before it.

    Example:
        >>> is_address("file:///etc/hosts"), is_address("sales.csv"), is_address(r"C:/sales.csv")
        (True, False, False)
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(name)) is not None


def path_inside(folder: Path, name: str, where: str) -> Path:
    """The path of a file that a card, an archive or another file names, inside a folder.

    Only the name is judged, so links that the user made inside the folder are followed.

    Args:
        folder: that the name must not leave.
        name: relative to the folder, with slashes.
        where: what holds the name, for the message.

    Raises:
        UserError: an absolute path, an address, a path with ``..``, or one that is empty.

    Example:
        >>> path_inside(Path("mirror"), "m4/hourly.csv", "the card").as_posix()
        'mirror/m4/hourly.csv'
    """
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    absolute = name.startswith(("/", "\\", "~")) or bool(PureWindowsPath(name).drive)
    if not parts or absolute or ".." in parts or "\0" in name or is_address(name):
        raise UserError(
            f"{where} names the file {name!r}, which does not lie in {folder}.",
            "a path relative to that folder, without '..'.",
            "correct the name; no file outside the folder is read.",
        )
    return folder / name


def open_text(path: Path) -> IO[str]:
    """Open a text file in UTF-8, also gzipped or in a zip; line breaks are not translated.

    Raises:
        UserError: a zip archive does not contain exactly one file.
    """
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="")


def empty_file(path: Path, expected: str = "a header line and rows") -> UserError:
    """The error for a file without content."""
    return UserError(f"{path.name} is empty.", f"{expected}.", "give a file with data.")


def not_utf8(path: Path) -> UserError:
    """The error for a file that is not UTF-8, with the line of the first invalid byte."""
    line, encoding = 0, "LATIN1"
    with open_bytes(path) as lines:
        for line, text in enumerate(lines, start=1):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError as error:
                place = f"line {line} of {path.name} has the byte 0x{text[error.start]:02x}"
                if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    encoding = "UTF-16"
                elif re.search(rb"[\x80-\x9f]", text):
                    encoding = "CP1252"  # LATIN1 has no signs at these bytes
                break
        else:
            place = f"{path.name} ends within a character"
    return UserError(
        f"{place[0].upper() + place[1:] if line else place}, which is not UTF-8.",
        "a text file in UTF-8.",
        f"save it as UTF-8 (for example: iconv -f {encoding} -t UTF-8 {path.name} > utf8.csv).",
    )


def is_number(text: str) -> bool:
    """Whether a text is a number.

    Example:
        >>> is_number("-2.5e3"), is_number("a")
        (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True
