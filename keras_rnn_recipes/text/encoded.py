"""Bytes of a file to text: its encoding, its line breaks, and a message for each kind of damage."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable
from pathlib import Path

from keras_rnn_recipes.data.files import broken_file, check_file, not_utf8
from keras_rnn_recipes.data.opening import open_gzip
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.other_formats import refuse_binary

# Called with one sentence for each assumption that a reader makes.
Tell = Callable[[str], None]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16, so it is tried before
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A gzipped file may unpack to a thousand times its size.
MOST_BYTES = 4 << 30


def ignore(sentence: str) -> None:
    """Drop what a reader says of its assumptions: the default of ``tell``."""


def read_decoded(
    path: str | Path,
    *,
    encoding: str | None = None,
    adjustable: bool = True,
    tell: Tell = ignore,
) -> str:
    """Read a text file, gzipped (``.gz``) or not; line breaks stay as they are.

    Args:
        path: of the file.
        encoding: one of Python's encodings; None: UTF-8, or what a byte order mark says.
        adjustable: whether a message may advise the key ``data.encoding`` of a recipe.
        tell: called with what is assumed: UTF-16 by its mark, or by a zero in every second byte;
            UTF-8 in place of an encoding of single bytes, for a file that is valid UTF-8 beyond
            ASCII; cp1252 in place of latin-1, for a file with bytes that only cp1252 has letters
            and marks for.

    Raises:
        UserError: a file that is missing, damaged, an archive or not in the encoding; or an unknown
            encoding.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "a.txt")
        >>> with open(name, "wb") as file:
        ...     _ = file.write("café".encode("latin-1"))
        >>> read_decoded(name, encoding="latin-1")
        'café'
    """
    path = Path(path)
    data = read_bytes(path)
    mark = next((name for start, name in _BYTE_ORDER_MARKS if data.startswith(start)), None)
    if mark is not None:
        if mark != "utf-8-sig":
            tell(f"{path.name} is read as {mark.upper()}, as its first bytes say.")
        return _decoded(path, data, mark, adjustable)
    if encoding is None:
        name = _unmarked_utf16(data) or "utf-8"
        if name != "utf-8":
            tell(f"{path.name} is read as {name.upper()}: every second of its bytes is zero.")
        return _decoded(path, data, name, adjustable)
    name = find_encoding(encoding)
    if name != "utf-8" and _is_utf8_beyond_ascii(data):
        tell(f"{path.name} is valid UTF-8 and read as UTF-8, not as {encoding}.")
        name = "utf-8"
    elif name == "iso8859-1" and _is_cp1252(data):
        tell(
            f"{path.name} is read as cp1252, which has quotation marks and dashes, not {encoding}."
        )
        name = "cp1252"
    return _decoded(path, data, name, adjustable)


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzipped (``.gz``).

    Raises:
        UserError: a file that cannot be read, is damaged, unpacks to more than 4 GiB, or is an
            archive or another binary file.
    """
    try:
        with open_gzip(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise broken_file(path, OSError(error.strerror) if error.strerror else error) from error
    except (EOFError, zlib.error) as error:
        raise broken_file(path, error) from error
    if len(data) > MOST_BYTES:
        raise UserError(
            f"{path.name} holds more than {MOST_BYTES >> 30} GiB of text.",
            "a file that fits into memory.",
            "divide the file.",
        )
    refuse_binary(path, data)
    return data


def read_existing(
    path: Path, expected: str, encoding: str | None, adjustable: bool, tell: Tell
) -> str:
    """`read_decoded` after `check_file`: a missing and an empty file have messages of their own."""
    check_file(path, expected)
    return read_decoded(path, encoding=encoding, adjustable=adjustable, tell=tell)


def find_encoding(name: str) -> str:
    """Python's own name of an encoding.

    Raises:
        UserError: Python has no text encoding of this name.

    Example:
        >>> find_encoding("Latin1"), find_encoding("UTF8")
        ('iso8859-1', 'utf-8')
    """
    try:
        bytes(4).decode(name)  # as many bytes as a character of UTF-32 has
        return codecs.lookup(name).name
    except (LookupError, ValueError, TypeError):
        raise UserError(
            f"There is no encoding {name!r}.",
            "a text encoding of Python, such as utf-8, latin-1, cp1252, gb18030 or shift_jis.",
            "correct data.encoding.",
        ) from None


def split_lines(text: str) -> list[str]:
    r"""The lines of a text, without their line breaks.

    Lines end in a line feed, or a carriage return and a line feed. A carriage return alone is part
    of its line, unless the whole text has no line feed.

    Example:
        >>> split_lines("a\rb\r\n\nc\n"), split_lines("a\rb\r")
        (['a\rb', '', 'c'], ['a', 'b'])
    """
    text = text if "\n" in text else text.replace("\r", "\n")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def without_carriage_returns(path: Path, lines: list[str], tell: Tell) -> list[str]:
    """Lines with a space for each carriage return within them; ``tell`` says how many had one."""
    many = sum("\r" in line for line in lines)
    if not many:
        return lines
    tell(f"{path.name}: carriage returns within {counted(many, 'line')} are read as spaces.")
    return [line.replace("\r", " ") for line in lines]


def _decoded(path: Path, data: bytes, encoding: str, adjustable: bool) -> str:
    try:
        # Files that were joined have byte order marks where lines begin.
        return data.decode(encoding).replace("\n\ufeff", "\n")
    except UnicodeError as error:
        key = "set data.encoding (latin-1 or cp1252 for most Western European text), or "
        if encoding != "utf-8":
            raise UserError(
                f"{path.name} is not in the encoding {encoding}: {str(error)[:200]}.",
                "a text file in that encoding.",
                f"{'correct data.encoding, or ' if adjustable else ''}save it as UTF-8.",
            ) from error
        told = not_utf8(path)
        raise UserError(
            told.what, told.expected, f"{key if adjustable else ''}{told.fix}"
        ) from error


def _is_utf8_beyond_ascii(data: bytes) -> bool:
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unmarked_utf16(data: bytes) -> str | None:
    """The form of UTF-16 that a file without a byte order mark shows by its zero bytes."""
    first, second = data[:2000:2], data[1:2000:2]
    for name, zero, other in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zero and 2 * zero.count(0) > len(zero) and not other.count(0):
            return name
    return None


def _is_cp1252(data: bytes) -> bool:
    """Whether bytes that are control characters in latin-1 are characters of cp1252."""
    if not any(0x80 <= byte < 0xA0 for byte in {*data}):
        return False
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True
