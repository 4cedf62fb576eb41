"""Limits on the size of files: a message before memory runs out.

A file is looked through once in pieces of a megabyte, so the check itself needs little memory. The
limits leave room for every table that a forecaster can be trained on.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from keras_rnn_recipes.data.opening import open_bytes
from keras_rnn_recipes.errors import UserError

# Columns of a table; with more, each column takes longer to look at than to read.
MOST_COLUMNS = 20_000

# Bytes in a line or a cell. A header of 20,000 long names takes 2 MB.
MOST_BYTES_IN_LINE = 16 * 2**20

# Ordinary tables compress to a fiftieth of their size, repetitive ones to a two hundredth.
MOST_UNPACKED, SMALL = 500, 2**28

# Bytes that a cell of a Parquet file takes in memory.
_BYTES_PER_CELL = 16

_ARCHIVES = (".zip", ".xlsx", ".xlsm", ".ods")

# Bytes in a piece, and between two looks at the memory.
_PIECE, _TOLD = 2**20, 2**26


def check_table_size(path: Path) -> None:
    """Check the size of a table before it is read.

    Args:
        path: of a text file, also gzipped or in an archive, an Excel or a Parquet file.

    Raises:
        UserError: more than `MOST_COLUMNS` columns, a line or cell longer than
            `MOST_BYTES_IN_LINE`, or as `check_text_size`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "y.csv"
        >>> _ = path.write_text("ds,y")
        >>> check_table_size(path)
    """
    if path.suffix.lower() == ".parquet":
        _check_parquet(path)
    elif path.suffix.lower() in _ARCHIVES:
        _check_archive(path)
    else:
        with open_bytes(path) as stream:
            _check_line(path, stream.readline(MOST_BYTES_IN_LINE + 1))
        _look_through(path, lines=True)


def check_text_size(path: Path) -> None:
    """Check the size of a text file, gzipped or not, before it is read.

    Args:
        path: of the file.

    Raises:
        UserError: it unpacks to more than `MOST_UNPACKED` times its size (and more than `SMALL`
            bytes), or to more than the memory that is available.
    """
    _look_through(path, lines=False)


def available_memory() -> int | None:
    """Bytes of memory that a new process can have; None where the system does not say."""
    known = [number for number in (_of_system(), _of_container()) if number is not None]
    return min(known, default=None)


def _check_line(path: Path, first: bytes) -> None:
    """Check the first line, which is usually the header."""
    if len(first) > MOST_BYTES_IN_LINE:
        raise _long_line(path)
    columns = max(first.count(separator) for separator in (b",", b";", b"\t", b"|")) + 1
    if columns > MOST_COLUMNS:
        raise UserError(
            f"{path.name} has {columns} columns.",
            f"at most {MOST_COLUMNS}.",
            "write one row for each series and date, with the columns unique_id, ds, y.",
        )


def _look_through(path: Path, *, lines: bool) -> None:
    """Check the size of a file, and the length of its lines."""
    packed = path.stat().st_size
    if path.suffix != ".gz":
        _check_total(path, packed, None)
        if not lines:
            return
    total = since = 0
    with open_bytes(path) as stream:
        while piece := stream.read(_PIECE):
            total += len(piece)
            ends = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
            since = since + len(piece) if ends < 0 else len(piece) - ends - 1
            if lines and since > MOST_BYTES_IN_LINE:
                raise _long_line(path)
            if total % _TOLD < _PIECE:
                _check_total(path, total, packed)
    _check_total(path, total, packed if path.suffix == ".gz" else None)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # the reader says what is wrong with it
    _check_total(path, total, path.stat().st_size)


def _check_parquet(path: Path) -> None:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        return  # the reader says that the package is missing
    try:
        found = parquet.ParquetFile(path).metadata
    except (ArrowException, OSError):
        return  # the reader says what is wrong with it
    _check_total(path, found.num_rows * found.num_columns * _BYTES_PER_CELL, None)


def _check_total(path: Path, total: int, packed: int | None) -> None:
    """Refuse a file by its size when unpacked, and, if it is packed, by how far it unpacks."""
    available = available_memory()
    if packed is not None and total > SMALL and total > packed * MOST_UNPACKED:
        raise UserError(
            f"{path.name} unpacks to more than {MOST_UNPACKED} times its size.",
            "a compressed text or table, which hardly ever unpacks so far.",
            "unpack it and look at it, and give the unpacked file.",
        )
    if available is not None and total > available:
        raise UserError(
            f"{path.name} needs more than {_gigabytes(total)} of memory, and "
            f"{_gigabytes(available)} are available.",
            "a file that fits into memory.",
            "leave out columns or rows that are not needed, or use a computer with more memory.",
        )


def _long_line(path: Path) -> UserError:
    return UserError(
        f"{path.name} has a line or a cell of more than {MOST_BYTES_IN_LINE >> 20} MB.",
        "lines of at most that length.",
        "check the file: it may have no line breaks, or be no table.",
    )


def _of_system() -> int | None:
    """Available memory of the machine, in bytes, as Linux states it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(found.split()[1]) * 1024
    except (OSError, ValueError, StopIteration):
        return None


def _of_container() -> int | None:
    """Memory left to a container, in bytes, where its control group sets a limit."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            numbers = [
                int((Path("/sys/fs/cgroup") / name).read_text(encoding="ascii"))
                for name in (limit, used)
            ]
        except (OSError, ValueError):  # another version of control groups, or "max": no limit
            continue
        return max(numbers[0] - numbers[1], 0)
    return None


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB"
