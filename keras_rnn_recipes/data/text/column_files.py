"""CoNLL column files: one token per line, with its tag in another column."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from keras_rnn_recipes.data.text.tags import split_tag
from keras_rnn_recipes.errors import UserError

DOCUMENT_START = "-DOCSTART-"


class Sentence(NamedTuple):
    """The tokens of a sentence, their tags, and its line.

    Args:
        tokens: as written in the file.
        tags: one per token; empty where no tags were read.
        line: of the first token in the file, counted from 1.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    line: int


def read_column_file(
    path: str | Path,
    *,
    token_column: int = 0,
    tag_column: int | None = -1,
    of_spans: bool = False,
) -> list[Sentence]:
    """Read a file with one token per line; blank and ``-DOCSTART-`` lines end a sentence.

    The columns of a line that contains a tab are separated by tabs (tokens may then contain
    spaces), otherwise by spaces. Every line has as many columns as the first.

    Args:
        path: of the file, in UTF-8, also gzipped (``.gz``).
        token_column: number of the column of tokens, from 0, or from -1 backward.
        tag_column: number of the column of tags; None for a file without tags.
        of_spans: require tags that mark spans, in IOB1, IOB2 or IOBES.

    Returns:
        The sentences, in the order of the file.

    Raises:
        UserError: a missing file, not UTF-8, no sentence, a line with another number of columns, no
            such column, or a tag that marks no span; the message names the line.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "toy.txt")
        >>> with open(name, "w") as file:
        ...     print("Bob NNP I-PER", "sings VBZ O", "", "Why WRB O", sep=chr(10), file=file)
        >>> for sentence in read_column_file(name):
        ...     print(*sentence)
        ('Bob', 'sings') ('I-PER', 'O') 1
        ('Why',) ('O',) 4
    """
    path = Path(path)
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    first, width = 0, 0
    for number, line in _lines(path):
        cells = _cells(line)
        if not cells or cells[0] == DOCUMENT_START:
            if tokens:
                sentences.append(Sentence(tuple(tokens), tuple(tags), first))
            tokens, tags = [], []
            continue
        if not width:
            width = _width(path, number, cells, token_column, tag_column)
        if len(cells) != width:
            raise _wrong_width(path, number, len(cells), width)
        first = first if tokens else number
        tokens.append(cells[token_column])
        if tag_column is not None:
            tags.append(_tag(path, number, cells[tag_column], of_spans))
    if tokens:
        sentences.append(Sentence(tuple(tokens), tuple(tags), first))
    if not sentences:
        raise UserError(
            f"{path.name} has no sentence.",
            "one token per line, blank lines between sentences.",
            "give a file with data.",
        )
    return sentences


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                yield number, line
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise UserError(
            f"{path.name} has the byte 0x{byte:02x} after line {number}, which is not UTF-8.",
            "a text file in UTF-8.",
            f"save it as UTF-8 (for example: iconv -f LATIN1 -t UTF-8 {path.name} > utf8.txt).",
        ) from error
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(
            f"{path} could not be read: {reason}.", "a column file.", "correct the path."
        ) from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _cells(line: str) -> list[str]:
    """Other white space than tabs and spaces, such as a no-break space, belongs to a token."""
    line = line.strip(" \t\r\n")
    if "\t" in line:
        return [cell.strip(" ") for cell in line.split("\t")]
    return re.split(" +", line) if line else []


def _width(
    path: Path, number: int, cells: list[str], token_column: int, tag_column: int | None
) -> int:
    width = len(cells)
    for what, column in (("token", token_column), ("tag", tag_column)):
        if column is not None and not -width <= column < width:
            raise UserError(
                f"Line {number} of {path.name} has {width} columns; there is no column {column}.",
                f"a {what} column from 0 to {width - 1}, or from -1 backward.",
                f"name another {what} column.",
            )
    if tag_column is not None and token_column % width == tag_column % width:
        raise UserError(
            f"Tokens and tags are both column {token_column % width} of {path.name}, which has "
            f"{width} (line {number}).",
            "a column of tokens and one of tags.",
            "name two columns, or read the file without tags.",
        )
    return width


def _wrong_width(path: Path, number: int, found: int, width: int) -> UserError:
    return UserError(
        f"Line {number} of {path.name} has {found} column{'s' * (found != 1)}.",
        f"{width}, as in the lines before.",
        "correct that line; separate sentences by a blank line.",
    )


def _tag(path: Path, number: int, tag: str, of_spans: bool) -> str:
    if of_spans:
        try:
            split_tag(tag)
        except UserError as error:
            what = f"Line {number} of {path.name} has the tag {tag!r}."
            raise UserError(what, error.expected, error.fix) from error
    return tag
