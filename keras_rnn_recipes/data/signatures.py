"""Formats of files by their first bytes, for messages about a file that holds something else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A format that a file may have, whatever its name says.

    Attributes:
        name: what such a file is, as a message says it.
        signatures: first bytes; a file of this format begins with one of them.
        endings: of the names of such files, in lower case.
        fix: what to do with such a file where a table or texts are expected; empty where that
            depends on which of them.
    """

    name: str
    signatures: tuple[bytes, ...]
    endings: tuple[str, ...] = ()
    fix: str = ""


FORMATS = {
    "gzip": Format("gzipped", (b"\x1f\x8b",), (".gz",), "rename it so that its name ends in .gz"),
    "bzip2": Format("compressed by bzip2", (b"BZh",), fix="unpack it (bunzip2)"),
    "xz": Format("compressed by xz", (b"\xfd7zXZ",), fix="unpack it (unxz)"),
    "zstd": Format("compressed by zstd", (b"\x28\xb5\x2f\xfd",), fix="unpack it (unzstd)"),
    "7z": Format("a 7z archive", (b"7z\xbc\xaf",), fix="unpack it"),
    "zip": Format(
        "a zip archive or an Excel workbook", (b"PK\x03\x04",), (".zip", ".xlsx", ".xlsm")
    ),
    "xls": Format("an Excel file of the old kind (.xls)", (b"\xd0\xcf\x11\xe0",)),
    "parquet": Format("a Parquet file", (b"PAR1",), (".parquet",)),
    "feather": Format("a Feather file", (b"ARROW1",), (".feather",)),
    "sqlite": Format("an SQLite database", (b"SQLite",), fix="export the table as CSV"),
    "pdf": Format("a PDF document", (b"%PDF-",)),
    "markup": Format("a page or document in HTML or XML", (b"<",)),
    "json": Format("in JSON", (b"{", b"[{")),
}


def find_format(start: bytes) -> str | None:
    r"""The key in `FORMATS` of the format that a file has by its first bytes; None: another one.

    Args:
        start: the first bytes, at least 8 of them if the file has so many.

    Example:
        >>> find_format(b"PAR1\x15\x04\x15\x10"), find_format(b"ds,y")
        ('parquet', None)
    """
    return next((key for key, one in FORMATS.items() if start.startswith(one.signatures)), None)
